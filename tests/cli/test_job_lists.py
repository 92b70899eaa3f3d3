"""`cpa jobs`: filters and pages."""

import json
import re
from pathlib import Path

import pytest

from scheduler.cli.client import Client
from scheduler.settings import ApiSettings
from tests.support.command_line import CommandLine
from tests.support.services import SENTENCE
from tests.support.words import shorten_spans

pytestmark = pytest.mark.component

REFUSED = 3


def test_jobs_are_found_by_status_intent_time_and_words(cli: CommandLine) -> None:
    cli("run", SENTENCE)

    found = [
        json.loads(cli("jobs", "--json", *arguments).output)["total"]
        for arguments in (
            ("--status", "failed", "--status", "done"),
            ("--intent", "fetch_and_send", "--since", "2020-01-01", "--text", "RECHNUNG 4711"),
            ("--status", "failed"),
            ("--intent", "send_mail"),
            ("--until", "2020-01-01"),
            ("--text", "4712"),
        )
    ]

    assert found == [1, 1, 0, 0, 0, 0]
    assert cli("jobs", "--text", "–").exit_code == REFUSED


def test_a_long_list_of_jobs_is_read_page_by_page(cli: CommandLine) -> None:
    for _ in range(3):
        cli("run", SENTENCE, "--detach")

    shown = cli("jobs", "--limit", "2")
    cursor = re.search(r"--cursor (\S+)", shown.output)
    assert cursor is not None
    rest = json.loads(cli("jobs", "--json", "--cursor", cursor[1]).output)

    assert "3 Aufträge" in shown.output
    assert [job["job_id"] for job in rest["jobs"]] == cli.job_ids()[2:]


def test_a_search_by_words_goes_on_until_the_page_is_full(
    cli: CommandLine, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_spans(store_path, monkeypatch, 1)
    for _ in range(5):
        cli("run", SENTENCE, "--detach")

    page = json.loads(cli("jobs", "--json", "--text", "rechnung").output)

    assert [job["job_id"] for job in page["jobs"]] == cli.job_ids()


def test_the_queue_is_counted(cli: CommandLine) -> None:
    cli("run", SENTENCE, "--at", "+2h")

    shown, as_json = cli("queue"), json.loads(cli("queue", "--json").output)
    foreign = cli("queue", "--tenant", "globex")
    listed = cli("jobs", "--tenant", "globex")

    assert shown.exit_code == 0
    assert "später" in shown.output
    assert as_json["tenants"] == {"default": {"ready": 0, "delayed": 1, "leased": 0, "parked": 0, "dead": 0}}
    assert [(one.exit_code, "Schlüssel des Betriebs" in one.output) for one in (foreign, listed)] == [(3, True)] * 2


def test_an_operator_asks_with_a_key_of_their_own() -> None:
    settings = ApiSettings(key="the-key-of-the-tenant", operator_key="the-key-of-the-operator")

    sent = [Client(settings, operator=operator).headers["Authorization"] for operator in (False, True)]

    assert sent == ["Bearer the-key-of-the-tenant", "Bearer the-key-of-the-operator"]
