"""An office in which everything people ask for can be done: a running CPA, and all that is around it."""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from examples.office import CPA_ADDRESS, Office
from scheduler.executors.app_processes import AppProcesses
from tests.support.company_site import PRICES, SUMMER, company_site
from tests.support.cpa_client import Cpa, running_cpa
from tests.support.radicale_server import PASSWORD, USER, radicale
from tests.support.screen import screen, windows

EDITOR = 'sh -c \'exec xedit -title "$0" "$0"\''
"""A real editor whose window is called as its file."""
DAY = datetime.now().astimezone() + timedelta(days=3)


@dataclass(frozen=True)
class World:
    """A running CPA, and what is around it."""

    cpa: Cpa
    office: Office
    files: Path
    site: str
    display: str
    calendar: str

    def do(self, *texts: str) -> list[dict[str, Any]]:
        """Submit sentences at once, and return their jobs when all have ended."""
        said = [text.format(site=self.site, day=DAY) for text in texts]
        accepted = [self.cpa.http.post("/schedule", json={"text": text}) for text in said]
        assert [answer.status_code for answer in accepted] == [202] * len(said), [one.text for one in accepted]
        return [self.cpa.ended(answer.json()["job_id"]) for answer in accepted]

    def all_done(self, intent: str, said: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
        """Have everything done that people say for an intent, by language."""
        jobs = self.do(*(text for texts in said.values() for text in texts))
        for job in jobs:
            assert (job["status"], job["job"]["intent"], job["job"]["way"]) == ("done", intent, "rules"), job
        return jobs

    def asked(self, text: str) -> dict[str, Any]:
        """Submit a sentence whose job asks something on its way; return it then."""
        answer = self.cpa.http.post("/schedule", json={"text": text.format(site=self.site)})
        end = time.monotonic() + 60
        while time.monotonic() < end:
            job: dict[str, Any] = self.cpa.http.get(f"/jobs/{answer.json()['job_id']}").json()
            if job["job"]["questions"] or job["status"] in {"done", "failed"}:
                return job
            time.sleep(0.05)
        raise AssertionError(job)

    def answer(self, job: dict[str, Any], words: str) -> dict[str, Any]:
        """Answer the only question of a job; return it when it has ended."""
        self.cpa.http.post(f"/jobs/{job['job']['job_id']}/answer", json={"text": words}).raise_for_status()
        return self.cpa.ended(job["job"]["job_id"])

    def file(self, job: dict[str, Any]) -> bytes:
        """Return the only file of a job as its user gets it."""
        (address,) = job["artifacts"]
        return self.cpa.http.get(quote(address, safe="/%")).content

    def shows(self, title: str) -> bool:
        """Whether a window whose title has these words comes on the screen."""
        end = time.monotonic() + 20
        while title not in windows(self.display):
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True


@pytest.fixture(scope="module")
def everyday(running_office: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    running_office.mail.clear()
    running_office.portal.faults.clear()
    folder = tmp_path_factory.mktemp("everything")
    files = folder / "files"
    _fill(files)
    _write_mails(running_office)
    sleeper = f'{sys.executable} -c "import time; time.sleep(300)"'
    with ExitStack() as stack:
        site, display = stack.enter_context(company_site()), stack.enter_context(screen())
        calendar = stack.enter_context(radicale(folder))
        settings = {
            "CPA_FILES_ROOT": str(files),
            "CPA_WEB_DOMAINS": json.dumps([site]),
            "CPA_WEB_NETWORKS": '["127.0.0.0/8", "::1/128"]',
            "CPA_SEARCH_URL": f"http://{site}/suche?q={{query}}",
            "CPA_APPS": json.dumps({"excel": sleeper, "word": sleeper, "writer": EDITOR}),
            "CPA_CALENDAR_URL": calendar,
            "CPA_CALENDAR_USERNAME": USER,
            "CPA_SECRET_CALENDAR_PASSWORD": PASSWORD,
            "DISPLAY": display,
        }
        cpa = stack.enter_context(running_cpa(running_office, folder, **settings))
        yield World(cpa, running_office, files, site, display, calendar)
        _close_all(folder)


def _close_all(data: Path) -> None:
    """End the programs that CPA has started and left open, as it does."""
    processes = AppProcesses(str(data.resolve()))
    for app in ("excel", "word", "writer"):
        processes.stop(app)


def _fill(files: Path) -> None:
    (files / "Vertrieb").mkdir(parents=True)
    (files / "Vertrieb" / "Vertrag Müller.txt").write_text("Vertrag mit Müller")
    (files / "Rechnung 4711.pdf").write_bytes(PRICES)
    (files / "Rechnung 47110.pdf").write_bytes(SUMMER)
    (files / "Lieferschein.txt").write_text("Zehn Schrauben")
    for name in ("Protokoll.txt", "notiz.txt", "memo.txt", "Angebot Nord.txt", "Angebot Sued.txt"):
        (files / name).write_text(name)
    (files / "Preisliste alt.txt").write_text("alt")
    time.sleep(0.01)
    (files / "Preisliste neu.txt").write_text("neu")
    (files / "umsatz.csv").write_text("Land;Umsatz\nDE;1.234,50\n", encoding="cp1252")


def _write_mails(office: Office) -> None:
    now = datetime.now().astimezone()
    for sender, subject, text, ago, seen in (
        ("bob@example.com", "Old news", "Trip to Leeds", timedelta(days=now.weekday() + 3), True),
        ("anna@example.com", "Budget 2027", "Es sind 5000 Euro.", timedelta(hours=3), True),
        ("anna@example.com", "Sommerfest", "Wer bringt Kuchen?", timedelta(hours=2), False),
        ("bob@example.com", "Weather", "Bring umbrellas.", timedelta(hours=1), False),
    ):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, CPA_ADDRESS, subject
        mail.set_content(text)
        office.mail.put(CPA_ADDRESS, mail, received=now - ago, seen=seen)


def result(job: dict[str, Any], task: str) -> dict[str, Any]:
    return next(dict(one["result"]) for one in job["tasks"] if one["task_id"] == task)


def subjects(job: dict[str, Any], task: str) -> list[str]:
    return [mail["subject"] for mail in result(job, task)["messages"]]


def failed(job: dict[str, Any]) -> tuple[str, str]:
    assert job["status"] == "failed", job
    return job["job"]["error_code"], job["job"]["error"]
