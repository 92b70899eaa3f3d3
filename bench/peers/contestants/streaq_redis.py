"""streaQ on Redis streams, 64 tasks at once."""

import uvloop
from streaq import Worker

from bench.peers.contestant import AT_ONCE, REDIS, Contestant, hold_async, tick

streaq = Worker(redis_url=REDIS, concurrency=64)


@streaq.task
async def noop() -> None:
    tick()


@streaq.task(timeout=None)
async def held() -> None:
    await hold_async()


async def connect() -> None:
    await streaq.__aenter__()


async def one() -> None:
    await noop.enqueue()


async def bulk(jobs: int) -> None:
    for begun in range(0, jobs, AT_ONCE):
        await streaq.enqueue_many([noop.enqueue() for _ in range(min(AT_ONCE, jobs - begun))])


async def roundtrip() -> None:
    task = await noop.enqueue()
    await task.result(30)


async def fan(width: int) -> None:
    first = noop.enqueue()
    middle = [noop.enqueue().start(after=first.id) for _ in range(width)]
    last = noop.enqueue().start(after=[task.id for task in middle])
    await streaq.enqueue_many([first, *middle, last])
    await last.result(120)


async def chain(length: int) -> None:
    tasks = [noop.enqueue()]
    for _ in range(length - 1):
        tasks.append(noop.enqueue().start(after=tasks[-1].id))
    await streaq.enqueue_many(tasks)
    await tasks[-1].result(120)


async def hold(_number: int) -> None:
    await held.enqueue()


CONTESTANT = Contestant(
    worker=streaq.run_sync,
    connect=connect,
    one=one,
    bulk=bulk,
    roundtrip=roundtrip,
    fan=fan,
    chain=chain,
    hold=hold,
    event_loop=uvloop.new_event_loop,
)
