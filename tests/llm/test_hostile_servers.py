"""Whatever comes from the address of a server, a call ends in time with an error of ours, and nobody else is asked."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from pydantic import BaseModel

from scheduler.core.errors import CPAError, LLMInvalidOutputError
from scheduler.llm.bounded_answers import LONGEST_EVENT, BoundedStream
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.ollama_provider import OllamaProvider
from scheduler.llm.openai_provider import OpenAIProvider
from scheduler.llm.structured import read_answer
from scheduler.llm.terms import Terms
from tests.llm.conftest import PATIENT, Records
from tests.support.model_server import KEY, MODEL

EVENTS = "text/event-stream"
LINE = b'data: {"choices": [{"delta": {"content": "x"}}]}'
UNREADABLE = "llm_unavailable"
MILLION = 1_000_000


class Raw:
    """Answers each request with the same bytes, `endless` again and again; keeps the heads of requests."""

    def __init__(self, answer: bytes, endless: bytes = b"") -> None:
        self._answer = answer
        self._endless = endless
        self.heads: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode().casefold())
            writer.write(self._answer)
            await writer.drain()
            while self._endless:
                writer.write(self._endless)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def raw(answer: bytes, endless: bytes = b"") -> AsyncIterator[Raw]:
    played = Raw(answer, endless)
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    played.port = server.sockets[0].getsockname()[1]
    try:
        yield played
    finally:
        server.close()


def head(status: str = "200 OK", kind: str = "application/json", **more: object) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def said(text: str, counted: int = 1) -> bytes:
    """Return an answer that either provider may give."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": counted, "completion_tokens": 1}
    ollama = {"message": message, "done": True, "prompt_eval_count": counted, "eval_count": 1}
    return head() + json.dumps({"choices": [choice], "usage": usage, **ollama}).encode()


Make = Callable[[Raw, Terms], LLMProvider]
MAKERS: dict[str, Make] = {
    "openai": lambda server, terms: OpenAIProvider(
        KEY, MODEL, base_url=f"http://127.0.0.1:{server.port}/v1", terms=terms
    ),
    "ollama": lambda server, terms: OllamaProvider(f"http://127.0.0.1:{server.port}", MODEL, terms=terms),
}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Make:
    return MAKERS[request.param]


async def whole(provider: LLMProvider) -> None:
    await provider.generate("?")


async def pieces(provider: LLMProvider) -> None:
    _ = [piece async for piece in provider.stream("?")]


async def vector(provider: LLMProvider) -> None:
    await provider.get_embedding("?")


Way = Callable[[LLMProvider], Awaitable[None]]
HOSTILE: dict[str, tuple[Way, bytes, bytes]] = {
    "a bomb": (whole, head(Content_Encoding="gzip") + gzip.compress(bytes(100 * MILLION)), b""),
    "a bomb of pieces": (pieces, head(kind=EVENTS, Content_Encoding="gzip") + gzip.compress(bytes(100 * MILLION)), b""),
    "an endless answer": (whole, head(), b" " * 65_536),
    "an endless page": (whole, head(kind="text/html"), b"<b>" * 20_000),
    "an endless line": (pieces, head(kind=EVENTS), b"a" * 65_536),
    "an event of endless lines": (pieces, head(kind=EVENTS), b"a\n" * 32_768),
    "many choices": (whole, head() + b'{"choices": [' + b"{}," * MILLION + b"{}]}", b""),
    "many vectors": (vector, head() + b'{"data": [' + b"{}," * MILLION + b"{}]}", b""),
    "deep lists": (whole, head() + b"[" * 200_000, b""),
    "deep lists in pieces": (pieces, head(kind=EVENTS) + b"data: " + b"[" * 50_000 + b"\n\n", b""),
    "deep lists for a vector": (vector, head() + b"[" * 200_000, b""),
}


