"""Nobody is sent what is meant for somebody else: rows of persons and things, corrections, conditions, questions."""

import pytest

from scheduler.core.intents import UNKNOWN
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.routers import the_router

pytestmark = pytest.mark.component

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())


async def read(text: str) -> list[tuple[str, ...]]:
    """Return who is sent what by a request; "?" for what is asked about."""
    orders = await BEYOND.split(text, ROUTER)
    return [
        ("?",)
        if part.routed.name == UNKNOWN
        else (
            part.routed.slots.get("recipient", ""),
            part.routed.slots.get("document", part.routed.slots.get("file_name", "")),
        )
        if part.routed.name == "send_mail"
        else (part.routed.name,)
        for part in orders.parts
    ]


ANNA, TOM, ASKED = ("Anna", "Angebot"), ("Tom", "Vertrag"), ("?",)


@pytest.mark.parametrize(
    "text",
    [
        "Schick Anna das Angebot und Tom den Vertrag",
        "Schick Anna das Angebot, Tom den Vertrag",
        "Schick Anna das Angebot, Tom nur den Vertrag",
        "Schick das Angebot an Anna und den Vertrag an Tom",
        "Schick das Angebot an Anna, den Vertrag an Tom",
        "Schick an Anna das Angebot und an Tom den Vertrag",
        "Schick Anna das Angebot und den Vertrag an Tom",
        "Schick Anna das Angebot. Schick Tom den Vertrag.",
        "Schick Anna das Angebot und schick Tom den Vertrag",
        "Kannst du bitte Anna das Angebot und Tom den Vertrag schicken?",
        "Kannst du vielleicht Anna das Angebot und Tom den Vertrag schicken?",
        "Könnten Sie bitte das Angebot an Anna und den Vertrag an Tom senden?",
        "Schicken Sie Anna das Angebot und Tom den Vertrag",
        "Leite Anna das Angebot weiter und Tom den Vertrag",
        "Ich möchte Anna das Angebot und Tom den Vertrag schicken",
        "Anna das Angebot, Tom den Vertrag schicken",
        "Bitte das Angebot an Anna und den Vertrag an Tom senden",
        "Hallo Eva, schick bitte Anna das Angebot und Tom den Vertrag. Danke, Bob",
        "Schick zuerst Anna das Angebot und dann Tom den Vertrag",
    ],
)
async def test_each_of_several_persons_is_sent_what_is_told_of_them(text: str) -> None:
    assert await read(text) == [ANNA, TOM]


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Send Anna the offer and Tom the contract", [("Anna", "offer"), ("Tom", "contract")]),
        ("send anna the offer n tom just the contract", [("anna", "offer"), ("tom", "contract")]),
        ("Could you send the offer to Anna and the contract to Tom?", [("Anna", "offer"), ("Tom", "contract")]),
        ("Send the offer to Anna and send the contract to Tom", [("Anna", "offer"), ("Tom", "contract")]),
        ("Send my boss the report and my team the minutes", [("boss", "report"), ("team", "minutes")]),
        ("Send the board the report and the team the minutes", [("board", "report"), ("team", "minutes")]),
        ("Send me the offer and Tom the contract", [("me", "offer"), ("Tom", "contract")]),
        ("Email plan.pdf to Anna and list.xlsx to Tom", [("Anna", "plan.pdf"), ("Tom", "list.xlsx")]),
        ("Send Anna and Eva the offer and Tom the list", [("Anna and Eva", "offer"), ("Tom", "list")]),
        (
            "Schick der Buchhaltung die Rechnung 4711, dem Einkauf die Bestellung und dem Vertrieb die Preisliste",
            [("Buchhaltung", "Rechnung 4711"), ("Einkauf", "Bestellung"), ("Vertrieb", "Preisliste")],
        ),
        ("Öffne Word. Schick Anna das Angebot und Tom den Vertrag.", [("open_app",), ANNA, TOM]),
        ("Schick Anna das Angebot und Tom den Vertrag und öffne Word", [ANNA, TOM, ("open_app",)]),
        ("Schick Anna das Angebot, Tom den Vertrag und Eva beides", [ANNA, TOM, ASKED]),
        ("Bitte das Angebot an Anna, den Vertrag an Tom", [ANNA, TOM]),
        ("Das Angebot an Anna, den Vertrag an Tom", [ANNA, TOM]),
        ("Send Anna invoice 5 and Tom invoice 6", [("Anna", "invoice 5"), ("Tom", "invoice 6")]),
        ("Send invoice 5 to Anna and 6 to Tom", [("Anna", "invoice 5"), ASKED]),
        ("Send the customer list to Anna and the supplier one to Tom", [("Anna", "customer list"), ASKED]),
        ("Schick die Liste der Kunden an Anna und die der Lieferanten an Tom", [("Anna", "Liste der Kunden"), ASKED]),
        ("Schick sowohl Anna das Angebot als auch Tom den Vertrag", [ANNA, TOM]),
        (
            "Schick Müller GmbH das Angebot und Schulze AG den Vertrag",
            [("Müller GmbH", "Angebot"), ("Schulze AG", "Vertrag")],
        ),
        ("Reply to Tom and send Eva the list", [("Tom", ""), ("Eva", "list")]),
        ("Antworte Tom und schick Anna das Angebot", [("Tom", ""), ANNA]),
        ("Send Anna the offer and me a copy", [("Anna", "offer"), ASKED]),
        ("Send Anna the offer, Tom the contract later", [("Anna", "offer"), ASKED]),
        ("Schick Anna das Angebot, Tom den Vertrag erst morgen", [ANNA, ASKED]),
        ("Schick Anna das Angebot / Tom den Vertrag", [ANNA, TOM]),
        ("Schick folgendes: Angebot an Anna, Vertrag an Tom", [ANNA, TOM]),
        ("Forward Tom's mail to Anna and Eva's to Bob", [("Anna", ""), ASKED]),
    ],
)
async def test_rows_of_persons_and_things_are_read_apart(text: str, sent: list[tuple[str, ...]]) -> None:
    assert await read(text) == sent


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Schick das Angebot an Anna und Tom", [("Anna und Tom", "Angebot")]),
        ("Send the offer to Anna, Tom and Eva", [("Anna and Tom and Eva", "offer")]),
        ("Schick Anna das Angebot und die Preisliste", [("Anna", "Angebot und Preisliste")]),
        ("Schick das Angebot und die Preisliste an Anna und Tom", [("Anna und Tom", "Angebot und Preisliste")]),
        ("Send Tom the health and safety policy", [("Tom", "health and safety policy")]),
        ("Send the terms and conditions to Tom and Eva", [("Tom and Eva", "terms and conditions")]),
        ("Schick Anna die Lieferungs- und Zahlungsbedingungen", [("Anna", "Lieferungs- und Zahlungsbedingungen")]),
    ],
)
async def test_lists_of_persons_or_of_things_are_one_order(text: str, sent: list[tuple[str, ...]]) -> None:
    assert await read(text) == sent


