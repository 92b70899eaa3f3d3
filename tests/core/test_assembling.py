"""Models made of values that are known to be valid are those that validation would have made."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from scheduler.core.assembling import assembled
from scheduler.core.ids import JobId, LeaseToken
from scheduler.core.job import Job, JobStatus, Lease, job_with
from scheduler.core.task_graph import TaskGraph

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_an_assembled_model_is_the_validated_one() -> None:
    lease = {"token": LeaseToken("t"), "epoch": 1, "until": NOW}

    made = assembled(Lease, dict(lease))

    assert made == Lease.model_validate(lease)
    assert made.model_dump_json() == Lease.model_validate(lease).model_dump_json()
    with pytest.raises(ValidationError, match="frozen"):
        made.epoch = 2  # type: ignore[misc]


def test_a_job_with_fields_has_the_defaults_of_the_others_and_can_change() -> None:
    plan = TaskGraph.model_validate({"tasks": [{"id": "a", "action": "web.open"}]})
    fields = {"id": JobId("j"), "intent": "i", "context": {"a": 1}, "task_graph": plan, "created_at": NOW}

    made = job_with(fields)

    assert made == Job.model_validate(fields)
    assert made.model_dump_json() == Job.model_validate(fields).model_dump_json()
    running = made.become(JobStatus.RUNNING, started_at=NOW + timedelta(seconds=1))
    assert (running.status, made.status) == (JobStatus.RUNNING, JobStatus.PENDING)
