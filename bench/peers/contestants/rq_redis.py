"""RQ with its SimpleWorker, which does not fork for every job."""

from redis import Redis
from rq import Queue, SimpleWorker

from bench.peers.contestant import AT_ONCE, REDIS, Contestant, hold, tick

connection = Redis.from_url(REDIS, socket_timeout=90)
queue = Queue("bench", connection=connection)


def noop() -> None:
    tick()


def held() -> None:
    hold()


def worker() -> None:
    SimpleWorker([queue], connection=connection, log_job_description=False).work(logging_level="ERROR")


def one() -> None:
    queue.enqueue(noop)


def bulk(jobs: int) -> None:
    for begun in range(0, jobs, AT_ONCE):
        queue.enqueue_many([Queue.prepare_data(noop) for _ in range(min(AT_ONCE, jobs - begun))])


def wait_for(job: object) -> None:
    if job.latest_result(timeout=120) is None:  # type: ignore[attr-defined]  # a job of rq
        raise SystemExit("no result")


def roundtrip() -> None:
    wait_for(queue.enqueue(noop))


def fan(width: int) -> None:
    first = queue.enqueue(noop)
    middle = [queue.enqueue(noop, depends_on=first) for _ in range(width)]
    wait_for(queue.enqueue(noop, depends_on=middle))


def chain(length: int) -> None:
    job = None
    for _ in range(length):
        job = queue.enqueue(noop, depends_on=job)
    wait_for(job)


CONTESTANT = Contestant(
    worker=worker,
    one=one,
    bulk=bulk,
    roundtrip=roundtrip,
    fan=fan,
    chain=chain,
    hold=lambda _number: queue.enqueue(held),
)
