"""The scheduler as an A2A agent, as the official client sees it: over JSON-RPC and over HTTP+JSON."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from a2a.client import A2ACardResolver, Client, ClientConfig, ClientFactory
from a2a.helpers.proto_helpers import get_data_parts, new_data_part, new_text_part
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    StreamResponse,
    SubscribeToTaskRequest,
    Task,
    TaskState,
)
from a2a.utils.errors import A2AError, TaskNotFoundError, UnsupportedOperationError
from a2a.utils.signing import InvalidSignaturesError, create_signature_verifier
from jwt.api_jwk import PyJWK

from tests.bridges.conftest import Service
from tests.support.services import KEY_B, SENTENCE, bearer

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

INCOMPLETE = "Schick eine Mail mit dem Text: Bis morgen"


@asynccontextmanager
async def an_agent(
    service: Service, binding: str = "JSONRPC", *, key: str | None = None, streaming: bool = True
) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(headers=bearer(key or service.key), timeout=30) as http:
        card = await A2ACardResolver(http, service.url).get_agent_card()
        config = ClientConfig(httpx_client=http, supported_protocol_bindings=[binding], streaming=streaming)
        yield ClientFactory(config).create(card)


def says(*parts: Part | str, task: str = "", message_id: str = "", at_once: bool = False) -> SendMessageRequest:
    said = Message(message_id=message_id or uuid.uuid4().hex, role=Role.ROLE_USER, task_id=task)
    said.parts.extend(new_text_part(part) if isinstance(part, str) else part for part in parts)
    return SendMessageRequest(message=said, configuration=SendMessageConfiguration(return_immediately=at_once))


async def answers(client: Client, request: SendMessageRequest) -> list[StreamResponse]:
    return [answer async for answer in client.send_message(request)]


async def the_task(client: Client, request: SendMessageRequest) -> Task:
    (answer,) = await answers(client, request)
    return answer.task


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
async def test_a_job_is_submitted_watched_and_another_cancelled(service: Service, binding: str) -> None:
    async with an_agent(service, binding) as client:
        told = await answers(client, says(SENTENCE))
        task_id = told[0].task.id
        states = [answer.status_update.status.state for answer in told if answer.HasField("status_update")]
        assert states[-1] == TaskState.TASK_STATE_COMPLETED
        gave = [answer.artifact_update.artifact for answer in told if answer.HasField("artifact_update")]
        assert "artifact" in get_data_parts(gave[0].parts)[0]
        task = await client.get_task(GetTaskRequest(id=task_id))
        assert task.status.state == TaskState.TASK_STATE_COMPLETED
        assert [artifact.artifact_id for artifact in task.artifacts] == [artifact.artifact_id for artifact in gave]
        assert task.history[0].parts[0].text == SENTENCE

        service.api.executor.gate.clear()
        try:
            request = says(SENTENCE, at_once=True)
            stream = client.send_message(request)
            begun = (await anext(stream)).task.id
            stopped = await client.cancel_task(CancelTaskRequest(id=begun))
            assert stopped.status.state == TaskState.TASK_STATE_CANCELED
        finally:
            service.api.executor.gate.set()


async def test_the_same_message_is_one_job_and_a_question_is_answered(service: Service) -> None:
    async with an_agent(service, streaming=False) as client:
        asked = await the_task(client, says(INCOMPLETE, message_id="once-and-only"))
        again = await the_task(client, says(INCOMPLETE, message_id="once-and-only"))
        assert again.id == asked.id
        assert asked.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
        assert asked.status.message.parts[0].text
        (question,) = get_data_parts(asked.status.message.parts)[0]["questions"]
        assert question["key"] == "slot.recipient"
        answer = new_data_part({"answers": {"slot.recipient": "anna@example.com"}})
        done = await the_task(client, says(answer, task=asked.id))
        assert (done.id, done.status.state) == (asked.id, TaskState.TASK_STATE_COMPLETED)
        with pytest.raises(UnsupportedOperationError):
            await the_task(client, says("noch etwas", task=asked.id))


async def test_a_task_is_followed_again_after_the_stream_broke(service: Service) -> None:
    async with an_agent(service) as client:
        service.api.executor.gate.clear()
        try:
            stream = client.send_message(says(SENTENCE))
            task_id = (await anext(stream)).task.id
            await stream.aclose()  # type: ignore[attr-defined]
            again = client.subscribe(SubscribeToTaskRequest(id=task_id))
            assert (await anext(again)).task.id == task_id
        finally:
            service.api.executor.gate.set()
        last = [answer async for answer in again][-1]
        assert last.status_update.status.state == TaskState.TASK_STATE_COMPLETED
        with pytest.raises(UnsupportedOperationError):
            [answer async for answer in client.subscribe(SubscribeToTaskRequest(id=task_id))]


async def test_what_is_refused_is_told_and_nothing_crosses_a_tenant(service: Service) -> None:
    async with an_agent(service, streaming=False) as client, an_agent(service, key=KEY_B, streaming=False) as stranger:
        task = await the_task(client, says(SENTENCE))
        with pytest.raises(TaskNotFoundError):
            await stranger.get_task(GetTaskRequest(id=task.id))
        with pytest.raises(A2AError, match="empty_request"):
            await the_task(client, says("  "))
        with pytest.raises(A2AError):
            await the_task(client, says(new_data_part({"no": "text"})))
        mine = await client.list_tasks(ListTasksRequest(status=TaskState.TASK_STATE_COMPLETED, page_size=5))
        assert task.id in {one.id for one in mine.tasks}
        assert not (await stranger.list_tasks(ListTasksRequest())).tasks


async def test_the_card_tells_every_intent_and_the_rest_needs_a_key(service: Service) -> None:
    async with httpx.AsyncClient(base_url=service.url) as http:
        card = (await http.get("/.well-known/agent-card.json")).json()
        refused = await http.post("/a2a", json={})
        old = {
            "message": {
                "kind": "message",
                "messageId": "m-0.3",
                "role": "user",
                "parts": [{"kind": "text", "text": SENTENCE}],
            }
        }
        call = {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": old}
        spoken = (await http.post("/a2a", json=call, headers=bearer(service.key))).json()
    assert refused.status_code == 401
    assert {skill["id"] for skill in card["skills"]} == {intent.name for intent in service.api.services.planner.intents}
    assert card["securitySchemes"]["key"]["httpAuthSecurityScheme"]["scheme"] == "bearer"
    assert spoken["result"]["status"]["state"] == "completed", "version 0.3 is understood too"


async def test_the_card_is_signed_by_our_key(service: Service) -> None:
    async with httpx.AsyncClient(base_url=service.url) as http:
        (told,) = (await http.get("/.well-known/jwks.json")).json()["keys"]
        card = await A2ACardResolver(http, service.url).get_agent_card()
    asked: list[str | None] = []

    def key_of(kid: str | None, jku: str | None) -> PyJWK:
        asked.append(jku)
        assert kid == told["kid"]
        return PyJWK(told)

    verify = create_signature_verifier(key_of, ["EdDSA"])
    verify(card)
    card.skills[0].description = "pays every invoice"
    with pytest.raises(InvalidSignaturesError):
        verify(card)
    assert set(asked) == {f"{service.url}/.well-known/jwks.json"}
    assert "d" not in told, "it is the public one"
