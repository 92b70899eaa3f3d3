"""Whatever a provider does, a call ends with the right error, tries and costs; within its deadline: test_silence."""

import asyncio
from datetime import timedelta
from typing import NamedTuple

import pytest
from pydantic import BaseModel, ConfigDict

from scheduler.core.errors import CPAError, LLMInvalidOutputError, LLMRateLimitError, LLMUnavailableError
from scheduler.core.spending import Usage
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.ollama_provider import OllamaProvider
from scheduler.llm.openai_provider import OpenAIProvider
from scheduler.llm.terms import Terms
from tests.llm.conftest import Records
from tests.support.model_server import MODEL, ModelServer, Move

Served = tuple[LLMProvider, ModelServer]


class Greeting(BaseModel):
    model_config = ConfigDict(extra="forbid")

    word: str
    to: str


class Fault(NamedTuple):
    moves: list[Move]
    code: str
    tries: int
    tokens: int | None
    """What is counted; None: more than nothing, because nobody knows."""


GOOD = '{"word": "Hallo", "to": "Anna"}'
FAULTS = {
    "rate limit": Fault([Move(status=429)], "llm_rate_limit", 3, 0),
    "server error": Fault([Move(status=500)], "llm_unavailable", 3, 0),
    "overloaded": Fault([Move(status=503)], "llm_unavailable", 3, 0),
    "cut answer": Fault([Move(text=GOOD, cut_after=60)], "llm_unavailable", 3, None),
    "garbage": Fault([Move(garbage=True)], "llm_unavailable", 3, None),
    "truncated": Fault([Move(text='{"word": "Ha', finish="length")], "llm_truncated", 1, 18),
    "invalid JSON": Fault([Move(text="Hallo Anna")], "llm_invalid_output", 1, 18),
    "wrong schema": Fault([Move(text='{"word": "Hallo"}')], "llm_invalid_output", 1, 18),
    "wrong key": Fault([Move(status=401, message="bad key")], "llm_auth", 1, 0),
    "unknown model": Fault([Move(status=404, message="no such model")], "llm_request", 1, 0),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_ends_with_the_right_error_tries_and_costs(served: Served, records: Records, name: str) -> None:
    (provider, server), fault = served, FAULTS[name]
    server.otherwise = fault.moves[0]

    with pytest.raises(CPAError) as caught:
        await provider.generate_structured("Grüße Anna", Greeting)

    assert caught.value.code == fault.code
    assert len(server.requests) == fault.tries
    assert records.outcomes == [fault.code] * fault.tries
    used = sum(record.usage.total for record in records.all)
    assert used == fault.tokens if fault.tokens is not None else used > 0


async def test_refusal_of_openai_is_said_and_counted(served: Served, records: Records) -> None:
    provider, server = served
    if not provider.name.startswith("openai"):
        pytest.skip("Ollama has no field for refusals")
    server.play(Move(refusal="I cannot help with that"))

    with pytest.raises(CPAError, match="I cannot help with that") as caught:
        await provider.generate("Grüße Anna")

    assert caught.value.code == "llm_refused"
    assert (records.outcomes, records.all[0].usage) == (["llm_refused"], Usage(11, 7))


async def test_what_passes_by_itself_is_tried_again(served: Served, records: Records) -> None:
    provider, server = served
    server.play(Move(status=429, headers={"Retry-After": "0"}), Move(status=503), Move(text="Hallo Anna"))

    assert await provider.generate("Grüße Anna") == "Hallo Anna"
    assert records.outcomes == ["llm_rate_limit", "llm_unavailable", "ok"]
    assert records.all[-1].usage == Usage(11, 7)


async def test_provider_that_asks_for_patience_beyond_the_deadline_is_not_waited_for(served: Served) -> None:
    provider, server = served
    server.otherwise = Move(status=429, headers={"Retry-After": "3600"})

    async with asyncio.timeout(30):
        with pytest.raises(LLMRateLimitError) as caught:
            await provider.generate("Grüße Anna")

    assert caught.value.retry_after == timedelta(hours=1)
    assert len(server.requests) == 1


async def test_stream_comes_in_pieces(served: Served, records: Records) -> None:
    provider, server = served
    server.play(Move(text="Liebe Anna hier die Rechnung"))

    pieces = [piece async for piece in provider.stream("Grüße Anna")]

    assert "".join(pieces).split() == ["Liebe", "Anna", "hier", "die", "Rechnung"]
    assert len(pieces) > 1
    assert records.all[0].usage == Usage(11, 7)


async def test_stream_that_is_cut_off_is_an_error_and_not_repeated(served: Served, records: Records) -> None:
    provider, server = served
    server.otherwise = Move(text="Liebe Anna hier die Rechnung", cut_after=400)

    with pytest.raises(LLMUnavailableError):
        _ = [piece async for piece in provider.stream("Grüße Anna")]

    assert len(server.requests) == 1
    assert records.outcomes == ["llm_unavailable"]
    assert records.all[0].usage.total > 18


async def test_stream_that_fails_before_its_first_piece_is_tried_again(served: Served) -> None:
    provider, server = served
    server.play(Move(status=500), Move(text="Hallo Anna"))

    assert "".join([piece async for piece in provider.stream("Grüße Anna")]).strip() == "Hallo Anna"


@pytest.mark.parametrize("known", [{"json_schema", "tools", "json_object"}, {"tools", "json_object"}, {"json_object"}])
async def test_form_is_asked_for_in_a_way_the_server_knows(served: Served, known: set[str]) -> None:
    provider, server = served
    server.forms = known
    server.otherwise = Move(text=GOOD)

    first = await provider.generate_structured("Grüße Anna", Greeting)
    asked = len(server.requests)
    await provider.generate_structured("Grüße Anna", Greeting)

    assert first == Greeting(word="Hallo", to="Anna")
    assert len(server.requests) == asked + 1, "the way that works is kept"


@pytest.mark.parametrize(
    "flaw",
    [
        Move(status=400, message="This model reads 8192 tokens, not 9000 (8900 in the messages, 100 in the tools)"),
        Move(status=400, message="Unsupported schema in the tool", error_code="context_length_exceeded"),
        Move(status=404, message="The model does not exist; a tool lists those that do"),
    ],
)
async def test_other_flaw_does_not_change_how_a_form_is_asked_for(served: Served, flaw: Move) -> None:
    provider, server = served
    server.play(flaw)
    server.otherwise = Move(text=GOOD)

    with pytest.raises(CPAError, match="cannot use the call"):
        await provider.generate_structured("Grüße Anna", Greeting)
    await provider.generate_structured("Grüße Anna", Greeting)

    assert len(server.requests) == 2
    assert server.requests[1].keys() == server.requests[0].keys()


async def test_answer_in_a_fence_is_read(served: Served) -> None:
    provider, server = served
    server.play(Move(text=f"```json\n{GOOD}\n```"))

    assert await provider.generate_structured("Grüße Anna", Greeting) == Greeting(word="Hallo", to="Anna")


async def test_what_came_instead_is_kept_for_a_repair(served: Served) -> None:
    provider, server = served
    server.play(Move(text='{"word": 7, "to": "Anna"}'))

    with pytest.raises(LLMInvalidOutputError, match="word") as caught:
        await provider.generate_structured("Grüße Anna", Greeting)

    assert caught.value.output == '{"word": 7, "to": "Anna"}'


async def test_nobody_there_is_said_plainly(terms: Terms) -> None:
    for provider in (
        OpenAIProvider("key", MODEL, base_url="http://127.0.0.1:9/v1", terms=terms),
        OllamaProvider("http://127.0.0.1:9", MODEL, terms=terms),
    ):
        with pytest.raises(LLMUnavailableError):
            await provider.generate("Grüße Anna")
        await provider.close()


async def test_vectors_come_in_order(served: Served) -> None:
    provider, _ = served

    assert await provider.get_embedding("vier") == [4.0, 1.0, 1.0]
