"""A hundred users at once on /schedule and /jobs/{job_id}, beside a worker that has their jobs done: no error at all.

Locust plays `tests/load/locustfile.py` against an API of its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.api_process import running_api
from bench.processes import leave_in_order
from bench.report import Floor, judge, save, show

ROOT = Path(__file__).parents[1]
LOCUST = ROOT / ".venv-bench-peers" / "bin" / "locust"
USERS = 100


def play(url: str, seconds: int) -> list[dict[str, Any]]:
    """Return Locust's statistics, one entry per kind of request; none when it could not be started.

    What it prints beside them, with tables of zeros because it empties what it has told as JSON, is shown on errors.
    """
    users = ["--users", str(USERS), "--spawn-rate", str(USERS // 2), "--run-time", f"{seconds}s"]
    quiet = ["--headless", "--only-summary", "--loglevel", "ERROR", "--json"]
    script = str(ROOT / "tests" / "load" / "locustfile.py")
    try:
        done = subprocess.run(
            [str(LOCUST), "-f", script, "--host", url, *users, *quiet], capture_output=True, check=False, cwd=ROOT
        )
    except OSError as error:
        print(f"locust could not be started: {error}")
        return []
    found: list[dict[str, Any]] = json.loads(done.stdout or b"[]")
    if not found or any(one["num_failures"] for one in found):
        print(done.stderr.decode(errors="replace"), file=sys.stderr)
    return found


def percentile(times: dict[str, int], part: float) -> float:
    """Return the milliseconds within which this part of the requests was answered; `times` counts them by time."""
    left = part * sum(times.values())
    for milliseconds in sorted(times, key=float):
        left -= times[milliseconds]
        if left <= 0:
            return float(milliseconds)
    return float("nan")


def report(statistics: list[dict[str, Any]], seconds: int) -> int:
    """Print, save and judge."""
    rows = [
        [
            f"{one['method']} {one['name']}",
            f"{one['num_requests']:,}",
            f"{one['num_failures']:,}",
            f"{one['num_requests'] / seconds:.0f}",
            *(f"{percentile(one['response_times'], part):.0f}" for part in (0.5, 0.95)),
        ]
        for one in statistics
    ]
    show(f"{USERS} users for {seconds} s", ["", "requests", "errors", "requests/s", "p50 ms", "p95 ms"], rows)
    asked = {one["name"] for one in statistics if one["num_requests"]}
    complete = {"/schedule", "/jobs/{job_id}"} <= asked
    errors = sum(one["num_failures"] for one in statistics) if complete else float("nan")
    floors = [Floor("load_errors", errors, 0, at_most=True)]
    save("load", {"users": USERS, "seconds": seconds, "requests": statistics}, floors)
    return judge(floors)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    given = parser.parse_args()
    leave_in_order()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_api(Path(folder), worker=True) as api:
        statistics = play(api.url, given.seconds)
    return report(statistics, given.seconds)


if __name__ == "__main__":
    sys.exit(main())
