"""Every configured intent, said in German and English as people write, is planned by rules and done for real.

No model is asked. What was done is looked at from outside: in the mailbox, on the disk, at the web server, on the
screen. A new intent fails here until it has sentences and a run.
"""

import io
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import icalendar
import openpyxl
import pytest

from examples.office import CPA_ADDRESS
from scheduler.core.intents import UNKNOWN
from tests.support.company_site import PRICES, CompanySite
from tests.support.everyday import DAY, World, result, subjects
from tests.support.radicale_server import PASSWORD, USER
from tests.support.routers import the_router
from tests.support.screen import windows

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

SAID: dict[str, dict[str, list[str]]] = {
    "send_mail": {
        "de": ["Schick anna@example.com den Lieferschein", "Schreib anna@example.com, dass ich später komme"],
        "en": ["Send the delivery note to anna@example.com", "Email anna@example.com saying that I am late"],
    },
    "fetch_and_send": {
        "de": ["Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"],
        "en": ["Get invoice 4712 from the supplier portal and send it to anna@example.com"],
    },
    "read_mail": {
        "de": ["Zeig mir meine ungelesenen Mails", "Lies mir die letzte Mail von Anna vor"],
        "en": ["Show me my unread emails", "Read me the latest mail from Bob"],
    },
    "search_mail": {
        "de": ["Such die Mail von Anna zum Thema Budget", "Finde alle Mails von Bob aus der letzten Woche"],
        "en": ["Find the email from Anna about the budget", "Search my inbox for umbrellas"],
    },
    "search_document": {
        "de": ["Such den Vertrag mit der Müller GmbH", "Wo liegt die Rechnung 4711?"],
        "en": ["Find the contract with Müller Ltd", "Where is invoice 4711?"],
    },
    "open_document": {
        "de": ["Öffne das Protokoll", "Mach die Datei notiz.txt auf"],
        "en": ["Open memo.txt", "Show me the latest price list"],
    },
    "export_pdf": {
        "de": ["Exportiere notiz.txt als PDF in den Ordner Ablage"],
        "en": ["Save memo.txt as a PDF in the folder Ablage"],
    },
    "open_app": {"de": ["Öffne Excel"], "en": ["Open Word"]},
    "close_app": {"de": ["Schließ Excel"], "en": ["Close Word"]},
    "navigate_url": {
        "de": ["Geh auf http://{site}/hilfe?von=1", "Öffne die Seite http://{site}/?von=2"],
        "en": ["Go to http://{site}/hilfe?von=3", "Take me to http://{site}/?von=4"],
    },
    "web_search": {
        "de": ["Such im Internet nach Hotels in Köln", "Google die Öffnungszeiten vom Bürgeramt"],
        "en": ["Search the web for hotels in Leeds", "Look up the weather in York online"],
    },
    "download_file": {
        "de": [
            "Lade http://{site}/preise.pdf herunter",
            "Lade die Preisliste von http://{site} in den Ordner Preise herunter",
        ],
        "en": ["Download http://{site}/preise.pdf", "Get the price list from http://{site}"],
    },
    "fill_form": {
        "de": ["Fülle das Formular auf http://{site}/formular mit Name: Max Müller, Tage: 3 aus"],
        "en": ["Fill out the form on http://{site}/formular with Name: Max Miller, Tage: 3"],
    },
    "create_appointment": {
        "de": ["Leg einen Termin mit anna@example.com am {day:%d.%m.%Y} um 14:30 Uhr zum Thema Budget an"],
        "en": ["Schedule a meeting with anna@example.com on {day:%Y-%m-%d} at 9 am about the budget"],
    },
    "extract_table": {
        "de": ["Lies die Umsatztabelle aus umsatz.csv aus"],
        "en": ["Extract the table from http://{site}/preise into Excel"],
    },
}


def test_every_configured_intent_has_sentences_in_both_languages_and_a_run() -> None:
    configured = {intent.name for intent in the_router().intents if intent.name != UNKNOWN}

    assert configured == SAID.keys()
    assert [name for name, said in SAID.items() if not (said["de"] and said["en"])] == []
    assert [name for name in SAID if f"test_{name}" not in globals()] == []


