"""The calendar of cron: every mistake names its field, and every moment comes once when the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from scheduler.core.cron import ALIASES, checked_cron, cron_moments
from scheduler.core.problems import first_flaw
from scheduler.core.schedules import Timing
from tests.support.examples import examples

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
MINUTES = st.sampled_from(["*", "*/15", "0", "30", "15,45", "*/7"])
HOURS = st.sampled_from(["*", "*/2", "2", "1-3", "0", "23"])
ZONES = st.sampled_from([BERLIN, NEW_YORK, "UTC", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu"])
TIMES = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def moments(cron: str, zone: str, after: str, count: int) -> list[str]:
    """Return the next moments, as people in that zone see them."""
    timing = Timing(cron=cron, timezone=zone)
    start = datetime.fromisoformat(after)
    found = islice(timing.moments(start, start), count)
    return [f"{moment.astimezone(start.tzinfo):%Y-%m-%d %H:%M}" for moment in found]


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("0 9 * * *", BERLIN, "2026-03-28T10:00Z", ["2026-03-29 07:00", "2026-03-30 07:00"]),
        ("0 9 * * *", BERLIN, "2026-10-24T10:00Z", ["2026-10-25 08:00", "2026-10-26 08:00"]),
        # the night has no 02:30: it comes at 03:00 summer time
        ("30 2 * * *", BERLIN, "2026-03-28T12:00Z", ["2026-03-29 01:00", "2026-03-30 00:30"]),
        ("30 2 * * *", NEW_YORK, "2026-03-07T12:00Z", ["2026-03-08 07:00", "2026-03-09 06:30"]),
        # what the gap swallows and what stands at its end are one
        ("0 2,3 * * *", BERLIN, "2026-03-28T12:00Z", ["2026-03-29 01:00", "2026-03-30 00:00"]),
        # the night has 02:30 twice: it comes the first time
        ("30 2 * * *", BERLIN, "2026-10-24T12:00Z", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        ("30 1 * * *", NEW_YORK, "2026-10-31T12:00Z", ["2026-11-01 05:30", "2026-11-02 06:30"]),
        # asked in the second of the two hours
        ("30 2 * * *", BERLIN, "2026-10-25T01:10Z", ["2026-10-26 01:30"]),
        # a star goes by the time that passes
        ("0 * * * *", BERLIN, "2026-03-29T00:00Z", ["2026-03-29 01:00", "2026-03-29 02:00"]),
        ("0 * * * *", BERLIN, "2026-10-24T23:30Z", ["2026-10-25 00:00", "2026-10-25 01:00", "2026-10-25 02:00"]),
        ("*/30 2 * * *", BERLIN, "2026-03-28T12:00Z", ["2026-03-30 00:00"]),
        ("*/30 2 * * *", BERLIN, "2026-10-24T12:00Z", ["2026-10-25 00:00", "2026-10-25 00:30", "2026-10-25 01:00"]),
        # leap days, ends of months, weekdays
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00Z", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("0 0 29 2 *", "UTC", "2096-03-01T00:00Z", ["2104-02-29 00:00"]),
        ("0 0 31 * *", "UTC", "2026-01-31T00:00Z", ["2026-03-31 00:00", "2026-05-31 00:00"]),
        ("0 0 L * *", "UTC", "2028-02-01T00:00Z", ["2028-02-29 00:00", "2028-03-31 00:00"]),
        ("0 0 * * MON#1", "UTC", "2026-03-02T00:00Z", ["2026-04-06 00:00"]),
        ("0 9 * * mon-fri", "UTC", "2026-03-06T10:00Z", ["2026-03-09 09:00"]),
        ("0 0 13 * FRI", "UTC", "2026-03-01T00:00Z", ["2026-03-06 00:00", "2026-03-13 00:00", "2026-03-20 00:00"]),
        ("@weekly", "UTC", "2026-03-02T00:00Z", ["2026-03-08 00:00"]),
    ],
)
def test_a_cron_fires_when_its_calendar_says(cron: str, zone: str, after: str, expected: list[str]) -> None:
    assert moments(cron, zone, after, len(expected)) == expected


@pytest.mark.parametrize(
    ("cron", "field"),
    [
        ("61 9 * * *", "minute"), ("-1 9 * * *", "minute"), ("x 9 * * *", "minute"), ("*/0 9 * * *", "minute"),
        ("0 24 * * *", "hour"), ("0 5-3 * * *", "hour"), ("0 9 0 * *", "day of the month"),
        ("0 9 32 * *", "day of the month"), ("0 9 * 13 *", "month"), ("0 9 * JANUARY *", "month"),
        ("0 9 * * 8", "day of the week"), ("0 9 * * FRUIT", "day of the week"), ("0 9 * * MON#6", "day of the week"),
        ("0 9 30 2 *", "has such a day"), ("0 9 31 4,6 *", "has such a day"),
        ("", "five fields"), ("0 9 * *", "five fields"), ("0 0 9 * * *", "five fields"), ("@sometimes", "five fields"),
        ("0 " * 200, "five fields"),
    ],
)  # fmt: skip
def test_a_mistake_names_the_field_of_the_cron(cron: str, field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Timing(cron=cron)

    path, problem = first_flaw(caught.value)
    assert path == "cron"
    assert field in problem.en
    assert problem.de != problem.en


@pytest.mark.parametrize(
    ("zone", "nearest"), [("Europe/Berln", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("../etc", "Europe")]
)
def test_an_unknown_zone_is_named_with_one_that_exists(zone: str, nearest: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Timing(cron="@daily", timezone=zone)

    path, problem = first_flaw(caught.value)
    assert path == "timezone"
    assert nearest in problem.de


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_is_a_cron(alias: str) -> None:
    assert checked_cron(alias.upper()) == ALIASES[alias]


def test_a_cron_that_never_comes_ends() -> None:
    assert next(cron_moments("0 0 */31 * MON#5", "UTC", datetime(2026, 1, 1, tzinfo=UTC)), None) is None


@settings(deadline=None)
@given(st.text(alphabet="*/,-#LW0123456789 MONFRIJAN@²é", max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        plain = checked_cron(text)
    except PydanticCustomError:
        return
    assert checked_cron(plain) == plain
    next(cron_moments(plain, BERLIN, datetime(2026, 1, 1, tzinfo=UTC)), None)


@examples(50, deadline=None)
@given(MINUTES, HOURS, ZONES, TIMES, st.integers(0, 3 * 24 * 60))
def test_the_moments_of_a_cron_are_one_set_from_wherever_one_looks(
    minute: str, hour: str, zone: str, start: datetime, later: int
) -> None:
    timing = Timing(cron=f"{minute} {hour} * * *", timezone=zone)
    end = start + timedelta(days=3)
    whole = list(takewhile(end.__ge__, timing.moments(start, start)))
    middle = start + timedelta(minutes=later)

    rest = list(takewhile(end.__ge__, timing.moments(middle, start)))

    assert whole == sorted(set(whole))
    assert all(moment > start for moment in whole)
    assert rest == [moment for moment in whole if moment > middle]


@examples(40, deadline=None)
@given(st.integers(0, 59), st.integers(0, 23), ZONES, TIMES)
def test_a_named_time_of_day_comes_exactly_once_a_day(minute: int, hour: int, zone: str, start: datetime) -> None:
    timing = Timing(cron=f"{minute} {hour} * * *", timezone=zone)

    found = list(islice(timing.moments(start, start), 370))

    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert all(timedelta(hours=22) < gap < timedelta(hours=26) for gap in gaps)
