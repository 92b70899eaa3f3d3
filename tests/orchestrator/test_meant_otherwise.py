"""What is told, quoted, excepted or named only to say that something else is meant is not done; the rest is."""

import pytest

from scheduler.core.intents import UNKNOWN
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.routers import the_router

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())
pytestmark = pytest.mark.component
ASKED = "?"


async def read(text: str) -> list[tuple[str, dict[str, str]]]:
    """Return the orders of a request with their slots; "?" for what is asked about."""
    orders = await BEYOND.split(text, ROUTER)
    return [
        (ASKED, {}) if part.routed.name == UNKNOWN else (part.routed.name, dict(part.routed.slots))
        for part in orders.parts
    ]


def mail(recipient: str, **slots: str) -> tuple[str, dict[str, str]]:
    return "send_mail", {"recipient": recipient, **slots}


def start(application: str) -> tuple[str, dict[str, str]]:
    return "open_app", {"application": application}


def close(application: str) -> tuple[str, dict[str, str]]:
    return "close_app", {"application": application}


@pytest.mark.parametrize(
    ("text", "recipient", "body"),
    [
        ("Schreib Tom, Eva bekommt die Liste", "Tom", "Eva bekommt die Liste"),
        ("Write to Tom, Eva gets the list", "Tom", "Eva gets the list"),
        ("Mail Petra, Jonas hat den Vertrag.", "Petra", "Jonas hat den Vertrag"),
        ("Write Anna I need the list sent to Tom", "Anna", "I need the list sent to Tom"),
        ("Schreib Tom Eva bekommt die Liste", "Tom", "Eva bekommt die Liste"),
        ("Schreib dem Chef, Frau Winter hat gekündigt", "Chef", "Frau Winter hat gekündigt"),
        ("Could you write Paula I want the plan sent to Max?", "Paula", "I want the plan sent to Max"),
        ("Let Karen know Steve has the signed contract", "Karen", "Steve has the signed contract"),
        ("Reply to Ms Long that we sent the offer to Mr Short", "Ms Long", "we sent the offer to Mr Short"),
        ("Schreib Herrn Sommer, Frau Winter hat den Schlüssel", "Herrn Sommer", "Frau Winter hat den Schlüssel"),
        (
            "Schreib Anna, dass sie Bernd die Rechnung und Clara das Angebot schicken soll",
            "Anna",
            "sie Bernd die Rechnung und Clara das Angebot schicken soll",
        ),
        (
            "Schreib Lena, sie soll die Mappe abholen und Tom die Liste schicken",
            "Lena",
            "sie soll die Mappe abholen und Tom die Liste schicken",
        ),
        (
            "Maile Anna, dass Eva die Rechnung 5 hat und Tom die Liste",
            "Anna",
            "Eva die Rechnung 5 hat und Tom die Liste",
        ),
    ],
)
async def test_what_somebody_is_told_is_the_text_of_one_mail(text: str, recipient: str, body: str) -> None:
    assert await read(text) == [mail(recipient, body=body)]


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ('Anna said "send Bob the invoice". Open the browser.', [start("browser")]),
        ("Tom sagte: „Schließ Excel.“ Öffne bitte den Kalender.", [start("Kalender")]),
        ("„Schick Bob die Rechnung“, sagte Anna. Öffne Word.", [start("Word")]),
        ('Open Word. Tom wrote "please close Excel".', [start("Word")]),
        ('Schreib Tom "schließ Excel" und öffne Word', [mail("Tom", body="schließ Excel"), start("Word")]),
    ],
)
async def test_quotations_order_nothing(text: str, orders: list[tuple[str, dict[str, str]]]) -> None:
    assert await read(text) == orders


