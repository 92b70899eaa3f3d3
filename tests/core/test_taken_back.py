"""What is taken back in the end is not done; what only looks like it is. The same words take back everywhere."""

import time
from collections.abc import Callable

import pytest

from scheduler.core.compound import split_orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.taken_back import (
    all_taken_back,
    calls_off,
    correcting,
    corrects,
    excuses_or_refuses,
    holds_off,
    says_instead,
    undoes_a_part,
    undone_by_remark,
)
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
    assert all_taken_back(text, ordered)


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
    assert not all_taken_back(text, ordered)


@pytest.mark.parametrize("said", ["nein", "nope", "Unsinn", "vergiss es", "hat sich schon erledigt", "no don't"])
def test_what_takes_back_alone_also_corrects(said: str) -> None:
    assert calls_off(said)
    assert correcting(said) or said == "no don't"


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("ach nein, Eva", 8),
        ("ähh, nein", 0),
        ("um no wait Eva", 10),
        ("Verzeihung, Eva", 10),
        ("I mean Eva", 6),
        ("ich meine Eva", 9),
        ("never mind, Eva", 10),
        ("meine Liste", 0),
        ("mein Rechner", 0),
        ("make it Word", 7),
        ("make it a PDF", 0),
        ("make that to Eva", 9),
        ("make that the plan", 9),
        ("Notiz", 0),
    ],
)
def test_words_that_correct_end_before_what_is_meant(said: str, end: int) -> None:
    mark = correcting(said)

    assert (mark.end() if mark else 0) == end


@pytest.mark.parametrize(
    "said",
    [
        "Open Word, no, Excel",
        "Schließ Word, Verzeihung, Excel",
        "Open Word. Hang on, Excel",
        "Friday, make that Monday",
    ],
)
def test_a_correction_may_stand_anywhere(said: str) -> None:
    assert corrects(said)


@pytest.mark.parametrize(
    "said", ["Send Eva the notes", "Öffne Word. Stattdessen Excel", "A call. Make it Monday, 18:30."]
)
def test_what_may_go_on_corrects_nothing_for_sure(said: str) -> None:
    assert not corrects(said)


@pytest.mark.parametrize(
    "clause",
    [
        "forget the report",
        "forget it",
        "never mind the list",
        "please hold off on the list",
        "vergiss es",
        "hör auf",
        "Finger weg von Excel",
        "lass das sein",
        "lass das sein, danke",
        "lasst die Liste lieber",
        "quit sending the list",
    ],
)
def test_a_clause_says_at_its_head_that_something_is_not_to_be_done(clause: str) -> None:
    assert holds_off(clause)


@pytest.mark.parametrize("clause", ["forget that in the report", "hold a meeting", "lass Excel offen", "vergiss nicht"])
def test_a_clause_that_only_begins_alike_holds_nothing_off(clause: str) -> None:
    assert not holds_off(clause)


QUESTIONS: list[Callable[[str], object]] = [
    correcting,
    corrects,
    calls_off,
    holds_off,
    says_instead,
    undoes_a_part,
    undone_by_remark,
    lambda text: excuses_or_refuses(text, 0, len(text)),
    lambda text: all_taken_back(text, lambda _: []),
]


@pytest.mark.parametrize("ask", QUESTIONS)
@pytest.mark.parametrize(
    "said",
    [
        "ach ",
        "nein ",
        "sorry ",
        "nein, ",
        "äh",
        "hm",
        "u",
        "hat sich schon ",
        "lass es ",
        "lass ",
        ", ",
        "! ",
        "not ",
        "alle ",
    ],
)
def test_words_that_go_on_and_on_take_no_time(ask: Callable[[str], object], said: str) -> None:
    text = (said * 1_000)[:1_000]
    started = time.process_time()

    ask(text)

    assert time.process_time() - started < 0.05
