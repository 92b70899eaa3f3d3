"""Sentences beside portal and mail become work done: PDFs, tables, appointments, forms, programs."""

import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import icalendar
import openpyxl
import pypdf
import pytest

from examples.office import Office
from tests.support.cpa_client import Cpa, running_cpa
from tests.support.radicale_server import PASSWORD, USER, radicale

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

RTF = rb"{\rtf1\ansi{\fonttbl\f0 Helvetica;}\f0 Vertrag mit M\'fcller \par}"


def _artifact(cpa: Cpa, detail: dict[str, Any]) -> bytes:
    return cpa.http.get(quote(detail["artifacts"][0], safe="/%")).content


def _result(detail: dict[str, Any], task: str) -> dict[str, Any]:
    return next(dict(one["result"]) for one in detail["tasks"] if one["task_id"] == task)


def test_documents_become_pdfs_and_tables(office: Office, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "Vertrag Müller.rtf").write_bytes(RTF)
    (files / "umsatz.csv").write_text("Land;Umsatz\nDE;1.234,50\n", encoding="cp1252")
    with running_cpa(office, tmp_path, CPA_FILES_ROOT=str(files)) as cpa:
        exported = cpa.done("Exportiere den Vertrag mit der Firma Mueller als PDF in den Ordner Ablage")
        table = cpa.done("Lies die Umsatztabelle aus umsatz.csv aus")

        assert exported["status"] == "done", exported
        assert table["status"] == "done", table
        sheet = openpyxl.load_workbook(io.BytesIO(_artifact(cpa, table))).active

    text = pypdf.PdfReader(files / "Ablage" / "Vertrag Müller.pdf").pages[0].extract_text()
    assert "Vertrag mit Müller" in text
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["Land", "Umsatz"], ["DE", 1234.5]]


def test_an_appointment_is_in_the_calendar_and_in_the_mail(office: Office, tmp_path: Path) -> None:
    day = datetime.now().astimezone() + timedelta(days=3)
    sentence = f"Leg einen Termin mit anna@example.com am {day:%d.%m.%Y} um 14:30 Uhr zum Thema Budget an"
    with radicale(tmp_path) as calendar:
        settings = {
            "CPA_CALENDAR_URL": calendar,
            "CPA_CALENDAR_USERNAME": USER,
            "CPA_SECRET_CALENDAR_PASSWORD": PASSWORD,
        }
        with running_cpa(office, tmp_path, **settings) as cpa:
            detail = cpa.done(sentence)
        assert detail["status"] == "done", detail
        kept = httpx.get(f"{calendar}/", auth=(USER, PASSWORD)).text

    (mail,) = office.mail.messages("anna@example.com")
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    sent: Any = icalendar.Calendar.from_ical(str(part.get_content()))  # its types are wider than what is in it
    (event,) = sent.walk("VEVENT")
    assert f"UID:{event['uid']}" in kept.replace("\r\n ", "")
    assert f"{event['dtstart'].dt:%Y-%m-%d %H:%M}" == f"{day:%Y-%m-%d} 14:30"


def test_a_program_of_the_list_is_started_and_ended_by_two_jobs(office: Office, tmp_path: Path) -> None:
    apps = json.dumps({"excel": f'{sys.executable} -c "import time; time.sleep(300)"'})
    with running_cpa(office, tmp_path, CPA_APPS=apps, DISPLAY=":99") as cpa:
        opened, closed = cpa.done("Öffne Excel"), cpa.done("Schließ Excel")

    assert _result(opened, "open")["running"] is True
    assert _result(closed, "close")["ended"] == 1


def test_a_form_is_filled_in_and_shown(office: Office, tmp_path: Path) -> None:
    with running_cpa(office, tmp_path) as cpa:
        address = f"{office.portal.url}/login"
        detail = cpa.done(f"Fill in the form on {address} with Benutzername: Max Müller, Passwort: abc")

    assert detail["status"] == "done", detail
    assert [task["task_id"] for task in detail["tasks"]] == ["open", "fill_1", "fill", "picture"]


def test_the_table_of_a_file_on_the_web_becomes_a_workbook(office: Office, tmp_path: Path) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/csv; charset=utf-8")
            self.end_headers()
            self.wfile.write("Ware;Preis\nDübel;0,30\n".encode())

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever)
        try:
            address = f"http://localhost:{server.server_port}/preise.csv"
            allowed = {
                "CPA_WEB_DOMAINS": f'["localhost:{server.server_port}"]',
                "CPA_WEB_NETWORKS": '["127.0.0.0/8", "::1/128"]',
            }
            with running_cpa(office, tmp_path, **allowed) as cpa:
                detail = cpa.done(f"Extract the table from {address} into Excel")
        finally:
            server.shutdown()

    assert detail["status"] == "done", detail
    assert _result(detail, "extract_web")["rows"] == [{"Ware": "Dübel", "Preis": 0.3}]
