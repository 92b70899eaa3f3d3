"""What our hurry, odd stores and callers that go away do to a try: no harm to the provider, and no money is lost."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from scheduler.core.errors import LLMTimeoutError, LLMUnavailableError
from scheduler.core.spending import Account, Amount, Ledger
from scheduler.llm.managed_provider import ManagedProvider
from scheduler.llm.memory_ledger import MemoryLedger
from scheduler.llm.mock_provider import MockProvider, Script
from scheduler.llm.terms import Patience, Terms
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_ledger import SQLiteLedger
from tests.llm.conftest import Records
from tests.llm.test_tries import GONE, HASTY, NEVER, Dripping, SlowLedger, fail, leave
from tests.support.clock import FakeClock

pytestmark = pytest.mark.virtual_time


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
    terms = Terms(patience=Patience(total=timedelta(seconds=1)), failures=2)
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


class SlowToPay(MemoryLedger):
    """Finishes what has begun and says then that it was cancelled, as a store does whose commit is under way."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def charge(self, accounts: Sequence[Account], amount: Amount) -> None:
        paying = asyncio.ensure_future(self._pay(accounts, amount))
        try:
            await asyncio.shield(paying)
        except asyncio.CancelledError:
            await paying
            raise

    async def _pay(self, accounts: Sequence[Account], amount: Amount) -> None:
        await asyncio.sleep(self.seconds)
        await super().charge(accounts, amount)


async def spent_today(ledger: Ledger) -> Amount:
    return await ledger.spent(f"day {Terms().clock.now().date()}")


async def test_caller_that_goes_away_while_it_pays_has_paid_nothing(records: Records) -> None:
    ledger = SlowToPay(0.1)
    provider = MockProvider(otherwise="Hallo", terms=Terms(ledger=ledger, recorder=records))

    await leave(provider.generate("?"))
    with pytest.raises(LLMTimeoutError):
        await provider.generate("?", within=0.05)

    assert await spent_today(ledger) == Amount(0, 0)
    assert (provider.calls, records.all) == ([], [])


@pytest.mark.virtual_time(False)
async def test_callers_that_go_away_from_a_real_store_have_paid_nothing(tmp_path: Path, records: Records) -> None:
    database = SQLiteDatabase(tmp_path / "cpa.db")
    await database.connect()
    ledger = SQLiteLedger(database)
    provider = MockProvider(otherwise="Hallo", terms=Terms(ledger=ledger, recorder=records))

    for rounds in [*range(8)] * 3:
        asking = asyncio.ensure_future(provider.generate("?"))
        for _ in range(rounds):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
    spent = await spent_today(ledger)
    await database.close()

    assert spent.tokens == sum(record.usage.total for record in records.all)


async def test_try_is_settled_though_its_caller_is_cancelled_again_and_again(records: Records) -> None:
    terms = Terms(ledger=SlowLedger(), recorder=records, at_once=1)
    provider = MockProvider(otherwise=NEVER, terms=terms)
    asking = asyncio.ensure_future(provider.generate("?"))
    for _ in range(3):
        await asyncio.sleep(0.03)
        asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking

    assert records.outcomes == ["cancelled"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stream_is_ended_though_its_reader_is_cancelled_again_and_again(records: Records) -> None:
    provider = ManagedProvider(Dripping([0, 60]), Terms(ledger=SlowLedger(), recorder=records))

    async def listen() -> None:
        async with aclosing(provider.stream("?")) as pieces:
            _ = [piece async for piece in pieces]

    reading = asyncio.ensure_future(listen())
    for _ in range(3):
        await asyncio.sleep(0.03)
        reading.cancel()
    await asyncio.wait([reading])

    assert records.outcomes == ["cancelled"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


class BrokenLedger(MemoryLedger):
    async def give_back(self, accounts: Sequence[Account], amount: Amount) -> None:  # noqa: ARG002 - the port's
        raise sqlite3.OperationalError("disk I/O error")


async def test_answer_is_kept_though_the_store_is_broken(records: Records) -> None:
    provider = MockProvider(["Hallo"], terms=Terms(ledger=BrokenLedger(), recorder=records))

    with capture_logs() as lines:
        assert await provider.generate("?") == "Hallo"

    assert records.outcomes == ["ok"]
    assert [line["error"] for line in lines if line["event"] == "llm_not_given_back"] == [
        "OperationalError('disk I/O error')"
    ]
