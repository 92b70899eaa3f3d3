"""Spends from a budget in a store as a process of its own: `python -m tests.support.spends STORE LIMIT CALLS`."""

import asyncio
import sys
from pathlib import Path

from scheduler.core.errors import LLMBudgetError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.spending import Limits, Spender
from scheduler.llm.exchange import Completion, Finish
from scheduler.llm.mock_provider import MockProvider, Script
from scheduler.llm.terms import Terms
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_ledger import SQLiteLedger


async def spend(store: Path, limit: int, calls: int) -> int:
    """Ask so often at once, each call at the most it can cost; return how many calls were made."""
    database = SQLiteDatabase(store)
    await database.connect()
    terms = Terms(limits=Limits(day=(limit, None)), ledger=SQLiteLedger(database), at_once=calls)
    answer = Script(answer=Completion("Hallo", Finish.STOP, None), delay=0.01)
    provider = MockProvider(otherwise=answer, terms=terms)
    jobs = [Spender(TenantId("acme"), JobId(f"{id(database)}-{number}")) for number in range(calls)]
    asked = (provider.generate("Grüße Anna", max_tokens=50, spender=job) for job in jobs)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await database.close()
    strange = [one for one in answers if isinstance(one, BaseException) and not isinstance(one, LLMBudgetError)]
    if strange:
        raise strange[0]
    return len(provider.calls)


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(spend(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))}\n")
