"""The index of words follows the jobs: new ones at once, old ones bit by bit, deleted ones not at all."""

import asyncio
import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.core.errors import StoreBusyError
from scheduler.core.ids import DEFAULT_TENANT
from scheduler.core.job import JobFilter
from scheduler.repository import sqlite_words, word_index
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_listing import Place
from scheduler.repository.word_index import PART, WordIndex
from tests.support.builders import a_job
from tests.support.clock import NOON
from tests.support.listing import ended, found, newest_first, saved
from tests.support.store import Store


@pytest.mark.parametrize("indexed", [True, False])
async def test_words_of_deleted_jobs_are_forgotten(store: Store, database: SQLiteDatabase, indexed: bool) -> None:
    job = await ended(store, description="Rechnung 4711")
    kept = await ended(store, description="Rechnung 4711")
    if indexed:
        await WordIndex(database).catch_up()
    await store.jobs.delete(job.id)

    assert await found(store, JobFilter(text="rechnung")) == [kept.id]
    statement = "SELECT count(*) FROM job_word_spans WHERE job_word_spans MATCH 'rechnung'"
    count = await database.read(lambda connection: connection.execute(statement).fetchone()[0])
    assert count == 1


@pytest.mark.parametrize("old", [4, 5])
async def test_words_of_old_jobs_are_indexed_beside_new_ones_the_newest_first_and_totals_say_so(
    store: Store, store_path: Path, monkeypatch: pytest.MonkeyPatch, old: int
) -> None:
    monkeypatch.setattr(word_index, "PART", 2)
    jobs = [
        await saved(store, description="Rechnung", created_at=NOON + timedelta(minutes=number)) for number in range(6)
    ]
    with contextlib.closing(sqlite3.connect(store_path, isolation_level=None)) as connection:
        connection.execute("UPDATE job_word_spans_mark SET low = ?1, high = ?1", (old,))

    pages = [await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT) for _ in range(2)]
    new = await store.jobs.find(JobFilter(text="rechnung", since=NOON + timedelta(minutes=4)), DEFAULT_TENANT)
    pages.append(await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT))

    assert [[job.id for job in page.items] for page in pages] == [newest_first(jobs[at:]) for at in (4, 2, 0)]
    assert [page.total_is_estimate for page in pages] == [True, True, False]
    assert (new.total, new.total_is_estimate) == (2, False)


async def test_a_total_of_words_is_an_estimate_while_new_jobs_are_not_indexed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_index, "PART", 2)
    await store.jobs.save_many([a_job(description="Rechnung") for _ in range(4)])

    pages = [await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT) for _ in range(2)]

    assert [(page.total, page.total_is_estimate) for page in pages] == [(2, True), (4, False)]


async def test_words_are_looked_for_though_nobody_can_write(store: Store, store_path: Path) -> None:
    """Another process holds the file, as in a long migration."""
    known = await saved(store, description="Rechnung")
    assert await found(store, JobFilter(text="rechnung")) == [known.id]
    await saved(store, description="Rechnung")
    with contextlib.closing(sqlite3.connect(store_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        page = await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT)

    assert [job.id for job in page.items] == [known.id]
    assert (page.total, page.total_is_estimate) == (1, True)


async def test_the_index_of_words_rests_between_its_parts(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = 0

    async def work(_words: WordIndex) -> bool:
        nonlocal parts
        parts += 1
        await asyncio.sleep(0.01)
        return True

    monkeypatch.setattr(WordIndex, "catch_up", work)
    words = asyncio.create_task(WordIndex(database).run())
    await asyncio.wait([words], timeout=0.2)
    words.cancel()
    await asyncio.wait([words])

    assert 1 <= parts <= 6


async def test_the_index_of_words_follows_the_jobs_by_itself(store: Store, database: SQLiteDatabase) -> None:
    await store.jobs.save_many([a_job(description="Rechnung 4711") for _ in range(PART + 1)])
    words = asyncio.create_task(WordIndex(database).run())

    seen = database.changes
    while await database.read(sqlite_words.is_behind):
        await database.wait(seen, 0.1)
        seen = database.changes
    words.cancel()
    await asyncio.wait([words])

    page = await database.read(
        lambda connection: sqlite_words.find(connection, JobFilter(text="rechnung"), DEFAULT_TENANT, Place(10))
    )
    assert page.total == PART + 1


async def test_the_index_of_words_outlives_a_store_that_is_busy(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = asyncio.Event()

    async def busy(_words: WordIndex) -> bool:
        tried.set()
        raise StoreBusyError("cpa.db")

    monkeypatch.setattr(WordIndex, "catch_up", busy)
    words = asyncio.create_task(WordIndex(database).run())
    await tried.wait()
    await asyncio.sleep(0)

    assert not words.done()
    words.cancel()
    await asyncio.wait([words])
