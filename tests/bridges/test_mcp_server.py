"""The scheduler as an MCP server, as the official client sees it: over streamable HTTP and over stdio."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

from tests.bridges.conftest import Service
from tests.support.services import KEY_B, SENTENCE

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

INCOMPLETE = "Schick eine Mail mit dem Text: Bis morgen"


@asynccontextmanager
async def over_http(service: Service, key: str | None = None, **options: Any) -> AsyncIterator[Client]:  # noqa: ANN401
    headers = {"Authorization": f"Bearer {key or service.key}", "Accept-Language": "de"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(f"{service.url}/mcp", http_client=http), **options) as client,
    ):
        yield client


@asynccontextmanager
async def over_stdio(service: Service, **options: Any) -> AsyncIterator[Client]:  # noqa: ANN401
    surroundings = {"CPA_API_URL": service.url, "CPA_API_KEY": service.key, "LANG": "de_DE.UTF-8"}
    command = StdioServerParameters(command=sys.executable, args=["-m", "scheduler.cli", "mcp"], env=surroundings)
    async with Client(command, **options) as client:
        yield client


def facts(answer: CallToolResult) -> dict[str, Any]:
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    found: dict[str, Any] = answer.structured_content.get("result", answer.structured_content)
    return found


def refusal(answer: CallToolResult) -> str:
    assert answer.is_error
    (said,) = answer.content
    assert isinstance(said, TextContent)
    return said.text


async def submitted(client: Client, text: str = SENTENCE, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return facts(await client.call_tool("submit_job", {"text": text, **more}))


async def a_job_from_plan_to_file(client: Client) -> None:
    """Plan, submit twice with one key, watch with progress, look at the result."""
    planned = facts(await client.call_tool("plan_preview", {"text": SENTENCE}))
    assert planned["intent"] == "fetch_and_send"
    assert planned["steps"]
    key = f"key-{id(client)}"
    job = await submitted(client, idempotency_key=key)
    assert (await submitted(client, idempotency_key=key))["job_id"] == job["job_id"]
    told: list[str] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001
        told.append(message or "")

    watched = await client.call_tool("watch_job", {"job_id": job["job_id"], "seconds": 20}, progress_callback=tell)
    seen = facts(watched)
    assert seen["status"] == "done"
    assert any("job done" in message for message in told), told
    assert {step["status"] for step in seen["steps"]} == {"done"}
    result = facts(await client.call_tool("get_result", {"job_id": job["job_id"]}))
    assert "artifact" in result["steps"][0]["result"]
    assert "[" in refusal(await client.call_tool("cancel_job", {"job_id": job["job_id"]})), "it is done"
    listed = facts(await client.call_tool("list_jobs", {"status": ["done"]}))
    assert job["job_id"] in {line["job_id"] for line in listed["jobs"]}


async def a_job_that_is_cancelled(service: Service, client: Client) -> None:
    service.api.executor.gate.clear()
    try:
        job = await submitted(client)
        facts(await client.call_tool("watch_job", {"job_id": job["job_id"], "seconds": 0}))
        stopping = facts(await client.call_tool("cancel_job", {"job_id": job["job_id"]}))
        assert stopping["status"] in {"cancelling", "cancelled"}
        ended = facts(await client.call_tool("watch_job", {"job_id": job["job_id"], "seconds": 20}))
        assert ended["status"] == "cancelled"
        again = facts(await client.call_tool("cancel_job", {"job_id": job["job_id"]}))
        assert again["status"] == "cancelled"
    finally:
        service.api.executor.gate.set()


async def test_a_client_over_http_has_a_job_done_and_one_cancelled(service: Service) -> None:
    async with over_http(service) as client:
        await a_job_from_plan_to_file(client)
        await a_job_that_is_cancelled(service, client)


async def test_a_client_over_stdio_does_the_same_and_asks_its_user(service: Service) -> None:
    asked: list[str] = []

    async def answer(_context: object, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        words = "keine Adresse" if len(asked) == 1 else "anna@example.com"
        return ElicitResult(action="accept", content={"slot.recipient": words})

    async with over_stdio(service, elicitation_callback=answer) as client:
        await a_job_from_plan_to_file(client)
        await a_job_that_is_cancelled(service, client)
        job = await submitted(client, INCOMPLETE)
        assert job["questions"][0]["key"] == "slot.recipient"
        ended = facts(await client.call_tool("watch_job", {"job_id": job["job_id"], "seconds": 20}))

    assert ended["status"] == "done"
    assert len(asked) == 2, "an answer that is none is asked for again"


async def test_a_client_of_old_over_stdio_is_asked_within_the_call(service: Service) -> None:
    async def answer(_context: object, _params: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="accept", content={"slot.recipient": "anna@example.com"})

    async with over_stdio(service, elicitation_callback=answer, mode="legacy") as client:
        job = await submitted(client, INCOMPLETE)
        ended = facts(await client.call_tool("watch_job", {"job_id": job["job_id"], "seconds": 20}))
    assert ended["status"] == "done"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_over_http_questions_are_put_to_the_user_or_answered_by_a_tool(service: Service, mode: str) -> None:
    async def decline(_context: object, _params: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="decline")

    async with over_http(service, elicitation_callback=decline, mode=mode) as client:
        job = await submitted(client, INCOMPLETE)
        waits = facts(await client.call_tool("watch_job", {"job_id": job["job_id"], "seconds": 20}))
        assert waits["status"] == "waiting"
        assert "answer_question" in waits["next"]
        wrong = {"job_id": job["job_id"], "answers": {"nonsense": "x"}}
        assert "slot.recipient" in refusal(await client.call_tool("answer_question", wrong))
        right = {"job_id": job["job_id"], "answers": {"slot.recipient": "anna@example.com"}}
        facts(await client.call_tool("answer_question", right))
        ended = facts(await client.call_tool("watch_job", {"job_id": job["job_id"], "seconds": 20}))
        assert ended["status"] == "done"


async def test_what_is_refused_is_told_in_the_words_of_the_service(service: Service) -> None:
    async with over_http(service) as client, over_http(service, KEY_B) as stranger:
        job = await submitted(client)
        assert "[empty_request" in refusal(await client.call_tool("submit_job", {"text": "   "}))
        assert "[job_not_found]" in refusal(await stranger.call_tool("get_job", {"job_id": job["job_id"]}))
        assert "not_found]" in refusal(await client.call_tool("get_job", {"job_id": "../health"}))
        assert "[artifact_not_found]" in refusal(
            await client.call_tool("get_file", {"path": f"/jobs/{job['job_id']}/artifacts/a/b"})
        )
        assert (await client.call_tool("get_job", {})).is_error


async def test_a_wish_may_be_the_only_one_of_its_kind(service: Service) -> None:
    asks = "Schick eine Mail an Anna"
    async with over_http(service) as client:
        first = await submitted(client, asks, unique=True)
        again = await submitted(client, asks, unique=True)
        by_key = await submitted(client, asks, unique_key="k")
        alike = await submitted(client, SENTENCE, unique_key="k")

    assert [one["existing"] for one in (first, again, by_key, alike)] == [False, True, False, True]
    assert again["job_id"] == first["job_id"] != by_key["job_id"] == alike["job_id"]
    assert again["questions"] == first["questions"] != []


async def test_who_does_not_use_a_bridge_does_not_pay_for_it() -> None:
    code = "import sys, scheduler.main, scheduler.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    imported = (await process.communicate())[0].decode().split()
    assert "scheduler" in imported
    assert {"mcp", "mcp_types", "a2a", "google", "jsonschema"}.isdisjoint(imported)


async def test_who_has_no_key_gets_nothing(service: Service) -> None:
    async with httpx2.AsyncClient() as http:
        refused = await http.post(f"{service.url}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert refused.status_code == 401
    assert refused.json()["code"] == "unauthorized"


async def test_tools_describe_themselves(service: Service) -> None:
    async with over_http(service) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {
        "plan_preview",
        "submit_job",
        "watch_job",
        "get_job",
        "answer_question",
        "cancel_job",
        "list_jobs",
        "get_result",
        "get_file",
    }
    assert all(tool.description and tool.annotations for tool in tools.values())
    assert tools["submit_job"].input_schema["properties"]["text"]["description"]
    assert all(tool.output_schema for name, tool in tools.items() if name != "get_file")
