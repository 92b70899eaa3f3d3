"""SPEC 7.4 on a portal nobody here wrote, by `make test-portal`: log in to pretix, fetch an invoice, mail it."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from pypdf import PdfReader

from examples.office import Office, add_site
from tests.support.cpa_client import Cpa, running_cpa
from tests.support.pretix_server import CLERK, PASSWORD, PROFILE, PretixServer

pytestmark = [pytest.mark.e2e, pytest.mark.integration, pytest.mark.slow_fault]

SECRETS = {"CPA_SECRET_PRETIX_USERNAME": CLERK, "CPA_SECRET_PRETIX_PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def pretix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PretixServer]:
    server = PretixServer(tmp_path_factory.mktemp("pretix"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def cpa(office: Office, pretix: PretixServer, tmp_path: Path) -> Iterator[Cpa]:
    add_site(tmp_path, PROFILE, pretix.url)
    with running_cpa(office, tmp_path, **SECRETS) as cpa:
        yield cpa


def sentence(number: str) -> str:
    return f"Hol die Rechnung {number} aus dem Ticketshop und schick sie an anna@example.com"


def test_the_invoice_of_an_order_is_fetched_and_mailed(cpa: Cpa, office: Office, pretix: PretixServer) -> None:
    code, invoice = next(iter(pretix.orders.items()))

    detail = cpa.done(sentence(invoice))

    assert detail["status"] == "done", detail
    assert [task["task_id"] for task in detail["tasks"]] == ["login", "download", "send"]
    (mail,) = office.mail.messages("anna@example.com")
    (pdf,) = mail.iter_attachments()
    content = pdf.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert code in PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert invoice in str(pdf.get_filename())
    entries = cpa.http.get("/audit", params={"job_id": detail["job"]["job_id"]}).json()["entries"]
    assert {entry["task_id"] for entry in entries} >= {"login", "download", "send"}


def test_an_order_that_does_not_exist_is_said_and_nothing_is_sent(cpa: Cpa, office: Office) -> None:
    detail = cpa.done(sentence("CONF-99999"))

    assert (detail["status"], detail["job"]["error_code"]) == ("failed", "document_not_found")
    assert "CONF-99999" in detail["job"]["error"]
    assert office.mail.messages("anna@example.com") == []


def test_a_wrong_password_is_said_and_nothing_is_sent(office: Office, pretix: PretixServer, tmp_path: Path) -> None:
    add_site(tmp_path, PROFILE, pretix.url)
    with running_cpa(office, tmp_path, **{**SECRETS, "CPA_SECRET_PRETIX_PASSWORD": "wrong-pass-7"}) as cpa:
        detail = cpa.done(sentence("CONF-00001"))

    assert (detail["status"], detail["job"]["error_code"]) == ("failed", "login_rejected")
    assert "pretix.username, pretix.password" in detail["job"]["error"]


def test_pretix_restarts_in_the_middle_and_one_mail_arrives(cpa: Cpa, office: Office, pretix: PretixServer) -> None:
    """Where it comes back later than the job waits, the job says so and is done when it is retried."""

    def restart() -> None:
        time.sleep(2)
        pretix.stop()
        time.sleep(1)
        pretix.start()

    thread = Thread(target=restart)
    thread.start()
    detail = cpa.done(sentence("CONF-00002"))
    thread.join()
    if detail["status"] == "failed":
        assert detail["job"]["error_code"] == "site_unreachable"
        cpa.http.post(f"/jobs/{detail['job']['job_id']}/retry").raise_for_status()
        detail = cpa.ended(detail["job"]["job_id"])

    assert detail["status"] == "done", detail
    assert len(office.mail.messages("anna@example.com")) == 1
