"""What our hurry, odd stores and callers that go away do to a try: no harm to the provider, and no money is lost."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.core.errors import LLMTimeoutError, LLMUnavailableError
from scheduler.llm.managed_provider import ManagedProvider
from scheduler.llm.mock_provider import MockProvider, Script
from scheduler.llm.terms import Patience, Terms
from tests.llm.conftest import Records
from tests.llm.test_tries import GONE, HASTY, NEVER, Dripping, fail
from tests.support.clock import FakeClock


async def test_own_queue_is_not_the_providers_fault(records: Records) -> None:
    patience = Patience(total=timedelta(seconds=1))
    terms = Terms(patience=patience, at_once=8, recorder=records)
    provider = MockProvider(otherwise=Script(answer="Hallo", delay=0.4), terms=terms)

    answers = await asyncio.gather(*(provider.generate("?") for _ in range(24)), return_exceptions=True)

    assert (answers.count("Hallo"), records.outcomes.count("llm_timeout")) == (16, 8)
    assert await provider.generate("?") == "Hallo"


async def test_hasty_callers_are_not_the_providers_fault() -> None:
    provider = MockProvider(otherwise=Script(answer="Hallo", delay=0.2), terms=Terms(failures=2))
    for _ in range(3):
        with pytest.raises(LLMTimeoutError):
            await provider.generate("?", within=0.05)

    assert await provider.generate("?") == "Hallo"


async def test_hasty_caller_that_tries_anew_keeps_nobody_out() -> None:
    clock = FakeClock()
    terms = Terms(patience=Patience(tries=1), failures=1, clock=clock)
    provider = MockProvider([GONE, Script(answer="zu spät", delay=5), "Hallo"], terms=terms)
    await fail(provider, times=1)
    clock.advance(timedelta(seconds=31))

    with pytest.raises(LLMTimeoutError):
        await provider.generate("?", within=0.05)

    assert await provider.generate("?") == "Hallo"


async def test_stream_that_goes_on_until_the_deadline_is_not_the_providers_fault() -> None:
    wire = Dripping([0.1] * 9, [0])
    provider = ManagedProvider(wire, Terms(patience=replace(HASTY, total=timedelta(seconds=0.5)), failures=1))
    with pytest.raises(LLMTimeoutError):
        _ = [piece async for piece in provider.stream("?")]

    assert [piece async for piece in provider.stream("?")] == ["0 "]


async def test_silence_for_all_the_time_there_is_counts() -> None:
    terms = Terms(patience=Patience(total=timedelta(seconds=0.2)), failures=2)
    provider = MockProvider(otherwise=NEVER, terms=terms)
    await fail(provider, times=2)

    with pytest.raises(LLMUnavailableError, match="left alone"):
        await provider.generate("?")


@pytest.mark.parametrize("within", [0.0, 0.01, -1.0])
async def test_no_try_is_begun_in_vain(records: Records, within: float) -> None:
    provider = MockProvider(otherwise="Hallo", terms=Terms(recorder=records))

    with pytest.raises(LLMTimeoutError):
        await provider.generate("?", within=within)

    assert (provider.calls, records.all) == ([], [])
