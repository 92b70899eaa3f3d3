"""`cpa schedules` and `cpa run --at`: what they do, how they end, what they say."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scheduler.cli.times import UnreadableTimeError, duration_of, local_zone, moment_of
from tests.support.command_line import CommandLine
from tests.support.services import PORTAL, SENTENCE

pytestmark = pytest.mark.component

DONE, USAGE, REFUSED = 0, 2, 3
WEEKDAYS = ("--cron", "30 9 * * MON-FRI", "--zone", "Europe/Berlin")
NOW = datetime.fromisoformat("2026-03-02T09:30:00+00:00").astimezone()


def test_a_schedule_is_added_shown_and_listed(cli: CommandLine) -> None:
    added = cli("schedules", "add", "Morgens", SENTENCE, *WEEKDAYS)

    assert added.exit_code == DONE, added.output
    assert "30 9 * * MON-FRI (Europe/Berlin)" in added.output
    assert added.output.count("09:30:00") == 5
    listed = cli("schedules", "list")
    assert "Morgens" in listed.output
    assert "1 Zeitpläne" in listed.output
    assert SENTENCE in " ".join(cli("schedules", "show", "Morgens").output.split())
    shown = json.loads(cli("schedules", "show", "Morgens", "--json").output)
    assert (shown["definition"]["name"], shown["firings"]) == ("Morgens", [])
    assert json.loads(cli("schedules", "list", "--json").output)["total"] == 1


def test_a_schedule_is_paused_resumed_fired_and_removed(cli: CommandLine) -> None:
    cli("schedules", "add", "a", SENTENCE, "--every", "1d", "--catch-up", "skip", "--overlap", "skip")

    assert "paused" in cli("schedules", "pause", "a").output
    fired = cli("schedules", "fire", "a")
    assert "active" in cli("schedules", "resume", "a").output

    assert fired.output.split()[1] == cli.job_ids()[0]
    assert "ausgelöst" in cli("schedules", "show", "a").output
    assert "entfernt" in cli("schedules", "remove", "a").output
    gone = cli("schedules", "show", "a")
    assert gone.exit_code == REFUSED
    assert "Einen Zeitplan a gibt es nicht." in gone.output


def test_a_schedule_may_take_its_order_from_a_file(cli: CommandLine, tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    graph = {"tasks": [{"id": "open", "action": "web.goto", "params": {"url": PORTAL}}]}
    order.write_text(json.dumps({"task_graph": graph, "priority": 3}))

    added = cli("schedules", "add", "a", "--order", str(order), "--every", "1h30m", "--start", "+1h", "--until", "+2d")

    assert added.exit_code == DONE, added.output
    definition = json.loads(cli("schedules", "show", "a", "--json").output)["definition"]
    assert (definition["priority"], definition["every_seconds"]) == (3, 5400)
    piped = cli("schedules", "add", "b", "--order", "-", "--every", "1h", typed=json.dumps({"task_graph": graph}))
    assert piped.exit_code == DONE, piped.output


def test_a_dry_run_shows_the_next_moments_only(cli: CommandLine) -> None:
    shown = cli("schedules", "add", "a", *WEEKDAYS, "--dry-run")

    assert shown.exit_code == DONE
    assert shown.output.count("09:30:00") == 10
    assert "0 Zeitpläne" in cli("schedules", "list").output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("a", SENTENCE, "--cron", "61 * * * *"), REFUSED, "im Feld Minute ist „61“ nicht möglich"),
        (("a", SENTENCE), REFUSED, "entweder cron oder every_seconds wird gebraucht"),
        (("a", SENTENCE, "--every", "bald"), USAGE, "„bald“ ist keine Dauer"),
        (("a", SENTENCE, "--every", "1h", "--start", "25:99"), USAGE, "„25:99“ ist kein Zeitpunkt"),
        (("a", "--every", "1h"), USAGE, "Bitte einen Satz oder --order angeben."),
        (("a", SENTENCE, "--order", "x.json", "--every", "1h"), USAGE, "Bitte einen Satz oder --order angeben."),
        (("a", "--order", "/nothing.json", "--every", "1h"), USAGE, "/nothing.json"),
        (("a", SENTENCE, "--every", "1h", "--zone", "Mars"), REFUSED, "diese Zeitzone ist nicht bekannt"),
    ],
)
def test_a_mistake_is_told_and_makes_no_schedule(
    cli: CommandLine, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended = cli("schedules", "add", *arguments)

    assert ended.exit_code == code
    assert said in " ".join(ended.output.split())
    assert "0 Zeitpläne" in cli("schedules", "list").output


def test_an_order_that_is_no_object_is_refused(cli: CommandLine) -> None:
    ended = cli("schedules", "add", "a", "--order", "-", "--every", "1h", typed="[1]")

    assert ended.exit_code == USAGE
    assert "JSON-Objekt" in ended.output


def test_a_sentence_may_be_done_later(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    later = cli("run", SENTENCE, "--at", "+2h")

    assert later.exit_code == DONE, later.output
    assert "beginnt" in later.output
    detail = json.loads(cli("job", cli.job_ids()[0], "--json").output)
    assert detail["status"] == "pending"
    assert "beginnt" in cli("job", detail["job"]["job_id"]).output
    wrong = cli("run", SENTENCE, "--at", "morgen")
    assert wrong.exit_code == USAGE
    assert "„morgen“ ist kein Zeitpunkt wie 09:30" in wrong.output
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert "“morgen” is no time like 09:30" in cli("run", SENTENCE, "--at", "morgen").output


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+90s", NOW + timedelta(seconds=90)),
        ("+1h30m", NOW + timedelta(minutes=90)),
        ("2026-03-02T12:00+05:00", datetime.fromisoformat("2026-03-02T12:00+05:00")),
        ("2026-07-01 09:30", datetime(2026, 7, 1, 9, 30).astimezone()),
        (f"{NOW + timedelta(hours=1):%H:%M}", NOW + timedelta(hours=1)),
        (f"{NOW:%H:%M}", NOW + timedelta(days=1)),
    ],
)
def test_times_are_read_as_people_type_them(text: str, expected: datetime) -> None:
    assert moment_of(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "1", "h", "1y", "-1h", "1h ", "9" * 30 + "w"])
def test_what_is_no_duration_is_said(text: str) -> None:
    with pytest.raises(UnreadableTimeError):
        duration_of(text)


def test_the_zone_is_that_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    zone = tmp_path / "zoneinfo/Europe/Berlin"
    zone.parent.mkdir(parents=True)
    zone.touch()
    (tmp_path / "localtime").symlink_to(zone)

    assert local_zone(tmp_path / "localtime") == "Europe/Berlin"
    assert local_zone(tmp_path / "nothing") == "UTC"
    monkeypatch.setenv("TZ", ":America/New_York")
    assert local_zone(tmp_path / "localtime") == "America/New_York"


def test_an_order_may_be_the_only_one_of_its_kind(cli: CommandLine) -> None:
    first = cli("run", SENTENCE, "--at", "+2h", "--unique")
    again = cli("run", SENTENCE, "--unique")
    added = cli("schedules", "add", "a", SENTENCE, "--every", "1d", "--unique")
    fired = cli("schedules", "fire", "a")
    by_name = cli("run", SENTENCE, "--at", "+2h", "--unique-key", "k")

    assert [one.exit_code for one in (first, again, added, fired, by_name)] == [DONE] * 5
    assert "gibt es schon" not in first.output + by_name.output
    for one in (again, fired):
        assert f"Den Auftrag gibt es schon: {cli.job_ids()[-1]}" in one.output
    assert len(cli.job_ids()) == 2
