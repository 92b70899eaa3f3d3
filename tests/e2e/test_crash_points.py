"""Kills the worker at every crash point of the main job, starts another, and wants the job done and one mail sent."""

import json
import sys
import time
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import psutil
import pytest

from examples.office import CPA_ADDRESS, Office
from scheduler.core.crash_points import CrashPoint
from tests.support.killed_service import FAST, killed_once
from tests.support.radicale_server import PASSWORD, USER, radicale

# The main job does not come by these, so processes are killed there elsewhere: a client cancels or retries, a worker
# drains, a single row is written, a schedule fires, a budget is charged, the database is cared for (tests/repository).
STORE = {"status", "record", "hand_back", "schedule", "fire", "prune", "backup", "restore", "spend"}
# Files, programs, drafts and appointments are below, the rest of what is done in a mailbox, the address book and A2A
# agents in test_other_crash_points.py. tests/test_crash_points.py holds that no point is forgotten.
BESIDE = STORE | {"file", "app_start", "app_stop", "appointment", "mail_draft", "mail_move", "mail_mark", "contacts"}
BESIDE |= {"keep_plan", "repair", "teach", "answer"}  # tests/repository: it is no plan's, does not fail, asks nothing
BESIDE |= {"agent", "lam_in", "lam_out", "a2a_note"}  # it has no agents; tests/repository
BESIDE |= {"agent_write", "agent_effect", "agent_post"}  # tests/agents/runtime
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

        killed, job = killed_once(settings, tmp_path, point, text)

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

    killed, job = killed_once(settings, tmp_path, point, plan=plan)

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

    killed, job = killed_once(office.settings(tmp_path, **FAST), tmp_path, point, plan=plan)

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

    killed, job = killed_once(settings, tmp_path, point, plan=plan)

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

    killed, job = killed_once(settings, own, f"{point}:{visit}")

    assert job["status"] == "done", (visit, job)
    assert _arrived(office) == ["Rechnung 4711 Müller & Söhne.pdf"], visit
    return killed


def _arrived(office: Office) -> list[str | None]:
    """Return the names of the attachments of all mails in the recipient's mailbox."""
    return [part.get_filename() for mail in _mails(office) for part in mail.iter_attachments()]


def _mails(office: Office) -> list[EmailMessage]:
    end = time.monotonic() + 5
    while not (mails := office.mail.messages("anna@example.com")) and time.monotonic() < end:
        time.sleep(0.05)
    return mails
