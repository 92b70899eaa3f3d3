"""Random groups of jobs with steps that wait or fail, cancels, lost leases, a failing store and a worker that stops.

Each is lived through twice: together, as a worker carries them, and one by one. What is stored of jobs that no fault
was meant for must be the same. `python -m tests.simulation.groups SEED` tells one.
"""

import argparse
import asyncio
import contextlib
import itertools
import sys
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Final
from unittest import mock

from scheduler.core.errors import InvalidTransitionError
from scheduler.core.ids import JobId
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.orchestrator.orchestrator import Orchestrator
from scheduler.orchestrator.task_runner import TaskRunner
from scheduler.orchestrator.worker import Worker
from scheduler.queue.job_queue import JobQueue
from tests.simulation.group_case import LEASE, Case, Fault, id_of
from tests.simulation.group_world import ModelJobs, ModelQueue, ScriptedExecutors
from tests.simulation.model_store import ModelStore
from tests.simulation.violations import ViolationError
from tests.support.answers import MemoryAnswers
from tests.support.builders import a_job
from tests.support.orchestration import NoAgents, no_luck
from tests.support.runs import a_graph, a_step
from tests.support.virtual_time import LoopClock, StandstillError, VirtualLoop

_LONGEST: Final = 600.0  # seconds of virtual time in which everything must have ended


