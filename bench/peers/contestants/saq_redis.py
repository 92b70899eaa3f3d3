"""SAQ, twenty jobs at once."""

import uvloop
from saq import Queue, Worker

from bench.peers.contestant import REDIS, Contestant, hold_async, in_batches, tick

queue = Queue.from_url(REDIS)


async def noop(_context: object) -> None:
    tick()


async def held(_context: object) -> None:
    await hold_async()


async def worker() -> None:
    await Worker(queue, [noop, held], concurrency=20).start()


async def one() -> None:
    await queue.enqueue("noop")


async def bulk(jobs: int) -> None:
    await in_batches(jobs, one)


async def roundtrip() -> None:
    await queue.apply("noop", poll_interval=0.002)


async def hold(_number: int) -> None:
    await queue.enqueue("held", timeout=60, retries=3)


CONTESTANT = Contestant(
    worker=worker,
    connect=queue.connect,
    one=one,
    bulk=bulk,
    roundtrip=roundtrip,
    hold=hold,
    event_loop=uvloop.new_event_loop,
)
