"""Identifiers sort by time, and an effect key is the same exactly as long as the effect is."""

import uuid
from itertools import pairwise

import pytest

from scheduler.core.ids import JobId, TaskId, effect_key, ids_of, new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = uuid.UUID(new_id())

    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_ids_of_one_process_sort_by_the_time_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(1_772_452_800_000_000_000, 1_772_452_800_100_000_000, 1_000))
    monkeypatch.setattr("time.time_ns", lambda: next(moments))

    made = [new_id() for _ in range(10_000)]

    assert all(before < after for before, after in pairwise(made))
    assert len(set(made)) == len(made)


def test_many_ids_at_once_are_of_the_same_moment_and_none_is_like_another() -> None:
    before = new_id()
    made = [one for _ in range(10) for one in ids_of(new_id, 1_000)]

    assert len({before, *made}) == 10_001
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant, len(one)) for one in made} == {(7, uuid.RFC_4122, 36)}
    assert before[:18] <= min(made)[:18]
    assert ids_of(new_id, 0) == []


def test_other_factories_are_asked_for_each() -> None:
    numbers = iter("abcd")

    assert ids_of(lambda: next(numbers), 3) == ["a", "b", "c"]


def test_an_effect_key_tells_jobs_tasks_inputs_and_numbers_apart() -> None:
    job, task = JobId("job"), TaskId("send")
    keys = {
        effect_key(job, task, "{}"),
        effect_key(JobId("other"), task, "{}"),
        effect_key(job, TaskId("copy"), "{}"),
        effect_key(job, task, '{"a":1}'),
        effect_key(job, task, "{}", number=1),
    }

    assert len(keys) == 5
    assert all(len(key) == 64 for key in keys)
    assert effect_key(job, task, "{}") == effect_key(job, task, "{}", number=0)
