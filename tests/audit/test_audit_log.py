"""The audit log: what is written is found again, and no change to it goes unnoticed."""

import itertools
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.audit.audit_log import AuditEntry, AuditFilter, AuditLog
from scheduler.core.errors import StoreFullError
from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId
from scheduler.executors.files import ScreenshotStore
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.builders import an_audit_entry
from tests.support.clock import NOON, FakeClock
from tests.support.store import Store, fill_the_disk, free_the_disk

SECOND = timedelta(seconds=1)
OTHERS = TenantId("others")
JOB, TASK = JobId("job-1"), TaskId("task1")
TAMPERINGS = {
    "tenant": "UPDATE audit_log SET tenant = 'third' WHERE tenant = 'default' AND block = 2 AND position = 0",
    "block": "UPDATE audit_log SET block = 7 WHERE tenant = 'default' AND block = 2 AND position = 0",
    "position": "UPDATE audit_log SET position = 9 WHERE tenant = 'default' AND block = 2 AND position = 0",
    "id": "UPDATE audit_log SET id = 'x' WHERE tenant = 'default' AND block = 2 AND position = 0",
    "timestamp": "UPDATE audit_log SET timestamp = timestamp + 1 WHERE tenant = 'default' AND block = 2",
    "job_id": "UPDATE audit_log SET job_id = 'x' WHERE tenant = 'default' AND block = 2",
    "task_id": "UPDATE audit_log SET task_id = NULL WHERE tenant = 'default' AND block = 2",
    "action": "UPDATE audit_log SET action = action || ' ' WHERE tenant = 'default' AND block = 2",
    "reason": "UPDATE audit_log SET reason = 'x' WHERE tenant = 'default' AND block = 2",
    "result": "UPDATE audit_log SET result = 'failure' WHERE tenant = 'default' AND block = 2",
    "screenshot_path": "UPDATE audit_log SET screenshot_path = '' WHERE tenant = 'default' AND block = 2",
    "metadata": "UPDATE audit_log SET metadata = '{}' WHERE tenant = 'default' AND block = 2",
    "digest of a block": "UPDATE audit_blocks SET digest = 'x' WHERE tenant = 'default' AND block = 2",
    "tenant of a block": "UPDATE audit_blocks SET tenant = 'third' WHERE tenant = 'default' AND block = 2",
    "an entry less": "DELETE FROM audit_log WHERE tenant = 'default' AND block = 2 AND position = 1",
    "an entry more": """INSERT INTO audit_log SELECT tenant, block, 5, 'more', timestamp, job_id, task_id, action,
        reason, result, screenshot_path, metadata
        FROM audit_log WHERE tenant = 'default' AND block = 2 AND position = 0""",
    "another entry in its place": """INSERT OR REPLACE INTO audit_log SELECT tenant, block, position, id, timestamp,
        job_id, task_id, 'x', reason, result, screenshot_path, metadata
        FROM audit_log WHERE tenant = 'default' AND block = 2""",
    "entries swapped": """UPDATE audit_log SET position = 7 WHERE tenant = 'default' AND block = 2 AND position = 0;
        UPDATE audit_log SET position = 0 WHERE tenant = 'default' AND block = 2 AND position = 1;
        UPDATE audit_log SET position = 1 WHERE tenant = 'default' AND block = 2 AND position = 7""",
    "a block without its entries": "DELETE FROM audit_log WHERE tenant = 'default' AND block = 2",
    "entries without their block": "DELETE FROM audit_blocks WHERE tenant = 'default' AND block = 2",
    "a whole block less": """DELETE FROM audit_log WHERE tenant = 'default' AND block = 2;
        DELETE FROM audit_blocks WHERE tenant = 'default' AND block = 2""",
    "blocks swapped": """UPDATE audit_log SET block = -2 WHERE tenant = 'default' AND block = 2;
        UPDATE audit_log SET block = 2 WHERE tenant = 'default' AND block = 3;
        UPDATE audit_log SET block = 3 WHERE tenant = 'default' AND block = -2;
        UPDATE audit_blocks SET block = -2 WHERE tenant = 'default' AND block = 2;
        UPDATE audit_blocks SET block = 2 WHERE tenant = 'default' AND block = 3;
        UPDATE audit_blocks SET block = 3 WHERE tenant = 'default' AND block = -2""",
}
AT_THE_END = {
    "the last block cut off": (3, "DELETE FROM audit_log WHERE block = 3; DELETE FROM audit_blocks WHERE block = 3"),
    "everything cut off": (1, "DELETE FROM audit_log; DELETE FROM audit_blocks"),
    "the head lost": (4, "DELETE FROM audit_heads"),
    "the head set back": (4, "UPDATE audit_heads SET block = 2"),
    "another digest in the head": (4, "UPDATE audit_heads SET digest = 'x'"),
    "an entry after the end": (
        4,
        """INSERT INTO audit_log SELECT tenant, 4, 0, 'more', timestamp, job_id, task_id, action, reason, result,
            screenshot_path, metadata FROM audit_log WHERE tenant = 'default' AND block = 2 AND position = 0""",
    ),
}


