"""However slow a model is, a request ends within one deadline: planned, asked about or refused."""

import json
import time
from datetime import timedelta

import pytest

from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import InvalidRequestError
from scheduler.core.intent_router import IntentRouter
from scheduler.core.questions import AskBackError
from scheduler.llm.llm_intent_router import LLMIntentRouter
from scheduler.llm.llm_task_planner import LLMTaskPlanner
from scheduler.llm.llm_wrapper import LLMWrapper
from scheduler.llm.mock_provider import MockProvider, Script, when
from scheduler.orchestrator.beyond_rules import BeyondRules
from scheduler.orchestrator.plan_check import check_plan
from scheduler.orchestrator.planner import Planner
from scheduler.security.policies import PolicyEngine, PolicyTable, Rule
from tests.support.services import ScriptedExecutor, router
from tests.support.sites import FakeSites

__all__ = ["router"]

STRANGE = "Erzähl bob@example.com einen Witz"
SEVERAL = "Such den Vertrag mit Müller, bügel die Hemden, koch einen Kaffee und gieß die Blumen"
UNKNOWN = json.dumps({"intent": "unknown", "confidence": 0.3, "slots": [], "reason": "no kind fits"})
LOOK = json.dumps({"tasks": [{"id": "look", "action": "web.screenshot"}], "reasoning": "so"})
EMPTY = json.dumps({"tasks": [], "reasoning": "no"})


def a_planner(router: IntentRouter, provider: MockProvider, patience: float) -> Planner:
    catalog = ActionCatalog(ScriptedExecutor.actions)
    policy = PolicyEngine(PolicyTable(actions=(Rule(rule="all", allow=("*",)),)))
    model = LLMTaskPlanner(provider, catalog=catalog, check=lambda graph: check_plan(graph, catalog, policy))
    beyond = BeyondRules(
        router=LLMIntentRouter(provider, router),
        planner=LLMWrapper(provider, lambda _: model),
        patience=timedelta(seconds=patience),
    )
    return Planner(router=router, catalog=catalog, policy=policy, sites=FakeSites({}), beyond=beyond)


def a_model(plan: str, delay: float) -> MockProvider:
    """A model that is slow, knows no kind of request and always plans the same."""
    sorts = when("Sort this one", Script(answer=UNKNOWN, delay=delay))
    return MockProvider(rules=[sorts], otherwise=Script(answer=plan, delay=delay))


@pytest.mark.parametrize("text", [STRANGE, SEVERAL])
async def test_all_questions_over_a_request_end_with_its_deadline(router: IntentRouter, text: str) -> None:
    planner = a_planner(router, a_model(EMPTY, delay=3), patience=0.3)
    begun = time.monotonic()

    with pytest.raises(InvalidRequestError):
        await planner.plan(text)

    assert time.monotonic() - begun < 5, "each order might take four answers"


async def test_after_the_deadline_no_model_is_asked_and_what_rules_know_is_planned(router: IntentRouter) -> None:
    model = a_model(EMPTY, delay=5)
    planner = a_planner(router, model, patience=0.1)

    planned = await planner.plan("Such den Vertrag mit Müller")
    with pytest.raises(AskBackError) as asked:
        await planner.plan(SEVERAL, answers={})

    assert (planned.way, planned.intent) == ("rules", "search_document")
    assert [one.order for one in asked.value.questions] == [1]
    assert all("Sort this one" in call.prompt for call in model.calls), "there was no time for a plan"


async def test_orders_are_planned_side_by_side(router: IntentRouter) -> None:
    delay = 0.6
    planner = a_planner(router, a_model(LOOK, delay), patience=60)
    begun = time.monotonic()

    planned = await planner.plan(SEVERAL)

    assert len(planned.orders) == 4
    assert time.monotonic() - begun < 5 * delay, "three orders with two questions each, one after the other, take six"
