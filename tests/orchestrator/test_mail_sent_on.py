"""A mail that one order finds is sent on by the next, as requests are understood with all that was learned."""

from typing import Any

import pytest

from scheduler.core.actions import ActionCatalog
from scheduler.core.questions import AskBackError
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from scheduler.orchestrator.planner import Planner
from scheduler.security.policies import PolicyEngine, PolicyTable, Rule
from tests.support.routers import the_router
from tests.support.services import ScriptedExecutor
from tests.support.sites import FakeSites

pytestmark = pytest.mark.component

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())
PLANNER = Planner(
    router=ROUTER,
    catalog=ActionCatalog(ScriptedExecutor.actions),
    policy=PolicyEngine(PolicyTable(actions=(Rule(rule="all", allow=("*",)),))),
    sites=FakeSites({}),
    beyond=BEYOND,
)
ANNA = "anna@example.com"


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        (f"Such die Mail von Frau Berger und leite sie an {ANNA} weiter", {}),
        (f"Find the email from Bob and forward it to {ANNA}", {}),
        (f"Such die Mail von Eva und schick die Mail an {ANNA}", {}),
        (f"Search for unread emails from Bob and forward the latest one to {ANNA}", {}),
        (f"Find the email from Bob and forward it to {ANNA}, cc tom@example.com", {"cc": ["tom@example.com"]}),
        (
            f"Such die Mail von Frau Berger und leite sie {ANNA} weiter mit dem Text „Bitte prüfen“",
            {"body": "Bitte prüfen"},
        ),
        (
            f"Find the email from Bob and forward it to {ANNA} with the note that we will reply tomorrow",
            {"body": "we will reply tomorrow"},
        ),
    ],
)
async def test_the_mail_is_sent_on_with_what_is_said_beside_it(text: str, beside: dict[str, Any]) -> None:
    finds, sends = (await PLANNER.plan(text)).task_graph.tasks.values()

    assert (finds.action, finds.params["one"]) == ("mail.search", True)
    assert (sends.action, sends.params) == ("mail.send", {"to": [ANNA], "forwards": "${search.id}", **beside})


@pytest.mark.parametrize(
    ("text", "found", "sent"),
    [
        (f"Such die Mail von Frau Berger und leite sie an {ANNA} weiter", {"sender": "Frau Berger"}, {}),
        (f"Such die Mail mit dem Betreff Urlaub und leite sie an {ANNA} weiter.", {"subject": "Urlaub"}, {}),
        (
            f"Find the mail from Mrs Berger and forward it to {ANNA} with the subject Rent",
            {"sender": "Mrs Berger"},
            {"subject": "Rent"},
        ),
    ],
)
async def test_what_mail_is_meant_and_how_it_is_sent_on_are_told_apart(
    text: str, found: dict[str, str], sent: dict[str, str]
) -> None:
    orders = await BEYOND.split(text, ROUTER)

    assert [dict(part.routed.slots) for part in orders.parts] == [found, {"recipient": ANNA, **sent}]


async def test_it_is_sent_on_to_several_one_after_the_other() -> None:
    planned = await PLANNER.plan(
        f"Such die Mail von Frau Berger, leite sie an {ANNA} weiter und schick sie auch an tom@example.com"
    )

    sent = [todo.params for todo in planned.task_graph.tasks.values() if todo.action == "mail.send"]
    assert sent == [{"to": [to], "forwards": "${search.id}"} for to in (ANNA, "tom@example.com")]


@pytest.mark.parametrize(
    "text",
    [
        f"Such die Mail von Eva und antworte {ANNA}, dass du sie weiterleitest",
        f"Find the email from Bob and tell {ANNA} to forward it to Tom",
        f"Such den Vertrag mit Müller, such die Mail von Eva und schick ihn an {ANNA}",
        f"Find the email from Bob, then search for the email from Eva and forward both to {ANNA}",
    ],
)
async def test_no_mail_is_sent_on_where_another_thing_or_several_are_meant(text: str) -> None:
    planned = await PLANNER.plan(text)

    assert not any("forwards" in todo.params for todo in planned.task_graph.tasks.values())


@pytest.mark.parametrize("text", ["Such die Mail von Eva und leite sie weiter", "Find Bob's email and forward it"])
async def test_whoever_wrote_it_does_not_get_it_unasked(text: str) -> None:
    with pytest.raises(AskBackError) as asked:
        await PLANNER.plan(text, answers={})

    assert [one.key for one in asked.value.questions] == ["1.slot.recipient"]


@pytest.mark.parametrize(
    "answers",
    [
        {"0.intent": "search_document", "0.slot.document": "Brief", "1.slot.body": "Hallo"},
        {"1.intent": "search_document", "1.slot.document": "Brief"},
        {"0.intent": "unknown", "1.slot.body": "Hallo"},
    ],
)
async def test_an_order_that_people_say_is_another_sends_no_mail_on(answers: dict[str, str]) -> None:
    planned = await PLANNER.plan(f"Such die Mail von Frau Berger und leite sie an {ANNA} weiter", answers=answers)

    mails = [todo for todo in planned.task_graph.tasks.values() if todo.action.startswith("mail.")]
    assert len(planned.task_graph.tasks) == len(planned.orders or (planned,))
    assert not any({"forwards", "one"} & todo.params.keys() for todo in mails)
