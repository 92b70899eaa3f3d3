"""arq with 100 jobs at once; it looks every 10 ms, where its default is 500."""

import asyncio
from typing import Any

import uvloop
from arq import Worker, create_pool
from arq.connections import RedisSettings

from bench.peers.contestant import REDIS, Contestant, hold_async, in_batches, tick

SETTINGS = RedisSettings.from_dsn(REDIS)


async def noop(_context: object) -> None:
    tick()


async def held(_context: object) -> None:
    await hold_async()


class Client:
    pool: Any

    async def connect(self) -> None:
        self.pool = await create_pool(SETTINGS)

    async def one(self) -> None:
        await self.pool.enqueue_job("noop")

    async def bulk(self, jobs: int) -> None:
        await in_batches(jobs, self.one)

    async def roundtrip(self) -> None:
        job = await self.pool.enqueue_job("noop")
        await job.result(poll_delay=0.002)

    async def hold(self, _number: int) -> None:
        await self.pool.enqueue_job("held")


def worker() -> None:
    asyncio.set_event_loop(uvloop.new_event_loop())
    Worker([noop, held], redis_settings=SETTINGS, max_jobs=100, poll_delay=0.01).run()


_client = Client()
CONTESTANT = Contestant(
    worker=worker,
    connect=_client.connect,
    one=_client.one,
    bulk=_client.bulk,
    roundtrip=_client.roundtrip,
    hold=_client.hold,
    event_loop=uvloop.new_event_loop,
)
