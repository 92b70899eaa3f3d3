"""A server that says nothing, or little by little, is waited for as long as there is time, and no longer."""

import asyncio

import pytest

from scheduler.core.errors import CPAError
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.terms import Patience
from tests.llm.conftest import QUICK, Records
from tests.llm.test_tries import Greeting
from tests.support.model_server import ModelServer, Move

Served = tuple[LLMProvider, ModelServer]


@pytest.fixture
def patience() -> Patience:
    return QUICK


async def test_no_answer_ends_the_call_with_its_deadline(served: Served, records: Records) -> None:
    provider, server = served
    server.otherwise = Move(delay=60)

    async with asyncio.timeout(30):
        with pytest.raises(CPAError) as caught:
            await provider.generate_structured("Grüße Anna", Greeting)

    assert caught.value.code == "llm_timeout"
    assert records.outcomes == ["llm_timeout"]
    assert records.all[0].usage.total > 0, "nobody knows what it has cost"


async def test_stream_that_drips_ends_with_the_deadline(served: Served, records: Records) -> None:
    provider, server = served
    server.play(Move(text="eins zwei drei", drip=60))

    async with asyncio.timeout(30):
        with pytest.raises(CPAError) as caught:
            _ = [piece async for piece in provider.stream("Zähle")]

    assert caught.value.code == "llm_timeout"
    assert records.outcomes == ["llm_timeout"]