@pytest.mark.parametrize(
    "text",
    [
        "Close all programs but Excel",
        "Schließ alles außer Excel",
        "Close every app except for Teams and Outlook",
        "Schließ alle Fenster bis auf den Browser",
        "Close all but Excel",
        "Close any programs except Word",
        "Mach alle Programme zu, Word ausgenommen",
        "Lade alle Anhänge außer der Rechnung herunter",
        "Download all attachments except the invoice",
        "Schick alle Rechnungen außer 4711 an die Buchhaltung",
        "Send all invoices except 4711 to accounting",
        "Schick das Protokoll an alle außer Herrn Weber",
        "Lade alle außer Tom zum Meeting am Montag ein",
    ],
)
async def test_nothing_is_done_to_what_is_excepted(text: str) -> None:
    named = {slot: words for _, slots in await read(text) for slot, words in slots.items()}

    assert named in ({}, {"document": "Protokoll"})


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("Schick den Bericht nicht an Bernd, sondern an Clara", [mail("Clara", document="Bericht")]),
        ("Schick den Bericht an Clara, nicht an Bernd", [mail("Clara", document="Bericht")]),
        ("Schick den Vertrag nicht Anna, sondern Ben", [mail("Ben", document="Vertrag")]),
        ("Schick Anna nicht den Vertrag, sondern die Rechnung", [mail("Anna", document="Rechnung")]),
        ("Don't send the contract to Anna but to Ben", [mail("Ben", document="contract")]),
        ("Don't send Anna the contract but the invoice", [mail("Anna", document="invoice")]),
        ("Send Mr Patel the quote but not the cost sheet", [mail("Mr Patel", document="quote")]),
        ("Schließ nicht Word, sondern Excel", [close("Excel")]),
        ("Schließ bitte Word, Excel aber nicht", [close("Word")]),
        ("Send Eva instead of Tom the list", [mail("Eva", document="list")]),
        ("Statt Tom schick Eva die Liste", [mail("Eva", document="Liste")]),
        ("Send Eva the list instead of the plan", [mail("Eva", document="list")]),
        ("Schick die Liste statt des Plans an Eva", [mail("Eva", document="Liste")]),
        ("Instead of Word, open Excel", [start("Excel")]),
        ("Schick die Liste an Anna, das heißt an Ben", [mail("Ben", document="Liste")]),
        ("Close Word. Oops, I meant Excel.", [close("Excel")]),
        ("Schließ Word. Ups, ich meinte Excel.", [close("Excel")]),
        ("Schließ Word, äh, Excel", [close("Excel")]),
        ("Schick den Vertrag an Eva, keinesfalls an Tom", [mail("Eva", document="Vertrag")]),
        ("Schick Anna - Quatsch, Tom - die Liste", [mail("Tom", document="Liste")]),
        ("Send Anna, I mean Tom, the list", [mail("Tom", document="list")]),
        ("Send Max, who works with Paula, the list", [mail("Max", document="list")]),
        ("Schick Max, der den Plan von Paula hat, die Liste", [mail("Max", document="Liste")]),
        ("Rather than closing Word, close Excel", [close("Excel")]),
        ("Anstatt Excel zu schließen, schließ Word", [close("Word")]),
        ("Close Word, I'm still working in Excel", [close("Word")]),
        ("Close Word. Excel too?", [close("Word")]),
    ],
)
async def test_what_is_meant_is_done_alone(text: str, orders: list[tuple[str, dict[str, str]]]) -> None:
    assert await read(text) == orders