@pytest.mark.parametrize(
    "text",
    [
        "Schick das Angebot an Tom. Nein. Schick es an Anna.",
        "Schick das Angebot an Tom, nein, an Anna",
        "Schick das Angebot an Tom. Quatsch, an Anna.",
        "Schick das Angebot an Tom - Korrektur: an Anna",
        "Maile Tom das Angebot. Halt, doch lieber Anna.",
        "Maile Tom das Angebot, ich meine Anna",
        "Schick das Angebot an Tom, besser an Anna",
        "Schick das Angebot an Tom. Ach, der ist ja im Urlaub. Schick es lieber an Anna.",
        "Schick Tom den Vertrag. Vergiss es. Schick Anna das Angebot.",
        "Schick Anna den Vertrag, nein, das Angebot",
    ],
)
async def test_what_is_said_instead_takes_the_place_of_what_was_said(text: str) -> None:
    assert await read(text) == [ANNA]


@pytest.mark.parametrize(
    "text",
    [
        "Send the offer to Tom. No, wait, to Anna",
        "Send the offer to Tom, no, to Anna",
        "Send the offer to Tom, I mean Anna",
        "Send the offer to Tom - actually, make that Anna",
        "Send the offer to Tom, make that to Anna.",
        "Send the offer to Tom. Actually, send it to Anna instead.",
        "Send the offer to Tom. Scratch that, send it to Anna.",
        "Email the offer to Tom. On second thoughts, email it to Anna.",
        "Send Anna the contract, or rather the offer",
    ],
)
async def test_english_corrections_take_the_place_of_what_was_said(text: str) -> None:
    assert await read(text) == [("Anna", "offer")]


