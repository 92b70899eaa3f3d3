"""`cpa db`: back up, restore, check, compact and prune the database of this machine, without a service."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scheduler.cli.app import app
from scheduler.core.job import JobStatus
from tests.support.builders import a_job
from tests.support.clock import NOON, FakeClock
from tests.support.opens_store import opened

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 3

pytestmark = [pytest.mark.component, pytest.mark.usefixtures("clean_environment")]


@pytest.fixture
def db(store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `cpa db` for a German user on a store of two jobs that ended long ago."""
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("CPA_DATABASE_URL", f"sqlite:///{store_path}")
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path / "data"))

    async def fill() -> None:
        clock = FakeClock(NOON - timedelta(days=2000))
        async with opened(store_path, clock) as store:
            for _ in range(2):
                job = await store.jobs.save(a_job(created_at=clock.now()))
                await store.jobs.update_status(job.id, JobStatus.CANCELLED)

    asyncio.run(fill())
    return lambda *arguments: CliRunner().invoke(app, ["db", *map(str, arguments)])


def jobs(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM jobs").fetchone()[0])


def test_a_store_is_backed_up_pruned_and_restored(db: Callable[..., Result], store_path: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"

    backed_up = db("backup", saved)
    counted = db("prune", "--dry-run", "--jobs-days", "30")
    assert jobs(store_path) == 2
    pruned = db("prune", "--jobs-days", "30")
    assert jobs(store_path) == 0
    restored = db("restore", saved)

    assert [ended.exit_code for ended in (backed_up, counted, pruned, restored)] == [DONE] * 4
    assert "gesichert" in backed_up.output
    assert "Zu entfernen: 2 Aufträge" in counted.output
    assert "Entfernt: 2 Aufträge" in pruned.output
    assert "before-restore" in restored.output
    assert jobs(store_path) == 2
    assert db("prune").output.startswith("Entfernt: 0 Aufträge")
    assert db("vacuum").exit_code == DONE


def test_a_check_says_what_is_well_and_what_is_not(db: Callable[..., Result], store_path: Path) -> None:
    well = db("check")
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute("DROP TRIGGER audit_log_is_not_changed")
        connection.execute("UPDATE audit_log SET reason = 'nothing' WHERE block = 2")
        connection.commit()
    tampered = db("check")

    assert well.exit_code == DONE
    assert well.output.count("✔") == 4
    assert tampered.exit_code == FAILED
    assert "✘ Prüfkette des Mandanten default block 2" in tampered.output


def test_what_cannot_be_done_is_told_in_one_line(
    db: Callable[..., Result], store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "saved.db"
    db("backup", saved)

    again = db("backup", saved)
    nothing = db("restore", tmp_path / "nothing.db")
    with closing(sqlite3.connect(store_path)) as service:
        service.execute("SELECT count(*) FROM jobs").fetchone()
        held = [db("restore", saved), db("vacuum")]
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '2020_01_01_0000'")
        connection.commit()
    old = db("prune")

    assert again.exit_code == nothing.exit_code == old.exit_code == REFUSED
    assert "gibt es schon" in again.output
    assert "gibt es nicht" in nothing.output
    assert all("Ein laufender Dienst hält" in ended.output and ended.exit_code == REFUSED for ended in held)
    assert "den Dienst einmal starten" in old.output
    assert jobs(store_path) == 2
    monkeypatch.setenv("CPA_DATABASE_URL", "postgres://x")
    assert db("check").exit_code == USAGE
    monkeypatch.setenv("CPA_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    assert db("prune").exit_code == USAGE
    assert not (tmp_path / "none.db").exists()