def test_read_mail(everyday: World) -> None:
    unread, last, also_unread, latest = everyday.all_done("read_mail", SAID["read_mail"])

    assert subjects(unread, "read") == subjects(also_unread, "read") == ["Weather", "Sommerfest"]
    assert [mail["text"] for mail in result(last, "read")["messages"]] == ["Wer bringt Kuchen?"]
    assert [mail["text"] for mail in result(latest, "read")["messages"]] == ["Bring umbrellas."]
    assert everyday.office.mail.unread(CPA_ADDRESS) == 2


def test_search_mail(everyday: World) -> None:
    about, of_last_week, budget, umbrellas = everyday.all_done("search_mail", SAID["search_mail"])

    assert subjects(about, "search") == subjects(budget, "search") == ["Budget 2027"]
    assert subjects(of_last_week, "search") == ["Old news"]
    assert subjects(umbrellas, "search") == ["Weather"]


def test_a_mail_that_is_found_is_sent_on_and_of_several_it_is_asked_which(everyday: World) -> None:
    sent, too = everyday.do(
        "Such die Mail von Anna zum Thema Budget und leite sie an anna@example.com weiter",
        "Find the latest email from Bob and then forward it to anna@example.com, subject Umbrellas",
    )
    asks = everyday.asked("Such die Mail von Bob und schick sie an anna@example.com")
    chosen = everyday.answer(asks, "1")

    assert [job["status"] for job in (sent, too, chosen)] == ["done"] * 3, (sent, too, chosen)
    (budget,) = _mails_to_anna(everyday, "Es sind 5000 Euro.")
    assert str(budget["Subject"]).endswith("Budget 2027")
    assert str(budget["Subject"]) != "Budget 2027"
    assert [str(mail["Subject"]) for mail in _mails_to_anna(everyday, "Bring umbrellas.")].count("Umbrellas") == 1
    assert len(_mails_to_anna(everyday, "Bring umbrellas.")) == 2


def test_a_mail_is_read_out_at_the_terminal(everyday: World) -> None:
    shown = everyday.cpa.run("run", "Lies mir die letzte Mail von Anna vor")

    assert "Sommerfest\n    Wer bringt Kuchen?" in shown.stdout


def test_search_document(everyday: World) -> None:
    contract, invoice, again, in_english = everyday.all_done("search_document", SAID["search_document"])

    for job in (contract, again):
        assert (everyday.files / result(job, "find")["path"]).read_text() == "Vertrag mit Müller"
    for job in (invoice, in_english):
        assert "Rechnung 4711.pdf" in result(job, "find")["paths"]


def test_open_document(everyday: World) -> None:
    everyday.all_done("open_document", SAID["open_document"])

    for name in ("Protokoll.txt", "notiz.txt", "memo.txt", "Preisliste neu.txt"):
        assert everyday.shows(name), windows(everyday.display)
    assert "Preisliste alt" not in windows(everyday.display)


def test_navigate_url(everyday: World) -> None:
    jobs = everyday.all_done("navigate_url", SAID["navigate_url"])

    assert [result(job, "address")["title"] for job in jobs] == ["Hilfe", "Schrauben-Meier"] * 2
    assert {f"/hilfe?von={n}" for n in (1, 3)} | {f"/?von={n}" for n in (2, 4)} <= {*CompanySite.asked}
    for job in jobs:
        job_id, (picture,) = job["job"]["job_id"], job["tasks"][1]["evidence"]
        kept = everyday.cpa.http.get(f"/jobs/{job_id}/evidence/{Path(picture).name}")
        assert kept.content.startswith(b"\x89PNG")


def test_web_search(everyday: World) -> None:
    jobs = everyday.all_done("web_search", SAID["web_search"])
    queries = ["Hotels in Köln", "Öffnungszeiten vom Bürgeramt", "hotels in Leeds", "weather in York"]

    assert [f"/suche?q={query}" for query in queries] == sorted(
        (path for path in CompanySite.asked if path.startswith("/suche")), key=lambda path: queries.index(path[9:])
    )
    for job, query in zip(jobs, queries, strict=True):
        assert f"Alles über {query}" in result(job, "read")["text"]


