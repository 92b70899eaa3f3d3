"""When schedules fire and what they make up for: decisions, without a clock and without a store."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scheduler.core.ids import ScheduleId, fired_job_id
from scheduler.core.problems import first_flaw
from scheduler.core.schedules import (
    MOST_COUNTED,
    CatchUp,
    Missed,
    Schedule,
    ScheduleDefinition,
    Turn,
    next_fire,
    turn,
    upcoming,
)
from tests.support.examples import examples
from tests.support.schedules import a_definition, a_schedule

EIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def hourly(**fields: Any) -> Schedule:  # noqa: ANN401 - fields of ScheduleDefinition
    """Return a schedule that fires every hour, made at eight, due at nine."""
    return a_schedule(EIGHT, **{"every_seconds": 3600} | fields)


def test_an_interval_counts_from_when_it_was_made_and_does_not_drift() -> None:
    schedule = a_schedule(EIGHT, every_seconds=0.1 + 60)

    found = upcoming(schedule.definition, EIGHT, schedule.since, 1000)

    assert found[0] == EIGHT + timedelta(seconds=60.1)
    assert found[-1] == EIGHT + timedelta(seconds=60_100)
    assert next_fire(schedule, EIGHT + timedelta(seconds=61)) == found[1]


@pytest.mark.parametrize(
    ("after", "expected"),
    [(-HOUR, timedelta()), (-timedelta(seconds=1), timedelta()), (timedelta(), HOUR), (HOUR, 2 * HOUR),
     (HOUR - MINUTE, HOUR)],
)  # fmt: skip
def test_an_interval_with_a_start_fires_at_the_start(after: timedelta, expected: timedelta) -> None:
    schedule = a_schedule(EIGHT - timedelta(days=1), every_seconds=3600, start_at=EIGHT)

    assert next_fire(schedule, EIGHT + after) == EIGHT + expected


def test_a_cron_fires_from_its_start_on_until_its_end_both_included() -> None:
    schedule = a_schedule(EIGHT - HOUR, cron="0 * * * *", start_at=EIGHT, until=EIGHT + HOUR)

    assert schedule.next_fire == EIGHT
    assert next_fire(schedule, EIGHT) == EIGHT + HOUR
    assert next_fire(schedule, EIGHT + HOUR) is None


def test_a_schedule_on_time_fires_once_and_goes_on() -> None:
    for policy in CatchUp:
        decided = turn(hourly(catch_up=policy), EIGHT + HOUR + timedelta(seconds=5))

        assert decided == Turn(fire=EIGHT + HOUR, missed=None, next_fire=EIGHT + 2 * HOUR)


def test_a_schedule_before_its_time_has_no_turn() -> None:
    with pytest.raises(ValueError, match="not due"):
        turn(hourly(), EIGHT)


AFTER_A_NIGHT = EIGHT + 10 * HOUR + 30 * MINUTE  # ten firings late


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"catch_up": "skip"},
            Turn(fire=None, missed=Missed(first=EIGHT + HOUR, count=10), next_fire=EIGHT + 11 * HOUR),
        ),
        (
            {"catch_up": "skip", "grace_seconds": 3600},
            Turn(fire=EIGHT + 10 * HOUR, missed=Missed(first=EIGHT + HOUR, count=9), next_fire=EIGHT + 11 * HOUR),
        ),
        (
            {"catch_up": "once"},
            Turn(fire=EIGHT + 10 * HOUR, missed=Missed(first=EIGHT + HOUR, count=9), next_fire=EIGHT + 11 * HOUR),
        ),
        ({"catch_up": "all"}, Turn(fire=EIGHT + HOUR, missed=None, next_fire=EIGHT + 2 * HOUR)),
        (
            {"catch_up": "all", "max_catch_up": 3},
            Turn(fire=EIGHT + 8 * HOUR, missed=Missed(first=EIGHT + HOUR, count=7), next_fire=EIGHT + 9 * HOUR),
        ),
        (
            {"catch_up": "once", "until": EIGHT + 3 * HOUR},
            Turn(fire=EIGHT + 3 * HOUR, missed=Missed(first=EIGHT + HOUR, count=2), next_fire=None),
        ),
    ],
)  # fmt: skip
def test_what_was_missed_is_made_up_for_as_the_policy_says(fields: dict[str, Any], expected: Turn) -> None:
    assert turn(hourly(**fields), AFTER_A_NIGHT) == expected


@pytest.mark.parametrize("rhythm", [{"every_seconds": 1}, {"cron": "* * * * *"}, {"cron": "* * 1 1 *"}])
def test_years_of_missed_firings_are_passed_over_quickly(rhythm: dict[str, Any]) -> None:
    schedule = a_schedule(EIGHT, **{"every_seconds": None} | rhythm)
    now = EIGHT + timedelta(days=1000)

    decided = turn(schedule, now)

    assert decided.fire is not None
    assert decided.fire <= now
    assert decided.next_fire is not None
    assert decided.next_fire > now
    assert decided.missed is not None
    assert decided.missed.count == MOST_COUNTED


@examples(50, deadline=None)
@given(
    st.sampled_from([{"every_seconds": 600}, {"cron": "0,40 * * * *"}, {"cron": "30 2 * * *"}]),
    st.sampled_from(list(CatchUp)),
    st.integers(1, 20),
    st.lists(st.integers(1, 2 * 24 * 60), min_size=1, max_size=5),
)
def test_no_moment_fires_twice_and_none_is_forgotten(
    rhythm: dict[str, Any], policy: CatchUp, most: int, looks: list[int]
) -> None:
    fields = {"every_seconds": None, "timezone": "Europe/Berlin", "catch_up": policy, "max_catch_up": most}
    schedule = a_schedule(datetime(2026, 3, 27, tzinfo=UTC), **fields | rhythm)
    now, fired, counted = schedule.since, [], 0
    for minutes in looks:
        now += timedelta(minutes=minutes)
        while schedule.next_fire is not None and schedule.next_fire <= now:
            decided = turn(schedule, now)
            fired += [decided.fire] if decided.fire else []
            counted += (decided.missed.count if decided.missed else 0) + (decided.fire is not None)
            schedule = schedule.model_copy(update={"next_fire": decided.next_fire})

    expected = list(takewhile(now.__ge__, schedule.definition.moments(schedule.since, schedule.since)))
    assert fired == sorted(set(fired))
    assert set(fired) <= set(expected)
    assert counted == len(expected)


def test_what_was_fired_is_not_fired_again_when_the_clock_goes_back() -> None:
    schedule = hourly().model_copy(update={"last_fire": EIGHT + 5 * HOUR})

    assert schedule.pause().next_fire is None
    assert schedule.pause().begin(EIGHT).next_fire == EIGHT + 6 * HOUR


def test_the_job_of_a_firing_has_one_name_in_every_zone() -> None:
    schedule = ScheduleId("s")
    other_zone = EIGHT.astimezone(datetime.fromisoformat("2026-03-02T00:00+05:00").tzinfo)

    assert fired_job_id(schedule, EIGHT) == fired_job_id(schedule, other_zone)
    assert (
        len({fired_job_id(schedule, EIGHT), fired_job_id(schedule, EIGHT + HOUR), fired_job_id(ScheduleId("t"), EIGHT)})
        == 3
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"every_seconds": None}, "cron"), ({"cron": "@daily"}, "cron"), ({"every_seconds": 0.5}, "every_seconds"),
        ({"text": None}, "text"), ({"intent": "fetch_invoice"}, "text"), ({"description": "x"}, "text"),
        ({"start_at": EIGHT, "until": EIGHT}, "until"), ({"start_at": "2026-03-02T08:00"}, "start_at"),
        ({"until": "9999-01-01T00:00Z"}, "until"), ({"name": ""}, "name"), ({"name": "a/b"}, "name"),
        ({"name": "a\nb"}, "name"), ({"name": " a"}, "name"), ({"max_catch_up": 0}, "max_catch_up"),
        ({"overlap": "maybe"}, "overlap"), ({"colour": 1}, "colour"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ScheduleDefinition.model_validate({"name": "a", "text": "x", "every_seconds": 60} | fields)

    path, problem = first_flaw(caught.value)
    assert path == field
    assert problem.de != problem.en


@pytest.mark.parametrize("name", ["a", "Rechnung am Morgen", "größe 100 % 📎", "x" * 100])
def test_a_name_may_be_words(name: str) -> None:
    assert a_definition(name=name).name == name
