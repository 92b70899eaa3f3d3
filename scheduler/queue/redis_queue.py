"""The queue for several processes: Redis hands out ids fast, the store decides who gets the job.

A job is stored first and announced then; its lease, with token and epoch, is taken in the store. Redis may be slow,
restarted, emptied or gone: what it forgets a sweep of the store puts back, what it hands out wrongly the store refuses.
While nothing waits in it, jobs are taken from the store itself, for a queue that is empty has nothing to hand out; and
while it does not answer. Then one task alone asks it, until it answers again: nobody else waits for a server that
hangs, and a lease is never renewed too late because of it. A job that is taken from the store as soon as it is there
passes Redis by.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Self

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnectedError
from redis.exceptions import RedisError

from scheduler.core.assembling import values_of
from scheduler.core.clock import Clock
from scheduler.core.endings import cancel_for_good
from scheduler.core.errors import CPAError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.core.queue_counts import QueueReport
from scheduler.queue.backend import StoreQueue
from scheduler.queue.lingering import MOMENT, Lingering
from scheduler.queue.redis_dispatch import RedisDispatch, id_of, member_of
from scheduler.queue.together import Together
from scheduler.repository.sqlite_leases import NO_LIMITS, Limits, Place, Ready

_PAGE: Final = 1000  # jobs that a sweep looks at with one question
_TIMEOUT: Final = 2.0  # seconds that Redis may take to answer
_CONNECT_TIMEOUT: Final = 2.0
_LISTEN: Final = 5.0  # seconds of silence after which a listener asks whether its connection still stands
_TRY_AGAIN: Final = 1.0
_UNREACHABLE = (RedisError, OSError, TimeoutError)

log = structlog.get_logger(__name__)


class RedisQueue:
    """Dispatch by Redis over a store. Two services on one Redis need different prefixes."""

    def __init__(
        self,
        url: str,
        store: StoreQueue,
        clock: Clock,
        lease: timedelta,
        *,
        limits: Limits = NO_LIMITS,
        prefix: str = "cpa:",
    ) -> None:
        self._store = store
        self._clock = clock
        self._lease = lease
        self._client: Redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_CONNECT_TIMEOUT,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 1, supported_errors=(NotConnectedError,)),
        )
        self._dispatch = RedisDispatch(self._client, prefix, limits)
        self._announcing = Together(self._put)
        self._lingering = Lingering(store.free_among, self._announce)
        self._releasing = Together(self._done)
        self._extending = Together(self._extend)
        self._tasks: Sequence[asyncio.Task[None]] = ()
        self._place: Place | None = None
        self._away = asyncio.Event()
        self._missed = False
        self._limited = limits != NO_LIMITS
        self._idle = False
        """Whether nothing waits in Redis. Where limits hold it is asked all the same, since it counts."""
        self._unheard: set[JobId] = set()
        """Jobs leased here, of which Redis has not heard."""

    @classmethod
    def at(cls, url: str, store: StoreQueue, clock: Clock, lease: timedelta) -> Self:
        return cls(url, store, clock, lease)

    async def connect(self) -> None:
        await self._store.connect()
        if not self._tasks:
            self._tasks = [asyncio.create_task(work()) for work in (self._listen, self._keep_in_touch)]
        await self.sweep()

    async def close(self) -> None:
        await cancel_for_good(*self._tasks)
        self._tasks = ()
        await self._lingering.flush()
        for sending in (self._announcing, self._releasing, self._extending):
            await sending.flush()
        await self._client.aclose()
        await self._store.close()

    async def enqueue(self, job: Job) -> JobId:
        job_id = await self._store.enqueue(job)
        await self.announce([job])
        return job_id

    async def announce(self, jobs: Collection[Job]) -> None:
        """Leave new jobs to workers who hear of them from the store, where they do and Redis need not count."""
        if self._limited or not self._store.is_heard:
            await self._announce(self._due(jobs))
        else:
            self._lingering.hold(self._due(jobs))

    async def _announce(self, jobs: Sequence[Ready]) -> None:
        await self._announcing.wait(self._announcing.push(jobs))

    def _due(self, jobs: Iterable[Job]) -> Sequence[Ready]:
        now = self._clock.now()
        return [_ready(job) for job in jobs if _is_due(job, now)]

    async def dequeue(self, limit: int = 1) -> Sequence[Job]:
        if limit < 1:
            return ()
        while not (self._idle or self._away.is_set()):
            await self._promote()
            await self._lingering.flush()
            now = self._clock.now()
            try:
                taken = await self._dispatch.take(limit, now, now + self._lease)
            except _UNREACHABLE as error:
                self._lost(error)
                break
            if not taken.whole:
                await self.sweep()
            jobs = await self._claim(taken.members) if taken.members else ()
            if jobs or (self._limited and not (taken.members or taken.more)):
                return jobs
            self._idle = not (taken.members or taken.more)
        return await self._from_store(limit)

    async def _from_store(self, limit: int) -> Sequence[Job]:
        """Lease jobs from the store itself, which knows of one before Redis does. When they are as many as were asked
        for there may be a backlog, and Redis is asked for the next; so it hears of all whose time has come."""
        due = self._store.next_due
        if due is not None and due <= self._clock.now():
            await self._promote()
        jobs = await self._store.dequeue(limit)
        self._idle = len(jobs) < limit and not self._limited
        if self._idle and self._store.is_heard:
            since = self._clock.now() - MOMENT
            self._unheard.update(its["id"] for its in map(values_of, jobs) if its["created_at"] > since)
        return jobs

    async def _promote(self) -> None:
        """Have delayed jobs handed out whose time has come."""
        if promoted := await self._store.promote():
            await self._freed(member_of(one.job_id, one.tenant) for one in promoted)
            await self._put(promoted)

    async def _claim(self, members: Sequence[str]) -> Sequence[Job]:
        """Take the leases in the store, and put Redis right about those jobs that cannot be leased."""
        jobs, held = await self._store.claim([id_of(member) for member in members])
        if len(jobs) < len(members):
            ours = {job.id for job in jobs}
            others = [(member, held[id_of(member)]) for member in members if id_of(member) in held]
            ended = [member for member in members if id_of(member) not in ours and id_of(member) not in held]
            self._extending.push(others)
            self._releasing.push(ended)
            self._store.nudge()  # there may be others in their place
        return jobs

    async def renew(self, jobs: Collection[Job]) -> frozenset[JobId]:
        """The lease counts in the store; that Redis hears of it, later, only saves a wrong offer."""
        until = self._clock.now() + self._lease
        self._unheard.difference_update(job.id for job in jobs)
        lost = await self._store.renew(jobs)
        self._extending.push((member_of(job.id, job.tenant), until) for job in jobs if job.id not in lost)
        return lost

    async def release(self, jobs: Collection[Job]) -> None:
        """Have Redis forget the leases it has heard of. The store refuses jobs that a sweep has told it meanwhile."""
        self._releasing.push(member_of(job.id, job.tenant) for job in jobs if job.id not in self._unheard)
        self._unheard.difference_update(job.id for job in jobs)

    async def offer_again(self, jobs: Collection[Job]) -> None:
        await self._freed(member_of(job.id, job.tenant) for job in jobs)
        await self._announce(self._due(jobs))

    async def _freed(self, members: Iterable[str]) -> None:
        """Have the leases forgotten first: jobs that Redis takes for leased are not made ready."""
        await self._releasing.wait(self._releasing.push(members))

    async def hand_back(self, job: Job) -> None:
        await self._store.hand_back(job)
        self._unheard.discard(job.id)
        await self._freed([member_of(job.id, job.tenant)])
        await self._put([_ready(job)], front=True)

    async def sweep(self) -> None:
        """Put in what the store holds and Redis may have lost: everything if it was emptied or away.

        Else the page of what is most urgent, and one more, which wanders through the rest. Then what is in Redis is
        looked at again, since a job that was claimed from the store may have been put in later.
        """
        self._unheard.clear()
        if self._away.is_set():
            return
        if self._idle:
            self._idle = False
            self._store.nudge()
        try:
            await self._dispatch.put(await self._store.lapsed(_PAGE))
            first = await self._put_page(None)
            if not self._missed and await self._dispatch.is_whole():
                self._place = await self._put_page(self._place or first) if first else None
                return
            while first is not None:
                first = await self._put_page(first)
            await self._dispatch.mark()
            self._missed = False
        except _UNREACHABLE as error:
            self._lost(error)

    async def _put_page(self, after: Place | None) -> Place | None:
        page, end = await self._store.waiting(after, _PAGE)
        if page:
            await self._dispatch.put(page)
        return end

    async def cancelling(self) -> frozenset[JobId]:
        return await self._store.cancelling()

    async def get_job(self, job_id: JobId) -> Job | None:
        return await self._store.get_job(job_id)

    async def update_status(self, job_id: JobId, status: JobStatus) -> Job:
        return await self._changed(await self._store.update_status(job_id, status))

    async def cancel(self, job_id: JobId, tenant: TenantId | None = None) -> Job:
        return await self._changed(await self._store.cancel(job_id, tenant))

    async def retry(self, job_id: JobId, tenant: TenantId | None = None) -> Job:
        return await self._changed(await self._store.retry(job_id, tenant))

    async def _changed(self, job: Job) -> Job:
        """Tell the workers that the job has changed; one that nobody works on, but somebody must, is offered."""
        if job.lease is None:
            await self._freed([member_of(job.id, job.tenant)])
            if not job.status.final:
                await self._announce(self._due([job]))
        if not self._away.is_set():
            with contextlib.suppress(*_UNREACHABLE):
                await self._dispatch.ring()
        return job

    async def length(self) -> int:
        return await self._store.length()

    async def report(self, tenant: TenantId | None = None) -> QueueReport:
        return await self._store.report(tenant)

    async def trouble(self) -> str | None:
        if not self._away.is_set():
            try:
                await self._client.ping()
            except _UNREACHABLE as error:
                self._lost(error)
        return "Redis cannot be reached; jobs are taken from the store" if self._away.is_set() else None

    @property
    def next_due(self) -> datetime | None:
        return self._store.next_due

    @property
    def changes(self) -> int:
        return self._store.changes

    async def wait(self, seen: int, limit: float) -> None:
        await self._store.wait(seen, limit)

    async def _put(self, jobs: Sequence[Ready], *, front: bool = False) -> None:
        """Announce jobs; those that Redis does not hear of are found by the next sweep."""
        await self._tell(self._dispatch.put, jobs, front=front)

    async def _done(self, members: Sequence[str]) -> None:
        """Forget leases; those that Redis does not hear of run out, and the store refuses the jobs."""
        await self._tell(self._dispatch.done, members)

    async def _extend(self, leases: Sequence[tuple[str, datetime]]) -> None:
        """Prolong leases; those that Redis does not hear of are offered, and the store refuses the jobs."""
        await self._tell(self._dispatch.extend, leases)

    async def _tell(self, call: Callable[..., Awaitable[None]], *what: object, **how: object) -> None:
        """Tell Redis something that it may miss."""
        if self._away.is_set():
            return
        try:
            await call(*what, **how)
        except _UNREACHABLE as error:
            self._lost(error)

    async def _keep_in_touch(self) -> None:
        """While Redis is away, ask now and then whether it answers again, and then tell it what it has missed."""
        while True:
            await self._away.wait()
            await asyncio.sleep(_TRY_AGAIN)
            try:
                await self._client.connection_pool.disconnect(inuse_connections=False)  # they may be dead as well
                await self._client.ping()
                self._away.clear()
                log.info("redis_reached")
                await self.sweep()
            except (*_UNREACHABLE, CPAError) as error:
                self._lost(error)
            except Exception as error:
                log.exception("redis_not_told")
                self._lost(error)
            self._store.nudge()

    async def _listen(self) -> None:
        """Wake this process when another one rings, for as long as the queue is open, however often Redis goes away."""
        while True:
            try:
                async with self._client.pubsub() as heard:
                    await heard.subscribe(self._dispatch.channel)
                    self._store.nudge()
                    await self._hear(heard)
            except _UNREACHABLE as error:
                self._lost(error)
            except Exception:
                log.exception("not_listening_to_redis")
            await asyncio.sleep(_TRY_AGAIN)

    async def _hear(self, heard: PubSub) -> None:
        """Pass rings on. Silence may be a connection that died without a word, so it is asked after now and then."""
        asked = False
        while True:
            message = await heard.get_message(timeout=_LISTEN)
            if message is None and asked:
                raise TimeoutError("no answer to a ping")
            asked = message is None
            if asked:
                await heard.ping()
            elif message is not None and message["type"] == "message":
                self._store.nudge()

    def _lost(self, error: Exception) -> None:
        """Ask no more until Redis has answered to `_keep_in_touch`."""
        if not self._away.is_set():
            log.warning("redis_lost", error=str(error) or type(error).__name__)
        self._missed = True
        self._away.set()


def _is_due(job: Job, now: datetime) -> bool:
    return job.not_before is None or job.not_before <= now or job.status is JobStatus.CANCELLING


def _ready(job: Job) -> Ready:
    fields = values_of(job)
    return Ready(fields["id"], fields["tenant"], fields["priority"])
