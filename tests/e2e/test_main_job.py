"""The main job over the public interfaces, with real processes: what users see when it goes well, and when not."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from examples.office import Office
from examples.portal.invoices import example_invoices
from tests.support.cpa_client import LIMIT, SENTENCE, Cpa, running_cpa

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

EMOJI_SUPPLIER = "Blumenhaus 😊 Grünwald"


@pytest.fixture
def cpa(office: Office, tmp_path: Path) -> Iterator[Cpa]:
    with running_cpa(office, tmp_path) as cpa:
        yield cpa


@pytest.fixture
def cpa_with_a_wrong_password(office: Office, tmp_path: Path) -> Iterator[Cpa]:
    with running_cpa(office, tmp_path, CPA_SECRET_PORTAL_PASSWORD="Falsche-Beere-9") as cpa:
        yield cpa


def test_a_sentence_becomes_one_mail_with_the_document(cpa: Cpa, office: Office) -> None:
    detail = cpa.done(SENTENCE)

    mails = office.mail.messages("anna@example.com")
    attached = [part for mail in mails for part in mail.iter_attachments()]
    assert detail["status"] == "done", detail
    assert len(mails) == 1
    assert [part.get_filename() for part in attached] == ["Rechnung 4711 Müller & Söhne.pdf"]
    assert attached[0].get_payload(decode=True) == cpa.http.get(quote(detail["artifacts"][0], safe="/%")).content
    assert all(task["status"] == "done" for task in detail["tasks"])
    assert {task["task_id"]: task["verified"] for task in detail["tasks"]}["send"] is True
    assert (cpa.data / "screenshots" / detail["job"]["job_id"] / "download.png").is_file()


@pytest.mark.parametrize("locale", ["C", "de_DE.UTF-8"])
def test_the_document_keeps_its_name_whatever_locale_the_machine_has(
    office: Office, tmp_path: Path, locale: str
) -> None:
    with running_cpa(office, tmp_path, LC_ALL=locale) as cpa:
        detail = cpa.done(SENTENCE)

    (mail,) = office.mail.messages("anna@example.com")
    assert detail["status"] == "done", detail
    assert [part.get_filename() for part in mail.iter_attachments()] == ["Rechnung 4711 Müller & Söhne.pdf"]


def test_a_document_whose_name_has_an_emoji_arrives_under_that_name(cpa: Cpa, office: Office) -> None:
    number = next(invoice.number for invoice in example_invoices() if invoice.supplier == EMOJI_SUPPLIER)

    detail = cpa.done(f"Bitte hol die Rechnung {number} aus dem Lieferantenportal und schick sie an anna@example.com")

    (mail,) = office.mail.messages("anna@example.com")
    assert detail["status"] == "done", detail
    assert [part.get_filename() for part in mail.iter_attachments()] == [f"Rechnung {number} {EMOJI_SUPPLIER}.pdf"]


def test_a_document_with_a_very_long_name_arrives_under_that_name(cpa: Cpa, office: Office) -> None:
    invoice = max(example_invoices(), key=lambda invoice: len(invoice.supplier))

    detail = cpa.done(f"Hol die Rechnung {invoice.number} aus dem Portal und schick sie an anna@example.com")

    (mail,) = office.mail.messages("anna@example.com")
    names = [part.get_filename() for part in mail.iter_attachments()]
    assert detail["status"] == "done", detail
    assert names == [f"Rechnung {invoice.number} {invoice.supplier}.pdf"]
    assert len(names[0] or "") > 200


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        (
            SENTENCE,
            (
                "Das Portal hat die Anmeldung abgelehnt. Bitte Benutzername und Passwort des Portals prüfen "
                "(portal.username, portal.password) und den Auftrag wiederholen."
            ),
        ),
        (
            "Fetch invoice 4711 from the portal and send it to anna@example.com",
            (
                "The portal refused the login. Please check the portal's user name and password "
                "(portal.username, portal.password) and retry the job."
            ),
        ),
    ],
)
def test_a_wrong_portal_password_is_said_in_the_language_of_the_request(
    cpa_with_a_wrong_password: Cpa, office: Office, sentence: str, says: str
) -> None:
    cpa = cpa_with_a_wrong_password

    detail = cpa.done(sentence)

    assert detail["status"] == "failed"
    assert detail["job"]["error"] == says
    _assert_evidence(cpa, detail, "login")
    assert office.mail.messages("anna@example.com") == []


def test_a_portal_that_fails_at_the_login_is_not_said_to_refuse_the_password(cpa: Cpa, office: Office) -> None:
    office.portal.faults.broken["POST /login"] = 100

    detail = cpa.done(SENTENCE)

    assert detail["status"] == "failed"
    assert detail["job"]["error"] == (
        f"Die Adresse {office.portal.url}/login antwortet nicht. Bitte später wiederholen oder die Adresse prüfen."
    )


def test_a_portal_that_fails_for_a_moment_is_logged_in_to_again(cpa: Cpa, office: Office) -> None:
    office.portal.faults.broken["POST /login"] = 1

    detail = cpa.done(SENTENCE)

    assert detail["status"] == "done", detail
    assert office.portal.faults.broken["POST /login"] == 0
    assert len(office.mail.messages("anna@example.com")) == 1


def test_a_missing_invoice_is_said_with_its_number(cpa: Cpa, office: Office) -> None:
    detail = cpa.done("Hol die Rechnung 9999 aus dem Portal und schick sie an anna@example.com")

    assert detail["status"] == "failed"
    assert detail["job"]["error"] == (
        "Das Portal kennt das Dokument 9999 nicht. Bitte die Nummer prüfen. Es wurde nichts verschickt."
    )
    _assert_evidence(cpa, detail, "download")
    assert office.mail.messages("anna@example.com") == []


def test_a_refused_recipient_gets_nothing_and_nobody_else_does(cpa: Cpa, office: Office) -> None:
    office.mail.faults.refused_recipients.add("nobody@example.com")

    detail = cpa.done("Hol die Rechnung 4711 aus dem Portal und schick sie an nobody@example.com und anna@example.com")

    assert detail["status"] == "failed"
    assert detail["job"]["error"] == (
        "Der Mailserver nimmt keine Mail für nobody@example.com an. "
        "Bitte die Adresse prüfen. Es wurde nichts verschickt."
    )
    assert office.mail.messages("anna@example.com") == []


def test_a_failed_job_that_is_retried_keeps_what_is_done(cpa: Cpa, office: Office) -> None:
    office.mail.faults.refused_recipients.add("anna@example.com")
    failed = cpa.done(SENTENCE)
    office.mail.faults.clear()

    cpa.http.post(f"/jobs/{failed['job']['job_id']}/retry").raise_for_status()
    detail = cpa.ended(failed["job"]["job_id"])

    assert (failed["status"], detail["status"], detail["job"]["run"]) == ("failed", "done", 2)
    assert len(office.mail.messages("anna@example.com")) == 1
    events = cpa.http.get(f"/jobs/{failed['job']['job_id']}/timeline").json()["events"]
    assert [event["task_id"] for event in events if event["type"] == "task_started" and event["run"] == 2] == ["send"]


def test_the_command_line_does_the_same_job(cpa: Cpa, office: Office) -> None:
    done = cpa.run("run", SENTENCE)
    failed = cpa.run("run", "Hol die Rechnung 9999 aus dem Portal und schick sie an anna@example.com")

    assert (done.returncode, failed.returncode) == (0, 1), done.stderr + failed.stderr
    assert "✔ done" in done.stdout
    assert "Das Portal kennt das Dokument 9999 nicht." in failed.stdout
    assert len(office.mail.messages("anna@example.com")) == 1


def test_no_secret_is_written_anywhere(cpa: Cpa, office: Office) -> None:
    cpa.done(SENTENCE)

    secret = cpa.settings["CPA_SECRET_PORTAL_PASSWORD"].encode()
    assert [path for path in cpa.data.rglob("*") if path.is_file() and secret in path.read_bytes()] == []
    end = time.monotonic() + LIMIT
    while list(cpa.data.glob("sessions/*.sealed")) and time.monotonic() < end:
        time.sleep(0.02)  # it goes once the end of the job is stored, which is what the client saw
    assert not list(cpa.data.glob("sessions/*.sealed"))
    assert office.mail.messages("anna@example.com")


def _assert_evidence(cpa: Cpa, detail: dict[str, Any], task_id: str) -> None:
    """The picture lies where it belongs and the audit log names it."""
    job_id = detail["job"]["job_id"]
    picture = cpa.data / "screenshots" / job_id / f"{task_id}.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    entries = cpa.http.get("/audit", params={"job_id": job_id}).json()["entries"]
    failures = [entry for entry in entries if entry["task_id"] == task_id and entry["result"] == "failure"]
    assert [entry["screenshot_path"] for entry in failures] == [str(picture)]
