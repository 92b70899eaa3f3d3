"""A service that does one job and is killed on the way, and another that takes it up."""

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.support.cpa_process import CpaProcess, cpa_process

SENTENCE = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"
LIMIT = 180.0  # seconds from the first start to the end of the job, kill and restart included
Plan = dict[str, Any] | None
FAST = {"CPA_WORKER_LEASE_SECONDS": "2", "CPA_MAIL_SETTLE_SECONDS": "4", "CPA_WORKER_GRACE_SECONDS": "1"}


def nothing(_process: CpaProcess) -> None:
    """Prepare nothing."""


def killed_once(
    settings: dict[str, str],
    folder: Path,
    crash_at: str,
    text: str = SENTENCE,
    plan: Plan = None,
    prepare: Callable[[CpaProcess], None] = nothing,
) -> tuple[bool, dict[str, Any]]:
    """Run the job with one kill; return whether the kill came, and the job as it ended.

    `prepare` gets the first service when it answers.
    """
    key = uuid.uuid4().hex
    end = time.monotonic() + LIMIT
    with cpa_process(settings, folder / "first.log", crash_at=crash_at) as first:
        prepare(first)
        job_id = _submit(first, key, end, text, plan)
        if job_id is not None and _wait(first, job_id, end) is not None:
            return False, _wait(first, job_id, end) or {}
        first.wait(30)
        assert first.exit_code == -9, (folder / "first.log").read_text()[-2000:]
    with cpa_process(settings, folder / "second.log") as second:
        job_id = _submit(second, key, end, text, plan)
        assert job_id is not None, (folder / "second.log").read_text()[-2000:]
        return True, _wait(second, job_id, end) or {"status": "never ended"}


def _submit(process: CpaProcess, key: str, end: float, text: str, plan: Plan) -> str | None:
    """Submit as a client that does not give up; None when the process died before it answered 202."""
    while process.alive and time.monotonic() < end:
        try:
            path, order = ("/schedule", {"text": text}) if plan is None else ("/jobs", plan)
            answer = httpx.post(f"{process.url}{path}", json=order, headers={"Idempotency-Key": key}, timeout=10)
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            assert answer.status_code == 202, answer.text
            return str(answer.json()["job_id"])
    return None


def _wait(process: CpaProcess, job_id: str, end: float) -> dict[str, Any] | None:
    """Return the job when it has ended; None when the process died before."""
    while process.alive and time.monotonic() < end:
        try:
            job: dict[str, Any] = httpx.get(f"{process.url}/jobs/{job_id}", timeout=10).json()
        except httpx.TransportError:
            job = {"status": "unknown"}  # it is dying, or slow
        if job["status"] in {"done", "failed", "cancelled"}:
            return job
        time.sleep(0.05)
    return None
