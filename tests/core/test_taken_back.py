"""What is taken back in the end is not done; what only looks like it is."""

import pytest

from scheduler.core.compound import split_orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.taken_back import is_taken_back
from tests.support.routers import the_router


def ordered(text: str) -> list[str]:
    return [part.routed.name for part in split_orders(text, the_router()).parts if part.routed.name != UNKNOWN]


@pytest.mark.parametrize(
    "text",
    [
        "Lad den Tarifvertrag von der Seite runter. Nein, doch nicht, Kommando zurück.",
        "Öffne mal die Liste – halt, Quatsch, ich hab sie ja schon vor mir. Hat sich erledigt.",
        "ich bräuchte die rechnung 5502 als pdf.. ok hat sich erledigt, liegt schon in meinem postfach",
        "Bitte das Formular ausfüllen. Moment, nein, ich bleib ja hier, mach da nichts.",
        "Such mal die Mail von der Allianz raus… Stopp, schon gefunden, danke trotzdem.",
        "Schließ Word. Ach, doch nicht.",
        "Please send the brochure to Mr Lindqvist. Actually no, don't, he's just walked in.",
        "Could you book a call with Sofia for Thursday? Scratch that, she's on leave all week.",
        "pls download the safety sheet from the BASF site.. nvm got it",
        "I need the lease as a PDF. Hang on, no I don't, they've already got it. Forget I asked.",
        "Close Excel. Actually don't.",
    ],
)
def test_what_is_taken_back_orders_nothing(text: str) -> None:
    assert is_taken_back(text, ordered)


@pytest.mark.parametrize(
    "text",
    [
        "Schließ Excel, brauch ich nicht mehr.",
        "Close Zoom, I don't need it any more",
        "Schreib Tom, hat sich erledigt.",
        "Tell Anna never mind.",
        "Schreib Tom: vergiss es. Hat sich erledigt.",
        "Schick Tom die Liste. Ach nein, doch nicht, schick sie Eva.",
        "Send the list to Tom, no need to hurry",
        "Send it to Tom. Don't forget the cc.",
        "Launch Concur, complete the expense report, done.",
        "Never mind the noise, open Word",
        "Send Tom the report, it's done",
        "Open the draft, I found it",
        "Find the contract from Tom, got it",
        "Google Nirvana – Nevermind",
        "Leite Eva die Mail weiter, schon erledigt",
        "Schreib Tom, ich komme später. Hat sich erledigt.",
    ],
)
def test_what_only_looks_like_it_is_ordered(text: str) -> None:
    assert not is_taken_back(text, ordered)
