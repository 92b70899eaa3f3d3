"""What a person sees of a job: results to read, and ids and paths that can be copied, however narrow the terminal."""

import io
from typing import Any

import pytest
from rich.console import Console

from scheduler.cli import views

JOB_ID = "01981f2a-7c55-7e5a-9c1d-0d5e8f3a2b1c"
PICTURE = f"/home/anna/cpa/data/screenshots/{JOB_ID}/download-of-a-step-with-a-long-name.png"


def a_job(*tasks: dict[str, Any]) -> dict[str, Any]:
    job = {"job_id": JOB_ID, "status": "done", "description": "Zeig mir die Mails", "intent": "read_mail", "run": 1,
           "error": None, "created_at": "2026-03-02T12:00:00Z"}  # fmt: skip
    return {"job": job, "tasks": list(tasks), "artifacts": []}


def a_task(result: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - as the API gives them
    return {
        "task_id": "step",
        "action": "x.y",
        "status": "done",
        "attempts": 1,
        "evidence": [],
        "result": result,
    } | fields


def shown(*tasks: dict[str, Any]) -> list[str]:
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    views.show_job(console, a_job(*tasks))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("TZ", "UTC")


def test_mails_are_shown_as_lines() -> None:
    mails = [
        {
            "date": "2026-03-02T12:00:00+00:00",
            "sender": "anna@example.com",
            "subject": "Rechnung März",
            "text": "Anbei.",
        },
        {"date": None, "sender": "bert@example.com", "subject": "", "text": "a" * 161},
    ]

    lines = shown(a_task({"messages": mails, "count": 2}, task_id="read"))

    place = lines.index("read: 2 Mails")
    assert lines[place + 1].endswith("  anna@example.com  Rechnung März")
    assert lines[place + 1].startswith("  2026-03-02 ")
    assert lines[place + 2 : place + 5] == ["    Anbei.", "  –  bert@example.com  (ohne Betreff)", f"    {'a' * 160}…"]


def test_the_only_mail_is_shown_whole_with_the_names_of_its_files() -> None:
    mail = {"date": None, "sender": "anna@example.com", "subject": "Hallo", "text": "a" * 300 + "\nGruß"}

    lines = shown(a_task({"messages": [mail | {"attachments": ["a.pdf"]}], "count": 1}, task_id="read"))

    place = lines.index("read: 1 Mail")
    assert lines[place + 2 : place + 5] == [f"    {'a' * 300}", "    Gruß", "    Anhang: a.pdf"]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"messages": [], "count": 0}, ["step: keine Mail gefunden"]),
        ({"path": "a.pdf", "paths": ["a.pdf"], "count": 1}, ["step: 1 Datei", "  a.pdf"]),
        ({"texts": ["Eins", "Zwei"], "fitted": ".item"}, ["step: 2 Texte", "  Eins", "  Zwei"]),
        ({"text": "Summe: 12 €", "fitted": "#sum"}, ["step: text = Summe: 12 €"]),
        ({"url": "http://x/", "title": "Büro"}, ["step: url = http://x/, title = Büro"]),
        ({"values": list(range(101))}, ["step: 101 Texte", *(f"  {number}" for number in range(100)), "  …"]),
        ({"fitted": "#a"}, []),
        ({}, []),
        (None, []),
    ],
)
def test_what_a_step_gave_is_shown(result: dict[str, Any] | None, said: list[str]) -> None:
    lines = shown(a_task(result))

    assert lines[4:] == said


def test_what_is_not_done_has_no_result() -> None:
    assert shown(a_task({"text": "x"}, status="failed"))[4:] == []


def test_paths_stay_in_one_line() -> None:
    assert f"Bild: {PICTURE}" in shown(a_task(None, evidence=["first.png", PICTURE]))


def test_ids_stay_in_one_line() -> None:
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    job = a_job()["job"] | {"description": "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"}

    views.show_jobs(console, {"jobs": [job], "total": 1, "total_is_estimate": False, "next_cursor": None})

    assert isinstance(console.file, io.StringIO)
    assert JOB_ID in console.file.getvalue()
