"""A job that stopped in the middle of a portal is retried: what went with the browser's session is done again."""

import time
from pathlib import Path

import pytest

from examples.office import Office
from tests.support.cpa_client import LIMIT, SENTENCE, Cpa, running_cpa

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


def _started(cpa: Cpa, job_id: str, run: int) -> list[str]:
    """Return what a run began, in order, each step once."""
    events = cpa.http.get(f"/jobs/{job_id}/timeline").json()["events"]
    begun = [event["task_id"] for event in events if event["type"] == "task_started" and event["run"] == run]
    return list(dict.fromkeys(begun))


def _retry(cpa: Cpa, job_id: str) -> str:
    """Retry and return how it ended, with what is said if it failed."""
    cpa.http.post(f"/jobs/{job_id}/retry").raise_for_status()
    detail = cpa.ended(job_id)
    return str(detail["job"]["error"] or detail["status"])


def test_a_job_refused_for_its_password_is_done_with_the_right_one(office: Office, tmp_path: Path) -> None:
    with running_cpa(office, tmp_path, CPA_SECRET_PORTAL_PASSWORD="Falsche-Beere-9") as cpa:
        failed = cpa.done(SENTENCE)
        job_id = failed["job"]["job_id"]

    with running_cpa(office, tmp_path) as cpa:
        ended = _retry(cpa, job_id)
        started = _started(cpa, job_id, run=2)

    assert (failed["job"]["error_code"], ended) == ("login_rejected", "done")
    assert started == ["login", "download", "send"]
    assert len(office.mail.messages("anna@example.com")) == 1


def test_a_job_without_its_invoice_looks_for_it_again_and_says_the_same(office: Office, tmp_path: Path) -> None:
    with running_cpa(office, tmp_path) as cpa:
        failed = cpa.done("Hol die Rechnung 9999 aus dem Portal und schick sie an anna@example.com")
        job_id = failed["job"]["job_id"]

        ended = _retry(cpa, job_id)

        assert ended == failed["job"]["error"]
        assert ended.startswith("Das Portal kennt das Dokument 9999 nicht.")
        assert _started(cpa, job_id, run=2) == ["login", "download"]


def test_a_job_whose_download_failed_logs_in_again_for_it(office: Office, tmp_path: Path) -> None:
    office.portal.faults.broken["GET /invoices/4711/pdf"] = 100
    with running_cpa(office, tmp_path) as cpa:
        failed = cpa.done(SENTENCE)
        office.portal.faults.clear()

        ended = _retry(cpa, failed["job"]["job_id"])

    assert (failed["job"]["error_code"], ended) == ("site_unreachable", "done")
    assert len(office.mail.messages("anna@example.com")) == 1


def test_a_job_cancelled_in_the_middle_is_done_when_it_is_retried(office: Office, tmp_path: Path) -> None:
    office.portal.faults.broken["POST /login"] = 100
    with running_cpa(office, tmp_path) as cpa:
        job_id = cpa.http.post("/schedule", json={"text": SENTENCE}).json()["job_id"]
        end = time.monotonic() + LIMIT
        while "login" not in _started(cpa, job_id, run=1) and time.monotonic() < end:
            time.sleep(0.05)
        cpa.http.delete(f"/jobs/{job_id}").raise_for_status()
        cancelled = cpa.ended(job_id)
        office.portal.faults.clear()

        ended = _retry(cpa, job_id)

    assert (cancelled["status"], ended) == ("cancelled", "done")
    assert len(office.mail.messages("anna@example.com")) == 1


def test_a_step_that_may_not_be_repeated_is_not_done_again_and_the_retry_says_so(
    office: Office, tmp_path: Path
) -> None:
    url = f"{office.portal.url}/login"
    plan = [
        {"id": "open", "action": "web.goto", "params": {"url": url}},
        {"id": "user", "action": "web.fill", "selector": "label=Benutzername", "text": "x", "depends_on": ["open"]},
        {"id": "order", "action": "web.click", "selector": "role=button[name=Anmelden]", "depends_on": ["user"]},
        {"id": "read", "action": "web.extract", "selector": "#nothing", "timeout": 1, "depends_on": ["order"]},
    ]
    with running_cpa(office, tmp_path) as cpa:
        job_id = cpa.http.post("/jobs", json={"task_graph": {"tasks": plan}}).json()["job_id"]
        failed = cpa.ended(job_id)
        before = office.portal.requests

        ended = _retry(cpa, job_id)

    assert failed["job"]["error_code"] == "element_not_found"
    assert ended == (
        "Der Schritt order (web.click) ist schon getan und darf nicht noch einmal geschehen; die Seite, auf der es "
        "weiterginge, gibt es nicht mehr. Bitte dort nachsehen und, was noch fehlt, neu beauftragen."
    )
    assert office.portal.requests == before