@pytest.mark.parametrize(
    "text",
    [
        "Schick die Liste an Anna, äh, Ben",
        "We sent Anna the invoice, now send Ben the offer",
        "Send the list to Anna, er, Ben",
        "Ist die Rechnung an Anna raus? Sonst schick sie ihr",
        "Schick Anna den Vertrag mit Ben in cc und Carl die Rechnung",
        "Schick die Rechnung Tom, den Vertrag Eva",
        "Take the discharge summary out of Cerner",
        "Nimm den Arztbrief aus Cerner raus",
        "Hol die Liste aus SharePoint für Anna und den Plan aus SAP für Tom",
        "Ask Anna to invite Tom on Monday",
        "Write Tom to close Excel",
        "Close Word if Excel is closed",
        "Schließ Word, wenn Excel zu ist",
        "Send the report to Tom if it's ready",
    ],
)
async def test_what_is_not_clear_is_asked_about(text: str) -> None:
    assert await read(text) == [(ASKED, {})]


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        (
            "Schreib Karin, dass das Fax kaputt ist, und Bernd, dass der Techniker um elf kommt",
            [mail("Karin", body="das Fax kaputt ist"), mail("Bernd", body="der Techniker um elf kommt")],
        ),
        (
            "Tell Gav by email that the skip is full, and Lorna that the van is late",
            [mail("Gav", body="the skip is full"), mail("Lorna", body="the van is late")],
        ),
        (
            "Schick die Liste an Max und frag Paula, ob sie den Plan hat",
            [mail("Max", document="Liste"), mail("Paula", body="ob sie den Plan hat")],
        ),
        ("Write Max that Word is closed, then close Word", [mail("Max", body="Word is closed"), close("Word")]),
        ("Beende Word - Excel auch?", [close("Word"), (ASKED, {})]),
        ("Schließ Word - und Excel?", [close("Word"), (ASKED, {})]),
        ("Schließ Word, und Excel?", [close("Word"), (ASKED, {})]),
        ("Close Word, and Excel?", [close("Word"), (ASKED, {})]),
        ("Schick tom rechnung und eva vertrag", [mail("tom", document="rechnung"), mail("eva", document="vertrag")]),
        ("Schick Tom Rechnung und Eva Vertrag", [mail("Tom", document="Rechnung"), mail("Eva", document="Vertrag")]),
        (
            "Exportiere die Rechnung und schick sie Tom, den Vertrag Eva",
            [mail("Tom", document="Rechnung"), mail("Eva", document="Vertrag")],
        ),
        ("Send Anna the report and Ben too", [mail("Anna and Ben", document="report")]),
        ("Schick Anna den Bericht und Ben auch", [mail("Anna und Ben", document="Bericht")]),
        ("Send Anna her contract and Ben his", [mail("Anna", document="contract"), (ASKED, {})]),
        ("Tell me what Anna wrote", [("read_mail", {"sender": "Anna"})]),
        ("Let me know if Tom wrote", [("read_mail", {"sender": "Tom"})]),
        ("Sag mir Bescheid, ob Tom geantwortet hat", [("read_mail", {"sender": "Tom"})]),
        ("Can you tell me whether Anna has replied?", [("read_mail", {"sender": "Anna"})]),
        (
            "Hol bitte die Tabelle aus dem PDF und mach Excel draus",
            [("extract_table", {"document": "PDF", "file_format": "Excel"})],
        ),
        (
            "Extract the table from the report and make it a CSV",
            [("extract_table", {"document": "report", "file_format": "CSV"})],
        ),
        ("Take the invoice out of SAP", [("download_file", {"document": "invoice", "portal": "SAP"})]),
        ("Get me the report out of Jira", [("download_file", {"document": "report", "portal": "Jira"})]),
    ],
)
async def test_each_gets_what_the_words_say(text: str, orders: list[tuple[str, dict[str, str]]]) -> None:
    assert await read(text) == orders


@pytest.mark.parametrize(
    "text",
    [
        "Once you've sent Anna the list, close Outlook",
        "Close Outlook once you have sent Anna the list",
        "After you've emailed the list to Anna, close Outlook",
        "Wenn du Anna die liste geschickt hast, schließ Outlook",
        "Schließ Outlook, sobald du Anna die liste gemailt hast",
    ],
)
async def test_what_is_to_be_sent_first_is_sent_first(text: str) -> None:
    orders = await BEYOND.split(text, ROUTER)

    found = [(part.routed.name, {**part.routed.slots}) for part in orders.parts]
    assert [(name, {key: one.casefold() for key, one in slots.items()}) for name, slots in found] == [
        ("send_mail", {"recipient": "anna", "document": found[0][1]["document"].casefold()}),
        ("close_app", {"application": "outlook"}),
    ]
    assert orders.parts[1].after == (0,)


