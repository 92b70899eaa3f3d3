"""Orders said in other words than the usual: verbs said once or not at all, nouns for verbs, days behind a comma."""

import pytest

from scheduler.core.intents import UNKNOWN
from scheduler.core.other_words import in_usual_words
from scheduler.core.verbless import with_verb
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.routers import the_router

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())


async def read(text: str) -> list[tuple[str, set[str]]]:
    """Return the orders of a request with the words of their slots."""
    orders = await BEYOND.split(text, ROUTER)
    return [(part.routed.name, {*part.routed.slots.values()}) for part in orders.parts]


SENT = ("send_mail", {"Anna", "Angebot"})


@pytest.mark.component
@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("Schick Anna das Angebot, Montag 10 Uhr", [SENT]),
        ("Schick Anna das Angebot, am Montag um 10", [SENT]),
        ("Send Anna the list, Monday at 10", [("send_mail", {"Anna", "list"})]),
        ("Angebot an Anna", [SENT]),
        ("Das Angebot an Anna bitte", [SENT]),
        ("Rechnung 4711 an Anna", [("send_mail", {"Anna", "Rechnung 4711", "4711"})]),
        ("The price list to Tom", [("send_mail", {"Tom", "price list"})]),
        ("Anna braucht das Angebot, bitte mailen", [SENT]),
        ("Anna braucht noch das Angebot, schick es ihr bitte", [SENT]),
        ("Tom needs the list, please send it to him", [("send_mail", {"Tom", "list"})]),
        (
            "Vor dem Schließen von Word öffne die Rechnung 5",
            [("open_document", {"Rechnung 5"}), ("close_app", {"Word"})],
        ),
        ("Nach dem Schließen von Word öffne Excel", [("close_app", {"Word"}), ("open_app", {"Excel"})]),
        ("Nachdem du Outlook zugemacht hast, öffne Excel", [("close_app", {"Outlook"}), ("open_app", {"Excel"})]),
        (
            "Geh auf www.beispiel.de und wenn du dort bist, lade die Preisliste herunter",
            [("navigate_url", {"www.beispiel.de"}), ("download_file", {"Preisliste", "www.beispiel.de"})],
        ),
        ("Schließ Word und öffne anschließend Excel", [("close_app", {"Word"}), ("open_app", {"Excel"})]),
        ("kick off blender", [("open_app", {"blender"})]),
        ("kick off Excel", [("open_app", {"Excel"})]),
        ("Lad die Preisliste herunter und das Datenblatt auch", [("download_file", {"Preisliste und Datenblatt"})]),
        ("Download the price list and the datasheet too", [("download_file", {"price list and datasheet"})]),
        ("Open Word, Excel too", [("open_app", {"Word and Excel"})]),
        ("Öffne Word. Excel auch.", [("open_app", {"Word und Excel"})]),
    ],
)
async def test_orders_in_other_words_are_done(text: str, orders: list[tuple[str, set[str]]]) -> None:
    assert await read(text) == orders


@pytest.mark.component
@pytest.mark.parametrize(
    "text",
    [
        "Gruß an Anna",
        "Rechnung 5 an Anna?",
        "Anna braucht das Angebot",
        "Anna needs the contract",
        "Gehört die Liste Tom?",
    ],
)
async def test_what_only_looks_like_an_order_sends_nothing(text: str) -> None:
    assert [name for name, _ in await read(text) if name != UNKNOWN] == []


@pytest.mark.parametrize(
    "text",
    [
        'Schreib Anna "Vor dem Schließen von Word öffne Excel"',
        "Schreib Anna: kick off Excel",
        "Kick off the meeting",
        "Vor dem Essen öffne Word",
        "Schick Anna das Angebot",
    ],
)
def test_usual_words_and_quoted_ones_are_left_as_they_are(text: str) -> None:
    assert in_usual_words(text) == text


@pytest.mark.parametrize(
    "text", ["Mail an Anna", "Termin mit Anna", "Grüße an das Team", "Öffne die Liste", "Anna sucht das Angebot"]
)
def test_only_documents_for_persons_are_given_a_verb(text: str) -> None:
    assert with_verb(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Schick Anna eine Mail mit dem Text Wir essen anschließend bei uns",
        "Such im Internet nach Kursen mit anschließend Praktikum",
        "Leg anschließend an das Treffen einen Termin an",
        "Wenn du da bist, öffne Excel",
        "When you are in Word, open the contract",
        "Schreib Tom, wenn du da bist, soll er anrufen",
    ],
)
def test_what_is_written_looked_for_or_awaited_is_no_sequence(text: str) -> None:
    assert in_usual_words(text) == text
