"""A budget is checked before each call, holds with a hundred jobs at once, and is never overdrawn."""

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scheduler.core.errors import LLMBudgetError, LLMUnavailableError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.spending import MICRO, Account, Amount, Ledger, Limits, Price, Spender, Usage
from scheduler.llm.exchange import Call, Completion, Finish
from scheduler.llm.memory_ledger import MemoryLedger
from scheduler.llm.mock_provider import MockProvider, Script
from scheduler.llm.terms import Terms
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_ledger import SQLiteLedger
from tests.llm.conftest import Records

ACME = TenantId("acme")
HELLO = "Grüße Anna"


@pytest.fixture(params=["memory", "sqlite"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    database = SQLiteDatabase(tmp_path / "cpa.db")
    await database.connect()
    yield SQLiteLedger(database)
    await database.close()


async def test_charge_takes_from_all_or_from_none(ledger: Ledger) -> None:
    narrow, wide = Account("narrow", tokens=100), Account("wide", tokens=1_000)
    await ledger.charge([wide, narrow], Amount(90, 10))

    with pytest.raises(LLMBudgetError, match="narrow"):
        await ledger.charge([wide, narrow], Amount(20, 10))

    assert await ledger.spent("wide") == Amount(90, 10)
    assert await ledger.spent("narrow") == Amount(90, 10)


async def test_what_was_paid_too_much_comes_back(ledger: Ledger) -> None:
    account = Account("job 1", tokens=100)
    await ledger.charge([account], Amount(90, None))
    await ledger.give_back([account], Amount(80, None))

    await ledger.charge([account], Amount(90, None))

    assert await ledger.spent("job 1") == Amount(100, 0)


async def test_money_is_limited_only_where_the_price_is_known(ledger: Ledger) -> None:
    account = Account("day", micros=2 * MICRO)
    await ledger.charge([account], Amount(1, 1_900_000))

    with pytest.raises(LLMBudgetError, match=r"1\.90"):
        await ledger.charge([account], Amount(1, 200_000))
    with pytest.raises(LLMBudgetError, match="price"):
        await ledger.charge([account], Amount(1, None))


async def test_hundred_jobs_at_once_never_overdraw_the_day(ledger: Ledger, records: Records) -> None:
    most = Call(prompt=HELLO, max_tokens=50).most.total
    limit = most * 20 + most // 2
    terms = Terms(limits=Limits(day=(limit, None)), ledger=ledger, recorder=records, at_once=100)
    answer = Script(answer=Completion("Hallo", Finish.STOP, Usage(most - 50, 50)), delay=0.01)
    provider = MockProvider(otherwise=answer, terms=terms)

    jobs = [Spender(ACME, JobId(str(number))) for number in range(100)]
    asked = (provider.generate(HELLO, max_tokens=50, spender=spender) for spender in jobs)
    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert answers.count("Hallo") == 20
    assert sum(isinstance(answer, LLMBudgetError) for answer in answers) == 80
    assert len(provider.calls) == 20, "no call was made that could not be paid"
    assert sum(record.usage.total for record in records.all) <= limit


@pytest.mark.parametrize("kind", ["job", "tenant_day", "day"])
async def test_each_kind_of_budget_stops_calls(kind: str, records: Records) -> None:
    limits = replace_limit(kind, 10)
    provider = MockProvider(["Hallo"], terms=Terms(limits=limits, recorder=records))

    with pytest.raises(LLMBudgetError):
        await provider.generate(HELLO, spender=Spender(ACME, JobId("1")))

    assert provider.calls == []


def replace_limit(kind: str, tokens: int) -> Limits:
    return Limits()._replace(**{kind: (tokens, None)})


async def test_failed_tries_are_counted_and_paid(records: Records) -> None:
    ledger = MemoryLedger()
    cut = LLMUnavailableError("mock", "cut off", cut_off=True)
    good = Completion("Hallo", Finish.STOP, Usage(10, 5))
    terms = Terms(ledger=ledger, recorder=records, prices={"script": Price(1.0, 2.0)}, sleep=no_sleep)
    provider = MockProvider([cut, good], terms=terms)

    await provider.generate(HELLO, max_tokens=50, spender=Spender(ACME, JobId("1")))

    most = Call(prompt=HELLO, max_tokens=50).most
    assert await ledger.spent("job 1") == Amount(most.total + 15, most.input_tokens + 2 * 50 + 20)
    assert [record.micros for record in records.all] == [most.input_tokens + 100, 20]


async def test_unknown_price_is_unknown_not_nothing(records: Records) -> None:
    provider = MockProvider(["Hallo"], terms=Terms(recorder=records))

    await provider.generate(HELLO)

    assert records.all[0].micros is None


@pytest.mark.virtual_time
async def test_time_out_pays_the_most_because_nobody_knows(records: Records) -> None:
    ledger = MemoryLedger()
    terms = Terms(ledger=ledger, recorder=records)
    provider = MockProvider([Script(answer="Hallo", delay=5)], terms=terms)

    with pytest.raises(Exception, match="within"):
        await provider.generate(HELLO, within=0.05, spender=Spender(ACME, JobId("1")))

    assert (await ledger.spent("job 1")).tokens == Call(prompt=HELLO).most.total
    assert records.outcomes == ["llm_timeout"]


async def no_sleep(_: float) -> None:
    """Wait for nothing."""


@pytest.mark.fault
async def test_two_processes_on_one_store_never_overdraw_the_day(tmp_path: Path) -> None:
    database, most = SQLiteDatabase(tmp_path / "cpa.db"), Call(prompt=HELLO, max_tokens=50).most.total
    await database.connect()
    limit = most * 20 + most // 2
    command = [sys.executable, "-m", "tests.support.spends", str(database.path), str(limit), "50"]

    processes = [await asyncio.create_subprocess_exec(*command, stdout=PIPE) for _ in range(2)]
    said = [(await process.communicate())[0] for process in processes]
    with sqlite3.connect(database.path) as connection:
        (spent,) = connection.execute("SELECT tokens FROM spending WHERE account LIKE 'day %'").fetchone()
    await database.close()

    assert [process.returncode for process in processes] == [0, 0]
    assert sum(map(int, [words.split()[-1] for words in said])) == 20, "calls of both, each paid before it was made"
    assert spent == most * 20 <= limit