def test_download_file(everyday: World) -> None:
    jobs = everyday.all_done("download_file", SAID["download_file"])

    assert [everyday.file(job) for job in jobs] == [PRICES] * 4
    assert (everyday.files / "Preise" / "preise.pdf").read_bytes() == PRICES


def _mails_to_anna(everyday: World, words: str) -> list[EmailMessage]:
    """Return Anna's mails with these words in subject or text, once there are any."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = [mail for mail in everyday.office.mail.messages("anna@example.com") if words in mail.as_string()]
        if found:
            return found
        time.sleep(0.05)
    return []


def test_send_mail(everyday: World) -> None:
    everyday.all_done("send_mail", SAID["send_mail"])

    attached = [
        part.get_content() for mail in _mails_to_anna(everyday, "Lieferschein") for part in mail.iter_attachments()
    ]
    assert [content.strip() for content in attached] == ["Zehn Schrauben"] * 2
    assert len(_mails_to_anna(everyday, "komme")) == 1
    assert len(_mails_to_anna(everyday, "am late")) == 1


def test_fetch_and_send(everyday: World) -> None:
    jobs = everyday.all_done("fetch_and_send", SAID["fetch_and_send"])

    for number, job in zip(("4711", "4712"), jobs, strict=True):
        (mail,) = [one for one in _mails_to_anna(everyday, number) if number in str(one["Subject"])]
        (pdf,) = mail.iter_attachments()
        assert pdf.get_payload(decode=True) == everyday.file(job)


def test_export_pdf(everyday: World) -> None:
    everyday.all_done("export_pdf", SAID["export_pdf"])

    for name in ("notiz.pdf", "memo.pdf"):
        assert (everyday.files / "Ablage" / name).read_bytes().startswith(b"%PDF")


def test_open_app(everyday: World) -> None:
    for job in everyday.all_done("open_app", SAID["open_app"]):
        assert Path(f"/proc/{result(job, 'open')['pid']}").exists()


def test_close_app(everyday: World) -> None:
    everyday.do("Öffne Excel", "Öffne Word")

    assert all(result(job, "close")["ended"] >= 1 for job in everyday.all_done("close_app", SAID["close_app"]))


def test_fill_form(everyday: World) -> None:
    for job in everyday.all_done("fill_form", SAID["fill_form"]):
        assert [task["task_id"] for task in job["tasks"]] == ["open", "fill_1", "fill", "picture"]
        assert all(task["verified"] for task in job["tasks"] if task["action"] == "web.fill")


def test_create_appointment(everyday: World) -> None:
    everyday.all_done("create_appointment", SAID["create_appointment"])

    kept: Any = icalendar.Calendar.from_ical(httpx.get(f"{everyday.calendar}/", auth=(USER, PASSWORD)).text)
    begins = {f"{event['dtstart'].dt:%Y-%m-%d %H:%M}" for event in kept.walk("VEVENT")}
    assert begins == {f"{DAY:%Y-%m-%d} 14:30", f"{DAY:%Y-%m-%d} 09:00"}


def test_extract_table(everyday: World) -> None:
    rows = []
    for job in everyday.all_done("extract_table", SAID["extract_table"]):
        content = everyday.file(job) if len(job["artifacts"]) == 1 else _sheet(everyday, job)
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        rows.append([[cell.value for cell in row] for row in sheet.iter_rows()])

    assert rows == [[["Land", "Umsatz"], ["DE", 1234.5]], [["Ware", "Preis"], ["Dübel", 0.3]]]


def _sheet(everyday: World, job: dict[str, Any]) -> bytes:
    """Return the workbook among the files of a job."""
    address = next(address for address in job["artifacts"] if address.endswith(".xlsx"))
    return everyday.cpa.http.get(quote(address, safe="/%")).content
