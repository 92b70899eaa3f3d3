"""Prefect: flows in the client's own process, against the temporary server that it starts. No queue is measured."""

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner

from bench.peers.contestant import Contestant, tick


@task
def noop(*_before: object) -> int:
    tick()
    return 1


@flow
def single() -> int:
    return int(noop())


@flow(task_runner=ThreadPoolTaskRunner(max_workers=8))
def fan(width: int) -> int:
    first = noop()
    middle = noop.map([first] * width)
    return int(noop([future.result() for future in middle]))


@flow
def chain(length: int) -> int:
    last = 0
    for _ in range(length):
        last = noop(last)
    return last


def connect() -> None:
    """Run once, which starts the server."""
    single()


def roundtrip() -> None:
    single()


CONTESTANT = Contestant(connect=connect, roundtrip=roundtrip, fan=fan, chain=chain)
