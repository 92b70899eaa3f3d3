"""Where the worker's time goes while it drains no-op jobs: py-spy's samples of all threads that run Python, summed up.

`own` is what stood on top of a stack, `all` what stood anywhere in it; both are shares of the samples.
"""

import argparse
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.peers.roster import OURS, ROOT, Entry, named
from bench.peers.run import a_run
from bench.processes import leave_in_order
from bench.report import show

PY_SPY = ROOT / ".venv-bench-peers" / "bin" / "py-spy"
RATE = 100
LONGEST = 600  # seconds
_LINE = re.compile(r":\d+\)")


def stacks(entry: Entry, jobs: int) -> list[tuple[list[str], int]]:
    """Return every stack that was seen during a drain, outermost call first, with how often."""
    with a_run(entry) as run:
        run.client(f"bulk:{jobs}")
        samples = run.folder / "samples"
        with run.worker() as worker:
            run.until_begun(worker, 0)
            spy = _watch(worker.pid, samples)
            try:
                drained = run.drain(worker, jobs, 0)
            finally:
                spy.send_signal(signal.SIGINT)
                spy.wait(60)
        print(f"{entry.name}: {drained.jobs_per_second:,.0f} jobs/s, {drained.worker:.0f} us a job while watched")
        return [_read(line) for line in samples.read_text(encoding="utf-8").splitlines()]


def _watch(pid: int, samples: Path) -> subprocess.Popen[bytes]:
    where = ["--pid", str(pid), "--format", "raw", "--output", str(samples)]
    how = ["--gil", "--rate", str(RATE), "--duration", str(LONGEST)]
    return subprocess.Popen([str(PY_SPY), "record", *where, *how], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _read(line: str) -> tuple[list[str], int]:
    stack, _, seen = line.rpartition(" ")
    return [_LINE.sub(")", frame) for frame in stack.split(";")], int(seen)


def top(counts: Counter[str], samples: int, number: int) -> Iterable[list[str]]:
    return ([call, f"{seen / samples:.1%}"] for call, seen in counts.most_common(number))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--of", choices=[entry.name for entry in OURS], default=OURS[0].name)
    parser.add_argument("--top", type=int, default=25)
    given = parser.parse_args()
    leave_in_order()
    seen = stacks(named(given.of), given.jobs)
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
