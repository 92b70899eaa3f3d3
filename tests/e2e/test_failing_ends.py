"""The failing ends of plain requests: said in the language of the request, or asked about; nothing is guessed."""

import json
from pathlib import Path

import pytest

from examples.office import Office
from tests.support.company_site import BROCHURES, SUMMER
from tests.support.cpa_client import running_cpa
from tests.support.everyday import World, failed, result
from tests.support.screen import windows

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


def test_a_mail_that_is_not_there_is_said_not_to_be_found(everyday: World) -> None:
    shown = everyday.cpa.run("run", "Such die Mail von Anna zum Thema Weihnachtsfeier")

    assert shown.returncode == 0
    assert "search: keine Mail gefunden" in shown.stdout


def test_a_document_that_is_not_there_is_said_in_the_language_of_the_request(everyday: World) -> None:
    german, english = everyday.do("Such den Mietvertrag", "Open the lease")

    assert failed(german) == ("file_missing", "Die Datei Mietvertrag gibt es nicht. Bitte Namen und Ordner prüfen.")
    assert failed(english) == ("file_missing", "There is no file lease. Please check name and folder.")


def test_of_several_documents_it_is_asked_which_is_meant(everyday: World) -> None:
    job = everyday.asked("Öffne das Angebot")
    (question,) = job["job"]["questions"]

    done = everyday.answer(job, "Sued")

    assert question["text"] == "Zu „Angebot“ passt mehreres. Was ist gemeint?"
    assert {choice["label"] for choice in question["choices"]} == {"Angebot Nord.txt", "Angebot Sued.txt"}
    assert done["status"] == "done", done
    assert everyday.shows("Angebot Sued.txt")
    assert "Angebot Nord" not in windows(everyday.display)


def test_a_mail_takes_no_document_of_which_there_are_two(everyday: World) -> None:
    before = len(everyday.office.mail.messages("anna@example.com"))
    shown = everyday.cpa.run("run", "Send the Angebot to anna@example.com")

    assert shown.returncode == 5
    assert "“Angebot” fits several. Which one is meant?" in shown.stderr
    assert "cpa answer" in shown.stderr
    assert len(everyday.office.mail.messages("anna@example.com")) == before


def test_a_page_that_cannot_be_opened_is_said(everyday: World) -> None:
    gone, silent, foreign = everyday.do(
        "Geh auf http://{site}/weg", "Go to http://{site}/stumm", "Ruf www.example.org auf"
    )

    assert failed(gone)[0] == "page_refused"
    assert "gibt es nicht" in failed(gone)[1]
    assert failed(silent) == (
        "site_unreachable",
        f"The address http://{everyday.site}/stumm does not answer. Please retry later or check the address.",
    )
    assert failed(foreign)[0] == "address_forbidden"
    assert "CPA_WEB_DOMAINS" in failed(foreign)[1]


def test_a_page_of_which_only_the_name_is_said_is_opened_by_its_address(everyday: World) -> None:
    answer = everyday.cpa.http.post("/schedule", json={"text": "Open the website of the city of Cologne"}).json()
    (question,) = answer["questions"]

    done = everyday.answer({"job": answer}, f"http://{everyday.site}/hilfe")

    assert question["text"].endswith("Its web address will do as well.")
    assert result(done, "address")["title"] == "Hilfe"


def test_a_search_without_hits_tells_what_the_page_says(everyday: World) -> None:
    (job,) = everyday.do("Such im Internet nach Einhörnern in Köln")

    assert job["status"] == "done", job
    assert "Keine Treffer" in result(job, "read")["text"]


def test_a_file_that_cannot_be_downloaded_is_said(everyday: World) -> None:
    gone, unknown, page = everyday.do(
        "Download http://{site}/fehlt.pdf",
        "Lade das Handbuch von http://{site} herunter",
        "Download http://{site}/hilfe",
    )

    assert failed(gone)[0] == "page_refused"
    assert failed(unknown)[0] == "download_failed"
    assert "Handbuch" in failed(unknown)[1]
    assert "Preisliste; Katalog Sommer; Katalog Winter" in failed(unknown)[1]
    assert failed(page)[0] == "download_failed"
    assert "the site sent a page instead" in failed(page)[1]


def test_of_several_files_on_a_page_it_is_asked_which_is_meant(everyday: World) -> None:
    job = everyday.asked("Lade den Katalog von http://{site} herunter")

    done = everyday.answer(job, "Katalog Sommer")

    assert done["status"] == "done", done
    assert everyday.file(done) == SUMMER


def test_a_file_behind_a_page_of_its_name_is_found(everyday: World) -> None:
    (job,) = everyday.do("Hol mir die Broschüren von http://{site}")

    assert job["status"] == "done", job
    assert everyday.file(job) == BROCHURES


MISSING = [
    ("Zeig mir meine neuen Mails", "mail_not_set_up", "Bitte CPA_MAIL_ADDRESS"),
    ("Find the email from Anna about the budget", "mail_not_set_up", "Please set CPA_MAIL_ADDRESS"),
    ("Geh auf example.com", "program_missing", "apt-get install chromium-headless-shell"),
    ("Search the web for hotels in Leeds", "program_missing", "apt-get install chromium-headless-shell"),
    ("Lade https://example.com/preise.pdf herunter", "program_missing", "apt-get install chromium-headless-shell"),
    ("Mach die Datei notiz.txt auf", "no_display", "DISPLAY"),
]


def test_a_machine_that_lacks_something_says_what(office: Office, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "notiz.txt").write_text("notiz")
    nothing = dict.fromkeys(("CPA_MAIL_ADDRESS", "CPA_MAIL_SMTP_HOST", "CPA_MAIL_IMAP_HOST"), "")
    settings = {
        "CPA_BROWSER_PATH": "/no/such/browser",
        "CPA_FILES_ROOT": str(tmp_path / "files"),
        "DISPLAY": "",
        "CPA_APPS": json.dumps({"writer": "xedit"}),
    }
    with running_cpa(office, tmp_path, **nothing, **settings, CPA_WEB_DOMAINS='["*"]') as cpa:
        accepted = [cpa.http.post("/schedule", json={"text": text}).json() for text, _, _ in MISSING]
        jobs = [cpa.ended(job["job_id"]) for job in accepted]

    assert [failed(job)[0] for job in jobs] == [code for _, code, _ in MISSING]
    assert [hint for job, (_, _, hint) in zip(jobs, MISSING, strict=True) if hint not in failed(job)[1]] == []