@pytest.fixture
def log(store: Store, clock: FakeClock) -> AuditLog:
    numbers = itertools.count(1)
    return AuditLog(entries=store.audit, clock=clock, new_id=lambda: f"entry-{next(numbers)}")


async def _three_blocks(store: Store) -> None:
    for number in range(3):
        picture = f"{number}.png"
        await store.audit.save(
            [an_audit_entry(task_id=f"t{n}", screenshot_path=picture, metadata={"n": n}) for n in range(2)]
        )
    await store.audit.save([an_audit_entry(tenant=OTHERS)])


def _tamper(path: Path, script: str) -> None:
    """Change the file as somebody would who has it, and takes the triggers away first."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        before = connection.total_changes
        connection.executescript(script)
        assert connection.total_changes > before, "nothing was tampered with"


class TestWriting:
    async def test_an_action_is_found_again(self, log: AuditLog) -> None:
        entry = await log.log_action(
            "mail.send",
            "Rechnung an Jörg 📎",
            "success",
            "data/screenshots/job-1/task1.png",
            job_id=JOB,
            task_id=TASK,
            metadata={"Empfänger": ["jörg@example.com"]},
        )

        page = await log.query(AuditFilter())

        assert page.total == 1
        assert page.items == (entry.model_copy(update={"block": 1, "position": 0}),)
        assert (entry.timestamp, entry.id, entry.tenant) == (NOON, "entry-1", DEFAULT_TENANT)

    async def test_entries_of_one_commit_share_a_block_and_tenants_share_none(self, store: Store) -> None:
        await store.audit.save([an_audit_entry(), an_audit_entry()])
        await store.audit.save([an_audit_entry(tenant=OTHERS)])
        await store.audit.save([an_audit_entry()])

        entries = (await store.audit.list(AuditFilter())).items
        assert [(entry.tenant, entry.block, entry.position) for entry in entries] == [
            ("default", 1, 0),
            ("default", 1, 1),
            ("default", 2, 0),
            ("others", 1, 0),
        ]

    async def test_a_block_holds_one_tenant(self, store: Store) -> None:
        with pytest.raises(ValueError, match="one tenant"):
            await store.audit.save([an_audit_entry(), an_audit_entry(tenant=OTHERS)])

        await store.audit.save([])
        assert (await store.audit.list(AuditFilter())).total == 0

    async def test_the_picture_lies_where_the_entry_says(self, log: AuditLog, tmp_path: Path) -> None:
        screenshots = ScreenshotStore(tmp_path / "screenshots")
        path = screenshots.save(JOB, TASK, b"\x89PNG")

        await log.log_action("web.click", "Anmelden", "failure", path, job_id=JOB, task_id=TASK)

        [entry] = (await log.query(AuditFilter(job_id=JOB))).items
        assert entry.screenshot_path == str(tmp_path / "screenshots" / "job-1" / "task1.png")
        assert screenshots.path_of(JOB, TASK).read_bytes() == b"\x89PNG"


class TestQuery:
    async def test_filters_restrict_and_pages_go_in_order(self, log: AuditLog, clock: FakeClock) -> None:
        for number in range(6):
            await log.log_action(
                "mail.send" if number % 2 else "web.click", f"{number}", "success", job_id=JobId(f"job-{number // 3}")
            )
            clock.advance(SECOND)

        async def reasons(limit: int = 100, offset: int = 0, **wanted: object) -> tuple[str, int]:
            page = await log.query(AuditFilter.model_validate(wanted), limit, offset)
            return "".join(entry.reason for entry in page.items), page.total

        assert await reasons() == ("012345", 6)
        assert await reasons(limit=2, offset=3) == ("34", 6)
        assert await reasons(job_id="job-1") == ("345", 3)
        assert await reasons(action_type="mail.send") == ("135", 3)
        assert await reasons(start_date=NOON + SECOND, end_date=NOON + 3 * SECOND) == ("12", 2)
        assert await reasons(tenant="others") == ("", 0)
        assert await reasons(job_id="job-0", action_type="web.click", start_date=NOON + SECOND, tenant="default") == (
            "2",
            1,
        )

    def test_a_time_without_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="timezone"):
            AuditFilter(start_date=NOON.replace(tzinfo=None))


class TestChain:
    async def test_an_untouched_chain_is_whole(self, store: Store, log: AuditLog) -> None:
        assert await log.broken_link() is None

        await _three_blocks(store)
        job = await store.leased()
        await store.queue.cancel(job.id)

        assert await log.broken_link() is None
        assert await log.broken_link(OTHERS) is None

    @pytest.mark.parametrize("what", TAMPERINGS)
    async def test_tampering_is_found(self, store: Store, log: AuditLog, store_path: Path, what: str) -> None:
        await _three_blocks(store)

        _tamper(store_path, TAMPERINGS[what])

        assert await log.broken_link() == 2

    @pytest.mark.parametrize("what", AT_THE_END)
    async def test_tampering_at_the_end_is_found(
        self, store: Store, log: AuditLog, store_path: Path, what: str
    ) -> None:
        await _three_blocks(store)
        block, script = AT_THE_END[what]

        _tamper(store_path, script)

        assert await log.broken_link() == block

    async def test_every_column_is_covered(self, database: SQLiteDatabase) -> None:
        columns = await database.read(
            lambda connection: {row["name"] for row in connection.execute("PRAGMA table_info(audit_log)")}
        )

        assert columns <= set(TAMPERINGS)

    @pytest.mark.parametrize("table", ["audit_log", "audit_blocks", "audit_heads"])
    @pytest.mark.parametrize("change", ["UPDATE {} SET tenant = 'x'", "UPDATE {} SET block = block", "DELETE FROM {}"])
    async def test_nobody_changes_it_by_mistake(
        self, store: Store, database: SQLiteDatabase, table: str, change: str
    ) -> None:
        await _three_blocks(store)

        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            await database.write(lambda connection: connection.execute(change.format(table)))

        assert await store.audit.broken_link(DEFAULT_TENANT) is None

    async def test_a_write_that_fails_leaves_no_gap(self, store: Store, database: SQLiteDatabase) -> None:
        await _three_blocks(store)
        known = (await store.audit.list(AuditFilter())).items[0]

        with pytest.raises(sqlite3.IntegrityError):
            await store.audit.save([an_audit_entry(), an_audit_entry(id=known.id)])
        await database.write(fill_the_disk)
        with pytest.raises(StoreFullError):
            await store.audit.save([an_audit_entry(reason="x" * 5000) for _ in range(100)])
        await database.write(free_the_disk)
        await store.audit.save([an_audit_entry()])

        page = await store.audit.list(AuditFilter(tenant=DEFAULT_TENANT))
        assert [entry.block for entry in page.items] == [1, 1, 2, 2, 3, 3, 4]
        assert await store.audit.broken_link(DEFAULT_TENANT) is None


def test_an_entry_cannot_be_changed() -> None:
    entry = an_audit_entry()

    with pytest.raises(ValueError, match="frozen"):
        entry.reason = "x"  # type: ignore[misc]  # that it is refused is what is tested

    assert isinstance(entry, AuditEntry)
