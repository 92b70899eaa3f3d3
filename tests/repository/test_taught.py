"""What the store promises of what people teach."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.core.errors import IntentExistsError
from scheduler.core.ids import TenantId
from scheduler.core.taught import Taught
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_taught import SQLiteTaughtRepository

ACME = TenantId("acme")


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
