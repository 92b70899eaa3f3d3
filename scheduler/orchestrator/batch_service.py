"""Many jobs in one request: each order is planned by itself, all that are sound are stored in one transaction."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final, NamedTuple

from scheduler.core.assembling import values_of
from scheduler.core.clock import Clock
from scheduler.core.errors import (
    CPAError,
    EarlierJobGoneError,
    IdempotencyConflictError,
    InvalidRequestError,
    UniqueConflictError,
)
from scheduler.core.ids import IdFactory, JobId, TenantId
from scheduler.core.job import Job
from scheduler.core.orders import JobOrder
from scheduler.core.unique_jobs import UniqueClaim, claim_of
from scheduler.orchestrator.job_service import job_of, plan_order
from scheduler.orchestrator.planned_request import PlannedRequest
from scheduler.orchestrator.planner import Planner
from scheduler.orchestrator.request_text import MAX_TEXT
from scheduler.queue.admission import Admission
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.repository_interface import Answered, IdempotentRequest, JobRepository

MOST_ORDERS: Final = 1000
"""Orders that one batch may hold."""
ROUTE: Final = "jobs:batch"
"""To whose requests a client's key for a batch belongs."""

_IN_ONE_GO = 0.01  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Orders as they came; one that cannot be read is the error that says why.

    `atomic`: all or none. Otherwise what is sound is accepted, whatever stands beside it.
    """

    orders: Sequence[JobOrder | CPAError]
    atomic: bool = False


class MetOrder(NamedTuple):
    """What an order gets that brought no job, because the one of its unique key was there."""

    job_id: JobId


class BatchService:
    """The use case of the bulk API."""

    def __init__(
        self,
        *,
        planner: Planner,
        jobs: JobRepository,
        job_queue: JobQueue,
        admission: Admission,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._planner = planner
        self._jobs = jobs
        self._queue = job_queue
        self._admission = admission
        self._clock = clock
        self._new_id = new_id

    async def create(
        self, batch: Batch, *, tenant: TenantId, key: str | None = None, digest: str = ""
    ) -> Sequence[JobId | MetOrder | CPAError]:
        """Accept a batch; answer each order, by its place, with its job or with why there is none.

        With the client's key the same batch, told by the digest of its body, is accepted once: asked again, the same
        ids come back, and for a job that was removed meanwhile that it was. Of an atomic batch with a flaw nothing is
        stored, and the first flaw is raised. Raises QueueFullError, and stores nothing, when there is no room for all
        that are sound, TooManyOrdersError when there never will be.
        """
        found = await self._planned(batch.orders, tenant)
        request = None if key is None else IdempotentRequest(key=key, route=ROUTE, body_digest=digest)
        try:
            answered = await self._accepted(batch, found, tenant, request)
        except CPAError:
            if (known := await self._earlier(tenant, request)) is None:
                raise
            answered = known
        new = set(answered.ids)
        await self._queue.announce([job for job in found if isinstance(job, Job) and job.id in new])
        return [_answer(answered, place, answer, key) for place, answer in enumerate(found)]

    async def _accepted(
        self,
        batch: Batch,
        found: Sequence[Job | CPAError],
        tenant: TenantId,
        request: IdempotentRequest | None,
    ) -> Answered:
        flaw = next((answer for answer in found if isinstance(answer, CPAError)), None)
        if batch.atomic and flaw is not None:
            raise flaw
        if not any(isinstance(answer, Job) for answer in found):
            return await self._earlier(tenant, request) or Answered([None] * len(found))
        claims = _claims(batch.orders, found)
        await self._make_room(found, tenant, claims)
        return await self._stored(found, request, claims, atomic=batch.atomic)

    async def _earlier(self, tenant: TenantId, request: IdempotentRequest | None) -> Answered | None:
        """Return what the same request has brought before, whatever is in its way by now."""
        return None if request is None else await self._jobs.earlier(tenant, request)

    async def _make_room(
        self, found: Sequence[Job | CPAError], tenant: TenantId, claims: Mapping[JobId, UniqueClaim]
    ) -> None:
        count = sum(isinstance(answer, Job) for answer in found)
        if claims:
            there = await self._jobs.held(tenant, list(claims.values()))
            new = {claim.key for claim, held in zip(claims.values(), there, strict=True) if not held}
            count += len(new) - len(claims)
        await self._admission.admit(tenant, count)

    async def _stored(
        self,
        found: Sequence[Job | CPAError],
        request: IdempotentRequest | None,
        claims: Mapping[JobId, UniqueClaim],
        *,
        atomic: bool,
    ) -> Answered:
        """Store the jobs, but for those that are refused because another of their kind is there."""
        jobs = [None if isinstance(answer, CPAError) else answer for answer in found]
        try:
            return await self._jobs.save_many(jobs, request, claims, atomic=atomic)
        except UniqueConflictError as error:
            places = {job.id: place for place, job in enumerate(jobs) if job is not None}
            place, rival = min((places[job_id], rival) for job_id, rival in error.taken.items())
            mate = places.get(rival)
            raise _taken(rival if mate is None else f"jobs[{mate}]", place) from None

    async def _planned(self, orders: Sequence[JobOrder | CPAError], tenant: TenantId) -> list[Job | CPAError]:
        """Return the job of each order, or why it cannot be one. What is ordered several times is planned once.

        Sentences take milliseconds each: others get their turn in between.
        """
        now, known = self._clock.now(), dict[Hashable, PlannedRequest]()
        found: list[Job | CPAError] = []
        turn = perf_counter()
        for place, order in enumerate(orders):
            if perf_counter() > turn + _IN_ONE_GO:
                await asyncio.sleep(0)
                turn = perf_counter()
            try:
                if isinstance(order, CPAError):
                    raise order
                what = _what(order)
                planned = known.get(what)
                if planned is None:
                    planned = known[what] = await plan_order(self._planner, order, tenant)
                found.append(job_of(order, planned, JobId(self._new_id()), tenant, now))
            except CPAError as error:
                found.append(_at(error, place))
        return found


def _what(order: JobOrder) -> Hashable:
    """Return what is the same in orders that are planned alike."""
    said = values_of(order)
    graph, common = said["task_graph"], (said["intent"], said["locale"], said["plan"])
    if graph is None:
        return *common, said["description"], repr(said["context"].get("slots"))
    return *common, id(graph), len(said["description"]) > MAX_TEXT


def _claims(orders: Sequence[JobOrder | CPAError], found: Sequence[Job | CPAError]) -> Mapping[JobId, UniqueClaim]:
    claims = {
        answer.id: claim_of(order.unique, answer)
        for order, answer in zip(orders, found, strict=True)
        if isinstance(order, JobOrder) and order.unique is not None and isinstance(answer, Job)
    }
    return {job_id: claim for job_id, claim in claims.items() if claim is not None}


def _answer(answered: Answered, place: int, answer: Job | CPAError, key: str | None) -> JobId | MetOrder | CPAError:
    """Return what became of an order; one that was refused at first stays refused, though it may be sound by now."""
    stored = answered.ids[place]
    if stored is not None and place in answered.gone:
        return _at(EarlierJobGoneError(key or "", stored), place)
    if stored is not None:
        return MetOrder(stored) if place in answered.met else stored
    if place in answered.refused:
        return _taken(answered.refused[place], place)
    return answer if isinstance(answer, CPAError) else IdempotencyConflictError(key or "")


def _taken(rival: str, place: int) -> CPAError:
    """Say that a place is taken, by a job or by another order of a batch of which nothing is stored."""
    return _at(UniqueConflictError({JobId(rival): JobId(rival)}), place)


def _at(error: CPAError, place: int) -> CPAError:
    """Say of an error in which order of the batch it lies."""
    field = f"jobs[{place}].{error.facts.get('field', '')}".removesuffix(".")
    if isinstance(error, InvalidRequestError):
        return error.at(field)
    error.facts["field"] = field
    return error
