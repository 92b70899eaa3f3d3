"""A running CPA for an office, as a client of its public interfaces sees it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from examples.office import Office, environment
from tests.support.cpa_process import answers, cpa_process

SENTENCE = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"
LIMIT = 120.0  # seconds until a job must have ended


class Cpa:
    """Its API and its command line."""

    def __init__(self, settings: dict[str, str], data: Path) -> None:
        self.settings = settings
        self.data = data
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{settings['CPA_API_PORT']}", timeout=30)

    def done(self, text: str) -> dict[str, Any]:
        """Submit a sentence and return the job's detail when it has ended."""
        accepted = self.http.post("/schedule", json={"text": text})
        assert accepted.status_code == 202, accepted.text
        return self.ended(accepted.json()["job_id"])

    def ended(self, job_id: str, *, limit: float = LIMIT) -> dict[str, Any]:
        end = time.monotonic() + limit
        while time.monotonic() < end:
            detail: dict[str, Any] = self.http.get(f"/jobs/{job_id}").json()
            if detail["status"] in {"done", "failed", "cancelled"}:
                return detail
            time.sleep(0.05)
        raise AssertionError(f"{job_id} did not end: {detail}")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line as a user would."""
        command = [sys.executable, "-m", "scheduler.cli", *arguments]
        surroundings = environment(self.settings) | {"LANG": "de_DE.UTF-8", "COLUMNS": "200"}
        return subprocess.run(command, env=surroundings, check=False, capture_output=True, text=True, timeout=LIMIT)


@contextmanager
def running_cpa(office: Office, data: Path, **changes: str) -> Iterator[Cpa]:
    settings = office.settings(data, CPA_MAIL_SETTLE_SECONDS="2", **changes)
    with cpa_process(settings, data / "cpa.log") as process:
        end = time.monotonic() + LIMIT
        while not answers(process.url) and process.alive and time.monotonic() < end:
            time.sleep(0.02)
        cpa = Cpa(settings, data)
        with cpa.http:
            yield cpa
