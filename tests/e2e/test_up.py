"""`cpa up` as a process of its own: what it says, how it answers without a mailbox, how it ends."""

import asyncio
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from examples.mailbox.dovecot import free_port
from examples.office import environment, stop, wait_for_cpa

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

KEY = "a-key-that-is-long-enough"
MAIL = {"tasks": [{"id": "send", "action": "mail.send", "params": {"to": ["anna@example.com"], "subject": "Grüße"}}]}


@dataclass(frozen=True)
class Running:
    """A service of its own."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path
    settings: dict[str, str]


def _start(settings: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        command = [sys.executable, "-m", "scheduler.cli", "up"]
        return subprocess.Popen(
            command, env=environment(settings) | {"LC_ALL": "de_DE.UTF-8"}, stdout=file, stderr=file
        )


def _settings(data: Path, **changes: str) -> dict[str, str]:
    return {
        "CPA_DATA_DIR": str(data),
        "CPA_DATABASE_URL": f"sqlite:///{data}/cpa.db",
        "CPA_SECRETS_FILE": str(data / "none.yaml"),
        "CPA_API_PORT": str(free_port("127.0.0.1")),
        "CPA_API_KEY": KEY,
        **changes,
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for all tests that leave it running."""
    with _service(tmp_path_factory.mktemp("up")) as service:
        yield service


@contextmanager
def _service(data: Path, **changes: str) -> Iterator[Running]:
    settings, log = _settings(data, **changes), data / "cpa.log"
    process = _start(settings, log)
    try:
        url = wait_for_cpa(settings, process, log)
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=20) as client:
            yield Running(process, client, log, settings)
    finally:
        stop(process)


def test_without_a_mailbox_it_starts_and_a_mail_step_says_what_is_missing(running: Running) -> None:
    job_id = running.client.post("/jobs", json={"task_graph": MAIL}).json()["job_id"]

    running.client.get(f"/jobs/{job_id}/events")

    job = running.client.get(f"/jobs/{job_id}").json()["job"]
    assert (job["status"], job["error_code"]) == ("failed", "mail_not_set_up")
    assert job["error"].startswith("Es ist kein Postfach eingerichtet. Bitte CPA_MAIL_ADDRESS, CPA_MAIL_SMTP_HOST")


def test_it_says_where_it_listens_and_logs_json_with_ids_and_without_secrets(running: Running) -> None:
    running.client.get("/jobs/nothing", headers={"X-Correlation-ID": "id-4711"})

    answered = _logged(running, "request", "id-4711")
    text = running.log.read_text(encoding="utf-8")
    spoken = [line for line in text.splitlines() if not line.startswith("{")]
    assert spoken[:1] == [f"CPA läuft auf http://127.0.0.1:{running.settings['CPA_API_PORT']}"]
    assert (answered["path"], answered["status"]) == ("/jobs/nothing", 404)
    assert _logged(running, "request_refused", "id-4711")["level"] == "info"
    assert KEY not in text


