"""The commands of `cpa`: what they do, how they end, what they say, in German and English."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from scheduler.cli import plan_views, views
from scheduler.cli.app import app
from scheduler.cli.client import Client, RefusedError, ServiceDownError
from scheduler.core.errors import DocumentNotFoundError, RecipientRefusedError
from scheduler.settings import ApiSettings
from tests.support.command_line import CommandLine
from tests.support.services import KEY_A, SENTENCE

pytestmark = pytest.mark.component

DONE, FAILED, USAGE, REFUSED, DOWN, WAITS, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def test_a_sentence_is_done_and_watched(cli: CommandLine) -> None:
    ended = cli("run", SENTENCE)

    assert ended.exit_code == DONE
    assert "angenommen" in ended.output
    assert "erledigt" in ended.output
    assert "mail.send" in ended.output
    assert SENTENCE in " ".join(ended.output.split())
    assert cli.api.executor.done[-1] == "mail.send"


def test_a_sentence_may_come_from_standard_input(cli: CommandLine) -> None:
    ended = cli("run", "-", typed=f"{SENTENCE}\n")

    assert ended.exit_code == DONE
    assert json.loads(cli("job", cli.job_ids()[0], "--json").output)["job"]["description"] == SENTENCE


def test_a_job_that_fails_says_why_and_ends_with_one(cli: CommandLine) -> None:
    cli.api.executor.failures["mail.send"] = RecipientRefusedError("anna@example.com", "550")

    ended = cli("run", SENTENCE)

    assert ended.exit_code == FAILED
    words = " ".join(ended.output.split())
    assert "Der Mailserver nimmt keine Mail für anna@example.com an. Bitte die Adresse prüfen." in words


def test_what_is_refused_ends_with_three_and_says_why(cli: CommandLine) -> None:
    ended = cli("run", "Erzähl mir einen Witz")

    assert ended.exit_code == REFUSED
    assert "Den Auftrag „Erzähl mir einen Witz“ kenne ich nicht." in ended.output
    assert cli.job_ids() == []


@pytest.mark.component  # what was learned is asked
@pytest.mark.parametrize("words", ["[/]", "[red]x[/]", "[link=http://evil]", "\x1b[2J\x1b]0;x\x07 Witz", "\\"])
def test_what_somebody_wrote_is_shown_and_does_nothing(cli: CommandLine, words: str) -> None:
    ended = cli("run", words)

    assert ended.exit_code in {REFUSED, WAITS}  # what was learned may think it worth a question
    assert words.replace("\x1b", "\ufffd").replace("\x07", "\ufffd") in ended.output
    assert "\x1b" not in ended.output


def test_a_description_is_shown_as_it_is() -> None:
    text = "[red]x[/] [/] \x1b[31m \x9b31m"
    job = {"job_id": text, "status": text, "description": text, "intent": text, "error": text, "run": 1,
           "created_at": "2026-03-02T12:00:00Z"}  # fmt: skip
    task = {
        "task_id": text,
        "status": text,
        "action": text,
        "attempts": 1,
        "evidence": [text],
        "reason": text,
        "id": text,
    }
    event = {
        "type": text,
        "at": "2026-03-02T12:00:00Z",
        "task_id": text,
        "data": {"action": text, "error": text, "why": text},
    }
    console = Console(width=400, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123 - ends with the test

    views.show_job(console, {"job": job, "tasks": [task], "artifacts": [text]})
    views.show_jobs(console, {"jobs": [job], "total": 1, "total_is_estimate": True, "next_cursor": text})
    views.show_event(console, event)
    views.show_event(console, {**event, "type": "task_retry_scheduled"})
    estimate = {"spent": {"calls": 1, "money": 0.5}, "currency": text, "calls_expected": 0, "seconds": 90, "runs": 1}
    step = task | {"risk": "medium", "seconds": 1.5}
    change = {"path": text, "before": text, "after": None}
    plan_views.show_plan(
        console,
        {
            "intent": text, "slots": {text: text}, "typed": [], "task_graph": {"tasks": [task]},
            "steps": [step], "batches": [[text]], "way": text, "why": text,
            "confidence": 0.5, "overlooked": [text], "risk": "high", "estimate": estimate, "unseen": [text],
            "lacking": [{"steps": [text], "code": text, "text": text}],
            "version": 2, "plan_hash": "ab", "expires_at": "2026-03-02T12:00:00Z",
            "changes": {"added": [text], "removed": [text], "changed": [change]},
        },
    )  # fmt: skip
    console.file.close()

    shown = console.export_text()
    assert shown.count("[red]x[/] [/] \ufffd[31m \ufffd31m") > 15
    assert "\x1b" not in shown


def test_a_plan_is_shown_and_nothing_runs(cli: CommandLine) -> None:
    shown, as_json = cli("plan", SENTENCE), cli("plan", "--json", "-", typed=SENTENCE)

    assert (shown.exit_code, as_json.exit_code) == (DONE, DONE)
    assert "fetch_and_send" in shown.output
    assert "mittel" in shown.output
    assert "verstanden als fetch_and_send durch Regeln" in shown.output
    assert json.loads(as_json.output)["intent"] == "fetch_and_send"
    assert cli.job_ids() == []


def test_a_plan_tells_what_of_the_words_was_corrected(cli: CommandLine) -> None:
    shown = cli("plan", "Such die Mail von Tom, nein, von Eva")

    assert "„von Tom“ ist berichtigt zu „von Eva“" in shown.output


def test_jobs_are_listed(cli: CommandLine) -> None:
    cli("run", SENTENCE)

    shown, as_json = cli("jobs"), cli("jobs", "--json", "--status", "done", "--limit", "1")

    assert "1 Aufträge" in shown.output
    assert json.loads(as_json.output)["jobs"][0]["status"] == "done"
    assert cli("jobs", "--status", "sleeping").exit_code == REFUSED
    assert cli("jobs", "--limit", "0").exit_code == USAGE


def test_a_job_is_shown_with_steps_and_timeline(cli: CommandLine) -> None:
    cli("run", SENTENCE)
    job_id = cli.job_ids()[0]

    shown, document = cli("job", job_id), json.loads(cli("job", job_id, "--json").output)

    assert shown.exit_code == DONE
    assert {"download", "send"} <= set(shown.output.split())
    assert document["status"] == "done"
    assert [document["events"][0]["type"], document["events"][-1]["type"]] == ["job_accepted", "job_done"]


@pytest.mark.parametrize("job_id", ["nothing", "../health", "a/b?c#d", "%2e%2e", "[/]"])
def test_a_job_that_is_not_there_is_refused(cli: CommandLine, job_id: str) -> None:
    for command in ("job", "cancel", "retry"):
        ended = cli(command, job_id)

        assert ended.exit_code == REFUSED
        assert "gibt es nicht" in ended.output


def test_a_job_is_cancelled_and_retried(cli: CommandLine) -> None:
    cli.bridge.portal.call(cli.api.executor.gate.clear)
    assert cli("run", "--detach", SENTENCE).exit_code == DONE
    job_id = cli.job_ids()[0]
    cli.bridge.portal.call(cli.api.executor.busy.wait)

    cancelled = cli("cancel", job_id)

    assert cancelled.exit_code == DONE
    assert cancelled.output.strip() == "cancelling"
    assert cli("cancel", job_id).exit_code in {DONE, REFUSED}
    cli.bridge.portal.call(cli.api.ended, job_id)
    cli.bridge.portal.call(cli.api.executor.gate.set)
    retried = cli("retry", job_id)
    assert retried.exit_code == DONE
    assert "neuer Lauf" in retried.output
    assert "angenommen" not in retried.output


def test_ctrl_c_leaves_the_job_running_and_says_so(cli: CommandLine) -> None:
    cli.bridge.troubles = [KeyboardInterrupt()]

    ended = cli("run", SENTENCE)

    assert ended.exit_code == INTERRUPTED
    assert f"cpa cancel {cli.job_ids()[0]}" in " ".join(ended.output.split())


def test_a_stream_that_breaks_is_taken_up_where_it_broke(cli: CommandLine) -> None:
    cli.bridge.troubles = [httpx.ReadError("lost"), httpx.RemoteProtocolError("lost")]

    ended = cli("run", SENTENCE)

    assert ended.exit_code == DONE
    assert ended.output.count("angenommen") == 1
    assert len(cli.bridge.slept) == 2


def test_without_a_service_every_command_ends_with_four_and_says_what_to_do(cli: CommandLine) -> None:
    cli.bridge.down = True

    for command in (["run", SENTENCE], ["plan", SENTENCE], ["jobs"], ["job", "x"], ["cancel", "x"], ["retry", "x"]):
        ended = cli(*command)

        assert ended.exit_code == DOWN
        assert "Unter http://127.0.0.1:8000 antwortet kein CPA. Bitte zuerst „cpa up“ starten" in ended.output


def test_a_service_that_goes_for_good_while_we_watch_ends_with_four() -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    slept: list[float] = []
    with (
        Client(ApiSettings.model_construct(), transport=httpx.MockTransport(gone), sleep=slept.append) as client,
        pytest.raises(ServiceDownError),
    ):
        list(client.events("job"))

    assert sum(slept) == 10.0


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(500, json=["x"])])
def test_another_server_at_that_address_is_no_cpa(answer: httpx.Response) -> None:
    with (
        Client(ApiSettings.model_construct(), transport=httpx.MockTransport(lambda _request: answer)) as client,
        pytest.raises(ServiceDownError),
    ):
        client.call("GET", "/jobs")


def test_the_key_is_sent_and_a_refusal_says_why() -> None:
    def service(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"detail": request.headers["authorization"]})

    settings = ApiSettings(key=KEY_A)
    with (
        Client(settings, transport=httpx.MockTransport(service)) as client,
        pytest.raises(RefusedError, match=f"Bearer {KEY_A}"),
    ):
        client.call("GET", "/jobs")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - compared
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
    ],
)
def test_the_service_is_found_where_it_listens(host: str, url: str) -> None:
    with Client(ApiSettings.model_construct(host=host)) as client:
        assert client.url == url


def test_the_timeline_is_read_to_its_end() -> None:
    def service(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params["after"])
        return httpx.Response(200, json={"events": [{"seq": number} for number in range(after + 1, 26)][:10]})

    with Client(ApiSettings.model_construct(), transport=httpx.MockTransport(service)) as client:
        assert [event["seq"] for event in client.timeline("job")] == list(range(1, 26))


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CPA_API_PRT", "1", "Die Einstellung CPA_API_PRT gibt es nicht; gemeint ist wohl CPA_API_PORT."),
        ("CPA_API_PORT", "[/]", "Die Einstellung CPA_API_PORT ist nicht in Ordnung: eine ganze Zahl wird erwartet."),
    ],
)
def test_a_wrong_setting_ends_with_two_and_names_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv(variable, value)

    for command in (["jobs"], ["doctor"], ["up"]):
        ended = CliRunner().invoke(app, command)

        assert ended.exit_code == USAGE
        assert said in ended.output


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CPA_DATABASE_URL", "sqlite:////dev/null/cpa.db"),
        ("CPA_DATABASE_URL", "sqlite:////dev"),
        ("CPA_DATA_DIR", "/dev/null/data"),
    ],
)
def test_a_place_that_cannot_be_used_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)

    ended = CliRunner().invoke(app, ["up"])

    assert ended.exit_code == USAGE
    assert f"Bitte {variable} prüfen." in ended.output
    assert len(ended.output.splitlines()) == 1


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CPA_API_HOST": "0.0.0.0"}, "CPA_API_HOST=0.0.0.0 needs CPA_API_KEY"),  # noqa: S104 - refused
        ({"CPA_QUEUE_URL": "amqp://127.0.0.1"}, "no queue for 'amqp://127.0.0.1'"),
        ({"CPA_QUEUE_URL": "sqlite:///other.db"}, "CPA_QUEUE_URL: a queue in SQLite lies in the database itself"),
        ({"CPA_DATABASE_URL": "postgres://x"}, "'postgres://x' is not like sqlite:///data/cpa.db"),
        ({"CPA_MAIL_ADDRESS": "anna", "CPA_MAIL_SMTP_HOST": "x", "CPA_MAIL_IMAP_HOST": "x"}, "'anna' is not a mail"),
        (
            {"CPA_MAIL_ADDRESS": "a@b.de", "CPA_MAIL_SMTP_HOST": "x", "CPA_MAIL_IMAP_HOST": "x",
             "CPA_MAIL_SECURITY": "none"},
            "security 'none' is for loopback only",
        ),
    ],
)  # fmt: skip
def test_the_service_does_not_start_with_settings_it_cannot_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    ended = CliRunner().invoke(app, ["up"])

    assert ended.exit_code == USAGE
    assert said in ended.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("clean_environment")
def test_secrets_that_others_may_read_keep_the_service_from_starting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text("portal.password: geheim\n")
    secrets.chmod(0o644)
    monkeypatch.setenv("CPA_SECRETS_FILE", str(secrets))

    ended = CliRunner().invoke(app, ["up"])

    assert ended.exit_code == USAGE
    assert "chmod 600" in ended.output
    assert "geheim" not in ended.output


@pytest.mark.integration
@pytest.mark.parametrize(
    ("language", "words"),
    [("de_DE.UTF-8", "Einen Satz erledigen lassen"), ("en_US.UTF-8", "Have a sentence done"), ("C", "Have a sentence")],
)
def test_help_is_in_the_language_of_the_user(language: str, words: str) -> None:
    environment = {**os.environ, "LC_ALL": language, "PYTHONUTF8": "1", "COLUMNS": "120"}

    shown = subprocess.run(
        [sys.executable, "-m", "scheduler.cli", "--help"], env=environment, capture_output=True, text=True, check=True
    )

    assert words in shown.stdout
    assert {"up", "run", "plan", "jobs", "job", "cancel", "retry", "doctor"} <= set(shown.stdout.split())


def test_an_unknown_command_or_option_ends_with_two() -> None:
    assert CliRunner().invoke(app, ["fly"]).exit_code == USAGE
    assert CliRunner().invoke(app, ["run", "--fast", SENTENCE]).exit_code == USAGE
    assert CliRunner().invoke(app, ["up", "--port", "70000"]).exit_code == USAGE


def test_a_step_that_fails_shows_its_sentence_in_english_to_english_users(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    cli.api.executor.failures["site.download"] = DocumentNotFoundError("Portal", "4711")

    ended = cli("run", "Fetch invoice 4711 from the portal and send it to anna@example.com")

    assert ended.exit_code == FAILED
    assert "failed" in ended.output
    assert "The portal does not know" in " ".join(ended.output.split())
