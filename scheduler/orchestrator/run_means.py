"""What the runs of a worker share, and what those have in common that begin together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduler.core.assembling import values_of
from scheduler.core.clock import Clock
from scheduler.core.events import MOST_CRASHES, RULES, AttemptFailed, RunOpened, RunRules
from scheduler.core.ids import IdFactory, JobId, TenantId
from scheduler.core.job import Job, Lease
from scheduler.orchestrator.decisions import Decisions
from scheduler.orchestrator.task_runner import TaskRunner
from scheduler.orchestrator.timers import Timers
from scheduler.repository.question_repository import UNANSWERED
from scheduler.repository.repository_interface import JobRepository


class Holds:
    """Says how long leases hold by the clock that nobody sets. The jobs of one claim share their lease."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest: Lease | None = None
        self._answer = 0.0

    def of(self, lease: Lease) -> float:
        """Return until when a lease that was just taken holds."""
        if lease is not self._latest:
            self._answer = self.until(lease.until)
            self._latest = lease
        return self._answer

    def until(self, moment: datetime) -> float:
        return self._clock.monotonic() + (moment - self._clock.now()).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What all runs of a worker share. `on_failure` gets attempts that failed, to `tell`."""

    runner: TaskRunner
    jobs: JobRepository
    clock: Clock
    timers: Timers
    holds: Holds
    random: Callable[[], float]
    new_id: IdFactory
    on_failure: Callable[[JobId, AttemptFailed], None]
    most_crashes: int = MOST_CRASHES
    rules: RunRules = RULES


class Openings:
    """Says of runs that begin at this moment how they do; those of which the same is to be said share the event."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._at = means.clock.now()
        self._known: dict[tuple[Any, ...], RunOpened] = {}

    def of(self, job: Job, decisions: Decisions) -> RunOpened:
        values = values_of(job)
        crashes, tenant, unanswered = values["crashes"], values["tenant"], values["error_code"] == UNANSWERED
        if not decisions.on_course:
            return self._opened(decisions, tenant, crashes, unanswered)
        key = id(decisions.plan), tenant, crashes, unanswered
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._opened(decisions, tenant, crashes, unanswered)
        return known

    def _opened(self, decisions: Decisions, tenant: TenantId, crashes: int, unanswered: bool) -> RunOpened:
        return RunOpened(
            at=self._at,
            crashes=crashes,
            most_crashes=self._means.most_crashes,
            rules=self._means.rules,
            unanswered=unanswered,
            lacking=self._means.runner.lacking(decisions.sure_to_come(), tenant),
        )
