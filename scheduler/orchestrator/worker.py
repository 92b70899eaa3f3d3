"""Leases jobs and runs many at once, keeps their leases alive, and leaves in order when told to."""

import asyncio
import contextlib
import functools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from scheduler.core.assembling import values_of
from scheduler.core.clock import Clock
from scheduler.core.endings import cancel_for_good
from scheduler.core.errors import LeaseLostError, UnavailableError
from scheduler.core.job import Job, Lease
from scheduler.orchestrator.carrier import Carrier
from scheduler.orchestrator.orchestrator import Orchestrator, Work
from scheduler.queue.job_queue import JobQueue

log = structlog.get_logger(__name__)

_LOOK_AGAIN = 1.0  # seconds; a change of which nobody told us is found so
_LOOK_SOON = 0.01  # the same while a job that is to be stopped may be about to begin here
_SWEEP_AGAIN = 5.0  # seconds
_MOST_AT_ONCE = 256  # jobs that are leased with one question
_GROUPS = 2
"""Into so many a busy worker divides what it may run at once: while the leases of one are stored, and the ends of
another, the others run."""
_SMALLEST_GROUP = 4


class _Held(NamedTuple):
    """How long a lease is good, as far as this worker knows, and for how long it is prolonged each time."""

    until: datetime
    length: timedelta

    def nearly_over(self, now: datetime) -> bool:
        return now >= self.until - self.length / 5