@pytest.mark.parametrize(
    "parts", [(LINE + b"\n\n",), (LINE + b"\n", b"\n"), (LINE + b"\r\n\r", b"\n"), (LINE + b"\r\r",)]
)
async def test_events_end_with_blank_lines_that_come_in_any_way(parts: tuple[bytes, ...]) -> None:
    async def inner() -> AsyncIterator[bytes]:
        for _ in range(2 * LONGEST_EVENT // len(LINE)):
            for part in parts:
                yield part

    assert sum([len(part) async for part in BoundedStream(inner(), EVENTS)]) > LONGEST_EVENT


@pytest.mark.parametrize("name", HOSTILE)
async def test_ends_in_time_with_an_error_of_ours(make: Make, terms: Terms, records: Records, name: str) -> None:
    way, answer, endless = HOSTILE[name]
    async with raw(answer, endless) as server:
        provider = make(server, terms)
        began = time.monotonic()

        with pytest.raises(CPAError) as caught:
            await way(provider)

        assert time.monotonic() - began < PATIENT.total.total_seconds(), "not the deadline ends it"
        await provider.close()
    assert caught.value.code == UNREADABLE
    assert set(records.outcomes) == {UNREADABLE}


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_question_is_not_taken_elsewhere(make: Make, terms: Terms, status: str) -> None:
    async with raw(said("Hallo")) as elsewhere:
        answer = head(status, Location=f"http://localhost:{elsewhere.port}/")
        for way in (whole, pieces, vector):
            async with raw(answer) as server:
                provider = make(server, terms)

                with pytest.raises(CPAError) as caught:
                    await way(provider)

                await provider.close()
            assert (caught.value.code, len(server.heads), elsewhere.heads) == ("llm_request", 1, [])


@pytest.mark.parametrize("header", ["inf", "1e400", "9" * 30, "9" * 400])
async def test_endless_rest_is_a_long_one(make: Make, terms: Terms, header: str) -> None:
    async with raw(head("429 Too Many", Retry_After=header) + b"{}") as server:
        provider = make(server, terms)

        with pytest.raises(CPAError) as caught:
            await provider.generate("?")

        await provider.close()
    assert (caught.value.code, len(server.heads)) == ("llm_rate_limit", 1)


@pytest.mark.parametrize("counted", [10**9, 10**30])
async def test_counts_that_no_model_reaches_are_not_believed(
    make: Make, terms: Terms, records: Records, counted: int
) -> None:
    async with raw(said("Hallo", counted)) as server:
        provider = make(server, terms)
        assert await provider.generate("?", max_tokens=50) == "Hallo"
        await provider.close()

    assert records.all[0].usage.total < 1_000


async def test_half_a_letter_can_be_written_down(make: Make, terms: Terms) -> None:
    async with raw(said("Hallo \ud83d")) as server:
        provider = make(server, terms)
        answer = await provider.generate("?")
        await provider.close()

    assert answer.encode() == b"Hallo ?"


async def test_proxy_of_the_network_gets_no_question_to_this_machine(
    make: Make, terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with raw(said("from the proxy")) as proxy, raw(said("Hallo")) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        provider = make(server, terms)

        assert await provider.generate("?") == "Hallo"
        assert proxy.heads == []
        await provider.close()


async def test_variables_of_the_sdk_are_sent_to_nobody(terms: Terms, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "private")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: private\nAuthorization: Bearer private")
    async with raw(said("Hallo")) as server:
        provider = MAKERS["openai"](server, terms)
        await provider.generate("?")
        await provider.close()

    (sent,) = server.heads
    assert "private" not in sent
    assert f"authorization: bearer {KEY}" in sent
    assert "x-stainless-os" not in sent, "nor what this machine is"


class Word(BaseModel):
    word: str


@pytest.mark.parametrize("text", ["```\n" + "\n" * 100_000, "```json\n" + " \n" * 100_000 + "x", " " * 100_000 + "```"])
def test_blank_answer_is_read_in_a_moment(text: str) -> None:
    began = time.process_time()

    with pytest.raises(LLMInvalidOutputError):
        read_answer(Word, text, "a model")

    assert time.process_time() - began < 0.2
