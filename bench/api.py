"""How many jobs the API accepts a second on one core, each on the disk before its 202, and that kill -9 loses none.

The API process has one core to itself; clients, and Redis if there is one, share the other. Clients keep their
connections and send an idempotency key with every request; no two orders are alike. Then the API is killed under load:
every job that was answered must be found after a restart.
"""

import argparse
import contextlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvloop

from bench.api_kill import an_order, kill_under_load
from bench.api_process import ApiProcess, running_api
from bench.http_load import Answers, keyed_posts, load
from bench.own_times import own_times
from bench.processes import leave_in_order, processor_time
from bench.report import Floor, Panel, draw, judge, save, show
from bench.servers import redis_server

CLIENTS = 100
BATCH_CLIENTS = 8
BATCH = 100

Figures = dict[str, Any]


def a_batch(number: int) -> bytes:
    """Return a batch whose orders are in no other."""
    return b'{"jobs": [' + b", ".join(an_order(number * BATCH + place) for place in range(BATCH)) + b"]}"


def measure(api: ApiProcess, kind: str, seconds: float) -> Figures:
    """Load the API after a short warm-up; return jobs per second, microseconds of processor per job, milliseconds."""
    path, body, clients, jobs = {
        "single": ("/jobs", an_order, CLIENTS, 1),
        "batch": ("/jobs:batch", a_batch, BATCH_CLIENTS, BATCH),
    }[kind]
    _loaded(api, clients, keyed_posts(path, body, f"warm-{kind}-{time.time_ns()}-"), _for(seconds / 5))
    used, started = processor_time(api.process.pid), time.perf_counter()
    answers = _loaded(api, clients, keyed_posts(path, body, f"{kind}-{time.time_ns()}-"), _for(seconds))
    took = time.perf_counter() - started
    accepted = jobs * len(answers.accepted)
    figures: Figures = {"refused": answers.refused, "accepted": accepted}
    if len(answers.laps) > 1:
        parts = statistics.quantiles(answers.laps, n=100, method="inclusive")
        figures |= {"rate": accepted / took, "p50": parts[49], "p95": parts[94]}
        figures["processor"] = (processor_time(api.process.pid) - used) / accepted * 1e6
    return figures


def _loaded(api: ApiProcess, clients: int, requests: Iterator[bytes], goes_on: Callable[[Answers], bool]) -> Answers:
    return uvloop.run(load(api.port, clients, requests, goes_on))


def _for(seconds: float) -> Callable[[Answers], bool]:
    until = time.monotonic() + seconds
    return lambda _answers: time.monotonic() < until


def _after(seconds: float) -> Callable[[Answers], bool]:
    """Say when so much time has passed since the first answer."""
    first: list[float] = []

    def passed(answers: Answers) -> bool:
        if answers.accepted and not first:
            first.append(time.monotonic())
        return bool(first) and time.monotonic() - first[0] > seconds

    return passed


def run(queue: str, rounds: int, seconds: float, seed: int) -> list[Figures]:
    """Return the figures of all rounds for one way of dispatch."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    found = []
    random_ = random.Random(seed)  # noqa: S311 - no secret
    for number in range(rounds):
        with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
            folder = Path(name)
            url = stack.enter_context(redis_server(folder)).address if queue == "redis" else ""
            with running_api(folder, core=cores[0], queue_url=url) as api:
                figures = {kind: measure(api, kind, seconds) for kind in ("single", "batch")}
            moment = _after(1 + random_.random())
            answered, lost = kill_under_load(folder, moment, clients=CLIENTS, queue_url=url)
            figures["kill"] = {"answered": len(answered), "lost": len(lost)}
            found.append({"queue": queue, "round": number, **figures})
    os.sched_setaffinity(0, set(cores))
    return found


def report(rounds: list[Figures], machine: dict[str, float], seed: int) -> int:
    """Print, save, draw and judge."""
    rows, floors, medians = [], [], {}
    for queue in sorted({one["queue"] for one in rounds}):
        mine = [one for one in rounds if one["queue"] == queue]
        for kind, floor in (("single", 1_500), ("batch", 10_000)):
            taken = {key: _median(mine, kind, key) for key in ("rate", "processor", "p50", "p95")}
            refused = " ".join(sorted({f"{status}" for one in mine for status in one[kind]["refused"]}))
            rows.append([f"{queue}, {kind}", *(f"{value:,.0f}" for value in taken.values()), refused or "–"])
            floors.append(Floor(f"accepted_{kind}_{queue}_per_second", taken["rate"], floor))
            medians[queue, kind] = taken["rate"]
        lost = sum(one["kill"]["lost"] for one in mine)
        answered = sum(one["kill"]["answered"] for one in mine)
        rows.append([f"{queue}, kill -9", f"{answered:,} answered", f"{lost} lost", "", "", ""])
        floors.append(Floor(f"lost_after_kill_{queue}", lost if answered else float("nan"), 0, at_most=True))
    show(
        f"jobs accepted on one core, {CLIENTS} clients, batches of {BATCH} from {BATCH_CLIENTS}; medians, seed {seed}",
        ["", "jobs/s", "CPU us/job", "p50 ms", "p95 ms", "refused with"],
        rows,
    )
    print(f"this machine: commit p50 {machine['commit_p50']:.2f} ms, PING p50 {machine['ping_p50']:.3f} ms")
    save("api", {"rounds": rounds, "own_times": machine, "seed": seed}, floors)
    queues = sorted({queue for queue, _kind in medians})
    series = {kind: [medians[queue, kind] for queue in queues] for kind in ("single", "batch")}
    draw("api", "Jobs accepted on one core", [Panel(title="accepted", unit="jobs/s", groups=queues, series=series)])
    return judge(floors)


def _median(rounds: list[Figures], kind: str, figure: str) -> float:
    found = [one[kind][figure] for one in rounds if figure in one[kind]]
    return statistics.median(found) if found else float("nan")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=20_251)
    parser.add_argument("--queue", action="append", choices=["redis", "sqlite"], help="default: both")
    given = parser.parse_args()
    leave_in_order()
    machine = own_times()
    queues = given.queue or ["redis", "sqlite"]
    rounds = [one for queue in queues for one in run(queue, given.rounds, given.seconds, given.seed)]
    return report(rounds, machine, given.seed)


if __name__ == "__main__":
    sys.exit(main())
