"""The measures of `bench.queue`: one round of one contestant, its behaviour after a kill, its growth in memory."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.peers.roster import Entry
from bench.peers.run import Run, RunError, a_run
from bench.processes import end, kill
from bench.servers import ServerError

FAN, CHAIN = 200, 50
KILL_START_LIMIT = 90.0  # seconds for the first worker to begin the job
FIRST_JOBS = 20_000
"""Jobs after which a worker must have all the memory it needs."""
MEMORY_STEP = 20_000

Figures = dict[str, Any]


def one_round(entry: Entry, scale: float) -> Figures:
    """Return the figures of one contestant, and under `errors` what could not be taken."""
    figures: Figures = {"name": entry.name}
    errors: list[str] = []
    with _noted(errors), a_run(entry) as run:
        with _noted(errors):
            _measure(entry, run, scale, errors)
        figures |= _readable(run)
    return figures | ({"errors": errors} if errors else {})


def _measure(entry: Entry, run: Run, scale: float, errors: list[str]) -> None:
    if entry.jobs:
        _queue_and_drain(run, max(50, round(entry.jobs * scale)), max(5, round(entry.round_trips * scale)), errors)
    else:
        run.client(*_phases(entry.round_trips))  # in one process: it holds the server


def _queue_and_drain(run: Run, jobs: int, round_trips: int, errors: list[str]) -> None:
    singles = min(jobs // 5, 500)
    run.client(f"one:{singles}", f"bulk:{jobs - singles}")
    with run.worker() as worker:
        drained = run.drain(worker, jobs, 0)
        run.phases["drain"] = {
            "jobs_per_second": drained.jobs_per_second,
            "worker": drained.worker,
            "server": drained.server,
        }
        _latency_and_graphs(run, round_trips, errors)
        run.phases["memory"] = {"mib": run.memory(worker)}


def _latency_and_graphs(run: Run, round_trips: int, errors: list[str]) -> None:
    for phase in _phases(round_trips):
        with _noted(errors):
            run.client(phase)


def _phases(round_trips: int) -> tuple[str, ...]:
    return (f"roundtrip:{round_trips}", f"fan:{FAN}", f"fan_of_jobs:{FAN}", f"chain:{CHAIN}")


def _readable(run: Run) -> Figures:
    """Return the figures under the names of the tables: rates per second, milliseconds, microseconds of processor."""
    phases = run.phases
    found: Figures = {
        name: phases[name]["number"] / phases[name]["seconds"] for name in ("one", "bulk") if name in phases
    }
    if "drain" in phases:
        drained = phases["drain"]
        found["drain"] = drained["jobs_per_second"]
        found |= {"worker": drained["worker"], "server": drained["server"]}
        found["processor"] = drained["worker"] + drained["server"]
    if "roundtrip" in phases:
        found |= {key: phases["roundtrip"][key] for key in ("p50", "p95")}
    found |= {name: phases[name]["seconds"] for name in ("fan", "fan_of_jobs") if name in phases}
    if "chain" in phases:
        found["chain_step"] = 1000 * phases["chain"]["seconds"] / CHAIN
    if "memory" in phases:
        found["memory"] = phases["memory"]["mib"]
    if run.entry.ours and "drain" in phases:
        found |= {"rows": run.ours.rows(), "outcomes": run.ours.outcomes()}
    return found


def after_kill(entries: Sequence[Entry], wait: float) -> dict[str, float]:
    """Kill each one's worker in the middle of a job and start another: seconds until the job runs again.

    `inf` stands for "not within `wait`", `nan` for a contestant that could not be run. All run at once.
    """
    with ThreadPoolExecutor(max(1, len(entries))) as pool:
        return dict(zip((e.name for e in entries), pool.map(lambda e: _after_kill(e, wait), entries), strict=True))


def _after_kill(entry: Entry, wait: float) -> float:
    with contextlib.suppress(RunError, ServerError), a_run(entry) as run:
        run.client("hold:1")
        first = run.start_worker()
        try:
            if not _within(KILL_START_LIMIT, lambda: run.executions > 0):
                return math.nan
        finally:
            kill(first)
        killed, before = time.monotonic(), run.executions
        second = run.start_worker()
        try:
            again = _within(wait, lambda: run.executions > before)
            return time.monotonic() - killed if again else math.inf
        finally:
            end(second, patience=1.0)
    return math.nan


def _within(limit: float, condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + limit
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def memory_growth(entry: Entry, jobs: int) -> Figures:
    """Drain the first jobs, then `jobs` more; return MiB held after each step, and MiB grown per 100,000 jobs."""
    errors: list[str] = []
    steps: list[tuple[int, float]] = []
    with _noted(errors), a_run(entry) as run, run.worker() as worker:
        done = 0
        for step in (FIRST_JOBS, *_steps(jobs)):
            run.client(f"bulk:{step}")
            run.until_final(worker, step, done)
            done += step
            steps.append((done, run.memory(worker)))
    grown = (steps[-1][1] - steps[0][1]) / (steps[-1][0] - steps[0][0]) * 100_000 if len(steps) > 1 else math.nan
    return {"steps": steps, "per_100_000": grown, "errors": errors}


def _steps(jobs: int) -> Iterator[int]:
    for begun in range(0, jobs, MEMORY_STEP):
        yield min(MEMORY_STEP, jobs - begun)


@contextlib.contextmanager
def _noted(errors: list[str]) -> Iterator[None]:
    """Write down why a contestant cannot go on, and go on with the bench."""
    try:
        yield
    except (RunError, ServerError) as error:
        errors.append(str(error))
