"""Lists are read item by item, with the words over them; what is no list of orders, or taken back, is not done."""

import pytest

from scheduler.core.intents import UNKNOWN
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.routers import the_router

pytestmark = pytest.mark.component

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())
SHORT = {"close_app": "close", "open_app": "open", "send_mail": "send", "search_document": "find", UNKNOWN: "?"}
THINGS = ("application", "document", "file_name")


async def read(text: str) -> list[str]:
    """Return each order of a request with its thing and recipient: "send Angebot to Anna"; "?" for what is none."""
    orders = await BEYOND.split(text, ROUTER)
    found = list[str]()
    for part in orders.parts:
        slots = part.routed.slots
        thing = next((slots[name] for name in THINGS if name in slots), "")
        to = f"to {slots['recipient']}" if "recipient" in slots else ""
        words = (SHORT.get(part.routed.name, part.routed.name), thing, to)
        found.append(" ".join(word for word in words if word))
    return found


MARKED = [
    "1. {}\n2. {}",
    "1) {}\n2) {}",
    "(1) {}\n(2) {}",
    "a) {}\nb) {}",
    "i. {}\nii. {}",
    "- {}\n- {}",
    "– {}\n– {}",
    "• {}\n• {}",
    "* {}\n* {}",
    "-{}\n-{}",
    "1. {}\n\n2. {}",
    "  - {}\n  - {}",
    "- [ ] {}\n- [ ] {}",
    "1\ufe0f\u20e3 {}\n2\ufe0f\u20e3 {}",
    "1. {} 2. {}",
    "(1) {} (2) {}",
    "1) {}, 2) {}",
    "{}\n{}",
]


@pytest.mark.parametrize(
    "form", [*MARKED, "Erstens {}, zweitens {}", "Erstens: {}\nZweitens: {}", "Schritt 1: {}\nSchritt 2: {}"]
)
async def test_german_items_are_orders_of_their_own(form: str) -> None:
    assert await read(form.format("schließ Teams", "öffne Outlook")) == ["close Teams", "open Outlook"]


@pytest.mark.parametrize(
    "form", [*MARKED, "First, {}. Second, {}.", "Firstly: {}\nSecondly: {}", "Step 1: {}\nStep 2: {}"]
)
async def test_english_items_are_orders_of_their_own(form: str) -> None:
    assert await read(form.format("close Teams", "open Outlook")) == ["close Teams", "open Outlook"]


@pytest.mark.parametrize(
    "over",
    [
        "Bitte heute noch:",
        "Hallo CPA,\n\nbitte erledige folgendes:",
        "Hallo, ein paar Sachen:",
        "Folgende Aufgaben:",
        "To-do:",
        "Kannst du bitte:",
        "Nicht vergessen:",
        "Guten Morgen! Zwei Sachen:",
        "Ich hätte gern",
        "In dieser Reihenfolge bitte:",
    ],
)
async def test_german_words_over_a_list_that_say_nothing_change_nothing(over: str) -> None:
    text = f"{over}\n- Teams schließen\n- Anna das Angebot schicken\n\nViele Grüße\nTom"

    assert await read(text) == ["close Teams", "send Angebot to Anna"]


@pytest.mark.parametrize(
    "over",
    [
        "Please do the following:",
        "Hi there, two things:",
        "To do today:",
        "Could you please",
        "Don't forget:",
        "I need you to:",
        "Tasks for this morning:",
        "A few quick things please:",
        "In this order:",
        "Good morning! Can you do these for me:",
    ],
)
async def test_english_words_over_a_list_that_say_nothing_change_nothing(over: str) -> None:
    text = f"{over}\n1. close Teams\n2. send Anna the offer\n\nThanks!\nTom"

    assert await read(text) == ["close Teams", "send offer to Anna"]


@pytest.mark.parametrize(
    ("over", "verb"),
    [
        ("Bitte schließen:", "close"),
        ("Schließ bitte:", "close"),
        ("Mach bitte zu:", "close"),
        ("Bitte folgende Programme schließen:", "close"),
        ("Schließe die folgenden Programme:", "close"),
        ("Kannst du bitte öffnen:", "open"),
        ("Mach auf:", "open"),
        ("Please close:", "close"),
        ("Close the following programs:", "close"),
        ("Please shut down these apps:", "close"),
        ("Open:", "open"),
        ("Could you open the following:", "open"),
    ],
)
async def test_items_take_the_verb_over_them(over: str, verb: str) -> None:
    assert await read(f"{over}\n- Word\n- Excel") == [f"{verb} Word", f"{verb} Excel"]


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("Send to Anna:\n- the offer\n- the contract", ["send offer to Anna", "send contract to Anna"]),
        ("To Anna:\n- offer\n- contract", ["send offer to Anna", "send contract to Anna"]),
        ("Schick Anna bitte:\n- das Angebot\n- den Vertrag", ["send Angebot to Anna", "send Vertrag to Anna"]),
        ("An Anna:\n- Angebot\n- Vertrag", ["send Angebot to Anna", "send Vertrag to Anna"]),
        ("Schick das Angebot an:\n- Anna\n- Tom", ["send Angebot to Anna", "send Angebot to Tom"]),
        ("Send the offer to:\n1. Anna\n2. Tom", ["send offer to Anna", "send offer to Tom"]),
        ("Please send the following files to Anna:\n- a.pdf\n- b.pdf", ["send a.pdf to Anna", "send b.pdf to Anna"]),
        (
            "Bitte schließen:\n- Word\n- Excel\n\nUnd öffnen:\n- Outlook\n- Teams",
            ["close Word", "close Excel", "open Outlook", "open Teams"],
        ),
        ("1. Schick Anna\n   die Rechnung 4711\n2. Schließ Excel", ["send Rechnung 4711 to Anna", "close Excel"]),
        ("- send Anna\n  the offer\n- close Excel", ["send offer to Anna", "close Excel"]),
        ("1. Such die Preisliste\n2. Schick sie an Anna", ["find Preisliste", "send Preisliste to Anna"]),
        ("1. find the price list\n2. send it to Anna", ["find price list", "send price list to Anna"]),
        ("- [ ] close Word\n- [x] close Excel\n- [ ] open Outlook", ["close Word", "open Outlook"]),
        ("1. Schließ Word\n2. entfällt\n3. Öffne Excel", ["close Word", "open Excel"]),
        ("1. Schließ Word\n2. blubb\n3. Öffne Excel", ["close Word", "?", "open Excel"]),
        (
            "1. Schließ Word\n2. Öffne Excel\n3. Schick Anna das Angebot\n4. Such die Rechnung 4711\n5. Öffne Outlook",
            ["close Word", "open Excel", "send Angebot to Anna", "find Rechnung 4711", "open Outlook"],
        ),
    ],
)
async def test_items_say_what_their_order_lacks(text: str, orders: list[str]) -> None:
    assert await read(text) == orders


