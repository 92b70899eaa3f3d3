"""What the store promises about failed jobs whose plan a language model looks at."""

import abc
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from scheduler.core.corrections import Change
from scheduler.core.ids import TaskId
from scheduler.core.job import Job, TaskRun
from scheduler.core.task_graph import TaskGraph


class Broken(NamedTuple):
    """A failed job, and how far its tasks have come."""

    job: Job
    tasks: Sequence[TaskRun]


class Repaired(NamedTuple):
    """The next version of a failed job's plan: what is done is in it, unchanged."""

    task_graph: TaskGraph
    changes: Sequence[Change]
    added: Sequence[TaskId]
    removed: Sequence[TaskId]


class RepairRepository(abc.ABC):
    """Each run that failed is looked at once, by one process; one that died while it looked is relieved."""

    @abc.abstractmethod
    async def claim(self, now: datetime, *, since: datetime, stale: datetime, most_tries: int) -> Broken | None:
        """Take a dead letter that failed after `since` and was not looked at; None: there is none.

        A job is looked at `most_tries` times in all. Whoever took it before `stale` and has not said what came of it
        has died.
        """

    @abc.abstractmethod
    async def note(self, job: Job, outcome: str, suggestion: str, at: datetime) -> None:
        """Note what came of looking at the job; a suggestion is told in its timeline and in the audit log."""

    @abc.abstractmethod
    async def apply(self, job: Job, repaired: Repaired, suggestion: str, why: str, at: datetime) -> Job | None:
        """Store the next version of the plan and open the next run, all or nothing; return the job.

        None, and nothing is stored, when the job is no longer the dead letter, or its plan the version, it was.
        """
