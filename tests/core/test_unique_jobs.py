"""What an order says of being unique, and which job is in the way of which."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from scheduler.core.job import JobStatus
from scheduler.core.orders import JobOrder
from scheduler.core.problems import first_problem
from scheduler.core.task_graph import TaskGraph
from scheduler.core.unique_jobs import Unique, UniqueClaim, claim_of
from tests.support.builders import a_job
from tests.support.clock import NOON

HOUR = timedelta(hours=1)


def claimed(unique: Unique | None = None, **job: Any) -> UniqueClaim:  # noqa: ANN401 - fields of Job
    claim = claim_of(unique or Unique(), a_job(**job))
    assert claim is not None
    return claim


def test_who_asks_for_nothing_claims_nothing() -> None:
    assert claim_of(None, a_job()) is None


def test_the_same_intent_arguments_and_plan_are_of_one_kind() -> None:
    slots = {"slots": {"recipient": "anna@example.com"}}

    assert claimed(context=slots).key == claimed(context=slots | {"desk": 7}, description="said otherwise").key
    others = [
        claimed(context={"slots": {"recipient": "tom@example.com"}}),
        claimed(context=slots, intent="other"),
        claimed(context=slots, tasks=2),
        claimed(Unique(key="k"), context=slots),
        claimed(Unique(key="l"), context=slots),
        claimed(context=slots, task_graph=TaskGraph(), description="a"),
        claimed(context=slots, task_graph=TaskGraph(), description="b"),
    ]
    assert len({claimed(context=slots).key, *(other.key for other in others)}) == 1 + len(others)


def test_a_name_is_of_one_kind_whatever_is_to_be_done() -> None:
    assert claimed(Unique(key="größe 📎")).key == claimed(Unique(key="größe 📎"), tasks=2, intent="other").key


@pytest.mark.parametrize(
    ("unique", "status", "age", "met"),
    [
        (Unique(), JobStatus.PENDING, 100 * HOUR, True),
        (Unique(), JobStatus.RUNNING, HOUR, True),
        (Unique(), JobStatus.WAITING, HOUR, True),
        (Unique(), JobStatus.CANCELLING, HOUR, True),
        (Unique(), JobStatus.DONE, 0 * HOUR, False),
        (Unique(), JobStatus.FAILED, 0 * HOUR, False),
        (Unique(), JobStatus.CANCELLED, 0 * HOUR, False),
        (Unique(within_seconds=3600), JobStatus.DONE, HOUR / 2, True),
        (Unique(within_seconds=3600), JobStatus.DONE, HOUR, False),
        (Unique(within_seconds=3600), JobStatus.FAILED, HOUR / 2, False),
        (Unique(within_seconds=3600), JobStatus.RUNNING, 2 * HOUR, True),
        (Unique(states=("pending",)), JobStatus.PENDING, HOUR, True),
        (Unique(states=("pending",)), JobStatus.RUNNING, HOUR, False),
        (Unique(states=("pending", "done")), JobStatus.DONE, 10_000 * HOUR, True),
        (Unique(states=("pending", "failed"), within_seconds=3600), JobStatus.FAILED, HOUR / 2, True),
    ],
)
def test_who_is_in_the_way(unique: Unique, status: JobStatus, age: timedelta, met: bool) -> None:
    assert claimed(unique).met_by(status, NOON, NOON + age) is met


@pytest.mark.parametrize(
    ("unique", "field"),
    [
        ({"key": ""}, "unique.key"),
        ({"key": "k" * 256}, "unique.key"),
        ({"within_seconds": 0}, "unique.within_seconds"),
        ({"within_seconds": "10"}, "unique.within_seconds"),
        ({"within_seconds": 1e9}, "unique.within_seconds"),
        ({"states": []}, "unique.states"),
        ({"states": ["done"]}, "unique.states"),
        ({"states": ["pending", "asleep"]}, "unique.states[1]"),
        ({"on_conflict": "replace"}, "unique.on_conflict"),
        ({"period": 1}, "unique.period"),
        (True, "unique"),
    ],
)
def test_what_is_wrong_is_named(unique: object, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        JobOrder.model_validate({"intent": "x", "unique": unique})

    assert first_problem(refused.value)[0] == field


def test_states_in_any_order_are_the_same_request() -> None:
    assert Unique(states=("done", "pending", "done")) == Unique(states=("pending", "done"))
