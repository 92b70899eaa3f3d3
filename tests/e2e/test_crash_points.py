"""Kills the worker at every crash point of the main job, starts another, and wants the job done and one mail sent."""

import json
import sys
import time
import uuid
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from examples.office import CPA_ADDRESS, Office
from scheduler.core.crash_points import CrashPoint
from tests.support.cpa_process import CpaProcess, cpa_process
from tests.support.radicale_server import PASSWORD, USER, radicale

SENTENCE = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"
LIMIT = 180.0  # seconds from the first start to the end of the job, kill and restart included
Plan = dict[str, Any] | None
FAST = {"CPA_WORKER_LEASE_SECONDS": "2", "CPA_MAIL_SETTLE_SECONDS": "4", "CPA_WORKER_GRACE_SECONDS": "1"}

# The main job does not come by these: a client cancels or retries, a worker drains, a single row is written, a schedule
# fires, the database is cared for. Processes are killed there in tests/repository/test_*processes.py.
STORE = {"status", "record", "hand_back", "schedule", "fire", "prune", "backup", "restore", "spend"}
# Nor by these: files, programs, drafts and appointments have tests of their own below. What else is done in the
# mailbox besides sending is repeatable; the address book is edited on the command line. See tests/executors/.
BESIDE = STORE | {"file", "app_start", "app_stop", "appointment", "mail_draft", "mail_move", "mail_mark", "contacts"}
BESIDE |= {"keep_plan", "repair"}  # nobody looks at its plan, and it does not fail; see tests/repository/
BESIDE |= {"teach"}  # it teaches nothing; see tests/repository/test_taught.py
BESIDE |= {"answer"}  # it asks nothing; see tests/repository/test_question_processes.py
BESIDE |= {"agent", "lam_in", "lam_out"}  # it has no agents; see tests/repository/test_agent_processes.py
BESIDE |= {"agent_write", "agent_effect", "agent_post"}  # see tests/agents/runtime
BESIDE |= {"a2a_note"}  # see tests/agents/test_a2a_agents.py
VISITS = {CrashPoint.BEFORE_RENEW: 2, CrashPoint.AFTER_RENEW: 2}  # as many as the job has time for
OFTEN = {"CPA_WORKER_LEASE_SECONDS": "1.5"}  # so that a lease is renewed before the job ends
ON_THE_WAY = [point for point in CrashPoint if point.partition("_")[2] not in BESIDE]
# Who dies before something is simply late; who dies after it has done what nobody knows of. `make test` tries these.
WORST = [
    point if point.startswith("after_") else pytest.param(point, marks=pytest.mark.slow_fault) for point in ON_THE_WAY
]


@pytest.mark.e2e
@pytest.mark.fault
@pytest.mark.parametrize("point", WORST)
def test_a_job_whose_worker_is_killed_ends_done_with_one_mail(
    point: CrashPoint, office: Office, tmp_path: Path
) -> None:
    assert _main_job_killed(point, 1, office, tmp_path), f"the main job never comes by {point}"


@pytest.mark.e2e
@pytest.mark.fault
@pytest.mark.slow_fault
@pytest.mark.parametrize("point", ON_THE_WAY)
def test_so_it_does_whenever_it_comes_by_that_point_again(point: CrashPoint, office: Office, tmp_path: Path) -> None:
    visit = 2
    while _main_job_killed(point, visit, office, tmp_path) and visit < VISITS.get(point, 100):
        visit += 1


@pytest.mark.e2e
@pytest.mark.fault
@pytest.mark.parametrize("point", [CrashPoint.BEFORE_APPOINTMENT, CrashPoint.AFTER_APPOINTMENT])
def test_an_appointment_whose_worker_is_killed_is_made_and_told_once(
    point: CrashPoint, office: Office, tmp_path: Path
) -> None:
    day = datetime.now().astimezone() + timedelta(days=3)
    text = f"Leg einen Termin mit anna@example.com am {day:%d.%m.%Y} um 14:30 Uhr zum Thema Budget an"
    with radicale(tmp_path) as calendar:
        settings = office.settings(tmp_path, **FAST) | {
            "CPA_CALENDAR_URL": calendar,
            "CPA_CALENDAR_USERNAME": USER,
            "CPA_SECRET_CALENDAR_PASSWORD": PASSWORD,
        }

        killed, job = _killed_once(settings, tmp_path, point, text)

        kept = httpx.get(f"{calendar}/", auth=(USER, PASSWORD)).text
    assert killed
    assert job["status"] == "done", job
    assert kept.count("BEGIN:VEVENT") == 1
    assert len(_mails(office)) == 1


