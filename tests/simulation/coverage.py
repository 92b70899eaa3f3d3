"""Runs many histories and tells how many of them met what: each fault, each status, each event that `step` knows."""

import traceback
from collections import Counter
from collections.abc import Iterable
from typing import get_args

from scheduler.core.events import RunEvent
from scheduler.core.job import JobStatus, TaskStatus
from tests.simulation.agents import FAILURES, SUCCESS
from tests.simulation.chance import Fault
from tests.simulation.history import History

_MEETINGS = frozenset(
    {
        "answer", "answer: NotWaitingError", "nobody answers", "step done for each element",
        "parked until the next attempt",
        "answer of an old epoch", "answer while stopping", "cancel", "cancel: InvalidTransitionError", "claim refused",
        "effect withheld, the lease is over", "given up, the store is busy", "handed back", "job put aside unopened",
        "key used for another request", "lease lost", "reached for another tenant's job", "refused, too many wait",
        "resume", "retry", "retry: RetriesExhaustedError", "seen: False", "seen: None", "seen: True",
        "submit again", "submitted again", "worker awakes with an old lease",
    }
)  # fmt: skip
WANTED: frozenset[str] = frozenset(
    {
        *Fault,
        *_MEETINGS,
        *(f"job {status}" for status in JobStatus),
        *(f"task {status}" for status in TaskStatus),
        *(event.__name__ for event in get_args(RunEvent)),
        *(outcome.name for outcome in (SUCCESS, *(outcome for outcome, _ in FAILURES))),
    }
)
"""What histories that are worth something meet, each in at least one of a hundred."""

LEAST_SHARE = 0.01


class Coverage:
    """Counts in how many histories something was met."""

    def __init__(self) -> None:
        self.histories = 0
        self.met: Counter[str] = Counter()

    def live(self, seeds: Iterable[int]) -> None:
        """Live through the histories of these seeds. What goes wrong names its seed and how to see it again."""
        for seed in seeds:
            history = History(seed)
            try:
                history.live()
            except Exception as error:
                error.add_note(f"the history with seed {seed}; to see it: python -m tests.simulation {seed}")
                raise
            self.histories += 1
            self.met.update(history.seen.keys())

    def rare(self) -> dict[str, int]:
        """Return what should be met in one history of a hundred and was not."""
        return {what: self.met[what] for what in sorted(WANTED) if self.met[what] < LEAST_SHARE * self.histories}

    def table(self) -> str:
        lines = [f"{self.met[what] / self.histories:7.1%}  {what}" for what in sorted(WANTED, key=self._rank)]
        return "\n".join([f"Of {self.histories} histories met", *lines])

    def _rank(self, what: str) -> tuple[int, str]:
        return -self.met[what], what


def replay(seed: int) -> bool:
    """Tell a history line by line; return whether it went well."""
    history = History(seed, print)
    try:
        history.live()
    except Exception:  # noqa: BLE001 - whatever went wrong is what one wants to see
        traceback.print_exc(limit=-3)
        return False
    for stored in history.store.rows.values():
        tasks = " ".join(f"{task.task_id}:{task.status}" for task in stored.tasks.values())
        print(f"{stored.job.id} of {stored.job.tenant}: {stored.job.status}, run {stored.job.run}; {tasks}")  # noqa: T201
    return True
