"""Actions that only an agent brings: plans may name them, and they are done by it or not at all."""

import asyncio
import json
from typing import Any

import pytest

from scheduler.cli.actions import with_offered
from scheduler.core.actions import ActionSpec, Risk, SessionUse
from scheduler.core.ids import DEFAULT_TENANT, AgentId, TenantId
from scheduler.core.intents import RoutedIntent
from scheduler.core.offered_action import OfferedAction
from scheduler.core.spending import Spender
from scheduler.core.taught_book import TaughtBook
from scheduler.executors import data_actions
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.llm.mock_provider import MockProvider
from tests.agents.test_remote_tasks import in_process, replies
from tests.support.agents import join
from tests.support.services import (
    KEY_A,
    KEY_B,
    TWO_TENANTS,
    Api,
    OpenApi,
    api,
    bearer,
    clean_environment,
    open_api,
    router,
    working_api,
)

pytestmark = pytest.mark.component

__all__ = ["api", "clean_environment", "open_api", "router", "working_api"]

WEIGH: dict[str, Any] = {
    "name": "data.weigh",
    "description": "Put something on the scales",
    "params": {
        "type": "object",
        "properties": {"what": {"type": "string"}, "times": {"type": "integer"}, "copy": {"anyOf": [{}, {}]}},
        "required": ["what"],
        "additionalProperties": False,
    },
    "repeatable": True,
    "result": ["grams"],
}
BRINGS: dict[str, Any] = {"type": "data", "capabilities": ["data.weigh"], "actions": [WEIGH]}


def an_order(**params: Any) -> dict[str, Any]:  # noqa: ANN401 - of the step
    weigh = {"id": "weigh", "action": "data.weigh", "params": params or {"what": "parcel"}}
    return {"intent": "custom", "task_graph": {"tasks": [weigh]}}


async def test_a_plan_may_name_what_an_agent_brings_and_the_agent_does_it(working_api: Api) -> None:
    before = await working_api.client.post("/jobs", json=an_order())
    agent = await join(working_api.client, **BRINGS)
    in_process(working_api, agent, lambda _: [("done", {"payload": {"result": {"grams": 42}}})])

    answer = await working_api.client.post("/jobs", json=an_order())
    job = await working_api.ended(answer.json()["job_id"])

    assert (before.status_code, before.json()["code"]) == (422, "unknown_action")
    assert answer.status_code == 202, answer.text
    assert job["status"] == "done", job
    shown = (await working_api.client.get(f"/agents/{agent.id}")).json()
    assert [action["name"] for action in shown["actions"]] == ["data.weigh"]


WEIGH_IT = {"tasks": [{"id": "weigh", "action": "data.weigh", "params": {"what": "Paket"}}], "reasoning": "scales"}
TAUGHT = """
name: weigh_it
description: {de: etwas wiegen, en: weigh something}
examples:
  de: ["leg das [what:Paket] auf die Waage"]
task_template:
  - id: weigh
    action: data.weigh
    params: {what: "{what}"}
"""


async def test_a_model_is_told_of_it_and_may_plan_it_and_so_may_a_template_that_is_taught(open_api: OpenApi) -> None:
    provider, spender = MockProvider([json.dumps(WEIGH_IT)]), Spender(DEFAULT_TENANT)
    async with open_api(worker=True, provider=provider) as api:
        early = await api.client.post("/intents", json={"document": TAUGHT})
        agent = await join(api.client, **BRINGS)
        in_process(api, agent, lambda _: [("done", {"payload": {"result": {"grams": 42}}})])

        beyond = api.services.planner.beyond
        asking = beyond.asking(spender, TaughtBook({}))
        planned = await beyond.plan("Wieg das Paket", RoutedIntent(name="unknown"), asking)
        added = await api.client.post("/intents", json={"document": TAUGHT})
        assert (early.status_code, added.status_code) == (422, 201), (early.text, added.text)
        by_template = await api.submit("leg das Paket auf die Waage")
        ended = await api.ended(by_template["job_id"])
        await api.client.post(f"/agents/{agent.id}/drain")
        nobody = await api.client.post("/schedule", json={"text": "leg das Paket auf die Waage"})

    assert "data.weigh" in provider.calls[-1].system
    assert "Agents that can act now:\n- web-1 (data): data.weigh" in provider.calls[-1].system
    assert planned is not None
    assert [todo.action for todo in planned.tasks.values()] == ["data.weigh"]
    assert (ended["status"], ended["tasks"][0]["result"]) == ("done", {"grams": 42})
    assert (nobody.status_code, nobody.json()["code"]) == (503, "no_free_agent")


def test_cpa_actions_shows_it_beside_ours() -> None:
    ours = ActionSpec(name="data.read", description="ours")

    shown = with_offered([ours], [{"actions": [WEIGH, WEIGH | {"name": "data.read", "description": "theirs"}]}])

    assert [(spec.name, spec.description) for spec in shown] == [
        ("data.read", "ours"),
        ("data.weigh", WEIGH["description"]),
    ]


