"""Courtesies, purposes and afterthoughts in one breath with an order change nothing of it, and nothing gets lost."""

import pytest

from scheduler.core.behind_orders import without_behind
from scheduler.core.intents import UNKNOWN
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.routers import the_router

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())


async def read(text: str) -> list[tuple[str, set[str]]]:
    """Return the orders of a request with the words of their slots, several of one slot apart."""
    orders = await BEYOND.split(text, ROUTER)
    return [
        (part.routed.name, {one for many in part.routed.all_words.values() for one in many}) for part in orders.parts
    ]


ENGLISH = """for me would you|will you|would you|could you|for me will you|for me please would you
if you don't mind|if you wouldn't mind|if you would|if you could|if that's ok|if it's no trouble
there's a dear|would you mind|could you please|for me, would you?|will you?
thank you very much|if possible|ok?|please thanks|can you|won't you"""
GERMAN = """ja?|geht das?|danke dir|danke|wenn es dir nichts ausmacht|wenn's geht|wenns geht|wenn möglich
falls möglich|ginge das|bitte danke|danke schön|okay danke dir|sei so lieb|machst du das?|für mich ja|ist das möglich?
wenn es geht|danke im voraus|wenn du magst|kannst du das|bitte ja?"""


def listed(tails: str) -> list[str]:
    return [one for line in tails.split("\n") for one in line.split("|")]


@pytest.mark.component
@pytest.mark.parametrize("tail", listed(ENGLISH))
async def test_english_courtesies_take_nothing_with_them(tail: str) -> None:
    assert await read(f"quit teams and slack {tail}") == [("close_app", {"teams", "slack"})]


@pytest.mark.component
@pytest.mark.parametrize("tail", listed(GERMAN))
async def test_german_courtesies_take_nothing_with_them(tail: str) -> None:
    assert await read(f"schließ word und excel {tail}") == [("close_app", {"word", "excel"})]


@pytest.mark.parametrize(
    "text",
    [
        "Schreib Anna und Tom danke dir",
        "Tell Tom and Eva thank you very much",
        "Schreib Tom und Eva: geht das?",
        "close word and excel if you hear from Tom",
        "schließ word und excel wenn du von Tom hörst",
        'search for "salt and pepper would you"',
        "Tom and Eva would you",
    ],
)
def test_what_may_be_more_than_a_courtesy_stays(text: str) -> None:
    assert without_behind(text) == text


PDF = ("export_pdf", {"Angebot"})
OFFER = ("export_pdf", {"offer"})
WORD = ("close_app", {"Word"})


@pytest.mark.component
@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Freeze the offer as a PDF so nobody can change it", OFFER),
        ("Freeze the offer as a PDF so that no one can change it", OFFER),
        ("Save the offer as a PDF so it can't be edited", OFFER),
        ("Export the offer as a PDF so that they can't change it", OFFER),
        ("Speichere das Angebot als PDF, damit niemand es ändern kann", PDF),
        ("Exportiere das Angebot als PDF, damit es nicht mehr geändert werden kann", PDF),
        ("Speichere das Angebot als PDF, damit keiner mehr was ändert", PDF),
        ("Close Word so no one sees it", WORD),
        ("Close Word so it doesn't distract me", WORD),
        ("Close Word so I can open Excel", WORD),
        ("Close Word so that Tom can open and edit it", WORD),
        ("Schließ Word, damit keiner es sieht", WORD),
        ("Schließ Word, damit ich Excel öffnen kann", WORD),
        ("Schließ Word, damit der Kollege ran und weiterarbeiten kann", WORD),
        ("Schick Anna das Angebot, damit sie es prüfen und unterschreiben kann", ("send_mail", {"Anna", "Angebot"})),
        ("Schick Anna das Angebot, damit sie es öffnen und an Tom schicken kann", ("send_mail", {"Anna", "Angebot"})),
        ("Send Anna the offer so she can check and sign it", ("send_mail", {"Anna", "offer"})),
        ("Photoshop kann weg, bin fertig damit, bitte beenden", ("close_app", {"Photoshop"})),
        ("Zoom kann zu, brauch ich nicht mehr, bitte schließen", ("close_app", {"Zoom"})),
        (
            "SolidWorks müsste laufen, wenn der Kunde nachher reinkommt – bitte schon mal hochfahren.",
            ("open_app", {"SolidWorks"}),
        ),
        (
            "könnten sie die reisekostenabrechnung in ein pdf umwandeln und das im ordner Abrechnung speichern",
            ("export_pdf", {"reisekostenabrechnung", "Abrechnung"}),
        ),
    ],
)
async def test_an_order_with_what_it_is_for_is_one(text: str, order: tuple[str, set[str]]) -> None:
    assert await read(text) == [order]


