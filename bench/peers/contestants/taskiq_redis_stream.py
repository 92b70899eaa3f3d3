"""taskiq on a Redis stream, acknowledged, with results in Redis; 100 tasks at once."""

import os
import sys

import uvloop
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from bench.peers.contestant import REDIS, ROOT, Contestant, hold_async, in_batches, tick

broker = RedisStreamBroker(REDIS, consumer_id="0").with_result_backend(
    RedisAsyncResultBackend(REDIS, result_ex_time=600)
)


@broker.task(task_name="noop")
async def noop() -> None:
    tick()


@broker.task(task_name="held")
async def held() -> None:
    await hold_async()


def worker() -> None:
    os.environ["PYTHONPATH"] = str(ROOT)
    one_process = ["--workers", "1", "--max-async-tasks", "100", "--log-level", "WARNING"]
    os.execv(sys.executable, [sys.executable, "-m", "taskiq", "worker", f"{__name__}:broker", *one_process])


async def one() -> None:
    await noop.kiq()


async def bulk(jobs: int) -> None:
    await in_batches(jobs, one)


async def roundtrip() -> None:
    task = await noop.kiq()
    await task.wait_result(check_interval=0.002, timeout=30)


async def hold(_number: int) -> None:
    await held.kiq()


CONTESTANT = Contestant(
    worker=worker,
    connect=broker.startup,
    one=one,
    bulk=bulk,
    roundtrip=roundtrip,
    hold=hold,
    event_loop=uvloop.new_event_loop,
)