class Life:
    """One life of a case: its store, its executors and the orchestrator between them. Without faults unless told."""

    def __init__(self, case: Case, loop: asyncio.AbstractEventLoop, faults: Collection[Fault] = ()) -> None:
        self.case = case
        self.faults = faults
        self.clock = LoopClock(loop)
        self.store = ModelStore()
        self.queue = ModelQueue(self.store, self.clock)
        self.executors = ScriptedExecutors(case)
        self.executors.hold_anything = case.clears_up
        ids = (f"entry-{number}" for number in itertools.count(1))
        runner = TaskRunner(
            executors=self.executors, clock=self.clock, random=no_luck, redact=str, answers=MemoryAnswers()
        )
        self.jobs = ModelJobs(self.store, faults)
        self.orchestrator = Orchestrator(
            job_queue=JobQueue.over(self.queue),  # type: ignore[arg-type]  # all that a worker needs of it
            jobs=self.jobs,  # type: ignore[arg-type]
            tasks=self.jobs,  # type: ignore[arg-type]
            catalog_of=lambda _: self.executors.catalog,
            executors=self.executors,
            agents=NoAgents(),
            runner=runner,
            clock=self.clock,
            random=no_luck,
            new_id=partial(next, ids),
        )
        for number, steps in enumerate(case.jobs):
            graph = a_graph(
                a_step(f"s{place}", *after, action=action) for place, (action, after, _) in enumerate(steps)
            )
            self.store.accept(a_job(id=id_of(number), task_graph=graph), None)

    async def one_by_one(self) -> None:
        """Carry each job alone, when the one before has ended."""
        while (job := self.store.claim(self.clock.now(), LEASE)) is not None:
            await self.orchestrator.process(job)

    async def together(self) -> None:
        """Have workers carry all of them, one after another where one is stopped."""
        stops = [*sorted(fault.at for fault in self.faults if fault.kind == "stop"), None]
        striking = [asyncio.create_task(self._strike(fault)) for fault in self.faults if fault.job is not None]
        for stop in stops:
            worker = Worker(
                job_queue=JobQueue.over(self.queue),  # type: ignore[arg-type]
                orchestrator=self.orchestrator,
                clock=self.clock,
                lease=LEASE,
                concurrency=self.case.concurrency,
                grace=timedelta(seconds=0.05),
            )
            self.queue.has_room = partial(self._has_room, worker)
            running = asyncio.create_task(worker.run())
            await (self._all_ended() if stop is None else asyncio.sleep(stop))
            worker.drain()
            await running
            left = [worker._running, worker._held, worker._latest, self.orchestrator._runs]
            self.must(not any(left), f"a worker that has stopped still holds {left}")
        await asyncio.gather(*striking)
        self.must(not self.queue.overslept, f"nobody looked for {self.queue.overslept}, which were due")
        self.must(not self.orchestrator._means.timers._sleepers, "somebody is still to be woken")
        self.must(asyncio.all_tasks() == {asyncio.current_task()}, f"tasks are left: {asyncio.all_tasks()}")

    def _has_room(self, worker: Worker) -> bool:
        return len(worker._running) < self.case.concurrency and not worker._draining

    async def _all_ended(self) -> None:
        while not all(stored.job.status.final for stored in self.store.rows.values()):
            await asyncio.sleep(0.5)
            self.must(self.clock.monotonic() < _LONGEST, f"these never end: {self._open()}")

    def _open(self) -> list[tuple[JobId, str]]:
        return [(key, stored.job.status) for key, stored in self.store.rows.items() if not stored.job.status.final]

    async def _strike(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at)
        job_id, now = id_of(fault.job or 0), self.clock.now()
        job = self.store.rows[job_id].job
        with contextlib.suppress(InvalidTransitionError):
            if fault.kind == "cancel":
                self.store.cancel(job_id, now)
            elif fault.kind in {"steal", "hand back"} and job.lease is not None:
                self.store.hand_back(job, now)
                if fault.kind == "steal":
                    thief = self.store.claim_named(job_id, job.lease.epoch + 1, now, LEASE)
                    await asyncio.sleep(1)
                    self.store.hand_back(thief, self.clock.now())
        self.queue.tell()

    def must(self, holds: bool, what: str) -> None:
        if not holds:
            raise ViolationError("groups", f"{what} (python -m tests.simulation.groups {self.case.seed})")

    def check(self, alone: "Life") -> None:
        """Compare what is stored, and what has happened, with the life in which each was carried alone."""
        for number in range(len(self.case.jobs)):
            stored = self.store.rows[id_of(number)]
            if number in self.case.meant or (self.case.stops and stored.epoch > 1):
                ends = sum(event.type in {"job_done", "job_failed", "job_cancelled"} for event in stored.events)
                self.must(ends == 1, f"{stored.job.id} has ended {ends} times")
                continue
            ours, theirs = self._of(stored.job.id), alone._of(stored.job.id)
            differ = [
                (what, ours[what], theirs[what]) for what in self._comparable(number) if ours[what] != theirs[what]
            ]
            self.must(not differ, f"{stored.job.id} together and alone: {differ}")
        effects = self.executors.world.effects
        twice = [key for key in self.executors.once if effects[key] > 1]
        self.must(not twice, f"effects have happened twice: {twice}")
        for (job_id, task_id), key in self.executors.keys.items():
            done = self.store.rows[job_id].tasks[task_id].status is TaskStatus.DONE
            self.must(effects[key] > 0 or not done, f"{task_id} of {job_id} is done, and nothing has happened")
        self.must(not self.executors.misnamed, f"logs name others than {self.executors.misnamed}")
        self.must(not self.jobs.again, f"stored again, though it was answered: {self.jobs.again}")
        for job_id, stored in self.store.rows.items():
            lines = Counter(event.model_dump_json() for event in stored.events)
            doubled = [line for line, times in lines.items() if times > 1]
            self.must(not doubled, f"the timeline of {job_id} says twice {doubled}")
        for tenant in self.store.chains:
            self.must(self.store.broken_link(tenant) is None, "the audit log is broken")

    def _comparable(self, number: int) -> Collection[str]:
        """Return what does not depend on which of two steps side by side was first."""
        failed = self.store.rows[id_of(number)].job.status is JobStatus.FAILED
        together = failed and len(self.case.jobs[number]) > 1
        return ("ended", "epoch") if together else ("ended", "epoch", "effects", "entries", "tasks", "events")

    def _of(self, job_id: JobId) -> dict[str, object]:
        """Return what must be the same. Of a repeatable step's beginning and end there is one entry if they share a
        write, so entries are not counted."""
        stored, world = self.store.rows[job_id], self.executors.world.effects
        entries = [entry for chain in self.store.chains.values() for block in chain for entry in block.entries]
        return {
            "ended": (stored.job.status, stored.job.error_code),
            "epoch": stored.epoch,
            "effects": {task: world[key] for (job, task), key in self.executors.keys.items() if job == job_id},
            "events": Counter((event.type.value, event.task_id) for event in stored.events),
            "entries": {(one.action, one.task_id, one.result) for one in entries if one.job_id == job_id},
            "tasks": {
                key: (task.status, task.attempts, task.failures, task.result, task.failure and task.failure.code)
                for key, task in stored.tasks.items()
            },
        }


def live(seed: int) -> Case:
    """Live a case through, together and one by one. Raises ViolationError."""
    case, lives = Case(seed), list[Life]()
    for go, faults in ((Life.one_by_one, ()), (Life.together, case.faults)):
        with contextlib.closing(VirtualLoop()) as loop, mock.patch("time.monotonic", loop.time):
            lives.append(Life(case, loop, faults))
            try:
                loop.run_until_complete(go(lives[-1]))
            except StandstillError as error:
                raise ViolationError("groups", f"{error} (python -m tests.simulation.groups {seed})") from error
            finally:
                loop.end()
    lives[1].check(lives[0])
    return case


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.groups", description=__doc__)
    parser.add_argument("seed", type=int)
    seed = parser.parse_args().seed
    print(Case(seed))  # noqa: T201
    live(seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
