"""What is asked of "the assistant" is asked of us; what is told of an assistant is not."""

import pytest

from scheduler.core.clause_mood import mood_of
from scheduler.core.clauses import clauses_of
from scheduler.core.order_reader import read_request
from scheduler.core.third_person import spoken_to
from scheduler.core.words import Words

ASKED = [
    ("Der Assistent möge bitte die Liste an Frau Huber schicken.", "Bitte die Liste an Frau Huber schicken."),
    ("Die Assistenz wird gebeten, den Plan zu öffnen.", "Bitte den Plan zu öffnen."),
    ("Die Assistenz wird höflich gebeten den Plan zu öffnen.", "Bitte den Plan zu öffnen."),
    ("Tee gibt es um vier. Unsere Assistentin soll bitte Word öffnen.", "Tee gibt es um vier. Bitte Word öffnen."),
    ("Der digitale Assistent ist gebeten, Excel zu schließen.", "Bitte Excel zu schließen."),
    ("Die Assistentin sollte bitte noch die Mails vorlesen.", "Bitte die Mails vorlesen."),
    ("Ich bitte den Assistenten, die Rechnung zu suchen.", "Bitte die Rechnung zu suchen."),
    ("Wir ersuchen die Assistenz, Excel zu starten.", "Bitte Excel zu starten."),
    ("Könnte der Assistent die Akte öffnen?", "Könnten Sie bitte die Akte öffnen?"),
    ("Es zieht, daher kann der Assistent bitte Word öffnen.", "Es zieht, daher könnten Sie bitte Word öffnen."),
    ("The assistant is asked to open the log.", "Please open the log."),
    ("Tea is at four. The assistant is kindly requested to save it.", "Tea is at four. Please save it."),
    ("Our assistant should please find the lease.", "Please find the lease."),
    ("The virtual assistant may kindly close Word.", "Please close Word."),
    ("I would ask the assistant to read me the new mails.", "Please read me the new mails."),
    ("May I ask the assistant to put it in the diary.", "Please put it in the diary."),
    ("I'd like the assistant to send Tom the list.", "Please send Tom the list."),
    ("Could the assistant please download it?", "Could you please download it?"),
    ("It is in a folder, so could the assistant send it?", "It is in a folder, so could you please send it?"),
]  # fmt: skip
TOLD = [
    "Die Assistentin möchte bitte die Liste haben.",
    "Der Assistent soll die Liste an Tom schicken.",
    "Die Assistentin von Herrn Maier wird gebeten, die Liste zu schicken.",
    "Der Assistent hat die Liste geschickt.",
    "Der Assistent möge bitte kommen.",
    "Kann der Assistent bitte angerufen werden?",
    "Die Assistentin wollte die Liste an Tom schicken.",
    "Schreib Tom: Die Assistentin wird gebeten, die Liste zu schicken.",
    "Tom sagt, der Assistent sucht die Akte.",
    "Our assistant was asked to send the list to Tom.",
    "The assistant of Mr Brown is asked to send the list.",
    "The assistant should have sent the list.",
    "The assistant is asked to be on time.",
    "I'd like the assistant to have the list.",
    "Could the assistant have the list?",
    "The assistant will send the list on Monday.",
    'Tom wrote "The assistant is asked to send the list"',
    "The shop assistant is asked to open the door.",
]


@pytest.mark.parametrize(("text", "order"), ASKED)
def test_what_the_assistant_is_asked_is_an_order(text: str, order: str) -> None:
    assert spoken_to(text) == order


@pytest.mark.parametrize("text", TOLD)
def test_what_is_told_of_an_assistant_stays(text: str) -> None:
    assert spoken_to(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Die Halle bleibt bis Freitag zu.",
        "Das Tor bleibt offen.",
        "Die Fenster im Saal bleiben geschlossen.",
        "Der Parkplatz blieb gestern gesperrt.",
        "Unsere Kantine bleibt an beiden Tagen auf.",
        "The pool stays closed until Friday.",
        "The gates remain open all night.",
        "Our till stays shut on Sunday.",
        "The east door remained locked.",
        "All windows stay shut in the hall.",
    ],
)
def test_what_stays_as_it_is_is_only_told(text: str) -> None:
    clause = clauses_of(text)[0]

    assert mood_of(clause, Words(clause.core), text, "").kind == ""
    assert read_request(text).orders == ()
