"""Dramatiq with Redis as broker and for results, eight threads in one process."""

import os
import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from bench.peers.contestant import REDIS, ROOT, Contestant, hold, tick

broker = RedisBroker(url=REDIS)
broker.add_middleware(Results(backend=RedisBackend(url=REDIS)))
dramatiq.set_broker(broker)


@dramatiq.actor
def noop() -> None:
    tick()


@dramatiq.actor
def held() -> None:
    hold()


@dramatiq.actor(store_results=True)
def kept(*_results: object) -> int:
    tick()
    return 1


def worker() -> None:
    one_process = ["-p", "1", "-t", "8", "--path", str(ROOT)]
    os.execv(sys.executable, [sys.executable, "-m", "dramatiq", __name__, *one_process])


def bulk(jobs: int) -> None:
    for _ in range(jobs):
        noop.send()


def roundtrip() -> None:
    kept.send().get_result(block=True, timeout=30_000)


def chain(length: int) -> None:
    dramatiq.pipeline([kept.message() for _ in range(length)]).run().get_result(block=True, timeout=60_000)


CONTESTANT = Contestant(
    worker=worker, one=noop.send, bulk=bulk, roundtrip=roundtrip, chain=chain, hold=lambda _number: held.send()
)