@pytest.mark.parametrize(
    "text",
    [
        "Nachdem du Anna die Liste geschickt hast, hat sie sich beschwert",
        "Wenn du Tom die Liste geschickt hast, ist alles gut",
        "After you've sent Anna the wrong list, send her the right one",
        "After you have sent Tom the list by mistake, write him an apology",
        "Once you have sent Anna the list, don't close Word",
        "When you have sent Anna the list, I can close the case",
        "Wenn Sie mir die Liste geschickt haben, schließe ich den Vorgang",
        "Tell me when you have sent Anna the list",
    ],
)
async def test_what_was_sent_or_is_only_told_to_be_sent_is_not_sent(text: str) -> None:
    assert await read(text) == [(ASKED, {})]


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("Nachdem Sie uns die Rechnung geschickt haben, öffne das Portal", [("navigate_url", {"portal": "Portal"})]),
        (
            "Nachdem du mir gestern die Liste geschickt hast, schick mir den Plan",
            [mail("mir", document="Plan")],
        ),
        (
            "Sobald du Tom die Liste geschickt hast, schick mir den Plan",
            [mail("Tom", document="Liste"), mail("mir", document="Plan")],
        ),
    ],
)
async def test_what_is_ordered_beside_what_was_sent_is_done(
    text: str, orders: list[tuple[str, dict[str, str]]]
) -> None:
    assert await read(text) == orders


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("Invite Anna on Monday and Tom on Tuesday", [("Anna", "Monday"), ("Tom", "Tuesday")]),
        ("Lade Anna am Montag und Tom am Dienstag ein", [("Anna", "Montag"), ("Tom", "Dienstag")]),
        ("Invite Anna on Monday at 10 and Ben at 11", [("Anna", "Monday"), ("Ben", "Monday")]),
        ("Set up a call with Anna on Monday and with Ben on Friday", [("Anna", "Monday"), ("Ben", "Friday")]),
        (
            "Mach mir am Montag einen Termin mit Anna und am Freitag einen mit Ben",
            [("Anna", "Montag"), ("Ben", "Freitag")],
        ),
        ("Lade Max zum 3. Mai und Paula zum 5. Mai ein", [("Max", "3. Mai"), ("Paula", "5. Mai")]),
        (
            "Vereinbare mit Max am Montag und mit Paula am Dienstag einen Termin",
            [("Max", "Montag"), ("Paula", "Dienstag")],
        ),
        ("Set up meetings with Anna on 3 May and Tom on 4 May", [("Anna", "3 May"), ("Tom", "4 May")]),
        ("Set up a meeting with Anna and Tom on Monday", [("Anna and Tom", "Monday")]),
    ],
)
async def test_everybody_is_met_on_their_own_day(text: str, met: list[tuple[str, str]]) -> None:
    assert [(slots["participants"], slots["date"]) for _, slots in await read(text)] == met


async def test_appointments_stand_beside_other_orders() -> None:
    found = await read("Open Word, then invite Anna on Monday and Tom on Tuesday, then close Outlook")

    assert [name for name, _ in found] == ["open_app", "create_appointment", "create_appointment", "close_app"]
    assert [slots.get("participants") for _, slots in found] == [None, "Anna", "Tom", None]