async def _begun(api: Api, job_id: str) -> dict[str, Any]:
    """Return the job's task once it is known to have started: that is stored together with other things."""
    async with asyncio.timeout(10):
        while True:
            task: dict[str, Any] = (await api.client.get(f"/jobs/{job_id}")).json()["tasks"][0]
            if task["status"] != "pending":
                return task
            await asyncio.sleep(0.01)


async def test_how_far_it_is_stands_on_the_job_while_it_is_busy(working_api: Api) -> None:
    agent = await join(working_api.client, **BRINGS)
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def handle(text: bytes) -> bytes | None:
        asked.put_nowait(json.loads(text))
        return None

    working_api.services.agents.here.attach(AgentId(agent.id), handle)
    job_id = (await working_api.client.post("/jobs", json=an_order())).json()["job_id"]
    order = await asked.get()
    for kind, fields in (("agree", {}), ("inform", {"seq": 1, "status": {"state": "running", "progress": 0.4}})):
        assert (await agent.client.post("/lam/message", json=replies(agent, order, kind, fields))).status_code == 202

    busy = await _begun(working_api, job_id)
    await agent.client.post("/lam/message", json=replies(agent, order, "done", {"payload": {"result": {"grams": 1}}}))
    await working_api.ended(job_id)
    over = (await working_api.client.get(f"/jobs/{job_id}")).json()["tasks"][0]

    assert (busy["status"], busy["progress"]) == ("running", 0.4)
    assert (over["status"], over["progress"]) == ("done", None)
    assert order["context"]["traceparent"].split("-")[1] == job_id.replace("-", "")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"times": 2}, "task_graph.tasks[0].params.what"),
        ({"what": "parcel", "times": "often"}, "task_graph.tasks[0].params.times"),
        ({"what": "parcel", "where": "here"}, "task_graph.tasks[0].params.where"),
    ],
)
async def test_its_parameters_are_checked_as_those_of_others(api: Api, params: dict[str, Any], field: str) -> None:
    await join(api.client, **BRINGS)

    answer = await api.client.post("/jobs", json=an_order(**params))

    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_it_is_said_when_nobody_who_brings_it_is_at_work(api: Api) -> None:
    agent = await join(api.client, **BRINGS)
    await api.client.post(f"/agents/{agent.id}/drain")

    answer = await api.client.post("/jobs", json=an_order())

    assert (answer.status_code, answer.json()["code"]) == (503, "no_free_agent")
    assert "data.weigh" in answer.json()["detail"]
    assert api.rows()["jobs"] == 0


async def test_it_is_brought_to_the_agents_own_tenant_only_and_takes_no_action_of_ours(open_api: OpenApi) -> None:
    ours = WEIGH | {"name": "web.click"}
    async with open_api(keys=TWO_TENANTS) as api:
        await join(api.client, bearer(KEY_A), **BRINGS | {"capabilities": ["data.*", "web.*"]}
                   | {"actions": [WEIGH, ours, WEIGH | {"name": "mail.fly"}]})  # fmt: skip

        answers = [
            await api.client.post("/jobs", json=an_order(what="parcel"), headers=bearer(key)) for key in (KEY_A, KEY_B)
        ]
        shown = (await api.client.get("/agents", headers=bearer(KEY_A))).json()["agents"][0]
        catalog = api.services.agents.catalog

    assert [answer.status_code for answer in answers] == [202, 422]
    assert [action["name"] for action in shown["actions"]] == ["data.weigh"], "no others than it can do, and we cannot"
    assert catalog.of(TenantId("globex")) is catalog.of(DEFAULT_TENANT)
    assert catalog.of(TenantId("acme")).get("data.weigh").repeatable


async def test_it_may_be_repeated_only_if_all_who_bring_it_say_so(api: Api) -> None:
    await join(api.client, **BRINGS)
    first = api.services.agents.catalog.of(DEFAULT_TENANT)
    await join(api.client, name="other", **BRINGS)
    same = api.services.agents.catalog.of(DEFAULT_TENANT)
    await join(api.client, name="third", **BRINGS | {"actions": [WEIGH | {"repeatable": False}]})

    assert first is same, "plans are kept by their catalog"
    assert first.get("data.weigh").repeatable
    assert not api.services.agents.catalog.of(DEFAULT_TENANT).get("data.weigh").repeatable


@pytest.mark.parametrize(
    "spec", [*data_actions.DATA_ACTIONS, *MailExecutor.actions, *PlaywrightExecutor.actions], ids=lambda spec: spec.name
)
def test_every_action_of_ours_is_told_on_the_wire_and_read_again(spec: ActionSpec) -> None:
    told = OfferedAction.model_validate_json(OfferedAction.of(spec).model_dump_json()).spec()

    assert told.model_dump(exclude={"params"}) == spec.model_dump(exclude={"params"})
    needed = {field.alias or name for name, field in spec.params.model_fields.items() if field.is_required()}
    assert {field.alias for field in told.params.model_fields.values() if field.is_required()} == needed


def test_a_schema_that_is_none_allows_everything() -> None:
    odd = OfferedAction(name="data.odd", params={"properties": [1], "required": "x", "type": 7})

    spec = odd.spec()

    assert (spec.risk, spec.session) == (Risk.MEDIUM, SessionUse.NONE)
    assert spec.params.model_validate({"anything": 1})
