"""Real services on one database: a schedule fires once, also when one of them is killed; care beside a running one."""

import time
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from examples.mailbox.dovecot import free_port
from scheduler.cli.app import app
from tests.support.cpa_process import CpaProcess, cpa_process
from tests.support.services import clean_environment

__all__ = ["clean_environment"]

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

LIMIT = 60.0  # seconds for anything to happen
FIND = {"tasks": [{"action": "file.find", "params": {"pattern": "*.pdf"}}]}


def settings(folder: Path, **changes: str) -> dict[str, str]:
    return {
        "CPA_DATA_DIR": str(folder / "data"),
        "CPA_DATABASE_URL": f"sqlite:///{folder}/cpa.db",
        "CPA_SECRETS_FILE": str(folder / "none.yaml"),
        "CPA_API_PORT": str(free_port("127.0.0.1")),
        "CPA_WORKER_LEASE_SECONDS": "1",
        **changes,
    }


def get(process: CpaProcess, path: str) -> dict[str, Any]:
    """Return the answer of a service that may still be starting."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            return dict(httpx.get(f"{process.url}{path}", timeout=10).json())
        except httpx.TransportError:
            assert process.alive
            assert time.monotonic() < end
            time.sleep(0.05)


def until_fired(process: CpaProcess, total: int) -> list[dict[str, Any]]:
    """Return the firings, oldest first, once there are so many."""
    end = time.monotonic() + LIMIT
    while True:
        page = get(process, "/schedules/a/firings?limit=200")
        if page["total"] >= total:
            return list(reversed(page["firings"]))
        assert time.monotonic() < end, page
        time.sleep(0.1)


def test_each_moment_fires_once_on_two_services_of_which_one_is_killed(tmp_path: Path) -> None:
    order = {"name": "a", "task_graph": FIND, "every_seconds": 1, "catch_up": "all", "max_catch_up": 100}
    with (
        cpa_process(settings(tmp_path), tmp_path / "one.log", crash_at="before_fire:3") as one,
        cpa_process(settings(tmp_path), tmp_path / "two.log") as two,
    ):
        get(one, "/health")
        get(two, "/health")
        assert httpx.post(f"{two.url}/schedules", json=order, timeout=10).status_code == 201
        until_fired(two, 5)
        one.wait(LIMIT)
        assert one.exit_code == -9
    # nobody is there for a while
    with cpa_process(settings(tmp_path), tmp_path / "three.log") as three:
        firings = until_fired(three, 9)
        httpx.post(f"{three.url}/schedules/a/pause", timeout=10)
        firings = until_fired(three, len(firings))
        jobs = get(three, "/jobs?limit=200")["jobs"]

    moments = [datetime.fromisoformat(firing["moment"]) for firing in firings]
    assert {firing["type"] for firing in firings} == {"fired"}
    assert all(later - earlier == timedelta(seconds=1) for earlier, later in pairwise(moments))
    made = Counter(firing["job_id"] for firing in firings)
    assert set(made.values()) == {1}
    assert {job["job_id"] for job in jobs} == set(made)


@pytest.mark.usefixtures("clean_environment")
def test_a_running_service_is_backed_up_and_not_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    chosen = settings(tmp_path)
    saved = str(tmp_path / "saved.db")
    with cpa_process(chosen, tmp_path / "cpa.log") as process:
        get(process, "/health")
        job_id = httpx.post(f"{process.url}/jobs", json={"task_graph": FIND}, timeout=10).json()["job_id"]
        for name in ("CPA_DATABASE_URL", "CPA_DATA_DIR"):
            monkeypatch.setenv(name, chosen[name])

        backed_up = CliRunner().invoke(app, ["db", "backup", saved])
        refused = CliRunner().invoke(app, ["db", "restore", saved])
        checked = CliRunner().invoke(app, ["db", "check"])
        still_there = get(process, f"/jobs/{job_id}")["job"]["job_id"]
    restored = CliRunner().invoke(app, ["db", "restore", saved])

    assert (backed_up.exit_code, refused.exit_code, checked.exit_code, restored.exit_code) == (0, 3, 0, 0)
    assert "A running service holds" in refused.output
    with cpa_process(chosen, tmp_path / "again.log") as process:
        assert get(process, f"/jobs/{job_id}")["job"]["job_id"] == job_id == still_there


def test_a_running_service_removes_what_is_older_than_the_retention_time(tmp_path: Path) -> None:
    brief = {"CPA_RETENTION_JOBS_DAYS": "0.00002", "CPA_MAINTENANCE_EVERY_SECONDS": "0.2"}
    with cpa_process(settings(tmp_path, **brief), tmp_path / "cpa.log") as process:
        get(process, "/health")
        job_id = httpx.post(f"{process.url}/jobs", json={"task_graph": FIND}, timeout=10).json()["job_id"]
        end = time.monotonic() + LIMIT
        while "job" in get(process, f"/jobs/{job_id}"):
            assert time.monotonic() < end
            time.sleep(0.1)
        audit = get(process, f"/audit?job_id={job_id}")["entries"]

    assert audit[0]["action"] == "job.accepted"
    assert audit[-1]["action"] == "job.pruned"
