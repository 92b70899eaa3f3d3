"""Every fault between portal and mailbox ends as the table says: state, mails, sentence, picture."""

import time
from pathlib import Path
from typing import Any

import pytest

from examples.office import Office
from tests.support.cpa_client import LIMIT, Cpa, running_cpa
from tests.support.portal_faults import FAULTS, SLOW_FAULTS, PortalFault

pytestmark = [pytest.mark.e2e, pytest.mark.integration, pytest.mark.fault]

SITES_MD = Path(__file__).parents[2] / "docs" / "SITES.md"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_ends_as_the_table_says(fault: PortalFault, office: Office, tmp_path: Path) -> None:
    _play(fault, office, tmp_path)


@pytest.mark.slow_fault
@pytest.mark.parametrize("fault", SLOW_FAULTS, ids=lambda fault: fault.name)
def test_a_long_fault_ends_as_the_table_says(fault: PortalFault, office: Office, tmp_path: Path) -> None:
    _play(fault, office, tmp_path)


def test_the_table_of_the_docs_is_the_one_that_is_tested() -> None:
    section = SITES_MD.read_text("utf-8").partition("## What can go wrong")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]

    assert rows == [fault.row() for fault in (*FAULTS, *SLOW_FAULTS)]


def _play(fault: PortalFault, office: Office, data: Path) -> None:
    text = f"Hol die Rechnung {fault.number} aus dem Portal und schick sie an anna@example.com"
    with running_cpa(office, data, **fault.changes) as cpa, fault.arrange(office):
        accepted = cpa.http.post("/schedule", json={"text": text})
        job_id = accepted.json()["job_id"]
        if fault.answer:
            _answer(cpa, job_id, fault.answer)
        detail = cpa.ended(job_id, limit=fault.limit)

    assert detail["status"] == fault.state, detail
    assert (detail["job"]["error"] or "") == fault.says
    assert len(_mails(office, fault.mails)) == fault.mails
    assert (data / "screenshots" / job_id / f"{fault.evidence}.png").read_bytes().startswith(b"\x89PNG")
    assert not list(data.glob("answers/**/*.json"))


def _answer(cpa: Cpa, job_id: str, code: str) -> None:
    """Give the code once the job says that it waits for it."""
    assert cpa.http.post(f"/jobs/{job_id}/answer", json={"text": code}).status_code == 409, "it asks nothing yet"
    end = time.monotonic() + LIMIT
    while not (questions := cpa.http.get(f"/jobs/{job_id}").json()["job"]["questions"]) and time.monotonic() < end:
        time.sleep(0.05)
    assert [question["key"] for question in questions] == ["login.second_factor"]
    assert "Das Portal Portal verlangt einen Code (zweiter Faktor). Wie lautet er?" in cpa.run("job", job_id).stdout
    assert cpa.run("answer", job_id, code).returncode == 0


def _mails(office: Office, wanted: int) -> list[Any]:
    end = time.monotonic() + 5
    while len(mails := office.mail.messages("anna@example.com")) < wanted and time.monotonic() < end:
        time.sleep(0.05)
    return mails
