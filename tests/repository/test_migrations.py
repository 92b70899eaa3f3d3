"""The migrations: all together give `schema.sql`, each runs once, also when several processes come at once."""

import contextlib
import functools
import multiprocessing
import re
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from scheduler.core.ids import DEFAULT_TENANT, JobId
from scheduler.core.job import JobFilter
from scheduler.repository import migrations
from scheduler.repository.migrations import HEAD, upgrade
from scheduler.repository.migrations.statements import statements
from scheduler.repository.repository_interface import AuditFilter
from scheduler.repository.schema import SCHEMA_FILE, migrated_schema
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_repository import SQLiteAuditRepository, SQLiteJobRepository
from scheduler.repository.sqlite_words import SPAN
from scheduler.repository.storable import to_micros
from tests.support.clock import NOON
from tests.support.opens_store import open_and_count

_FOLDER = Path(migrations.__file__).parent


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return ScriptDirectory.from_config(config)


def _schema_of(path: Path) -> set[tuple[str, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        return {row for row in rows if row[1] != "alembic_version"}


def test_all_migrations_together_give_the_schema() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == migrated_schema()


def test_the_schema_can_be_loaded(migrated_file: Path, tmp_path: Path) -> None:
    loaded = tmp_path / "loaded.db"
    with contextlib.closing(sqlite3.connect(loaded)) as connection:
        connection.executescript(SCHEMA_FILE.read_text(encoding="utf-8"))

    assert _schema_of(loaded) == _schema_of(migrated_file)


def test_the_schema_has_the_tables_of_the_specification() -> None:
    schema = SCHEMA_FILE.read_text(encoding="utf-8")

    assert [name for name in ("jobs", "tasks", "messages", "audit_log") if f"CREATE TABLE {name} (" not in schema] == []


def test_the_code_knows_how_long_spans_of_words_are() -> None:
    view = re.search(r"CREATE VIEW job_texts [^;]+;", SCHEMA_FILE.read_text(encoding="utf-8"))

    assert view is not None
    assert re.findall(r"\d{3,}", view[0].replace("57344", "")) == [str(SPAN)]


def test_the_code_knows_the_last_revision() -> None:
    assert _scripts().get_heads() == [HEAD]


def test_revisions_are_dated_and_have_their_sql() -> None:
    for revision in _scripts().walk_revisions():
        path = Path(revision.path)
        assert path.stem.startswith(f"{revision.revision}_")
        assert path.with_suffix(".sql").is_file()


def test_migrating_twice_changes_nothing(store_path: Path) -> None:
    before = store_path.read_bytes()

    upgrade(store_path)

    assert store_path.read_bytes() == before


def test_a_migration_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cpa.db"
    with monkeypatch.context() as broken:
        broken.setattr("alembic.runtime.migration.HeadMaintainer._insert_version", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            upgrade(path)

    assert _schema_of(path) == set()
    upgrade(path)
    assert _schema_of(path) != set()


async def test_the_audit_log_of_before_is_found_by_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cpa.db"
    with monkeypatch.context() as before:
        before.setattr("alembic.command.upgrade", functools.partial(_upgrade_to, "2026_11_27_0200", command.upgrade))
        upgrade(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for block, hour in ((1, 1), (2, 3), (3, 2)):
            at = to_micros(NOON + timedelta(hours=hour))
            for place in range(2):
                row = ("default", block, place, f"{block}-{place}", at + place, "job", "job.done", "", "success", "{}")
                connection.execute(
                    "INSERT INTO audit_log (tenant, block, position, id, timestamp, job_id, action, reason, result,"
                    " metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
            connection.execute("INSERT INTO audit_blocks VALUES ('default', ?, '')", (block,))

    database = SQLiteDatabase(path)
    await database.connect()
    wanted = AuditFilter(
        tenant=DEFAULT_TENANT, start_date=NOON + timedelta(hours=2), end_date=NOON + timedelta(hours=3)
    )
    found = await SQLiteAuditRepository(database).list(wanted)
    await database.close()

    assert [entry.id for entry in found.items] == ["3-0", "3-1"]


async def test_words_are_indexed_anew_beside_a_process_of_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cpa.db"
    with monkeypatch.context() as before:
        before.setattr("alembic.command.upgrade", functools.partial(_upgrade_to, "2026_11_27_1400", command.upgrade))
        upgrade(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as old:
        for name in ("one", "two"):
            _accept(old, name)
        _index_as_before(old)
        database = SQLiteDatabase(path)
        await database.connect()
        jobs = SQLiteJobRepository(database)
        found = [await jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT)]
        _accept(old, "three")
        _index_as_before(old)
        found.append(await jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT))
        await jobs.delete(JobId("one"))
        found.append(await jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT))
        await database.close()

        left = "SELECT rowid FROM job_words('rechnung')", "SELECT rowid FROM job_word_spans('rechnung')"
        numbers = [[row[0] for row in old.execute(statement)] for statement in left]
    assert [[job.id for job in page.items] for page in found] == [
        ["two", "one"],
        ["three", "two", "one"],
        ["three", "two"],
    ]
    assert numbers == [[2, 3], [2, 3]]


def _accept(connection: sqlite3.Connection, name: str) -> None:
    connection.execute(
        "INSERT INTO jobs (id, tenant, intent, description, locale, status, priority, run, created_at,"
        " not_before, retry_count, max_retries, graph_digest, context, task_graph)"
        " VALUES (?, 'default', 'x', 'Rechnung 4711', 'de', 'done', 0, 1, 0, 0, 0, 0, '', '{}', '{}')",
        (name,),
    )


def _index_as_before(connection: sqlite3.Connection) -> None:
    """Write the index as a process of revision 2026_11_27_1400 does."""
    connection.execute(
        "INSERT INTO job_words (rowid, words) SELECT n, 'xt' || lower(hex(tenant)) || ' ' || description FROM jobs"
        " WHERE n > (SELECT n FROM job_words_mark) AND description <> ''"
    )
    connection.execute("UPDATE job_words_mark SET n = (SELECT max(n) FROM jobs)")


async def test_unique_jobs_of_before_that_go_on_stand_beside_and_schedules_keep_their_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cpa.db"
    with monkeypatch.context() as before:
        before.setattr("alembic.command.upgrade", functools.partial(_upgrade_to, "2026_11_28_1900", command.upgrade))
        upgrade(path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for name, status in (("running", "running"), ("done", "done")):
            _insert_job(connection, name, status)
            connection.execute("INSERT INTO unique_jobs VALUES (?, 'default', 'k', '[]', NULL, 0)", (name,))
        connection.execute(
            "INSERT INTO schedules VALUES ('s', 'default', 's', ?, 1, 0, 0, 0, NULL, NULL, NULL, 0, 0, NULL)",
            ('{"name":"s","text":"t","unique":{"key":"k"}}',),
        )
    upgrade(path)

    with contextlib.closing(sqlite3.connect(path)) as connection:
        held = dict(connection.execute("SELECT job_id, held FROM unique_jobs").fetchall())
        schedule = connection.execute("SELECT definition, only_one FROM schedules").fetchone()

    assert held == {"running": 2, "done": 0}
    assert schedule == ('{"name":"s","text":"t"}', '{"key":"k"}')


def _insert_job(connection: sqlite3.Connection, job_id: str, status: str) -> None:
    """Insert a job, whatever its other columns are."""
    columns = connection.execute("PRAGMA table_info(jobs)").fetchall()
    needed = {
        name: 0 if kind == "INTEGER" else "" for _, name, kind, must, default, _ in columns if must and not default
    }
    row = needed | {"id": job_id, "tenant": "default", "status": status}
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608


def _upgrade_to(revision: str, upgrade_: Callable[[Config, str], None], config: Config, _head: str) -> None:
    upgrade_(config, revision)


@pytest.mark.parametrize("name", ["Größe 100% 📎.db", "a?b=c#d.db", "it's.db"])
async def test_the_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    database = SQLiteDatabase(tmp_path / "neu & tief" / name)

    await database.connect()
    await database.close()

    assert (tmp_path / "neu & tief" / name).is_file()


def test_a_trigger_stays_one_statement() -> None:
    table = "-- why; because\nCREATE TABLE a (b);\n"
    trigger = "CREATE TRIGGER t BEFORE UPDATE ON a\nBEGIN SELECT 1; SELECT 2; END;\n"

    assert [statement.splitlines()[-1] for statement in statements(table + trigger)] == [
        "CREATE TABLE a (b);",
        "BEGIN SELECT 1; SELECT 2; END;",
    ]


@pytest.mark.integration
def test_several_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "cpa.db"

    with multiprocessing.get_context("spawn").Pool(4) as pool:
        counts = pool.map(open_and_count, [path] * 4, chunksize=1)

    assert counts == [0] * 4
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
