"""Whatever a server says with HTTP 200, a call ends with an answer or an error of ours, is on record, and is paid."""

from typing import Any

import pytest

from scheduler.core.errors import CPAError
from scheduler.core.spending import Usage
from scheduler.llm.exchange import Call
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.ollama_provider import OllamaProvider
from scheduler.llm.openai_provider import OpenAIProvider
from scheduler.llm.terms import Terms
from tests.llm.conftest import Records
from tests.support.model_server import KEY, MODEL, ModelServer, Move, ollama_server, openai_server

UNREADABLE, EMPTY = "llm_unavailable", "llm_invalid_output"
MOST = Call(prompt="?").most
GOOD_USAGE = {"prompt_tokens": 11, "completion_tokens": 7}


def spoken(message: object, finish: str = "stop", **more: object) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": finish, "message": message}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice], **more}


def said(content: object, finish: Any = "stop", usage: object = None) -> dict[str, Any]:  # noqa: ANN401 - odd ones too
    return spoken({"role": "assistant", "content": content}, finish, usage=usage)


OPENAI: dict[str, tuple[Any, str, Usage]] = {
    "a list": ([1], UNREADABLE, MOST),
    "nothing": (None, UNREADABLE, MOST),
    "an error": ({"error": {"message": "upstream", "code": 502}}, UNREADABLE, MOST),
    "no choices": (said("Hallo") | {"choices": []}, UNREADABLE, MOST),
    "a number of choices": (said("Hallo") | {"choices": 3}, UNREADABLE, MOST),
    "no message": (spoken(None, "error"), UNREADABLE, MOST),
    "a number as content": (said(7), UNREADABLE, MOST),
    "no content": (said(None, usage=GOOD_USAGE), EMPTY, Usage(11, 7)),
    "nothing before the limit": (said(None, finish="length", usage=GOOD_USAGE), "llm_truncated", Usage(11, 7)),
    "odd reason": (said("Hallo", finish=[]), UNREADABLE, MOST),
    "usage below zero": (said("Hallo", usage={"prompt_tokens": -100_000, "completion_tokens": 0}), "ok", MOST),
    "usage in words": (said("Hallo", usage={"prompt_tokens": "12", "completion_tokens": "3"}), "ok", MOST),
    "usage of nothing": (said("Hallo", usage={"prompt_tokens": None}), "ok", MOST),
    "usage as a list": (said("Hallo", usage=[1, 2]), "ok", MOST),
}
OLLAMA: dict[str, tuple[Any, str, Usage]] = {
    "a list": ([1], UNREADABLE, MOST),
    "nothing": (None, UNREADABLE, MOST),
    "an error": ({"error": "out of memory"}, UNREADABLE, MOST),
    "no message": ({"done": True}, UNREADABLE, MOST),
    "message null": ({"done": True, "message": None}, UNREADABLE, MOST),
    "a number as content": ({"done": True, "message": {"content": 7}}, UNREADABLE, MOST),
    "no content": ({"done": True, "message": {"content": None}, "eval_count": 3}, EMPTY, Usage(0, 3)),
    "null counts": ({"done": True, "message": {"content": "Hallo"}, "prompt_eval_count": None}, "ok", MOST),
    "counts below zero": ({"done": True, "message": {"content": "Hallo"}, "eval_count": -9}, "ok", MOST),
}
STREAMS = {
    "a list": [1],
    "a delta of nothing": {"choices": [{"index": 0, "delta": None, "message": None}], "message": None, "done": True},
    "a number": {"choices": [{"index": 0, "delta": {"content": 7}}], "message": {"content": 7}},
    "an error": {"error": {"message": "upstream"}},
}
VECTORS = {
    "a list": [1],
    "no vectors": {"object": "list"},
    "null": {"object": "list", "data": None, "embeddings": None},
    "words": {"object": "list", "data": [{"index": 0, "embedding": ["a"]}], "embeddings": [["a"]]},
    "no numbers": {"object": "list", "data": [{"index": 0, "embedding": ["nan"]}], "embeddings": [["nan"]]},
    "an error": {"error": {"message": "upstream"}},
}


async def ends(provider: LLMProvider, way: str) -> str:
    try:
        if way == "embed":
            await provider.get_embedding("?")
        elif way == "stream":
            _ = [piece async for piece in provider.stream("?")]
        else:
            await provider.generate("?")
    except CPAError as error:
        return error.code
    return "ok"


async def check_whole(
    server: ModelServer, provider: LLMProvider, records: Records, expected: tuple[object, str, Usage]
) -> None:
    body, outcome, usage = expected
    server.otherwise = Move(odd=(body,))

    assert await ends(provider, "whole") == outcome
    assert set(records.outcomes) == {outcome}
    assert {record.usage for record in records.all} == {usage}


@pytest.mark.parametrize("name", OPENAI)
async def test_odd_answer_of_openai(terms: Terms, records: Records, name: str) -> None:
    with openai_server() as server:
        provider = OpenAIProvider(KEY, MODEL, base_url=f"{server.url}/v1", terms=terms)
        await check_whole(server, provider, records, OPENAI[name])
        await provider.close()


@pytest.mark.parametrize("name", OLLAMA)
async def test_odd_answer_of_ollama(terms: Terms, records: Records, name: str) -> None:
    with ollama_server() as server:
        provider = OllamaProvider(server.url, MODEL, terms=terms)
        await check_whole(server, provider, records, OLLAMA[name])
        await provider.close()


@pytest.mark.parametrize("name", STREAMS)
async def test_odd_stream(served: tuple[LLMProvider, ModelServer], records: Records, name: str) -> None:
    provider, server = served
    server.otherwise = Move(odd=(STREAMS[name],))

    assert await ends(provider, "stream") == UNREADABLE
    assert set(records.outcomes) == {UNREADABLE}


@pytest.mark.parametrize("name", VECTORS)
async def test_odd_vectors(served: tuple[LLMProvider, ModelServer], records: Records, name: str) -> None:
    provider, server = served
    server.otherwise = Move(odd=(VECTORS[name],))

    assert await ends(provider, "embed") == UNREADABLE
    assert set(records.outcomes) == {UNREADABLE}
