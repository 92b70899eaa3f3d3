"""Fills the database of a run: what its finished jobs have left in each table is stored again under other ids.

Having a million jobs done would take most of an hour. The copies are older than the jobs that were done, their ids
smaller and in the order of their time, and their audit entries are appended to the tenant's chain, which stays whole.
"""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scheduler.repository import sqlite_audit
from scheduler.repository.lines import AuditLine
from scheduler.repository.sqlite_database import SQLiteDatabase

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENTS: Final = ("created_at", "started_at", "completed_at", "at", "timestamp")
_IN_ONE_WRITE: Final = 2_000  # jobs
_DIGITS: Final = 4
"""Of an id, which the number of a copy replaces. Ids begin with the time, of which the first digits are 01."""
_SEED: Final = 10_000
_MOST: Final = 10 ** (_DIGITS - 1)


def fill(path: Path, jobs: int, made: int) -> None:
    """Store copies of the finished jobs until there are `jobs` of them; `made` says how many copies there are already.

    The copies of a later call begin where those of the earlier ones ended.
    """
    asyncio.run(_fill(path, jobs, made))


async def _fill(path: Path, jobs: int, made: int) -> None:
    database = SQLiteDatabase(path)
    await database.connect()
    try:
        seed = await database.read(lambda connection: _ids(connection, jobs))
        while made < jobs:
            number, place = divmod(made, len(seed))
            ids = seed[place : place + min(_IN_ONE_WRITE, jobs - made)]
            made += len(ids)
            await database.write(lambda connection, ids=ids, number=number: _copy(connection, ids, number))  # type: ignore[misc]
    finally:
        await database.close()


def _ids(connection: sqlite3.Connection, jobs: int) -> list[str]:
    """Return the jobs that are copied, the same ones at every call. Raises ValueError when they are too few."""
    rows = connection.execute("SELECT id FROM jobs WHERE id >= '01' ORDER BY id LIMIT ?", (_SEED,))
    found = [str(row["id"]) for row in rows]
    if jobs > _MOST * len(found):
        raise ValueError(f"of {len(found)} jobs no {jobs} copies can be made")
    return found


def _copy(connection: sqlite3.Connection, ids: Sequence[str], number: int) -> None:
    """Store the `number`-th copy of some jobs, which follow each other."""
    first, last = ids[0], ids[-1]
    for table, key, order in (("jobs", "id", "n"), ("tasks", "job_id", "job_id, task_id"), ("events", "job_id", "seq")):
        into, values = _columns(connection, table, key)
        connection.execute(
            f"INSERT INTO {table} ({into}) SELECT {values} FROM {table} WHERE {key} BETWEEN :first AND :last"  # noqa: S608
            f" ORDER BY {order}",
            {"first": first, "last": last, "prefix": _prefix(number), "earlier": _earlier(number)},
        )
    _copy_keys(connection, first, last, number)
    lines = connection.execute(
        "SELECT * FROM audit_log WHERE job_id BETWEEN ? AND ? ORDER BY tenant, block, position", (first, last)
    )
    sqlite_audit.append_of_tenants(connection, [_line(row, number) for row in lines])


def _copy_keys(connection: sqlite3.Connection, first: str, last: str, number: int) -> None:
    rows = connection.execute("SELECT * FROM idempotency_keys WHERE job_id BETWEEN ? AND ?", (first, last)).fetchall()
    for row in map(dict, rows):
        batch = row["job_ids"] and json.dumps([_renamed(one, number) for one in json.loads(row["job_ids"])])
        row |= {name: _renamed(row[name], number) for name in ("key", "job_id")}
        row |= {"job_ids": batch, "created_at": row["created_at"] - _earlier(number)}
        marks = ", ".join(f":{name}" for name in row)
        connection.execute(f"INSERT INTO idempotency_keys ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608


def _columns(connection: sqlite3.Connection, table: str, key: str) -> tuple[str, str]:
    """Return the columns of a table that are copied, and what stands in them; rows get numbers of their own."""
    names = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
    kept = [name for name in names if name not in {"n", "seq"}]
    changed = {key: f":prefix || substr({key}, {_DIGITS + 1})", **{name: f"{name} - :earlier" for name in _MOMENTS}}
    return ", ".join(kept), ", ".join(changed.get(name, name) for name in kept)


def _line(row: sqlite3.Row, number: int) -> AuditLine:
    found: dict[str, Any] = {name: row[name] for name in AuditLine._fields}
    found |= {name: _renamed(found[name], number) for name in ("id", "job_id")}
    return AuditLine(**found | {"timestamp": row["timestamp"] - _earlier(number)})


def _prefix(number: int) -> str:
    return f"{number:0{_DIGITS}d}"


def _renamed(id_: str, number: int) -> str:
    return _prefix(number) + id_[_DIGITS:]


def _earlier(number: int) -> int:
    """Return by how many microseconds the `number`-th copy is older than its original: later copies are younger."""
    return (_MOST + 1 - number) * 3_600_000_000
