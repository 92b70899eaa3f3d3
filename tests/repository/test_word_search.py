"""A search for words finds what reading every description would find, whatever came, went and was indexed meanwhile."""

import asyncio
import re
import shutil
import sqlite3
import unicodedata
from collections.abc import Coroutine, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from scheduler.core.ids import DEFAULT_TENANT, JobId, TenantId
from scheduler.core.job import Job, JobFilter, JobStatus
from scheduler.repository import sqlite_words, word_index
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_repository import SQLiteJobRepository
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from scheduler.repository.word_index import WordIndex
from tests.support.builders import a_job
from tests.support.clock import NOON, FakeClock
from tests.support.examples import examples
from tests.support.words import shorten_spans

Answer = TypeVar("Answer")
TENANTS = (DEFAULT_TENANT, TenantId("acme"))
WORDS = (
    "Rechnung", "RECHNUNG", "4711", "RE-2026/17", "RE-2026", "17", "anna@example.com", "example.com", "com.example",
    "Straße", "STRASSE", "Strasse", "Größe", unicodedata.normalize("NFD", "Größe"), "GRÖSSE", "Grosse", "E-Mail",
    "a_b", "1.234,56", "„Rechnung“", "–", "", "AND", "NOT", "NEAR(4711", 'x"y', "rechn*", "\x00", "\ue000", "😀",
)  # fmt: skip
HOURS = st.integers(-3, 3).map(lambda hours: NOON + timedelta(hours=hours))
TEXTS = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
ENDED = tuple(status for status in JobStatus if status.final)
FILTERS = st.builds(
    JobFilter,
    text=TEXTS.filter(lambda text: any(letter.isalnum() for letter in text)),
    statuses=st.frozensets(st.sampled_from((JobStatus.PENDING, *ENDED)), max_size=2),
    intent=st.sampled_from((None, None, "fetch_invoice", "send")),
    since=st.none() | HOURS,
    until=st.none() | HOURS,
)


