"""A2A agents of others as agents of ours, against a real one made with the official SDK, in a process of its own."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from scheduler.agents.a2a_ledger import Sent
from scheduler.core.agent import Agent
from scheduler.core.errors import AgentUnreachableError
from scheduler.core.ids import AgentId, JobId, TaskId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.lam_protocol import MessageType
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from tests.support.a2a_server import A2aServer, a2a_server
from tests.support.agent_server import agent_server
from tests.support.services import Api, router, running_api, some_settings
from tests.support.store import migrated_file

__all__ = ["migrated_file", "router"]

NOW = datetime.now(UTC)

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("agent")]


@pytest.fixture(scope="module")
def server() -> Iterator[A2aServer]:
    with a2a_server() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, router: IntentRouter
) -> AsyncIterator[Api]:
    folder = tmp_path_factory.mktemp("a2a")
    settings = some_settings(folder / "data", Path(shutil.copy(migrated_file, folder / "cpa.db")))
    async with running_api(settings, router, worker=True) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(api: Api, server: A2aServer) -> Agent:
    joined = await api.client.post("/agents/a2a", json={"url": server.url, "name": "echo"})
    assert joined.status_code == 201, joined.text
    assert [terms["name"] for terms in joined.json()["capabilities"]] == ["a2a.echo.say_again", "a2a.echo.print"]
    found = await api.services.agents.registry.get_agent(AgentId(joined.json()["agent_id"]))
    assert found is not None
    return found


def a_step(message: str, **more: Any) -> ToDo:  # noqa: ANN401 - fields of ToDo
    return ToDo(id="say", action="a2a.echo.say_again", params={"message": message}, **{"timeout": 10, **more})


def a_context(name: str) -> ExecutionContext:
    """Every name is another effect."""
    return ExecutionContext(job_id=JobId(f"job-{name}"), task_id=TaskId("say"), effect_key=name * 8)


async def test_a_step_of_a_job_goes_to_it_and_what_it_gave_comes_back(api: Api) -> None:
    plan = {
        "tasks": [
            {"id": "say", "action": "a2a.echo.say_again", "params": {"message": "late hello", "data": {"n": 1}}},
            {"id": "then", "action": "a2a.echo.print", "params": {"message": "${say.text}"}, "depends_on": ["say"]},
        ]
    }
    accepted = await api.client.post("/jobs", json={"task_graph": plan})
    assert accepted.status_code == 202, accepted.text
    job = await api.ended(accepted.json()["job_id"])

    assert job["status"] == "done", job
    first, second = job["tasks"]
    assert first["result"]["text"] == "echo late hello"
    assert first["result"]["data"][0]["times"] == 1
    assert first["result"]["data"][0]["asked_by"] == {"skill": "say-again"}
    assert (second["result"]["text"], second["verified"]) == ("echo echo late hello", True)


@pytest.mark.parametrize(
    ("told", "code", "effect", "words"),
    [
        ("fail now", "agent_failed", "none", "the printer is on fire"),
        ("ask me", "not_answered", "none", "which printer?"),
    ],
)
async def test_what_goes_wrong_there_is_told_and_not_tried_again(
    api: Api, told: str, code: str, effect: str, words: str
) -> None:
    ended = await api.services.agents.remote.execute(a_step(told), a_context(told.replace(" ", "-")))

    assert ended.error is not None
    assert (ended.error.code, ended.error.effect, ended.error.retryable) == (code, effect, False)
    assert words in ended.error.message


async def test_what_it_asks_is_asked_of_a_person_and_the_same_task_goes_on_with_the_answer(api: Api) -> None:
    plan = {"tasks": [{"id": "say", "action": "a2a.echo.say_again", "params": {"message": "ask me"}}]}
    job_id = (await api.client.post("/jobs", json={"task_graph": plan})).json()["job_id"]
    async with asyncio.timeout(10):
        while (job := (await api.client.get(f"/jobs/{job_id}")).json())["status"] != "waiting":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    (question,) = job["job"]["questions"]

    answered = await api.client.post(f"/jobs/{job_id}/answer", json={"text": "the blue one"})
    ended = await api.ended(job_id)

    assert (question["text"], answered.status_code) == ("which printer?", 202), answered.text
    assert (ended["status"], ended["tasks"][0]["result"]["text"]) == ("done", "echo the blue one"), ended
    sent = api.query(f"SELECT document FROM messages WHERE type = 'request' AND conversation_id = '{job_id}'")  # noqa: S608
    assert [json.loads(row[0])["payload"].get("answers") for row in sent] == [None, {"answer": "the blue one"}]


async def test_a_lost_answer_is_looked_for_and_the_message_never_sent_again(api: Api, agent: Agent) -> None:
    remote, context = api.services.agents.remote, a_context("lost")
    step = a_step("lost on the way")

    ended = await remote.execute(step, context)
    assert ended.error is not None
    assert (ended.error.code, ended.error.effect) == ("outcome_unknown", "unknown")
    orders = await remote._orders(context)
    await api.services.agents.a2a.deliver(agent, api.services.agents.gateway.sign(orders[0][1]))

    found = await remote.verify(step, context)
    assert found.happened
    assert found.result is not None
    assert found.result["data"][0]["times"] == 1


async def test_who_dies_between_noting_and_sending_sends_nothing_twice(api: Api, agent: Agent) -> None:
    remote, context, step = api.services.agents.remote, a_context("died"), a_step("never arrived")
    order = remote._conversation.message(
        MessageType.REQUEST, agent, context, NOW + timedelta(seconds=60), payload={"todo": step}
    )
    await remote._messages.send(order, context.tenant, agent.id, NOW, NOW + timedelta(seconds=60))
    await api.services.agents.a2a._ledger.note(context.effect_key, Sent(message_id=order.id))

    answer = await api.services.agents.a2a.deliver(agent, api.services.agents.gateway.sign(order))

    assert json.loads(answer or b"")["payload"]["effect"] == "unknown"
    assert (await remote.verify(step, context)).happened is None, "it is not seen there, which proves nothing"
    later = await remote.execute(step, context)
    assert later.result["data"][0]["times"] == 1, "a person has said that it did not happen: then it is an order anew"


async def test_what_is_stopped_here_is_stopped_there(api: Api) -> None:
    remote, context = api.services.agents.remote, a_context("wait")
    work = asyncio.ensure_future(remote.execute(a_step("wait long"), context))
    await _until_begun(api, context)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    seen = await remote.verify(a_step("wait long"), context)
    assert seen.happened is None, "how much it had done nobody says"


async def _until_begun(api: Api, context: ExecutionContext) -> None:
    for _ in range(200):
        sent = await api.services.agents.a2a._ledger.last(context.effect_key)
        if sent is not None and sent.task_id is not None:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it was not sent")


async def test_what_is_huge_is_cut(api: Api) -> None:
    ended = await api.services.agents.remote.execute(a_step("huge thing"), a_context("huge"))
    assert (len(ended.result["text"]), ended.result["shortened"]) == (100_000, True)


@pytest.mark.parametrize("url", ["http://10.0.0.1", "http://169.254.169.254/latest", "http://[::ffff:10.0.0.1]:80"])
async def test_an_address_behind_the_firewall_is_not_called(api: Api, url: str) -> None:
    refused = await api.client.post("/agents/a2a", json={"url": url})
    assert (refused.status_code, refused.json()["code"]) == (403, "endpoint_forbidden")


async def test_who_is_no_agent_or_is_there_already_is_not_taken_in(api: Api, server: A2aServer) -> None:
    nobody = await api.client.post("/agents/a2a", json={"url": "http://127.0.0.1:9"})
    assert (nobody.status_code, nobody.json()["code"]) == (503, "agent_unreachable")
    twice = await api.client.post("/agents/a2a", json={"url": server.url, "name": "echo"})
    assert (twice.status_code, twice.json()["code"]) == (409, "agent_name_taken")
    by_card = {"url": f"{server.url}/.well-known/agent-card.json"}
    named = await api.client.post("/agents/a2a", json=by_card)
    assert (named.status_code, named.json()["name"]) == (201, "echo_agent")
    assert (await api.client.delete(f"/agents/{named.json()['agent_id']}")).status_code == 204
    bad = await api.client.post("/jobs", json={"task_graph": {"tasks": [{"id": "a", "action": "a2a.echo.say_again"}]}})
    assert bad.json()["field"] == "task_graph.tasks[0].params.message"


@pytest.mark.parametrize(
    "card", [b"[]", b"{", b'{"skills": 5}', b'{"name": "x", "skills": [{"id": 1}]}', b"x" * 5_000_000, b'{"name": "x"}']
)
async def test_a_card_that_is_none_is_refused(api: Api, card: bytes) -> None:
    with agent_server() as server:
        server.answer_to_get = card
        refused = await api.client.post("/agents/a2a", json={"url": server.url})
    assert refused.status_code in {422, 503}, refused.text


async def test_one_that_has_died_has_taken_nothing_and_cannot_be_asked(api: Api, server: A2aServer) -> None:
    context = a_context("dead")
    server.process.kill()
    server.process.wait()

    ended = await api.services.agents.remote.execute(a_step("hello"), context)
    assert ended.error is not None
    assert (ended.error.code, ended.error.effect) == ("agent_unreachable", "none")
    assert (await api.services.agents.remote.verify(a_step("hello"), context)).happened is False
    with pytest.raises(AgentUnreachableError):
        await api.services.agents.remote.verify(a_step("lost on the way"), a_context("wait"))
