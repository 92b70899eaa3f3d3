"""What a job costs as the database grows to a million jobs, and as the tenants grow to a thousand.

Some thousand real jobs are done, then copied row by row until the database holds a million (`bench.copies`). On it, and
on one with a thousand jobs, the same drain of real jobs is run in turns, and for one tenant and for many: a ratio
compares processor time per job within a round, the median of the ratios decides.
"""

import argparse
import dataclasses
import statistics
import sys
from collections.abc import Sequence
from typing import Any

from bench.copies import fill
from bench.peers.roster import OURS_REDIS, OURS_SQLITE, Entry
from bench.peers.run import Run, RunError, a_run
from bench.processes import leave_in_order
from bench.report import Floor, Panel, draw, judge, save, show

SMALL = 1_000
SEED = 10_000
SIZES = (0, 50_000, 100_000, 200_000, 400_000, 700_000)
TENANTS = (1, 10, 100, 1_000)
DISPATCH = {"redis": OURS_REDIS, "sqlite": OURS_SQLITE}

Figures = dict[str, Any]


def cost(run: Run, jobs: int) -> float:
    """Queue so many more jobs, have them done, and return the microseconds of processor each took."""
    run.client(f"bulk:{jobs}")
    before = run.executions
    with run.worker() as worker:
        drained = run.drain(worker, jobs, before)
    return drained.worker + drained.server


def grown(run: Run, jobs: int, sample: int) -> list[tuple[int, float]]:
    """Let the database grow until it holds so many jobs; return how many it held and what one cost then."""
    curve: list[tuple[int, float]] = []
    cost(run, min(SEED, jobs))
    copies = 0
    for size in (*(size for size in SIZES if size < jobs), jobs):
        wanted = max(copies, size - run.executions)
        fill(run.folder / "cpa.db", wanted, copies)
        copies = wanted
        curve.append((run.executions + copies, cost(run, sample)))
        print(f"  {curve[-1][0]:,} jobs: {curve[-1][1]:.0f} us a job", flush=True)
    return curve


def by_size(entry: Entry, jobs: int, rounds: int, sample: int) -> Figures:
    """Return the curve, and the costs of each round on the small and on the full database."""
    with a_run(entry) as full:
        curve = grown(full, jobs, sample)
        pairs = []
        for _ in range(rounds):
            with a_run(entry) as small:
                cost(small, SMALL)
                pairs.append((cost(small, sample), cost(full, sample)))
        size = sum(path.stat().st_size for path in full.folder.glob("cpa.db*"))
        rows = full.ours.rows()
    return {"curve": curve, "pairs": pairs, "bytes": size, "rows": rows}


def by_tenants(entry: Entry, rounds: int, sample: int) -> list[dict[int, float]]:
    """Return what a job costs by how many tenants the jobs of a drain belong to, for every round."""
    found = []
    for _ in range(rounds):
        costs = {}
        for tenants in TENANTS:
            spread = dataclasses.replace(entry, settings={**entry.settings, "BENCH_TENANTS": str(tenants)})
            with a_run(spread) as run:
                costs[tenants] = cost(run, sample)
        found.append(costs)
    return found


def report(jobs: int, sizes: Figures, tenants: Sequence[dict[int, float]]) -> int:
    """Print, save, draw and judge."""
    ratios = [full / small for small, full in sizes["pairs"]]
    spread = [costs[TENANTS[-1]] / costs[TENANTS[0]] for costs in tenants]
    middle = [statistics.median(costs[number] for costs in tenants) for number in TENANTS]
    small, full = (statistics.median(pair[part] for pair in sizes["pairs"]) for part in (0, 1))
    show(
        f"processor time per job, medians of {len(ratios)} rounds; the full database has {sizes['bytes'] / 1e9:.2f} GB",
        ["", "us per job"],
        [
            [f"{SMALL:,} jobs in the database", f"{small:.0f}"],
            [f"{jobs:,} jobs in the database", f"{full:.0f}"],
            *([f"{number:,} tenants", f"{value:.0f}"] for number, value in zip(TENANTS, middle, strict=True)),
        ],
    )
    floors = [
        Floor("cost_full_over_small", statistics.median(ratios), 1.2, at_most=True),
        Floor("cost_1000_tenants_over_1", statistics.median(spread), 1.2, at_most=True),
    ]
    save("growth", {"jobs": jobs, "sizes": sizes, "tenants": list(tenants)}, floors)
    curve = Panel(
        title="as the database grows (thousands of jobs)",
        unit="us per job",
        groups=[str(held // 1000) for held, _ in sizes["curve"]],
        series={"worker and Redis": [value for _, value in sizes["curve"]]},
        lines=True,
    )
    many = Panel(
        title="as tenants grow",
        unit="us per job",
        groups=[f"{number:,}" for number in TENANTS],
        series={"worker and Redis": middle},
        lines=True,
    )
    draw("growth", "Processor time of a job", [curve, many])
    return judge(floors)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="of the sizes; of the tenants half as many")
    parser.add_argument("--sample", type=int, default=5_000, help="jobs of one drain that is compared")
    parser.add_argument("--dispatch", choices=list(DISPATCH), default="redis")
    given = parser.parse_args()
    leave_in_order()
    entry = DISPATCH[given.dispatch]
    try:
        sizes = by_size(entry, given.jobs, given.rounds, given.sample)
        tenants = by_tenants(entry, (given.rounds + 1) // 2, given.sample)
    except RunError as error:
        print(f"short growth nan 1.2 ({error})")
        return 1
    return report(given.jobs, sizes, tenants)


if __name__ == "__main__":
    sys.exit(main())