@pytest.mark.e2e
@pytest.mark.fault
@pytest.mark.parametrize("point", [CrashPoint.BEFORE_FILE, CrashPoint.AFTER_FILE])
def test_a_file_whose_worker_is_killed_is_copied_once(point: CrashPoint, office: Office, tmp_path: Path) -> None:
    files = tmp_path / "files"
    (files / "Archiv").mkdir(parents=True)
    (files / "bericht.pdf").write_bytes(b"%PDF-1.4 Bericht")
    settings = office.settings(tmp_path, **FAST) | {"CPA_FILES_ROOT": str(files)}
    copy = {
        "id": "copy",
        "action": "file.copy",
        "params": {"source": "bericht.pdf", "destination": "Archiv/bericht.pdf"},
    }
    plan = {"description": "Kopieren", "task_graph": {"tasks": [copy]}}

    killed, job = _killed_once(settings, tmp_path, point, plan=plan)

    assert killed
    assert job["status"] == "done", job
    found = sorted(str(path.relative_to(files)) for path in files.rglob("*") if path.is_file())
    assert found == ["Archiv/bericht.pdf", "bericht.pdf"]
    assert (files / "Archiv" / "bericht.pdf").read_bytes() == b"%PDF-1.4 Bericht"


@pytest.mark.e2e
@pytest.mark.fault
@pytest.mark.parametrize(
    "point", [pytest.param(CrashPoint.BEFORE_MAIL_DRAFT, marks=pytest.mark.slow_fault), CrashPoint.AFTER_MAIL_DRAFT]
)
def test_a_draft_whose_worker_is_killed_is_filed_once(point: CrashPoint, office: Office, tmp_path: Path) -> None:
    draft = {
        "id": "draft",
        "action": "mail.draft",
        "params": {"to": ["anna@example.com"], "subject": "Müller", "body": "Bitte prüfen"},
    }
    plan = {"description": "Entwurf", "task_graph": {"tasks": [draft]}}

    killed, job = _killed_once(office.settings(tmp_path, **FAST), tmp_path, point, plan=plan)

    assert killed
    assert job["status"] == "done", job
    (kept,) = office.mail.messages(CPA_ADDRESS, "Drafts")
    assert kept["Subject"] == "Müller"


@pytest.mark.e2e
@pytest.mark.fault
@pytest.mark.parametrize(
    "point",
    [
        pytest.param(CrashPoint.BEFORE_APP_START, marks=pytest.mark.slow_fault),
        CrashPoint.AFTER_APP_START,
        pytest.param(CrashPoint.BEFORE_APP_STOP, marks=pytest.mark.slow_fault),
        CrashPoint.AFTER_APP_STOP,
    ],
)
def test_a_program_whose_worker_is_killed_is_started_once_and_ended(
    point: CrashPoint, office: Office, tmp_path: Path
) -> None:
    starts = tmp_path / "starts"
    program = f"import os, time; open({str(starts)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(300)"
    settings = office.settings(tmp_path, **FAST) | {
        "CPA_APPS": json.dumps({"uhr": f'{sys.executable} -c "{program}"'}),
        "DISPLAY": ":99",
    }
    start = {"id": "start", "action": "app.open", "params": {"application": "uhr"}}
    stop = {"id": "stop", "action": "app.close", "params": {"application": "uhr"}, "depends_on": ["start"]}
    plan = {"description": "Uhr", "task_graph": {"tasks": [start, stop]}}

    killed, job = _killed_once(settings, tmp_path, point, plan=plan)

    assert killed
    assert job["status"] == "done", job
    (process,) = starts.read_text().split()
    assert not _alive(int(process))


def _alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _main_job_killed(point: CrashPoint, visit: int, office: Office, folder: Path) -> bool:
    """Run the main job, its worker killed when it comes by the point for the `visit`-th time; return whether it did."""
    office.mail.clear()
    own = folder / str(visit)
    own.mkdir()
    settings = office.settings(own, **(FAST | (OFTEN if point in VISITS else {})))

    killed, job = _killed_once(settings, own, f"{point}:{visit}")

    assert job["status"] == "done", (visit, job)
    assert _arrived(office) == ["Rechnung 4711 Müller & Söhne.pdf"], visit
    return killed


def _killed_once(
    settings: dict[str, str], folder: Path, crash_at: str, text: str = SENTENCE, plan: Plan = None
) -> tuple[bool, dict[str, Any]]:
    """Run the job with one kill; return whether the kill came, and the job as it ended."""
    key = uuid.uuid4().hex
    end = time.monotonic() + LIMIT
    with cpa_process(settings, folder / "first.log", crash_at=crash_at) as first:
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


def _arrived(office: Office) -> list[str | None]:
    """Return the names of the attachments of all mails in the recipient's mailbox."""
    return [part.get_filename() for mail in _mails(office) for part in mail.iter_attachments()]


def _mails(office: Office) -> list[EmailMessage]:
    end = time.monotonic() + 5
    while not (mails := office.mail.messages("anna@example.com")) and time.monotonic() < end:
        time.sleep(0.05)
    return mails
