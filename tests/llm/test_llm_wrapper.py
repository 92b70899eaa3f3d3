"""Plan, agent and way out, asked of a model and believed only as far as they can be checked."""

import json

import pytest

from scheduler.core.agent import Agent, AgentType
from scheduler.core.errors import LLMNotSetUpError, LLMUnavailableError, NoAgentError
from scheduler.core.ids import AgentId
from scheduler.core.todo import ToDo
from scheduler.llm.llm_task_planner import LLMTaskPlanner
from scheduler.llm.llm_wrapper import LLMProvider, LLMWrapper
from scheduler.llm.mock_provider import MockProvider, Scripted
from scheduler.llm.terms import Terms
from tests.llm.conftest import QUICK
from tests.support.runs import CATALOG

CLICK = ToDo(id="go", action="web.click")


def agent(name: str, *capabilities: str) -> Agent:
    return Agent(id=AgentId(name), name=name, type=AgentType.WEB, capabilities=capabilities)


WEB_1, WEB_2, MAIL_1 = agent("web-1", "web.*"), agent("web-2", "web.click"), agent("mail-1", "mail.send")


def choice(name: str) -> str:
    return json.dumps({"agent_id": name, "reason": "weil"})


async def test_intent_becomes_a_checked_graph() -> None:
    action = next(iter(CATALOG)).name
    provider = MockProvider([json.dumps({"tasks": [{"id": "a", "action": action}], "reasoning": "so"})])
    planner = LLMTaskPlanner(provider, catalog=CATALOG, check=lambda graph: graph.check())

    graph = await LLMWrapper(provider, lambda _: planner).intent_to_task_graph("unknown", "Mach das")

    assert graph.why == "so"
    assert [todo.action for todo in graph.tasks.values()] == [action]
    assert "Mach das" in provider.calls[0].prompt


async def test_without_a_planner_it_says_so() -> None:
    with pytest.raises(LLMNotSetUpError):
        await LLMWrapper(MockProvider()).intent_to_task_graph("unknown", "Mach das")


async def test_model_chooses_among_those_that_are_able() -> None:
    provider = MockProvider([choice("web-2")])

    chosen = await LLMWrapper(provider).select_agent_for_task(CLICK, [MAIL_1, WEB_1, WEB_2])

    assert chosen is WEB_2
    assert "mail-1" not in provider.calls[0].prompt


@pytest.mark.parametrize(
    "bad", [choice("mail-1"), choice("nobody"), "kein JSON", LLMUnavailableError("mock", "gone")], ids=str
)
async def test_bad_choice_becomes_the_first_that_is_able(bad: Scripted) -> None:
    provider = MockProvider(otherwise=bad, terms=Terms(patience=QUICK))

    assert await LLMWrapper(provider).select_agent_for_task(CLICK, [MAIL_1, WEB_1, WEB_2]) is WEB_1


async def test_no_model_is_asked_when_there_is_no_choice() -> None:
    provider = MockProvider()

    assert await LLMWrapper(provider).select_agent_for_task(CLICK, [MAIL_1, WEB_2]) is WEB_2
    with pytest.raises(NoAgentError):
        await LLMWrapper(provider).select_agent_for_task(CLICK, [MAIL_1])
    assert provider.calls == []


async def test_error_is_explained_from_what_is_known() -> None:
    provider = MockProvider(["Der Knopf heißt jetzt „Einloggen“."])

    said = await LLMWrapper(provider).analyze_error("element_not_found", {"page": "button Einloggen", "tries": 2})

    assert said == "Der Knopf heißt jetzt „Einloggen“."
    assert "button Einloggen" in provider.calls[0].prompt


def test_the_provider_port_is_where_the_specification_names_it() -> None:
    assert issubclass(MockProvider, LLMProvider)


@pytest.mark.parametrize(
    ("capabilities", "action", "able"),
    [
        (["web.*"], "web.click", True),
        (["web.click"], "web.click", True),
        (["web.click"], "web.fill", False),
        (["web.*"], "webx.click", False),
        (["a.b.*"], "a.b.c", True),
        (["a.*"], "a.b.c", True),
    ],
)
def test_capabilities_are_actions_or_families(capabilities: list[str], action: str, able: bool) -> None:
    assert agent("x", *capabilities).can(action) is able
