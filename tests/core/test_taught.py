"""What a taught example says of other sentences: the same intent, and what fills its slots there."""

import pytest

from scheduler.core.intents import Intent
from scheduler.core.taught import TaughtBook, read_example

EXAMPLES = (
    ("archive_file", "archiviere die Datei [file_name:a.txt]"),
    ("archive_file", "leg [file_name:b.txt] ins Archiv"),
    ("call_back", "ruf [person:Anna] zurück"),
)
BOOK = TaughtBook(
    {name: Intent(name=name) for name, _ in EXAMPLES}, [read_example(name, marked) for name, marked in EXAMPLES]
)


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("Archiviere bitte die Datei bericht.pdf", "archive_file", {"file_name": "bericht.pdf"}),
        ("Leg c.txt bitte ins Archiv.", "archive_file", {"file_name": "c.txt"}),
        ("Ruf bitte Frau Müller zurück!", "call_back", {"person": "Frau Müller"}),
    ],
)
def test_an_example_finds_its_intent_and_what_fills_its_slots(text: str, intent: str, slots: dict[str, str]) -> None:
    routed = BOOK.route(text)

    assert routed is not None
    assert (routed.name, dict(routed.slots)) == (intent, slots)


@pytest.mark.parametrize(
    "text", ["Archiviere die Datei bericht.pdf nicht", "Leg mir die Post hin", "Wie archiviere ich?"]
)
def test_what_is_no_such_order_is_not_taken_for_one(text: str) -> None:
    assert BOOK.route(text) is None