@pytest.mark.parametrize(
    "text",
    [
        "schick anna die liste und tom den plan und ben",
        "Schick Anna die Liste und Tom den Plan und Ben",
        "Schick Anna die Liste. Entschuldigung, Tom!",
        "Tell Tom to send Eva the list and close Excel",
        "Schick Tom die Liste, den Plan schickt Eva Ben",
        "Schick alle Rechnungen außer der von Mai an Tom",
        'The body says "See you". Send the mail to Tom',
    ],
)
async def test_what_may_be_meant_for_others_is_asked_about(text: str) -> None:
    assert await read(text) == [(ASKED, {})]


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("Schick Tom oder Eva die Liste", [("send_mail", {"document": "Liste"})]),
        ("Send Eva the plan instead of Tom the list", [mail("Eva", document="plan")]),
        ("Send Eva the plan instead of Tom the list, please", [mail("Eva", document="plan")]),
        (
            "Send Tom the list today and Eva the plan tomorrow",
            [mail("Tom", document="list today"), mail("Eva", document="plan tomorrow")],
        ),
        ("Send Tom the list, I'll send Eva the plan", [mail("Tom", document="list")]),
        (
            "Remind Tom to mail Eva the list and mail Ben the plan",
            [mail("Tom", body="to mail Eva the list and mail Ben the plan")],
        ),
        (
            "Schick Annas Chef die Liste und Toms Chefin den Plan",
            [mail("Annas Chef", document="Liste"), mail("Toms Chefin", document="Plan")],
        ),
        (
            "Send Anna's boss the list and Tom's manager the plan",
            [mail("Anna's boss", document="list"), mail("Tom's manager", document="plan")],
        ),
        ("Schreib Tom, dass wir annehmen, Eva in cc", [mail("Tom", cc="Eva", body="wir annehmen")]),
        ("Schreib Tom, dass wir annehmen, cc Eva", [mail("Tom", cc="Eva", body="wir annehmen")]),
        ("Schreib Tom, dass wir annehmen, und setz Eva in cc", [mail("Tom", cc="Eva", body="wir annehmen")]),
        ("Reply to Tom that we accept, cc Eva, attach the contract", [mail("Tom", cc="Eva", body="we accept")]),
        ("Tell Tom I'm late, cc Eva", [mail("Tom", cc="Eva", body="I'm late")]),
        ("Tell Tom to call Eva and send her the list", [mail("Tom", body="to call Eva and send her the list")]),
        ("Tell Tom to call me and open Excel", [mail("Tom", body="to call me"), start("Excel")]),
        (
            "Schreib Tom: Eva bekommt die Liste. Öffne Excel.",
            [mail("Tom", body="Eva bekommt die Liste. Öffne Excel.")],
        ),
        (
            "Tell Eva we meet on Monday at 5 and put it in the calendar",
            [mail("Eva", body="we meet on Monday at 5"), ("create_appointment", {"date": "Monday", "time": "5"})],
        ),
        ("write anna i need the list and open excel", [mail("anna", body="i need the list"), start("excel")]),
        ("Send Tom the whole report, but also cc Eva", [mail("Tom", cc="Eva", document="whole report")]),
        ("Send the minutes to everyone except Tom, then open Excel", [(ASKED, {}), start("Excel")]),
        (
            'Im Betreff steht "Rechnung". Such die Mail von Tom.',
            [("search_mail", {"sender": "Tom", "subject": "Rechnung"})],
        ),
        ('Subject says "Invoice". Find the mail from Tom.', [("search_mail", {"sender": "Tom", "subject": "Invoice"})]),
        ('Eva wrote "See you". Find the mail from Eva.', [("search_mail", {"sender": "Eva", "subject": "See you"})]),
        ('Anna wrote "close Excel". Find the mail from Anna.', [("search_mail", {"sender": "Anna"})]),
    ],
)
async def test_what_stands_beside_an_order_is_neither_lost_nor_mixed_with_it(
    text: str, orders: list[tuple[str, dict[str, str]]]
) -> None:
    assert await read(text) == orders


@pytest.mark.parametrize(
    "text",
    [
        "Termin mit Anna am Montag oder mit Tom am Dienstag",
        "Invite Anna on Monday or Tom on Tuesday",
        "Book the room for the meeting with Anna on Monday and Tom on Tuesday",
        "Show me the meetings with Anna on Monday and Tom on Tuesday",
        "Zeig mir die Termine mit Anna am Montag und Tom am Dienstag",
    ],
)
async def test_appointments_that_are_not_to_be_made_each_are_asked_about(text: str) -> None:
    assert await read(text) == [(ASKED, {})]
