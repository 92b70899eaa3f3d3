"""What the store promises of what people teach."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.core.errors import IntentExistsError
from scheduler.core.ids import TenantId
from scheduler.core.taught import Taught
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_taught import SQLiteTaughtRepository

ACME = TenantId("acme")
_TEACH = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from scheduler.core import crash_points
from scheduler.core.taught import Taught
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_taught import SQLiteTaughtRepository
crash_points.arm(crash_points.CrashPoint(sys.argv[2]))
async def main():
    database = SQLiteDatabase(Path(sys.argv[1]))
    await database.connect()
    one = Taught(id="1", tenant="acme", kind="example", intent="open_app", text="wirf X an", at=datetime.now(UTC))
    await SQLiteTaughtRepository(database).add([one])
asyncio.run(main())
"""


def taught(number: str, kind: str = "example", intent: str = "open_app") -> Taught:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    return Taught.model_validate(
        {"id": number, "tenant": ACME, "kind": kind, "intent": intent, "text": f"wirf {number} an", "at": at}
    )


async def test_what_is_taught_is_kept_until_it_is_forgotten_and_every_change_has_a_version(store_path: Path) -> None:
    database = SQLiteDatabase(store_path)
    await database.connect()
    store = SQLiteTaughtRepository(database)
    versions = [await store.version(ACME)]

    await store.add([taught("1"), taught("2")])
    versions.append(await store.version(ACME))
    assert await store.forget(TenantId("other"), ["1"], taught("1").at) == 0
    assert await store.forget(ACME, ["1", "3"], taught("1").at) == 1
    versions.append(await store.version(ACME))

    assert [one.id for one in await store.list(ACME)] == ["2"]
    assert len(set(versions)) == 3
    await database.close()


async def test_an_intent_is_stored_once_whole_or_not_at_all(store_path: Path) -> None:
    database = SQLiteDatabase(store_path)
    await database.connect()
    store = SQLiteTaughtRepository(database)
    await store.add([taught("1", "intent", "cancel_order")])

    with pytest.raises(IntentExistsError):
        await store.add([taught("2"), taught("3", "intent", "cancel_order")])
    assert [one.id for one in await store.list(ACME)] == ["1"]

    await store.forget(ACME, ["1"], taught("1").at)
    await store.add([taught("3", "intent", "cancel_order")])
    await database.close()


@pytest.mark.fault
@pytest.mark.parametrize(("point", "kept"), [("before_teach", 0), ("after_teach", 1)])
async def test_a_process_that_dies_while_it_is_taught_has_learned_it_or_not(
    store_path: Path, point: str, kept: int
) -> None:
    done = subprocess.run([sys.executable, "-c", _TEACH, str(store_path), point], env={**os.environ}, check=False)  # noqa: ASYNC221

    database = SQLiteDatabase(store_path)
    await database.connect()
    assert done.returncode == -signal.SIGKILL
    assert len(await SQLiteTaughtRepository(database).list(ACME)) == kept
    await database.close()
