"""The jobs that are ready and those that are leased, in Redis: what may be lost, since the store holds it as well.

A member is a job's id and its tenant, `0197…:acme`. Ready jobs stand in one sorted set, by priority and within it by
fair turns (see repository/sqlite_turns.py); leased ones in another, by the end of their lease. Each operation is one
Lua call for many jobs.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any, NamedTuple

from redis.asyncio import Redis

from scheduler.core.ids import JobId, TenantId
from scheduler.repository.sqlite_leases import Limits, Ready

_ID = 36  # letters of an id


class Taken(NamedTuple):
    """What `take` gave. `whole` is False when Redis has been emptied since the last full sweep; with `more` it has not
    looked at all that is ready."""

    members: Sequence[str]
    whole: bool
    more: bool


def member_of(job_id: JobId, tenant: TenantId) -> str:
    return f"{job_id}:{tenant}"


def id_of(member: str) -> JobId:
    return JobId(member[:_ID])


class RedisDispatch:
    """Every method raises redis.RedisError, or OSError, when Redis cannot be asked."""

    def __init__(self, client: Redis, prefix: str, limits: Limits) -> None:
        self._client = client
        self.channel = f"{prefix}wake"
        self._ready, self._leased, self._turns = f"{prefix}ready", f"{prefix}leased", f"{prefix}turns"
        self._mark, self._running, self._held = f"{prefix}mark", f"{prefix}running", f"{prefix}held:"
        self._most = limits.running_of_tenant or 0
        self._total = limits.running or 0
        self._scripts = {name: client.register_script(_lua(name)) for name in ("put", "take", "done", "extend")}

    async def put(self, jobs: Iterable[Ready], *, front: bool = False) -> None:
        """Make jobs ready, unless they are ready or leased, and wake the workers."""
        groups = defaultdict[tuple[int, TenantId], list[JobId]](list)
        for job_id, tenant, priority in jobs:
            groups[priority, tenant].append(job_id)
        words: list[str | int] = []
        for (priority, tenant), group in groups.items():
            words += priority, tenant, "".join(group)
        await self._call(
            "put", [self._ready, self._leased, self._turns, self._held], [self.channel, int(front), *words]
        )

    async def take(self, count: int, now: datetime, until: datetime) -> Taken:
        """Lease the next jobs."""
        keys = [self._ready, self._leased, self._turns, self._mark, self._running, self._held]
        answer = await self._call("take", keys, [_millis(now), _millis(until), count, self._most, self._total])
        return Taken(members=answer[2:], whole=bool(answer[0]), more=bool(answer[1]))

    async def done(self, members: Sequence[str]) -> None:
        """Forget the leases, and wake the workers if a limit kept back what may run now."""
        keys = [self._ready, self._leased, self._running, self._held, self._turns]
        await self._call("done", keys, [self.channel, self._most, self._total, *members])

    async def extend(self, leases: Iterable[tuple[str, datetime]]) -> None:
        """Prolong leases, also those that Redis has forgotten."""
        words = [word for member, until in leases for word in (member, _millis(until))]
        keys = [self._ready, self._leased, self._running, self._held, self._turns]
        await self._call("extend", keys, [self._most, *words])

    async def ring(self) -> None:
        """Wake the workers."""
        await self._client.publish(self.channel, "look")

    async def is_whole(self) -> bool:
        """Whether Redis has not been emptied since `mark`."""
        return bool(await self._client.exists(self._mark))

    async def mark(self) -> None:
        """Note that everything that is ready has been put in."""
        await self._client.set(self._mark, "1")

    async def _call(self, script: str, keys: Sequence[str], words: Sequence[str | int]) -> Any:  # noqa: ANN401
        return await self._scripts[script](keys=keys, args=words)


def _lua(name: str) -> str:
    return files("scheduler.queue").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
