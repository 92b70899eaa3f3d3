"""Where the settings say so, a language model chooses among free agents; without its help one is chosen, too."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scheduler.agents.choosing import Choosing
from scheduler.core.errors import LLMUnavailableError
from scheduler.core.ids import AgentId, JobId, TaskId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.llm.llm_wrapper import LLMWrapper
from scheduler.llm.mock_provider import MockProvider, Scripted
from scheduler.settings import AgentsSettings
from tests.agents.test_remote_tasks import DONE, in_process
from tests.support.agents import join
from tests.support.services import Api, clean_environment, router, running_api, some_settings
from tests.support.sites import FakeSites

pytestmark = pytest.mark.component

__all__ = ["clean_environment", "router"]

SEND = ToDo(id="send", action="mail.send", timeout=4)
CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("send"), effect_key="k" * 64, lease_epoch=1)


@pytest.fixture
async def wired(
    tmp_path: Path,
    store_path: Path,
    router: IntentRouter,
    clean_environment: None,  # noqa: ARG001
) -> AsyncIterator[tuple[Api, MockProvider]]:
    settings = some_settings(tmp_path / "data", store_path)
    settings = settings.model_copy(update={"agents": AgentsSettings(choice="model")})
    provider = MockProvider(otherwise="kein JSON")
    async with running_api(settings, router, worker=False, provider=provider) as api:
        yield api, provider


async def chosen(api: Api, answer: Scripted) -> AgentId:
    choosing = Choosing(
        api.services.agents.registry, api.services.changes, FakeSites({}), LLMWrapper(MockProvider(otherwise=answer))
    )
    return (await choosing.agent(SEND, CONTEXT, failed=Counter())).id


def choice(agent_id: str) -> str:
    return json.dumps({"agent_id": agent_id, "reason": "it fits"})


async def test_the_model_chooses_among_those_who_are_free(wired: tuple[Api, MockProvider]) -> None:
    api, _ = wired
    agents = [await join(api.client, name=name, capabilities=["mail.*"]) for name in ("one", "two", "three")]
    full = agents[0]

    assert [await chosen(api, choice(one.id)) for one in agents] == [one.id for one in agents]
    with api.services.agents.registry.slot(AgentId(full.id), SEND.action):
        others = {await chosen(api, choice(full.id)) for _ in range(5)}
    assert full.id not in others, "it has as much as it takes"


@pytest.mark.parametrize("bad", ["kein JSON", choice("nobody"), LLMUnavailableError("mock", "gone")], ids=str)
async def test_without_a_usable_answer_one_who_is_free_gets_the_step(
    wired: tuple[Api, MockProvider], bad: Scripted
) -> None:
    api, _ = wired
    agents = [await join(api.client, name=name, capabilities=["mail.*"]) for name in ("one", "two")]

    assert await chosen(api, bad) in {one.id for one in agents}


async def test_the_settings_have_it_asked_for_real_steps_and_only_where_there_is_a_choice(
    wired: tuple[Api, MockProvider],
) -> None:
    api, provider = wired
    for name in ("one", "two"):
        in_process(api, await join(api.client, name=name, capabilities=["mail.*"]), lambda _: [DONE])
    in_process(api, await join(api.client, name="three", capabilities=["web.*"]), lambda _: [DONE])

    both = await api.services.agents.remote.execute(SEND, CONTEXT)
    asked = len(provider.calls)
    only = await api.services.agents.remote.execute(
        ToDo(id="look", action="web.screenshot", timeout=4), CONTEXT._replace(task_id=TaskId("look"))
    )

    assert (both.success, only.success) == (True, True)
    assert asked > 0
    assert len(provider.calls) == asked
    assert "one" in provider.calls[0].prompt
    assert "three" not in provider.calls[0].prompt
