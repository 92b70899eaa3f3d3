"""`cpa worker`: one more process that does the jobs of a store, beside an API or alone."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from examples.office import Office, environment
from tests.support.cpa_process import answers, cpa_process

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

LIMIT = 120.0  # seconds
ORDER = {"task_graph": {"tasks": [{"id": "find", "action": "file.find", "params": {"pattern": "*.pdf"}}]}}


def _worker(settings: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        command = [sys.executable, "-m", "scheduler.cli", "worker", "--concurrency", "2"]
        return subprocess.Popen(command, env=environment(settings) | {"LC_ALL": "C"}, stdout=file, stderr=file)


def _until_done(url: str, job_id: str) -> dict[str, object]:
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        job: dict[str, object] = httpx.get(f"{url}/jobs/{job_id}", timeout=30).json()
        if job["status"] in {"done", "failed", "cancelled"}:
            return job
        time.sleep(0.05)
    raise AssertionError(f"{job_id} did not end")


def test_a_worker_beside_the_service_shares_its_work_and_leaves_in_order(office: Office, tmp_path: Path) -> None:
    settings = office.settings(tmp_path)
    with cpa_process(settings, tmp_path / "cpa.log") as service:
        end = time.monotonic() + LIMIT
        while not answers(service.url) and time.monotonic() < end:
            time.sleep(0.05)
        worker = _worker(settings, tmp_path / "worker.log")
        try:
            jobs = [httpx.post(f"{service.url}/jobs", json=ORDER, timeout=30).json()["job_id"] for _ in range(20)]
            ended = [_until_done(service.url, job_id)["status"] for job_id in jobs]
            while "worker_started" not in (tmp_path / "worker.log").read_text() and time.monotonic() < end:
                time.sleep(0.05)
            worker.send_signal(signal.SIGTERM)
            code = worker.wait(LIMIT)
        finally:
            worker.kill()
            worker.wait()

    log = (tmp_path / "worker.log").read_text()
    assert set(ended) <= {"done", "failed"}
    assert len(set(ended)) == 1
    assert code == 0, log[-2000:]
    assert "The worker is up." in log
    assert "worker_stopped" in log
    assert "Traceback" not in log
