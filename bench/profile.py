"""Where time goes, in a worker that drains no-op jobs or in the API: py-spy's samples of threads running Python.

`own` is what stood on top of a stack, `all` what stood anywhere in it; both are shares of the samples.
"""

import argparse
import asyncio
import contextlib
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.api_kill import an_order
from bench.api_process import running_api
from bench.http_load import keyed_posts, load
from bench.peers.roster import OURS, ROOT, Entry, named
from bench.peers.run import a_run
from bench.processes import leave_in_order
from bench.report import show

PY_SPY = ROOT / ".venv-bench-peers" / "bin" / "py-spy"
RATE = 100
LONGEST = 600  # seconds
CLIENTS = 100
API = "api"
_LINE = re.compile(r":\d+\)")

Stacks = list[tuple[list[str], int]]
"""Stacks, outermost call first, each with how often it was seen."""


def stacks_of_worker(entry: Entry, jobs: int) -> Stacks:
    """Return every stack that was seen during a drain."""
    with a_run(entry) as run:
        run.client(f"bulk:{jobs}")
        samples = run.folder / "samples"
        with run.worker() as worker:
            run.until_begun(worker, 0)
            with _watched(worker.pid, samples):
                drained = run.drain(worker, jobs, 0)
        print(f"{entry.name}: {drained.jobs_per_second:,.0f} jobs/s, {drained.worker:.0f} us a job while watched")
        return _read(samples)


def stacks_of_api(jobs: int) -> Stacks:
    """Return every stack that was seen in the API while it accepted jobs one by one."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, running_api(Path(name)) as api:
        samples = Path(name) / "samples"
        requests = keyed_posts("/jobs", an_order, "profile-")
        with _watched(api.process.pid, samples):
            asyncio.run(load(api.port, CLIENTS, requests, lambda answers: len(answers.accepted) < jobs))
        return _read(samples)


@contextlib.contextmanager
def _watched(pid: int, samples: Path) -> Iterator[None]:
    where = ["--pid", str(pid), "--format", "raw", "--output", str(samples)]
    how = ["--gil", "--rate", str(RATE), "--duration", str(LONGEST)]
    spy = subprocess.Popen([str(PY_SPY), "record", *where, *how], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        spy.send_signal(signal.SIGINT)
        spy.wait(60)


def _read(samples: Path) -> Stacks:
    found = []
    for line in samples.read_text(encoding="utf-8").splitlines():
        stack, _, seen = line.rpartition(" ")
        found.append(([_LINE.sub(")", frame) for frame in stack.split(";")], int(seen)))
    return found


def top(counts: Counter[str], samples: int, number: int) -> Iterable[list[str]]:
    return ([call, f"{seen / samples:.1%}"] for call, seen in counts.most_common(number))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--of", choices=[*(entry.name for entry in OURS), API], default=OURS[0].name)
    parser.add_argument("--top", type=int, default=25)
    given = parser.parse_args()
    leave_in_order()
    seen = stacks_of_api(given.jobs) if given.of == API else stacks_of_worker(named(given.of), given.jobs)
    own: Counter[str] = Counter()
    anywhere: Counter[str] = Counter()
    for stack, times in seen:
        own[stack[-1]] += times
        anywhere.update(dict.fromkeys(set(stack), times))
    samples = sum(times for _stack, times in seen)
    for title, counts in (("own", own), ("all", anywhere)):
        show(f"{samples} samples", [title, "share"], list(top(counts, samples, given.top)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
