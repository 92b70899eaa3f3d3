"""A file keeps the name that the site gives it, and what is no file is refused."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.errors import DownloadFailedError
from scheduler.executors.web_downloads import ReceivedFile, file_name, media_type_of, refuse_no_file

URL = "http://portal/files/Beleg%20%C3%BC.pdf?id=7"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("", "Beleg ü.pdf"),
        ("inline", "Beleg ü.pdf"),
        ('attachment; filename="Rechnung 4711.pdf"', "Rechnung 4711.pdf"),
        ("attachment; filename=kurz.pdf; size=7", "kurz.pdf"),
        ("attachment; FILENAME*=utf-8''R%C3%BCck%20%F0%9F%98%80.pdf", "Rück 😀.pdf"),
        ("attachment; filename=\"x.pdf\"; filename*=UTF-8''%C3%BC.pdf", "ü.pdf"),
        ("attachment; filename*=iso-8859-1'de'M%FCller.pdf", "Müller.pdf"),
        (r'attachment; filename="mit \"Zitat\".pdf"', 'mit "Zitat".pdf'),
        ('attachment; filename="' + "Rück.pdf".encode().decode("latin-1") + '"', "Rück.pdf"),
        ('attachment; filename="Müller.pdf"', "Müller.pdf"),
    ],
)
def test_the_name_comes_from_the_disposition_or_the_address(disposition: str, name: str) -> None:
    assert file_name({"content-disposition": disposition}, URL) == name


def test_a_file_without_any_name_has_one_all_the_same() -> None:
    assert file_name({}, "http://portal/") == "file"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_name_survives_the_extended_form(name: str) -> None:
    assert file_name({"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}, URL) == name


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("leer.pdf", b""),
        ("bericht.pdf", b"\n<!DOCTYPE html><p>Sitzung beendet"),
        ("liste.csv", b"<HTML><body>Fehler"),
        ("bericht.pdf", b'{"error": "no session"}'),
    ],
)
def test_nothing_and_error_pages_are_no_files(name: str, content: bytes) -> None:
    with pytest.raises(DownloadFailedError, match=name):
        refuse_no_file(ReceivedFile(name, content, "application/octet-stream"))


def test_a_page_is_no_file_however_it_begins() -> None:
    with pytest.raises(DownloadFailedError, match="the site sent a page instead"):
        refuse_no_file(ReceivedFile("file", b"<title>Start</title>", "text/html"))


@pytest.mark.parametrize(
    ("name", "content"), [("a.pdf", b"%PDF-1.7 ..."), ("seite.html", b"<!doctype html>"), ("a.csv", b"x;y")]
)
def test_files_are_taken_as_they_are(name: str, content: bytes) -> None:
    refuse_no_file(ReceivedFile(name, content, "application/octet-stream"))


def test_the_media_type_stands_alone() -> None:
    assert media_type_of({"content-type": "Text/HTML; charset=utf-8"}) == "text/html"
    assert media_type_of({}) == ""
