"""Who gets the next job: the store itself, or a queue that hands out ids and may forget everything.

The second is a model of dispatch by a server such as Redis, by the rules that make it safe: the store has the last word
(a claim counts only with a greater epoch than the stored one, and only when the stored lease is over; a refused one is
told what is stored), a renewal is written there too, putting what is in the queue already changes nothing, a renewal of
what the queue has forgotten brings it back, and a sweep refills it from the store.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from scheduler.core.errors import LeaseLostError
from scheduler.core.ids import JobId
from scheduler.core.job import Job, JobStatus
from tests.simulation.agenda import Agenda
from tests.simulation.chance import Chance, Fault
from tests.simulation.model_store import ModelStore

LEASE = timedelta(seconds=10)

Claim = Callable[[], Job | None]
"""One transaction of the store. None: nothing was leased."""


class Dispatch(Protocol):
    """What a worker and the API need of a queue."""

    def put(self, job_id: JobId) -> None:
        """Make a job ready that has just been stored."""

    def next_claim(self) -> Claim | None:
        """Say what a worker that has a free place does next; None: nothing is ready."""

    def renew(self, job: Job) -> datetime:
        """Prolong the lease; return until when. Raises LeaseLostError."""

    def finish(self, job: Job) -> None:
        """Forget a job whose run has ended."""

    def sweep(self) -> None:
        """Take up what was forgotten."""

    def misbehave(self, fault: Fault) -> None:
        """Let a fault of queues happen."""

    def __len__(self) -> int:
        """Return how many jobs the queue has in mind."""


class StoreDispatch:
    """The store's own rows say which job is next, as in the queue in SQLite."""

    def __init__(self, store: ModelStore, agenda: Agenda) -> None:
        self._store = store
        self._agenda = agenda

    def put(self, job_id: JobId) -> None:
        """Nothing to do: what is stored is ready."""

    def next_claim(self) -> Claim | None:
        if self._store.next_due(self._agenda.now) is None:
            return None
        return lambda: self._store.claim(self._agenda.now, LEASE)

    def renew(self, job: Job) -> datetime:
        return _renew(self._store, job, self._agenda.now + LEASE)

    def finish(self, job: Job) -> None:
        """Nothing to do."""

    def sweep(self) -> None:
        """Nothing can be forgotten."""

    def misbehave(self, fault: Fault) -> None:
        """There is no queue that could."""

    def __len__(self) -> int:
        return 0


@dataclass(slots=True)
class Place:
    """A job in the queue. `until` is set while somebody has it."""

    priority: int
    number: int
    epoch: int
    not_before: datetime | None
    until: datetime | None = None

    def ready(self, now: datetime) -> bool:
        free = self.until is None or self.until <= now
        return free and (self.not_before is None or self.not_before <= now)


class ForgetfulDispatch:
    """A queue beside the store. Its epochs are hints."""

    def __init__(self, store: ModelStore, agenda: Agenda, chance: Chance) -> None:
        self._store = store
        self._agenda = agenda
        self._chance = chance
        self._places: dict[JobId, Place] = {}

    def __len__(self) -> int:
        return len(self._places)

    def put(self, job_id: JobId) -> None:
        stored = self._store.rows[job_id]
        if job_id not in self._places:
            job = stored.job
            self._places[job_id] = Place(job.priority, stored.number, stored.epoch, job.not_before)

    def next_claim(self) -> Claim | None:
        now = self._agenda.now
        ready = [(-place.priority, place.number, job_id) for job_id, place in self._places.items() if place.ready(now)]
        if not ready:
            return None
        _, _, job_id = min(ready)
        place = self._places[job_id]
        place.epoch, place.until = place.epoch + 1, now + LEASE
        epoch = place.epoch
        return lambda: self._claim(job_id, epoch)

    def _claim(self, job_id: JobId, epoch: int) -> Job | None:
        try:
            return self._store.claim_named(job_id, epoch, self._agenda.now, LEASE)
        except LeaseLostError:
            self._chance.seen["claim refused"] += 1
            self._correct(job_id)
            return None

    def _correct(self, job_id: JobId) -> None:
        stored, place = self._store.rows[job_id], self._places.get(job_id)
        if place is None:
            return
        if stored.job.status.final or stored.job.status is JobStatus.WAITING:
            del self._places[job_id]
        else:
            place.epoch = max(place.epoch, stored.epoch)

    def renew(self, job: Job) -> datetime:
        until = _renew(self._store, job, self._agenda.now + LEASE)
        self.put(job.id)
        self._places[job.id].until = until
        return until

    def finish(self, job: Job) -> None:
        place = self._places.get(job.id)
        if place is not None and (job.lease is None or place.epoch <= job.lease.epoch):
            del self._places[job.id]

    def sweep(self) -> None:
        now = self._agenda.now
        for job_id, stored in self._store.rows.items():
            pending = stored.job.status is JobStatus.PENDING
            lost = stored.due is not None and stored.due <= now
            if job_id not in self._places and (pending or lost):
                self.put(job_id)

    def misbehave(self, fault: Fault) -> None:
        taken = [job_id for job_id, place in self._places.items() if place.until is not None]
        if fault is Fault.QUEUE_EMPTIED:
            self._places.clear()
        elif taken:
            place = self._places[self._chance.random.choice(taken)]
            place.until = None
            if fault is Fault.QUEUE_OLD_EPOCH:
                place.epoch = max(0, place.epoch - 2)


def _renew(store: ModelStore, job: Job, until: datetime) -> datetime:
    if job.lease is None:
        raise LeaseLostError(job.id)
    store.renew(job.id, job.lease.token, until)
    return until
