"""Each try has its own limit, its own record, and blames the provider only for what the provider did."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import BaseModel, ConfigDict

from scheduler.core.errors import (
    CPAError,
    LLMInvalidOutputError,
    LLMRateLimitError,
    LLMRefusedError,
    LLMTimeoutError,
    LLMTruncatedError,
    LLMUnavailableError,
    StoreBusyError,
)
from scheduler.core.spending import Account, Amount
from scheduler.llm.exchange import Call, Chunk, Completion, Embeddings, Finish
from scheduler.llm.fallback_provider import FallbackProvider
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.managed_provider import ManagedProvider
from scheduler.llm.memory_ledger import MemoryLedger
from scheduler.llm.mock_provider import MockProvider, Script, ScriptedWire
from scheduler.llm.terms import Patience, Terms
from tests.llm.conftest import Records
from tests.support.clock import FakeClock

pytestmark = pytest.mark.virtual_time

GONE = LLMUnavailableError("mock", "gone")
NEVER = Script(answer="zu spät", delay=60)
HASTY = Patience(
    total=timedelta(seconds=10), each=timedelta(seconds=0.2), tries=3, first_pause=timedelta(milliseconds=5)
)


class Greeting(BaseModel):
    model_config = ConfigDict(extra="forbid")

    word: str
    to: str


class Pauses:
    """Sleeps not at all, and keeps for how long it should have."""

    def __init__(self) -> None:
        self.all: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.all.append(seconds)


async def fail(provider: ManagedProvider, times: int) -> None:
    for _ in range(times):
        with pytest.raises(CPAError):
            await provider.generate("?")


async def leave(asking: Awaitable[object]) -> None:
    """Begin to ask, and go away."""
    task = asyncio.ensure_future(asking)
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_time_out_of_one_try_is_tried_again_within_the_deadline(records: Records) -> None:
    provider = MockProvider([NEVER, NEVER, "Hallo"], terms=Terms(patience=HASTY, recorder=records))

    assert await provider.generate("?") == "Hallo"
    assert records.outcomes == ["llm_timeout", "llm_timeout", "ok"]
    assert [record.attempt for record in records.all] == [1, 2, 3]


async def test_last_try_gets_what_is_left_of_the_deadline(records: Records) -> None:
    patience = replace(HASTY, tries=9)
    provider = MockProvider(otherwise=NEVER, terms=Terms(patience=patience, recorder=records))
    began = time.monotonic()

    with pytest.raises(LLMTimeoutError):
        await provider.generate("?", within=0.5)

    assert time.monotonic() - began < 2
    assert 2 <= len(records.all) <= 4


class Dripping(ScriptedWire):
    """Says each piece after its own pause; the pauses of the first stream are used up first."""

    def __init__(self, *streams: Sequence[float]) -> None:
        super().__init__((), rules=(), otherwise="")
        self.streams = list(streams)

    async def stream(self, call: Call, limit: float) -> AsyncIterator[Chunk]:  # noqa: ARG002 - the port's
        self.calls.append(call)
        for number, pause in enumerate(self.streams.pop(0)):
            await asyncio.sleep(pause)
            yield Chunk(f"{number} ")
        yield Chunk(finish=Finish.STOP)


async def test_stream_that_goes_on_may_last_longer_than_one_try(records: Records) -> None:
    patience = replace(HASTY, each=timedelta(seconds=0.6))
    provider = ManagedProvider(Dripping([0.15] * 6), Terms(patience=patience, recorder=records))

    assert [piece async for piece in provider.stream("?")] == [f"{number} " for number in range(6)]
    assert records.outcomes == ["ok"]


async def test_stream_that_does_not_begin_is_tried_again(records: Records) -> None:
    provider = ManagedProvider(Dripping([60], [0, 0]), Terms(patience=HASTY, recorder=records))

    assert [piece async for piece in provider.stream("?")] == ["0 ", "1 "]
    assert records.outcomes == ["llm_timeout", "ok"]


async def test_stream_that_falls_silent_ends_and_is_not_repeated(records: Records) -> None:
    wire = Dripping([0, 60], [0, 0])
    provider, pieces = ManagedProvider(wire, Terms(patience=HASTY, recorder=records)), list[str]()

    async def listen() -> None:
        async for piece in provider.stream("?"):
            pieces.append(piece)

    with pytest.raises(LLMTimeoutError):
        await listen()

    assert (pieces, len(wire.calls), records.outcomes) == (["0 "], 1, ["llm_timeout"])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Completion("Das geht nicht", Finish.REFUSED), LLMRefusedError),
        (Completion('{"word": "Ha', Finish.LENGTH), LLMTruncatedError),
        (Completion('{"word": "Hallo"}'), LLMInvalidOutputError),
    ],
)
async def test_record_says_what_was_wrong_with_an_answer(
    records: Records, answer: Completion, error: type[CPAError]
) -> None:
    provider = MockProvider([answer], terms=Terms(recorder=records))

    with pytest.raises(error):
        await provider.generate_structured("?", Greeting)

    assert records.outcomes == [error.code]


async def test_record_says_what_was_wrong_with_a_stream_and_with_vectors(records: Records) -> None:
    class NoVectors(ScriptedWire):
        async def embed(self, texts: Sequence[str], limit: float) -> Embeddings:  # noqa: ARG002 - the port's
            return Embeddings([])

    refusing = MockProvider([Completion("Nein danke", Finish.REFUSED)], terms=Terms(recorder=records))
    without = ManagedProvider(NoVectors((), rules=(), otherwise=""), Terms(recorder=records))

    with pytest.raises(LLMRefusedError):
        _ = [piece async for piece in refusing.stream("?")]
    with pytest.raises(LLMInvalidOutputError):
        await without.get_embedding("?")

    assert records.outcomes == ["llm_refused", "llm_invalid_output"]


async def test_provider_left_alone_fails_at_once_and_the_next_is_asked(records: Records) -> None:
    pauses, clock = Pauses(), FakeClock()
    terms = Terms(patience=Patience(tries=2), failures=4, clock=clock, sleep=pauses, recorder=records)
    first, second = MockProvider(otherwise=GONE, terms=terms), MockProvider(otherwise="Hallo")
    await fail(first, times=2)
    before = len(pauses.all)

    answer = await FallbackProvider([first, second]).generate("?")

    assert (answer, len(first.calls), len(pauses.all) - before) == ("Hallo", 4, 0)


async def test_nobody_waits_for_the_place_of_the_one_that_tries_anew() -> None:
    clock = FakeClock()
    terms = Terms(patience=Patience(tries=1), failures=1, at_once=1, clock=clock)
    provider = MockProvider([GONE, NEVER], terms=terms)
    await fail(provider, times=1)
    clock.advance(timedelta(seconds=31))
    trying = asyncio.ensure_future(provider.generate("?"))
    await asyncio.sleep(0.01)

    async with asyncio.timeout(1):
        await fail(provider, times=1)

    assert len(provider.calls) == 2
    await leave(trying)


async def test_call_during_which_a_provider_is_given_up_ends_with_the_cause(records: Records) -> None:
    pauses = Pauses()
    terms = Terms(patience=Patience(tries=4), failures=2, sleep=pauses, recorder=records)
    provider = MockProvider(otherwise=GONE, terms=terms)

    with pytest.raises(LLMUnavailableError, match="gone"):
        await provider.generate("?")

    assert (len(provider.calls), len(pauses.all)) == (2, 1)


async def test_callers_that_go_away_are_not_the_providers_fault(records: Records) -> None:
    provider = MockProvider([NEVER] * 3, otherwise="Hallo", terms=Terms(failures=2, recorder=records))

    for _ in range(3):
        await leave(provider.generate("?"))

    assert await provider.generate("?") == "Hallo"
    assert records.outcomes == ["cancelled"] * 3 + ["ok"]


async def test_caller_that_goes_away_while_it_is_tried_anew_leaves_the_way_free(records: Records) -> None:
    clock = FakeClock()
    terms = Terms(patience=Patience(tries=1), failures=1, rest=timedelta(seconds=30), clock=clock, recorder=records)
    provider = MockProvider([GONE, NEVER, "Hallo"], terms=terms)
    await fail(provider, times=1)
    clock.advance(timedelta(seconds=31))

    await leave(provider.generate("?"))

    assert await provider.generate("?") == "Hallo"


async def test_provider_that_asks_for_patience_is_not_given_up() -> None:
    terms = Terms(patience=Patience(tries=1), failures=2)
    provider = MockProvider([LLMRateLimitError("mock")] * 3, otherwise="Hallo", terms=terms)

    await fail(provider, times=3)

    assert await provider.generate("?") == "Hallo"


@pytest.mark.parametrize("around", [lambda one: one, lambda one: FallbackProvider([one])])
async def test_stream_that_its_reader_leaves_is_ended_there_and_then(
    records: Records, around: Callable[[LLMProvider], LLMProvider]
) -> None:
    terms = Terms(patience=Patience(tries=1), failures=1, recorder=records)
    provider = ManagedProvider(Dripping([0, 60], [0]), terms)

    async with aclosing(around(provider).stream("?")) as pieces:
        async for piece in pieces:
            assert piece == "0 "
            break

    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert records.outcomes == ["cancelled"]
    assert [piece async for piece in provider.stream("?")] == ["0 "]


class SlowLedger(MemoryLedger):
    async def give_back(self, accounts: Sequence[Account], amount: Amount) -> None:
        await asyncio.sleep(0.3)
        await super().give_back(accounts, amount)


async def test_try_is_settled_whole_though_its_caller_goes_away_meanwhile(records: Records) -> None:
    ledger = SlowLedger()
    provider = MockProvider(["Hallo"], terms=Terms(ledger=ledger, recorder=records))

    await leave(provider.generate("Grüße Anna"))

    assert records.outcomes == ["ok"]
    assert (await ledger.spent("tenant default " + str(Terms().clock.now().date()))).tokens == 3


class BusyLedger(MemoryLedger):
    async def give_back(self, accounts: Sequence[Account], amount: Amount) -> None:  # noqa: ARG002 - the port's
        raise StoreBusyError("ledger")


async def test_answer_is_worth_more_than_what_was_paid_too_much(records: Records) -> None:
    provider = MockProvider(["Hallo"], terms=Terms(ledger=BusyLedger(), recorder=records))

    assert await provider.generate("?") == "Hallo"
    assert records.outcomes == ["ok"]
