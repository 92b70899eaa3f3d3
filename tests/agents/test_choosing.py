"""What a step asks of its agent: where it acts and with what, and which one, or which kind, its plan names."""

from typing import Any

import pytest

from scheduler.core.errors import NoFreeAgentError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from tests.agents.test_remote_tasks import DONE, in_process
from tests.support.agents import join
from tests.support.services import PORTAL, Api, api, clean_environment, open_api, router

pytestmark = pytest.mark.component

__all__ = ["api", "clean_environment", "open_api", "router"]

CONTEXT = ExecutionContext(job_id=JobId("job-1"), task_id=TaskId("go"), effect_key="k" * 64, lease_epoch=1)
AGENTS: dict[str, dict[str, Any]] = {
    "shop": {"capabilities": [{"name": "web.*", "domains": ["Example.COM"]}]},
    "fast": {"capabilities": [{"name": "web.*", "domains": ["gpu.example.com"]}], "tags": ["gpu"]},
    "portal": {"capabilities": [{"name": name, "domains": ["127.0.0.1"]} for name in ("web.*", "site.*")]},
    "office": {"capabilities": [{"name": "app.*", "applications": ["Excel"]}]},
}


def goes(action: str, agent: str | None = None, **params: Any) -> ToDo:  # noqa: ANN401 - JSON
    return ToDo(id="go", action=action, params=params, agent=agent, timeout=3)


@pytest.mark.parametrize(
    ("todo", "done_by"),
    [
        (goes("web.goto", url="https://www.example.com/cart"), "shop"),
        (goes("web.goto", url=f"{PORTAL}/login"), "portal"),
        (goes("site.login", site="portal"), "portal"),
        (goes("app.open", application="EXCEL"), "office"),
        (goes("app.open", application="Word"), None),
        (goes("web.goto", url="https://example.org"), None),
        (goes("web.goto", url="https://gpu.example.com", agent="tag:gpu"), "fast"),
        (goes("web.goto", url="https://gpu.example.com", agent="fast"), "fast"),
        (goes("web.goto", url="https://gpu.example.com", agent="shop"), "shop"),
        (goes("web.goto", url="https://gpu.example.com", agent="tag:tpu"), None),
    ],
)
async def test_a_step_goes_where_it_may(api: Api, todo: ToDo, done_by: str | None) -> None:
    asked = {}
    for name, fields in AGENTS.items():
        asked[name] = in_process(api, await join(api.client, name=name, **fields), lambda _: [DONE])
    remote = api.services.agents.remote

    if done_by is None:
        with pytest.raises(NoFreeAgentError):
            await remote.execute(todo, CONTEXT)
    else:
        assert (await remote.execute(todo, CONTEXT)).success
    assert [name for name, seen in asked.items() if seen] == ([] if done_by is None else [done_by])


async def test_a_plan_may_name_its_agent(api: Api) -> None:
    step = {"id": "go", "action": "web.goto", "params": {"url": PORTAL}, "agent": "tag:gpu"}
    answers = [
        await api.client.post("/jobs", json={"intent": "custom", "task_graph": {"tasks": [{**step, **change}]}})
        for change in ({}, {"agent": ""})
    ]

    assert [answer.status_code for answer in answers] == [202, 422]
    assert answers[1].json()["field"].endswith("tasks[0].agent")
