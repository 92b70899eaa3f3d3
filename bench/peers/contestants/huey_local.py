"""Huey on Redis, or with `BENCH_HUEY=sqlite` on SQLite, where it does not wait for the disk. Two threads."""

import os

from huey import RedisHuey, SqliteHuey

from bench.peers.contestant import FOLDER, REDIS, Contestant, hold, tick

ON_SQLITE = os.environ.get("BENCH_HUEY") == "sqlite"
huey = (
    SqliteHuey("bench", filename=str(FOLDER / "huey.db"), fsync=False) if ON_SQLITE else RedisHuey("bench", url=REDIS)
)
WAIT = {"blocking": True, "timeout": 60, "backoff": 1.1, "max_delay": 0.005}


@huey.task(name="noop")
def noop() -> None:
    tick()


@huey.task(name="kept")
def kept(*_results: object) -> tuple[int]:
    tick()
    return (1,)


@huey.task(name="held")
def held() -> None:
    hold()


def worker() -> None:
    huey.create_consumer(workers=2, periodic=False, initial_delay=0.002, backoff=1.15, max_delay=0.02).run()


def bulk(jobs: int) -> None:
    for _ in range(jobs):
        noop()


def roundtrip() -> None:
    kept().get(**WAIT)


def chain(length: int) -> None:
    pipeline = kept.s()
    for _ in range(length - 1):
        pipeline = pipeline.then(kept)
    huey.enqueue(pipeline).get(**WAIT)


CONTESTANT = Contestant(
    worker=worker, one=noop, bulk=bulk, roundtrip=roundtrip, chain=chain, hold=lambda _number: held()
)
