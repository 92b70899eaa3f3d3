"""A table with one row per case: one sentence with places for its columns becomes one job per row, each row once."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scheduler.core.errors import CPAError, InvalidFieldError, InvalidRequestError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Locale, MetJob
from scheduler.core.orders import JobOrder
from scheduler.core.sentences import Sentence, sentence
from scheduler.core.unique_jobs import Unique
from scheduler.executors.data_tables import Table
from scheduler.orchestrator.job_service import JobService, request_of
from scheduler.orchestrator.planned_request import PlannedRequest

MOST_ROWS: Final = 1000
_AT_ONCE: Final = 50
_MOST_SHOWN: Final = 20
_PLACE: Final = re.compile(r"\{([^{}]{1,100})\}")
_EMPTY: Final = Sentence("die Zelle ist leer", "the cell is empty")
_TWICE: Final = Sentence("dieser Schlüssel steht schon in einer früheren Zeile", "this key stands in an earlier row")


class TableRowsError(InvalidRequestError):
    """Rows cannot become jobs; nothing was stored."""

    code = "table_rows"

    def __init__(self, flaws: list[tuple[int, str, Sentence]], total: int) -> None:
        german = "; ".join(f"Zeile {row}, Spalte {column}: {said.de}" for row, column, said in flaws)
        english = "; ".join(f"row {row}, column {column}: {said.en}" for row, column, said in flaws)
        row, column, _ = flaws[0]
        super().__init__(english, field=f"rows[{row}].{column}", count=str(total), rows=Sentence(german, english))


@dataclass(frozen=True)
class RowJob:
    """What became of a row; rows count as a spreadsheet does, the header is row 1."""

    row: int
    key: str
    job_id: JobId | None
    existing: bool = False
    problem: CPAError | None = None


class TableService:
    """The use case of a table of cases."""

    def __init__(self, jobs: JobService) -> None:
        self._jobs = jobs

    async def create(
        self,
        table: Table,
        text: str,
        *,
        tenant: TenantId,
        key_column: str | None = None,
        locale: Locale | None = None,
        unique: Unique | None = None,
    ) -> list[RowJob]:
        """Accept a job per row. All rows are planned first: with a flaw in one of them nothing is stored.

        A row that was accepted before, told by its key and its words, is answered with the job of then; so a table
        may be sent again. `unique` holds for each row; with a key, for each that has the row's key besides. Raises
        TableRowsError that names rows and columns, and InvalidFieldError for the sentence.
        """
        used = _columns(table, text, key_column)
        flaws: list[tuple[int, str, Sentence]] = []
        plans: list[tuple[int, str, str, PlannedRequest]] = []
        keys: set[str] = set()
        for number, row in enumerate(table.rows, start=2):
            try:
                key, words, planned = await self._planned(row, text, used, key_column, locale, tenant)
            except _Flaw as flaw:
                flaws.append((number, flaw.column, flaw.said))
                continue
            if key in keys:
                flaws.append((number, key_column or used[0], _TWICE))
            keys.add(key)
            plans.append((number, key, words, planned))
        if flaws:
            raise TableRowsError(flaws[:_MOST_SHOWN], len(flaws))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        jobs: list[RowJob] = []
        for start in range(0, len(plans), _AT_ONCE):
            some = plans[start : start + _AT_ONCE]
            jobs += await asyncio.gather(*(self._accept(plan, digest, tenant, locale, unique) for plan in some))
        return jobs

    async def _planned(
        self,
        row: Mapping[str, Any],
        text: str,
        used: list[str],
        key_column: str | None,
        locale: Locale | None,
        tenant: TenantId,
    ) -> tuple[str, str, PlannedRequest]:
        await asyncio.sleep(0)  # a sentence takes milliseconds; others get their turn
        cells = {column: "" if row[column] is None else str(row[column]).strip() for column in used}
        empty = next((column for column, cell in cells.items() if not cell), None)
        if empty is not None:
            raise _Flaw(empty, _EMPTY)
        words = _PLACE.sub(lambda place: cells[place[1]], text)
        try:
            planned = await self._jobs.plan(words, locale, tenant=tenant)
        except InvalidRequestError as error:
            told = " ".join(error.facts.values())
            column = next((name for name, cell in cells.items() if cell in told), ", ".join(used))
            said = Sentence(*(sentence(error.code, each, error.facts).rstrip(".") for each in ("de", "en")))
            raise _Flaw(column, said) from error
        key = cells[key_column] if key_column else hashlib.sha256(words.encode()).hexdigest()[:16]
        return key, words, planned

    async def _accept(
        self,
        plan: tuple[int, str, str, PlannedRequest],
        digest: str,
        tenant: TenantId,
        locale: Locale | None,
        unique: Unique | None,
    ) -> RowJob:
        number, key, words, planned = plan
        if unique is not None and unique.key is not None:
            unique = unique.model_copy(update={"key": f"{unique.key}:{key}"})
        order = JobOrder(description=words, locale=locale, unique=unique)
        request = request_of("schedule", f"table:{digest}:{key}"[:255], order)  # wherever in the table the row stands
        order = order.model_copy(update={"context": {"table": {"id": digest, "row": number, "key": key}}})
        try:
            job = await self._jobs.once(
                request, tenant, self._jobs.accept(order, planned, tenant=tenant, request=request)
            )
        except CPAError as error:
            return RowJob(number, key, None, problem=error)
        return RowJob(number, key, job.id, existing=isinstance(job, MetJob))


class _Flaw(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, column: str, said: Sentence) -> None:
        super().__init__(said.en)
        self.column = column
        self.said = said


def _columns(table: Table, text: str, key_column: str | None) -> list[str]:
    """Return the columns that the sentence and the key use. Raises InvalidFieldError for what cannot be used."""
    if not 1 <= len(table.cells) <= MOST_ROWS:
        said = Sentence(f"1 bis {MOST_ROWS} Zeilen werden erwartet", f"1 to {MOST_ROWS} rows are expected")
        raise InvalidFieldError("table", said)
    places = list(dict.fromkeys(_PLACE.findall(text)))
    if not places:
        said = Sentence("der Satz nennt keine Spalte, wie {number}", "the sentence names no column, like {number}")
        raise InvalidFieldError("text", said)
    known = ", ".join(table.columns)
    for column, field in [*((place, "text") for place in places), *([(key_column, "key")] if key_column else [])]:
        if column not in table.columns:
            said = Sentence(
                f"die Spalte „{column}“ gibt es nicht; da sind: {known}", f"no column “{column}”; there are: {known}"
            )
            raise InvalidFieldError(field, said)
    return list(dict.fromkeys([*places, *([key_column] if key_column else [])]))
