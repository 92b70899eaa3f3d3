"""What was taught may be one order of several; nothing beside it that may be an order is lost."""

import pytest

from scheduler.core.compound import Orders
from scheduler.core.intent_router import IntentRouter
from scheduler.core.intents import Intent
from scheduler.core.pasted import own_words
from scheduler.core.task_graph import TaskGraph
from scheduler.core.taught import read_example
from scheduler.core.taught_book import TaughtBook
from scheduler.orchestrator.beyond_rules import BeyondRules
from scheduler.orchestrator.pasted_steps import steps_of_pasted_orders
from scheduler.orchestrator.planned_request import PlannedOrder, PlannedRequest
from tests.support.services import router

__all__ = ["router"]

REPORT = "Erstelle den Monatsbericht für die Abteilung Einkauf"


async def read(router: IntentRouter, text: str) -> Orders:
    intents = {one.name: one for one in router.intents} | {"report": Intent(name="report", own_slots=("dept",))}
    example = read_example("report", "erstelle den Monatsbericht für die Abteilung [dept:Vertrieb]")
    return await BeyondRules().split(text, router, TaughtBook(intents, [example]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (REPORT, [("report", {"dept": "Einkauf"}, (), None)]),
        (
            f"{REPORT} und schließ Teams",
            [("report", {"dept": "Einkauf"}, (), None), ("close_app", {"application": "Teams"}, (), None)],
        ),
        (
            f"{REPORT}, dann schließ Teams",
            [("report", {"dept": "Einkauf"}, (), None), ("close_app", {"application": "Teams"}, (0,), None)],
        ),
        (
            f"{REPORT} und schick ihn Anna",
            [
                ("report", {"dept": "Einkauf"}, (), None),
                ("send_mail", {"recipient": "Anna", "document": "Monatsbericht"}, (0,), 0),
            ],
        ),
        (
            "Bevor du den Monatsbericht für die Abteilung Einkauf erstellst, schließ Teams",
            [("close_app", {"application": "Teams"}, (), None), ("report", {"dept": "Einkauf"}, (0,), None)],
        ),
        (f"{REPORT} und lösch alles", [("report", {"dept": "Einkauf"}, (), None), ("unknown", {}, (), None)]),
        (f"{REPORT}, aber nur für März", [("report", {"dept": "Einkauf"}, (), None), ("unknown", {}, (), None)]),
        (f"{REPORT}, nicht Vertrieb", [("report", {"dept": "Einkauf"}, (), None), ("unknown", {}, (), None)]),
        (
            f"{REPORT}, vorausgesetzt Anna stimmt zu",
            [("report", {"dept": "Einkauf"}, (), None), ("unknown", {}, (), None)],
        ),
        (
            "Vergiss nicht, den Monatsbericht für die Abteilung Einkauf zu erstellen",
            [("report", {"dept": "Einkauf"}, (), None)],
        ),
        (f"{REPORT}, nein, Vertrieb", [("report", {"dept": "Vertrieb"}, (), None)]),
    ],
)
async def test_what_stands_beside_what_was_taught_is_an_order_or_asked_about(
    router: IntentRouter, text: str, expected: list[tuple[str, dict[str, str], tuple[int, ...], int | None]]
) -> None:
    orders = await read(router, text)

    assert [(one.routed.name, dict(one.routed.slots), one.after, one.refers) for one in orders.parts] == expected


async def test_statements_beside_what_was_taught_are_overlooked_by_name_and_courtesies_without(
    router: IntentRouter,
) -> None:
    orders = await read(router, f"Hallo, {REPORT}. Die Zahlen sind da. Danke und viele Grüße, Tom")

    (only,) = orders.parts
    (dept,) = only.routed.said
    assert (only.routed.name, only.text[dept.start : dept.end]) == ("report", "Einkauf")
    assert orders.overlooked == ("Die Zahlen sind da. Danke und viele Grüße, Tom",)


async def test_a_known_order_is_read_as_ever_beside_what_was_taught(router: IntentRouter) -> None:
    orders = await read(router, f"Hol die Rechnung 4711 aus dem Portal, {REPORT} und schick sie an Anna")

    assert [one.routed.name for one in orders.parts] == ["download_file", "report", "send_mail"]
    assert (orders.parts[2].routed.slots["document"], orders.parts[2].refers) == ("Rechnung 4711", 0)


async def test_a_taught_order_that_only_pasted_text_gives_must_be_seen(router: IntentRouter) -> None:
    text = f"Öffne Teams.\n> {REPORT}"
    parts, own = (await read(router, text)).parts, (await read(router, own_words(text))).parts
    orders = tuple(
        PlannedOrder(text=one.text, intent=one.routed.name, slots=one.routed.slots, tasks=(one.routed.name,))
        for one in parts
    )
    planned = PlannedRequest(intent="several_orders", locale="de", slots={}, task_graph=TaskGraph(), orders=orders)

    assert steps_of_pasted_orders(planned, parts, own, {}) == {"report"}