@pytest.mark.component
@pytest.mark.parametrize(
    "text",
    [
        "Schließ Word, damit keiner es sieht, und öffne Excel",
        "Close Word so nobody sees it and open Excel",
        "Close Word so that Tom can edit it, then open Excel",
    ],
)
async def test_the_next_order_behind_a_purpose_is_done(text: str) -> None:
    assert await read(text) == [WORD, ("open_app", {"Excel"})]


@pytest.mark.component
@pytest.mark.parametrize(
    "text",
    [
        "Send the quote to Anna and hide the prices",
        "Send Anna the quote and hide the prices",
        "Send Anna the quote and then hide the prices",
        "Open the list and alphabetize the names",
        "Open Outlook and please alphabetize the mails",
        "Close Word and wipe the folder",
        "Open the month-end report and delete everything",
        "Öffne Outlook und blockier die Nummer",
        "Öffne Outlook und dann blockier die Nummer",
        "Öffne den Monatsabschluss und lösch alles",
        "Mach den Monatsabschluss fertig und lösch alles",
        "Schick Anna das Angebot und verstecke die Preise",
        "Schick Anna das Angebot und schwärze die Preise",
        "Mach Outlook auf und stummschalte das Telefon",
    ],
)
async def test_what_nobody_understood_is_asked_about(text: str) -> None:
    assert UNKNOWN in [name for name, _ in await read(text)]
    assert "hide" not in {one for _, words in await read(text) for one in words}


@pytest.mark.component
@pytest.mark.parametrize(
    ("text", "recipient"),
    [
        ("need my payslip out of Workday and emailed to me, bank wants it for the mortgage", {"me"}),
        ("Email me the payslip, the bank wants it", {"me"}),
        ("Send the balance sheet over, the bank wants it", set()),
        ("Schick die Bilanz rüber, die Bank will sie", set()),
    ],
)
async def test_who_only_wants_it_is_not_sent_it(text: str, recipient: set[str]) -> None:
    (part,) = (await BEYOND.split(text, ROUTER)).parts

    assert {*part.routed.all_words.get("recipient", [])} == recipient


@pytest.mark.component
@pytest.mark.parametrize(
    "between", ["ach ja und", "achso und", "ach und", "äh und", "und ach ja", "ach ja außerdem", "und dann"]
)
async def test_german_afterthoughts_stay_out_of_what_stands_before_them(between: str) -> None:
    text = f"schick anna das angebot {between} schließ excel"

    assert await read(text) == [("send_mail", {"anna", "angebot"}), ("close_app", {"excel"})]


@pytest.mark.component
@pytest.mark.parametrize(
    "between", ["oh and", "oh yeah and", "oh yes and also", "um and", "by the way also", "and then", "after that"]
)
async def test_english_afterthoughts_stay_out_of_what_stands_before_them(between: str) -> None:
    text = f"send anna the offer {between} close excel"

    assert await read(text) == [("send_mail", {"anna", "offer"}), ("close_app", {"excel"})]


@pytest.mark.component
@pytest.mark.parametrize(
    "text",
    [
        "Find invoice 4711 and send Anna the offer, then close Word",
        "find invoice 4711 the client is waiting and send anna the offer oh and close word",
        "Such Rechnung 4711 und schick Anna das Angebot",
    ],
)
async def test_the_number_of_one_document_is_not_that_of_another(text: str) -> None:
    assert not any("4711" in one for intent, words in await read(text) if intent == "send_mail" for one in words)