def words_in(text: str) -> list[str]:
    """Return the words as a person would compare them."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).casefold())


def fits(job: Job, wanted: JobFilter) -> bool:
    """Say whether a job is wanted, by reading it."""
    own = words_in(job.description)
    for part in re.split(r"[\s\x00\ue000]+", wanted.text or ""):
        words = words_in(part)
        if not any(own[at : at + len(words)] == words for at in range(len(own) + 1)):
            return False
    return (
        (not wanted.statuses or job.status in wanted.statuses)
        and wanted.intent in {None, job.intent}
        and (wanted.since is None or job.created_at >= wanted.since)
        and (wanted.until is None or job.created_at < wanted.until)
    )


class SearchMachine(RuleBasedStateMachine):
    """A store whose index lags behind, and a list of its jobs in the order in which they came."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.jobs: list[Job] = []
        self.loop = asyncio.new_event_loop()
        self.database = SQLiteDatabase(path)
        self.run(self.database.connect())
        self.store = SQLiteJobRepository(self.database, FakeClock())

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.loop.close()
        self.path.unlink()

    def execute(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(statement, values)

    @rule(texts=st.lists(TEXTS, min_size=1, max_size=12), moment=HOURS, data=st.data())
    def jobs_come(self, texts: Sequence[str], moment: Any, data: st.DataObject) -> None:  # noqa: ANN401 - a moment
        kinds = st.tuples(st.sampled_from(TENANTS), st.sampled_from(("fetch_invoice", "send")))
        new = []
        for text in texts:
            tenant, intent = data.draw(kinds)
            new.append(a_job(description=text, tenant=tenant, intent=intent, created_at=moment))
        for tenant in TENANTS:
            ours = [job for job in new if job.tenant == tenant]
            self.run(self.store.save_many(ours))
            self.jobs += ours

    @rule()
    def the_store_gets_its_index_only_now(self) -> None:
        """As after the update from a version that had none."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("INSERT INTO job_word_spans (job_word_spans) VALUES ('delete-all')")
            connection.execute("UPDATE job_word_spans_mark SET low = (SELECT coalesce(max(n), 0) FROM jobs)")
            connection.execute("UPDATE job_word_spans_mark SET high = low")

    @rule()
    def a_part_is_indexed(self) -> None:
        self.run(WordIndex(self.database).catch_up())

    @rule(data=st.data(), status=st.sampled_from(ENDED))
    def jobs_end(self, data: st.DataObject, status: JobStatus) -> None:
        for at, job in enumerate(self.jobs):
            if job.status is JobStatus.PENDING and data.draw(st.booleans()):
                self.execute("UPDATE jobs SET status = ?, completed_at = created_at WHERE id = ?", status, job.id)
                self.jobs[at] = job.model_copy(update={"status": status})

    @rule(before=HOURS)
    def what_is_old_is_pruned(self, before: Any) -> None:  # noqa: ANN401 - a moment
        while self.run(SQLiteRetentionRepository(self.database).prune_jobs(before, NOON)).more:
            pass
        self.jobs = [job for job in self.jobs if not job.status.final or job.created_at >= before]

    @rule(wanted=FILTERS, tenant=st.sampled_from(TENANTS), limit=st.integers(1, 4), offset=st.integers(0, 6))
    def what_is_found_is_what_is_there(self, wanted: JobFilter, tenant: TenantId, limit: int, offset: int) -> None:
        """Each search indexes a part; when all is indexed all is found, in order and once, and totals hold."""
        while self.run(WordIndex(self.database).catch_up()):
            self.look(wanted, tenant, limit, offset, whole=False)
        self.look(wanted, tenant, limit, offset, whole=True)

    @rule(wanted=FILTERS, tenant=st.sampled_from(TENANTS), text=TEXTS)
    def what_comes_between_pages_moves_none(self, wanted: JobFilter, tenant: TenantId, text: str) -> None:
        while self.run(WordIndex(self.database).catch_up()):
            pass
        there = self.expected(wanted, tenant)
        first = self.run(self.store.find(wanted, tenant, limit=2))
        new = a_job(description=text, tenant=tenant)
        self.run(self.store.save(new))
        self.jobs.append(new)
        shown = [job.id for job in first.items] + self.following(wanted, tenant, 2, first.next_cursor)
        assert shown == there

    def look(self, wanted: JobFilter, tenant: TenantId, limit: int, offset: int, *, whole: bool) -> None:
        there = self.expected(wanted, tenant)
        page = self.run(self.store.find(wanted, tenant, limit=limit, offset=offset))
        shown = [job.id for job in page.items] + self.following(wanted, tenant, limit, page.next_cursor)
        if whole:
            assert shown == there[offset:]
        else:
            assert [one for one in there if one in shown] == shown
        assert len(page.items) <= limit
        assert page.total_is_estimate or page.total == len(there)

    def following(self, wanted: JobFilter, tenant: TenantId, limit: int, cursor: str | None) -> list[JobId]:
        shown: list[JobId] = []
        while cursor is not None:
            page = self.run(self.store.find(wanted, tenant, limit=limit, cursor=cursor))
            shown += [job.id for job in page.items]
            cursor = page.next_cursor
        return shown

    def expected(self, wanted: JobFilter, tenant: TenantId) -> list[JobId]:
        return [job.id for job in reversed(self.jobs) if job.tenant == tenant and fits(job, wanted)]


@pytest.mark.parametrize("span", [3, sqlite_words.SPAN])
def test_a_search_finds_what_reading_every_description_would_find(
    span: int, migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = Path(shutil.copy(migrated_file, tmp_path / "template.db"))
    shorten_spans(template, monkeypatch, span)
    monkeypatch.setattr(word_index, "PART", 4)
    for name, value in {"WINDOW": 3, "SAMPLE": 4, "MOST_COUNTED": 6}.items():
        monkeypatch.setattr(sqlite_words, name, value)

    class Machine(SearchMachine):
        def __init__(self) -> None:
            super().__init__(Path(shutil.copy(template, tmp_path / "cpa.db")))

    run_state_machine_as_test(
        Machine,
        settings=examples(
            60,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