@pytest.mark.parametrize(
    "text",
    [
        "Schick Anna das Angebot, notfalls auch Bob",
        "Schick Anna das Angebot, und falls nötig auch Bob",
        "Schick das Angebot an Anna und ggf. an Bob",
        "Schick das Angebot an Anna und eventuell an Bob",
        "Schick das Angebot an Anna, sonst an Bob",
        "Schick das Angebot an Anna, ersatzweise an Bob",
        "Schick das Angebot an Anna (Bob nur auf Nachfrage)",
        "Schick Anna das Angebot, Bob den Vertrag bei Bedarf",
        "Schick Anna das Angebot. Auch an Bob?",
        "Schick Anna das Angebot. Und Bob den Vertrag?",
    ],
)
async def test_what_is_conditional_or_asked_is_not_done_unasked(text: str) -> None:
    assert await read(text) == [ANNA, ASKED]


@pytest.mark.parametrize(
    "text",
    [
        "Send Rosa the list, Hamish the plan if necessary",
        "Send Rosa the list and, if need be, Hamish",
        "Send the list to Rosa; failing that, to Hamish",
        "Send the list to Rosa and possibly to Hamish",
        "Send Rosa the list. And Hamish the plan?",
        "Send Rosa the list - Hamish too?",
        "Send the list to Rosa and should I send the plan to Hamish?",
    ],
)
async def test_english_conditions_and_questions_are_asked_about(text: str) -> None:
    assert await read(text) == [("Rosa", "list"), ASKED]


@pytest.mark.parametrize(
    "text",
    [
        "Schick Anna das Angebot oder Tom den Vertrag",
        "Schick Tom den Vertrag, nein, Anna das Angebot",
        "Schick das Angebot an Anna, oder lieber an Tom?",
        "Schick Tom den Vertrag. Nein, doch nicht.",
        "Send Tom the contract. Never mind.",
        "Send Anna and Tom the offer and the contract respectively",
        "Schick weder Anna das Angebot noch Tom den Vertrag",
        "Schick Anna entweder das Angebot oder den Vertrag",
        "Schick Tom den Vertrag. Moment, nicht Tom, Eva soll ihn bekommen.",
        "Schick Anna das Angebot, sofern Bob zustimmt",
        "Send the offer to Anna only if Bob agrees",
        "Schick Anna das Angebot nur, wenn Bob zustimmt",
        "Send Anna the offer; if she's on leave send it to Bob",
        "Send Anna the offer, and if she's away, Bob",
        "Send the contract to Tom, cc Eva if she's back",
    ],
)
async def test_what_is_left_open_or_called_off_sends_nothing(text: str) -> None:
    assert {*await read(text)} == {ASKED}


@pytest.mark.parametrize(
    "text",
    [
        'Schreib Anna "Das Angebot an Tom, den Vertrag an Eva"',
        "Schreib Anna: Das Angebot geht an Tom und der Vertrag an Eva",
        "Maile Anna, dass Eva die Rechnung 5 hat und Tom die Liste",
        "Schick Anna die Mail: Nein, an Eva.",
        "Tell Anna to send Tom the offer and Eva the contract",
        "Sag Anna, sie soll Tom das Angebot schicken und Eva den Vertrag",
        "Bitte Anna, Tom das Angebot und Eva den Vertrag zu schicken",
        "Ask Anna to send Tom the offer and Eva the contract",
        "Did you send Tom the offer and Eva the contract?",
        "Ich habe Tom das Angebot und Eva den Vertrag geschickt",
        "Don't send Tom the offer and Eva the contract",
        "Wer schickt Tom das Angebot und Eva den Vertrag?",
        "Send Anna the report. No rush.",
        "Schick das Angebot an Anna, die es dann an Bob weiterleitet",
        "Send the offer to Anna so she can forward it to Bob",
        "Send Anna the contract, and let Eva know",
        "Schick Anna das Angebot für Tom und den Vertrag für Eva",
        "Schick Anna das Angebot, Eva schicke ich die Liste selbst",
        "Send Anna the contract. I'll send Eva the list.",
        "Send Anna the offer, not Bob",
        "Schick Bob nichts, Anna das Angebot",
        "Maile Anna: Schick das Angebot an Tom und den Vertrag an Eva",
        "Schreib Anna, Eva bekommt die Liste und Tom den Plan",
        "Email Anna: please forward this to Tom and Eva",
    ],
)
async def test_what_is_told_asked_or_forbidden_sends_nobody_else_anything(text: str) -> None:
    assert {who for who, *_ in await read(text)} <= {"Anna", "?"}


@pytest.mark.parametrize(
    "text",
    [
        "Send the minutes to the team, except Tom",
        "Schick das Angebot an x@a.de bzw. y@b.de",
    ],
)
async def test_whoever_cannot_be_left_out_is_asked_for(text: str) -> None:
    ((who, _),) = await read(text)

    assert who == ""