def _logged(running: Running, event: str, correlation_id: str) -> dict[str, Any]:
    """Return a line of the log; the one that ends a request may be written after the client has its answer."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        whole = [line for line in running.log.read_text(encoding="utf-8").splitlines(keepends=True) if "\n" in line]
        for line in (json.loads(line) for line in whole if line.startswith("{")):
            if (line["event"], line.get("correlation_id")) == (event, correlation_id):
                return dict(line)
        time.sleep(0.02)
    raise AssertionError(f"{event} was not logged for {correlation_id}")


def test_a_browser_watches_by_websocket_with_its_key_as_a_subprotocol(running: Running) -> None:
    job_id = running.client.post("/jobs", json={"task_graph": MAIL}).json()["job_id"]
    url = f"ws://127.0.0.1:{running.settings['CPA_API_PORT']}/ws/jobs/{job_id}"

    async def watch() -> tuple[str | None, list[str]]:
        protocols = [websockets.Subprotocol("cpa"), websockets.Subprotocol(f"bearer.{KEY}")]
        async with asyncio.timeout(20), websockets.connect(url, subprotocols=protocols) as socket:
            return socket.subprotocol, [json.loads(message)["type"] async for message in socket]

    subprotocol, events = asyncio.run(watch())

    assert subprotocol == "cpa"
    assert (events[0], events[-1]) == ("job_accepted", "job_failed")
    assert KEY not in running.log.read_text(encoding="utf-8")


def test_a_websocket_without_a_key_is_refused(running: Running) -> None:
    url = f"ws://127.0.0.1:{running.settings['CPA_API_PORT']}/ws/jobs/nothing"

    async def watch() -> None:
        async with websockets.connect(url):
            pass

    with pytest.raises(websockets.InvalidStatus, match="403"):
        asyncio.run(watch())


def test_at_a_terminal_the_command_line_asks_back_and_the_job_goes_on(running: Running) -> None:
    command = [sys.executable, "-m", "scheduler.cli", "run", "Schick eine Mail mit dem Text: Bis morgen"]
    settings = environment(running.settings) | {"LC_ALL": "de_DE.UTF-8", "CPA_API_KEY": KEY, "TERM": "dumb"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, env=settings, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    try:
        asked = _read_until(ours, "Antwort:")
        os.write(ours, b"\n")
        again = _read_until(ours, "Antwort:")
        os.write(ours, b"anna@example.com\n")
        ended = _read_until(ours, "fehlgeschlagen")
        code = process.wait(20)
    finally:
        os.close(ours)
        stop(process)

    job = running.client.get("/jobs", params={"limit": 1}).json()["jobs"][0]
    assert "An wen soll es gehen?" in asked
    assert again.strip().endswith("Antwort:"), "an empty answer is asked for again"
    assert "beantwortet" in ended
    assert (code, job["error_code"], job["intent"]) == (1, "mail_not_set_up", "send_mail")


def _read_until(terminal: int, words: str) -> str:
    """Return what appears at a terminal until these words do."""
    shown, end = b"", time.monotonic() + 30
    while words.encode() not in shown:
        ready, _, _ = select.select([terminal], [], [], max(end - time.monotonic(), 0))
        if not ready:
            raise AssertionError(shown.decode(errors="replace"))
        shown += os.read(terminal, 4096)
    return shown.decode(errors="replace")


def test_sigterm_ends_it_soon_though_somebody_watches(tmp_path: Path) -> None:
    order = {"task_graph": {"tasks": [{"id": "wait", "action": "web.wait_for", "params": {"text": "never"}}]}}
    with _service(tmp_path, CPA_WORKER_GRACE_SECONDS="1") as service:
        job_id = service.client.post("/jobs", json=order).json()["job_id"]
        with service.client.stream("GET", f"/jobs/{job_id}/events") as stream:
            next(stream.iter_lines())
            started = time.monotonic()

            service.process.send_signal(signal.SIGTERM)
            service.process.wait(90)

    log = service.log.read_text(encoding="utf-8")
    assert service.process.returncode in {0, -signal.SIGTERM}
    assert time.monotonic() - started < 60
    assert "worker_stopped" in log
    assert "Traceback" not in log


def test_a_port_that_is_taken_ends_it_with_one_and_no_success_is_told(running: Running, tmp_path: Path) -> None:
    log = tmp_path / "second.log"
    second = _start(running.settings, log)

    second.wait(60)

    assert second.returncode == 1
    assert "läuft auf" not in log.read_text(encoding="utf-8")
    said = log.read_text(encoding="utf-8").splitlines()
    assert len(said) == 1
    assert said[0].startswith(f"127.0.0.1:{running.settings['CPA_API_PORT']} lässt sich nicht belegen")


def test_the_network_is_not_served_without_a_key(tmp_path: Path) -> None:
    settings = _settings(tmp_path, CPA_API_HOST="0.0.0.0")  # noqa: S104 - refused
    del settings["CPA_API_KEY"]

    for module, arguments in (("scheduler.cli", ["up"]), ("scheduler.main", [])):
        ended = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=environment(settings) | {"LC_ALL": "de_DE.UTF-8"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

        assert ended.returncode == 2
        assert "CPA_API_KEY" in ended.stderr
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - nothing was opened
