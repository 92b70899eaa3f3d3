"""`cpa dead`: jobs that failed for good, in German and English."""

import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from scheduler.cli import letter_views
from scheduler.core.errors import RecipientRefusedError
from tests.support.cases import each_of
from tests.support.command_line import CommandLine
from tests.support.services import SENTENCE

pytestmark = pytest.mark.component

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 3
TYPO = SENTENCE.replace("example.com", "exmaple.com")


def a_letter(cli: CommandLine, text: str = SENTENCE) -> str:
    cli.api.executor.failures["mail.send"] = RecipientRefusedError("anna@example.com", "550")
    cli("run", text)
    cli.api.executor.failures.clear()
    return cli.job_ids()[0]


@pytest.fixture
def letter(cli: CommandLine) -> str:
    return a_letter(cli)


def words(text: str) -> str:
    return " ".join(text.split())


def test_letters_are_listed(cli: CommandLine) -> None:
    job_id = a_letter(cli)

    shown, as_json = cli("dead", "list"), cli("dead", "list", "--json", "--code", "recipient_refused")
    other = cli("dead", "list", "--intent", "nothing")

    assert job_id in shown.output
    assert "1 liegengebliebene Aufträge" in shown.output
    assert json.loads(as_json.output)["letters"][0]["job_id"] == job_id
    assert "0 liegengebliebene Aufträge" in other.output


def test_a_long_list_is_read_page_by_page(cli: CommandLine) -> None:
    first, second = a_letter(cli), a_letter(cli)

    shown = cli("dead", "list", "--limit", "1")
    cursor = re.search(r"--cursor (\S+)", shown.output)
    assert cursor is not None
    rest = json.loads(cli("dead", "list", "--json", "--cursor", cursor[1]).output)

    assert second in shown.output
    assert [letter["job_id"] for letter in rest["letters"]] == [first]


def test_a_letter_is_looked_into_corrected_and_requeued(cli: CommandLine) -> None:
    job_id = a_letter(cli, TYPO)

    edited = cli("dead", "edit", job_id, "--set", 'send.params.to=["anna@example.com"]', "--context", "desk=7",
                 "--reason", "Tippfehler")  # fmt: skip
    shown = words(cli("dead", "show", job_id).output)
    requeued = cli("dead", "requeue", job_id, "--watch")

    assert (edited.exit_code, words(edited.output)) == (DONE, "Fassung des Plans: 2")
    assert "stehen geblieben bei: send" in shown
    assert "recipient_refused" in shown
    assert "tasks.send.params.to[0]: anna@exmaple.com → anna@example.com" in shown
    assert "context.desk: None → 7" in shown
    assert requeued.exit_code == DONE
    assert "erledigt" in requeued.output
    assert cli.api.executor.done.count("site.download") == 1


def test_a_correction_may_come_from_a_file_or_standard_input(cli: CommandLine, tmp_path: Path) -> None:
    job_id = a_letter(cli)
    file = tmp_path / "Größe.json"
    file.write_text(json.dumps({"tasks": {"send": {"text": "Größe 5 📎"}}}), encoding="utf-8")

    first = cli("dead", "edit", job_id, "--file", str(file))
    second = cli("dead", "edit", job_id, "--file", "-", typed='{"context": {"a": 1}}')

    assert (words(first.output), words(second.output)) == ("Fassung des Plans: 2", "Fassung des Plans: 3")
    story = json.loads(cli("dead", "show", job_id, "--json").output)
    assert next(task for task in story["tasks"] if task["task_id"] == "send")["plan"]["text"] == "Größe 5 📎"


@each_of(
    [
        (("edit", "JOB", "--set", "send.params.to"), USAGE),
        (("edit", "JOB", "--set", "=x"), USAGE),
        (("edit", "JOB", "--set", "a=1", "--set", "a.b=2"), USAGE),
        (("edit", "JOB", "--file", "/nothing.json"), USAGE),
        (("edit", "JOB", "--version", "7", "--context", "a=1"), REFUSED),
        (("edit", "JOB", "--set", "download.text=x"), REFUSED),
        (("show", "nothing"), REFUSED),
        (("requeue", "nothing"), REFUSED),
        (("discard", "../jobs"), REFUSED),
        (("requeue",), USAGE),
        (("requeue", "JOB", "--all"), USAGE),
        (("discard", "JOB", "--code", "x"), USAGE),
        (("discard", "JOB", "nothing"), FAILED),
    ]
)
def test_what_cannot_be_is_said(cli: CommandLine, letter: str, arguments: tuple[str, ...], code: int) -> None:

    ended = cli("dead", *(letter if argument == "JOB" else argument for argument in arguments))

    assert ended.exit_code == code
    assert words(ended.output)


def test_a_file_that_is_no_object_is_refused(cli: CommandLine) -> None:
    assert cli("dead", "edit", "x", "--file", "-", typed="[1]").exit_code == USAGE
    assert cli("dead", "edit", "x", "--file", "-", typed="{").exit_code == USAGE


def test_many_are_requeued_or_discarded(cli: CommandLine) -> None:
    first, second = a_letter(cli), a_letter(cli)
    a_letter(cli)

    named = cli("dead", "requeue", first, second)
    nothing = cli("dead", "discard", "--all", "--code", "nothing")
    rest = cli("dead", "discard", "--all", "--code", "recipient_refused", "--reason", "egal")

    assert "2 wieder eingereiht" in named.output
    assert "0 verworfen" in nothing.output
    assert "1 verworfen" in rest.output
    assert json.loads(cli("dead", "list", "--json").output)["letters"] == []


def test_one_is_discarded(cli: CommandLine) -> None:
    job_id = a_letter(cli)

    ended, again = cli("dead", "discard", job_id), cli("dead", "discard", job_id)

    assert (ended.exit_code, again.exit_code) == (DONE, REFUSED)
    assert "1 verworfen" in ended.output


def test_english_users_read_english(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    a_letter(cli)

    assert "1 dead letters" in cli("dead", "list").output


def test_texts_of_others_are_shown_as_they_are() -> None:
    text = "[red]x[/] [/] \x1b[31m"
    letter = {"job_id": text, "at": "2026-03-02T12:00:00Z", "code": text, "description": text, "intent": text,
              "error": text, "run": 1}  # fmt: skip
    failure = {"code": text, "message": text, "effect": text}
    task = {"status": text, "task_id": text, "action": text, "failure": failure, "evidence": [text]}
    change = {"path": text, "before": text, "after": [text]}
    entry = {"action": "job.corrected", "timestamp": "2026-03-02T12:00:00Z", "reason": text,
             "metadata": {"changes": [change]}}  # fmt: skip
    story = {"letter": letter, "plan_version": 1, "stopped_at": [text], "tasks": [task], "artifacts": [text],
             "events": [], "audit": [entry, {**entry, "action": "job.done"}]}  # fmt: skip
    page = {"letters": [letter], "total": 1, "total_is_estimate": True, "next_cursor": text}
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(width=400, record=True, file=nowhere)
        letter_views.show_letters(console, page)
        letter_views.show_story(console, story)

    shown = console.export_text()
    assert shown.count("[red]x[/] [/] \ufffd[31m") > 12
    assert "\x1b" not in shown