@pytest.mark.parametrize(
    "text",
    [
        "Bitte nicht:\n- Word schließen\n- Excel schließen",
        "Please don't:\n- close Word\n- close Excel",
        "Falls Anna absagt:\n- schließ Word\n- öffne Excel",
        "Wenn Tom da ist:\n1. schick Anna das Angebot\n2. schließ Word",
        "If Anna cancels:\n- close Word\n- open Excel",
        "Notizen vom Meeting:\n- Budget erhöht\n- schick Anna das Angebot",
        "Meeting notes:\n- Tom closes Word\n- send Anna the offer",
        "Done today:\n- closed Word\n- sent Anna the offer",
        "Tom's tasks:\n- close Word\n- open Excel",
        "Aufgaben für Tom:\n- Word schließen\n- Excel öffnen",
        "Tom:\n- close Word\n- open Excel",
        "1. Schließ Word\n2. Öffne Excel\nNein, doch nicht.",
        "1. Schließ Word\n2. Öffne Excel\nVergiss es.",
        "- close Word\n- open Excel\nnever mind",
        "- close Word\n- open Excel\nScratch that.",
        "- Schließ Word\n- Öffne Excel\n\nExcel doch nicht",
        "Bitte schließen:\n- Word\n- Excel\nExcel doch nicht",
        "Erstens schließ Word, zweitens öffne Excel. Ach nein, vergiss es.",
        "1. close Word\n2. send Anna the offer\nActually don't send Anna the offer",
        "Delete:\n- offer.pdf\n- contract.pdf",
        "Der Termin ist am 1. Mai, der andere am 2. Juni",
    ],
)
async def test_what_may_be_no_list_of_orders_is_not_done(text: str) -> None:
    assert {*await read(text)} == {"?"}


@pytest.mark.parametrize(
    "text",
    [
        "Schreib Anna:\n- Budget steigt\n- Termin am Montag",
        "Send Anna a mail:\n- the offer is ready\n- we meet on Monday",
        "Send to Anna:\n- we meet on Monday\n- bring the contract",
    ],
)
async def test_the_text_of_a_mail_is_no_list_of_orders(text: str) -> None:
    assert await read(text) == ["send to Anna"]


@pytest.mark.parametrize(
    "end",
    ["keine Eile", "mehr nicht, den Rest mach ich", "das ist alles, danke", "das war's", "eilt nicht", "sonst nichts",
     "nothing else please", "that's all for now, thanks", "no rush", "I'll do the rest myself", "thanks a lot, Eva"],
)  # fmt: skip
async def test_what_ends_a_list_takes_nothing_back(end: str) -> None:
    assert await read(f"- schließ Teams\n- öffne Outlook\n{end}") == ["close Teams", "open Outlook"]


@pytest.mark.parametrize("end", ["nein doch nicht", "no, not now", "doch nicht", "Outlook doch nicht", "not Outlook"])
async def test_what_takes_back_a_list_or_an_item_is_asked_about(end: str) -> None:
    assert "open Outlook" not in await read(f"- schließ Teams\n- öffne Outlook\n{end}")


@pytest.mark.parametrize(
    "over", ["If possible before lunch:", "Bitte wenn möglich heute noch:", "If you get a chance:", "Today if you can:"]
)
async def test_a_list_for_when_there_is_time_is_done(over: str) -> None:
    assert await read(f"{over}\n- schließ Teams\n- öffne Outlook") == ["close Teams", "open Outlook"]


@pytest.mark.parametrize("over", ["If Tom agrees:", "Today, if Tom agrees:", "Sobald Tom zustimmt:"])
async def test_a_list_on_a_condition_is_asked_about(over: str) -> None:
    assert set(await read(f"{over}\n- schließ Teams\n- öffne Outlook")) == {"?"}


@pytest.mark.parametrize("send", ["schick sie an Anna", "schick sie Anna", "an Anna schicken"])
async def test_items_that_are_one_order_are_read_as_one(send: str) -> None:
    listed = f"1. Hol die Rechnung 12 aus dem Portal\n2. {send}"
    assert await read(listed) == ["fetch_and_send Rechnung 12 to Anna"]
