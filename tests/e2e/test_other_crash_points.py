"""Kills a process where the main job never comes by: in a mailbox, in the address book, before another's agent."""

import imaplib
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.office import CPA_ADDRESS, MAIL_PASSWORD, Office
from scheduler.core import crash_points
from scheduler.core.crash_points import CrashPoint
from scheduler.executors.contact_file import ContactFile
from scheduler.executors.contacts import Contact, Contacts
from tests.support.a2a_server import A2aServer, a2a_server
from tests.support.cpa_process import CpaProcess, answers
from tests.support.fork_server import FORK_SERVER
from tests.support.killed_service import FAST, LIMIT, killed_once

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

MAIL = b"From: bert@example.com\r\nTo: cpa@example.com\r\nSubject: Angebot 17\r\nMessage-ID: <17@a.b>\r\n\r\nHallo\r\n"
FIND = {"id": "find", "action": "mail.wait_for", "params": {"subject": "Angebot 17", "since": "2020-01-01"}}
ANNA, BERT = (Contact(name=name, email=(f"{name}@example.com",)) for name in ("Anna", "Bert"))


def _points(name: str) -> list[CrashPoint]:
    return [point for point in CrashPoint if point.partition("_")[2] == name]


def _a_plan(action: str, **params: object) -> dict[str, Any]:
    step = {"id": "step", "action": action, "params": {"mail": "${find.id}", **params}, "depends_on": ["find"]}
    return {"description": "Ablage", "task_graph": {"tasks": [FIND, step]}}


def _killed_in_the_mailbox(office: Office, folder: Path, point: CrashPoint, plan: Mapping[str, Any]) -> None:
    office.mail.clear()
    with imaplib.IMAP4(office.mail.host, office.mail.imap_port, timeout=10) as imap:
        imap.login(CPA_ADDRESS, MAIL_PASSWORD)
        imap.append("INBOX", "", None, MAIL)

    killed, job = killed_once(office.settings(folder, **FAST), folder, point, plan=dict(plan))

    assert killed, job
    assert job["status"] == "done", job


@pytest.mark.parametrize("point", _points("mail_move"))
def test_a_mail_whose_worker_is_killed_lies_once_in_its_folder(
    point: CrashPoint, office: Office, tmp_path: Path
) -> None:
    _killed_in_the_mailbox(office, tmp_path, point, _a_plan("mail.move", folder="Erledigt", create=True))

    places = {folder: len(office.mail.messages(CPA_ADDRESS, folder)) for folder in ("INBOX", "Erledigt")}
    assert places == {"INBOX": 0, "Erledigt": 1}


@pytest.mark.parametrize("point", _points("mail_mark"))
def test_a_mail_whose_worker_is_killed_is_marked(point: CrashPoint, office: Office, tmp_path: Path) -> None:
    _killed_in_the_mailbox(office, tmp_path, point, _a_plan("mail.mark", flagged=True))

    with imaplib.IMAP4(office.mail.host, office.mail.imap_port, timeout=10) as imap:
        imap.login(CPA_ADDRESS, MAIL_PASSWORD)
        imap.select("INBOX", readonly=True)
        assert imap.search(None, "FLAGGED")[1] == [b"1"]


def _write_and_die(path: Path, point: CrashPoint) -> None:
    """The body of a process that dies when it adds Bert."""
    crash_points.arm(point)
    ContactFile(path).write(Contacts(contacts=(ANNA, BERT)))


@pytest.mark.parametrize("point", _points("contacts"))
def test_an_address_book_whose_writer_is_killed_is_the_old_or_the_new(point: CrashPoint, tmp_path: Path) -> None:
    path = tmp_path / "contacts.yaml"
    ContactFile(path).write(Contacts(contacts=(ANNA,)))

    process = FORK_SERVER.Process(target=_write_and_die, args=(path, point))
    process.start()
    process.join(60)

    assert process.exitcode == -signal.SIGKILL
    known = (ANNA,) if point is CrashPoint.BEFORE_CONTACTS else (ANNA, BERT)
    assert ContactFile(path).read() == Contacts(contacts=known)
    assert [file.name for file in tmp_path.iterdir()] == ["contacts.yaml"]


@pytest.mark.parametrize("point", _points("a2a_note"))
def test_what_is_said_to_an_agent_of_others_is_never_said_twice(
    point: CrashPoint, office: Office, tmp_path: Path
) -> None:
    """Before the note nothing was said, so it is said now. After it nobody knows, so a person is asked."""
    say = {"id": "say", "action": "a2a.echo.say_again", "params": {"message": "hello"}, "timeout": 10}
    settings = office.settings(tmp_path, **FAST) | {"CPA_AGENTS_NETWORKS": '{"default": ["127.0.0.0/8"]}'}
    with a2a_server() as echo:

        def join(process: CpaProcess) -> None:
            end = time.monotonic() + LIMIT
            while not answers(process.url) and time.monotonic() < end:
                time.sleep(0.05)
            joined = httpx.post(f"{process.url}/agents/a2a", json={"url": echo.url, "name": "echo"}, timeout=10)
            assert joined.status_code == 201, joined.text

        plan = {"description": "Echo", "task_graph": {"tasks": [say]}}
        killed, job = killed_once(settings, tmp_path, point, plan=plan, prepare=join)
        times = _times_told(echo)

    assert killed, job["tasks"]
    assert (job["status"], times) == (("done", 1) if point is CrashPoint.BEFORE_A2A_NOTE else ("failed", 0)), job


def _times_told(echo: A2aServer) -> int:
    """Return how often the agent has heard it: it says how often, with this once more."""
    message = {"messageId": "again", "role": "ROLE_USER", "parts": [{"text": "hello"}]}
    call = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": message}}
    said = httpx.post(f"{echo.url}/rpc", json=call, headers={"A2A-Version": "1.0"}, timeout=10).json()
    parts = [part for artifact in said["result"]["task"]["artifacts"] for part in artifact["parts"]]
    (times,) = [part["data"]["times"] for part in parts if "data" in part]
    return int(times) - 1