class Worker:
    """Runs jobs from the queue until `drain` is called. `last_look` tells a health check that it is not stuck.

    `orchestrator` carries them; it also takes in what agents say.
    """

    def __init__(
        self,
        *,
        job_queue: JobQueue,
        orchestrator: Orchestrator,
        clock: Clock,
        lease: timedelta,
        concurrency: int = 4,
        grace: timedelta = timedelta(seconds=20),
    ) -> None:
        self._queue = job_queue
        self.orchestrator = orchestrator
        self._clock = clock
        self._lease = lease
        self._concurrency = concurrency
        self._group = min(max(concurrency // _GROUPS, _SMALLEST_GROUP), _MOST_AT_ONCE)
        self._grace = grace
        self._draining = False
        self._full = False
        self._leasing = False
        self._look = asyncio.Event()
        self._running: dict[Carrier, Job] = {}
        self._latest: dict[str, Carrier] = {}
        self._held: dict[Carrier, _Held] = {}
        self._renew_now = asyncio.Event()
        self.last_look: float | None = None

    def drain(self) -> None:
        """Lease nothing more; finish or hand back what is running, then return from `run`."""
        self._draining = True
        self._look.set()

    async def run(self) -> None:
        """Work until drained."""
        log.info("worker_started", concurrency=self._concurrency, lease=self._lease.total_seconds())
        async with asyncio.TaskGroup() as owner:
            watches = [
                owner.create_task(watch())
                for watch in (self._watch_queue, self._keep_leases, self._stop_lapsed, self._keep_sweeping)
            ]
            await self._lease_and_start(owner)
            await self._leave()
            await cancel_for_good(*watches)
        log.info("worker_stopped")

    async def _lease_and_start(self, owner: asyncio.TaskGroup) -> None:
        while not self._draining:
            self._look.clear()
            limit = min(self._concurrency - len(self._running), self._group)
            self._full, looked_at = limit < 1, self._clock.now()
            self._leasing = True
            jobs = await self._next_jobs(limit)
            self._leasing = False
            self.last_look = asyncio.get_running_loop().time()
            self._start_all(jobs, owner, self._clock.now())
            if not jobs or len(jobs) < limit:
                await self._until_there_may_be_more(looked_at)
            else:
                await asyncio.sleep(0)  # they are begun before the next are looked for

    async def _until_there_may_be_more(self, looked_at: datetime) -> None:
        """Wait for a change, also one since the flag was cleared, or until a delay or a lease ends, which changes
        nothing: one that had ended when we looked is no reason to look again."""
        due, timer = self._queue.next_due, None
        if due is not None and due > looked_at:
            seconds = (due - self._clock.now()).total_seconds()
            if seconds < _LOOK_AGAIN:
                timer = asyncio.get_running_loop().call_later(seconds, self._look.set)
        try:
            await self._look.wait()
        finally:
            if timer is not None:
                timer.cancel()

    def _start_all(self, jobs: Sequence[Job], owner: asyncio.TaskGroup, now: datetime) -> None:
        """Run jobs that were leased together; those of one claim share their lease, and what is known of it."""
        latest: Lease | None = None
        held: _Held | None = None
        together: dict[Carrier, Job] = {}
        for job in jobs:
            its, run = values_of(job), Carrier(owner, self._ended)
            job_id, lease = its["id"], its["lease"]
            if lease is not latest:
                latest, held = lease, None if lease is None else _Held(lease.until, lease.until - now)
            earlier = self._latest.get(job_id)
            self._running[run], self._latest[job_id] = job, run
            if held is not None:
                self._held[run] = held
            if earlier is None:
                together[run] = job
            else:
                run.carry(self._alone(job, functools.partial(self._process_after, earlier, run, job)))
        if together:
            group = Carrier(owner, _forget, len(together))
            group.carry(self._process(together, group))

    def _ended(self, run: Carrier) -> None:
        job_id = self._running.pop(run).id
        self._held.pop(run, None)
        if self._latest.get(job_id) is run:
            del self._latest[job_id]
        if self._full or self._draining:
            self._look.set()

    async def _next_jobs(self, limit: int) -> Sequence[Job]:
        if limit < 1:
            return ()
        try:
            return await self._queue.dequeue_many(limit)
        except UnavailableError as error:
            log.warning("queue_unavailable", error=str(error))
        except Exception:
            log.exception("lease_failed")
        return ()

    async def _process(self, jobs: Mapping[Carrier, Job], group: Carrier) -> None:
        """Run jobs together, as far as they go."""
        try:
            await self.orchestrator.process_together(jobs, group.begin, self._goes_alone, self._release)
        except Exception:
            log.exception("job_runs_crashed", job_ids=[job.id for job in jobs.values()])
        finally:
            for run in jobs:
                if run.with_others:
                    run.end()

    async def _release(self, runs: Sequence[Carrier]) -> None:
        """Forget the leases of runs that have ended together."""
        try:
            await self._queue.release([self._running[run] for run in runs])
        except Exception:
            log.exception("leases_not_released")
        for run in runs:
            run.end()

    async def _process_after(self, earlier: Carrier, run: Carrier, job: Job) -> None:
        """Run a job that this process has got again because it slept through its lease: the earlier run ends first."""
        earlier.cancel()
        await earlier.until_ended()
        await self.orchestrator.process(self._as_held(job, run), run.begin)

    def _goes_alone(self, run: Carrier, job: Job, work: Work) -> None:
        run.carry_on(self._alone(job, work))

    async def _alone(self, job: Job, work: Work) -> None:
        """Carry a run on. One that breaks keeps its lease until that runs out: a pause, counted as a crash."""
        try:
            await work()
            await self._queue.release([job])
        except LeaseLostError:
            pass  # whoever has the job now carries it on
        except UnavailableError as error:
            log.warning("job_given_up", job_id=job.id, error=str(error))
            await self._hand_back(job)
        except Exception:
            log.exception("job_run_crashed", job_id=job.id)

    def _as_held(self, job: Job, run: Carrier) -> Job:
        """Return the job with its lease as it was prolonged while its run had to wait."""
        held = self._held.get(run)
        if held is None or job.lease is None:
            return job
        return job.model_copy(update={"lease": job.lease.model_copy(update={"until": held.until})})

    async def _watch_queue(self) -> None:
        """Look for work, and for what is to be stopped, whenever the queue has changed, and now and then."""
        while True:
            seen = self._queue.changes
            self._look.set()
            begins = await self._stop_cancelled() if self._running or self._leasing else False
            try:
                await self._queue.wait(seen, _LOOK_SOON if begins else _LOOK_AGAIN)
            except Exception as error:
                log.warning("queue_unavailable", error=str(error), exc_info=not isinstance(error, UnavailableError))
                await asyncio.sleep(_LOOK_AGAIN)

    async def _stop_cancelled(self) -> bool:
        """Ask runs whose jobs were cancelled to stop; return whether one of them may be about to begin here."""
        try:
            wanted = await self._queue.cancelling()
        except Exception as error:
            log.warning("queue_unavailable", error=str(error), exc_info=not isinstance(error, UnavailableError))
            return False
        others = [job_id for job_id in wanted if not self.orchestrator.stop(job_id)]
        return any(self._leasing or job_id in self._latest for job_id in others)

    async def _keep_sweeping(self) -> None:
        while True:
            try:
                await self._queue.sweep()
            except Exception as error:
                log.warning("sweep_failed", error=str(error), exc_info=not isinstance(error, UnavailableError))
            await asyncio.sleep(_SWEEP_AGAIN)

    async def _keep_leases(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._lease.total_seconds() / 3):
                    await self._renew_now.wait()
            self._renew_now.clear()
            await self._renew()

    async def _stop_lapsed(self) -> None:
        """Stop runs whose leases cannot be prolonged, because another worker may have their jobs any moment.

        One that is nearly over is prolonged at once; if at the next look it is not, the store does not let us.
        """
        doubtful: set[Carrier] = set()
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 10)
            now = self._clock.now()
            ending = {run for run, held in self._held.items() if held.nearly_over(now)}
            for run in ending & doubtful:
                job = self._running[run]
                if not self.orchestrator.has_left(job.id):
                    log.warning("lease_not_prolonged", job_id=job.id)
                    run.cancel()
                del self._held[run]
            doubtful = ending - doubtful
            if doubtful:
                self._renew_now.set()

    async def _renew(self) -> None:
        """Prolong all leases; who lost one stops, unless its run has just ended or was parked."""
        now = self._clock.now()
        running = {
            run: job
            for run, job in self._running.items()
            if self._latest.get(job.id) is run and not self.orchestrator.has_left(job.id)
        }
        if not running:
            return
        try:
            lost = await self._queue.renew_many(list(running.values()))
        except Exception as error:
            log.warning("leases_not_renewed", error=str(error), exc_info=not isinstance(error, UnavailableError))
            return
        for run, job in running.items():
            if self._latest.get(job.id) is not run or self.orchestrator.has_left(job.id):
                continue
            if job.id in lost:
                log.warning("lease_lost", job_id=job.id)
                run.cancel()
            elif run in self._held:
                until = now + self._held[run].length
                self._held[run] = self._held[run]._replace(until=until)
                self.orchestrator.renewed(job.id, until)

    async def _leave(self) -> None:
        """Give running jobs the grace time, then stop them and hand them back."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._grace.total_seconds()):
                while self._running:
                    self._look.clear()
                    await self._look.wait()
        await asyncio.gather(*(self._stop_and_hand_back(run, job) for run, job in self._running.items()))

    async def _stop_and_hand_back(self, run: Carrier, job: Job) -> None:
        run.cancel()
        await run.until_ended()
        await self._hand_back(job)

    async def _hand_back(self, job: Job) -> None:
        try:
            await self._queue.hand_back(job)
        except LeaseLostError:
            return  # it ended just now, or another worker has it
        except UnavailableError as error:
            log.warning("not_handed_back", job_id=job.id, error=str(error))
        else:
            log.info("job_handed_back", job_id=job.id)


def _forget(_group: Carrier) -> None:
    """Whoever is carried together tells of its own end."""
