"""Celery with Redis as broker and for results, two processes, as it acknowledges by default: before the task runs."""

import celery

from bench.peers.contestant import REDIS, Contestant, hold, tick

app = celery.Celery("bench", broker=REDIS, backend=REDIS)
app.conf.update(
    worker_prefetch_multiplier=64,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)


@app.task(name="noop")
def noop() -> None:
    tick()


@app.task(name="held")
def held() -> None:
    hold()


def worker() -> None:
    quiet = ["-l", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["worker", "-P", "prefork", "-c", "2", *quiet])


def one() -> None:
    noop.apply_async(ignore_result=True)


def bulk(jobs: int) -> None:
    with app.producer_pool.acquire() as producer:
        for _ in range(jobs):
            noop.apply_async(producer=producer, ignore_result=True)


def roundtrip() -> None:
    noop.delay().get(timeout=30)


def fan(width: int) -> None:
    middle = celery.group(noop.si() for _ in range(width))
    celery.chain(noop.si(), celery.chord(middle, noop.si())).apply_async().get(timeout=120)


def chain(length: int) -> None:
    celery.chain(*(noop.si() for _ in range(length))).apply_async().get(timeout=120)


CONTESTANT = Contestant(
    worker=worker, one=one, bulk=bulk, roundtrip=roundtrip, fan=fan, chain=chain, hold=lambda _number: held.delay()
)
