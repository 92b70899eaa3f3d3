"""The tables, the floors and the picture of `bench.queue`."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from bench.peers.roster import OURS, OURS_REDIS, OURS_REDIS_FIRST, OURS_SQLITE, PEERS, Entry
from bench.peers.rounds import Figures
from bench.report import Floor, Panel, draw, show

Rounds = Sequence[Sequence[Figures]]
WIDTH = 180
"""Letters of the wide tables."""
QUIET_DISK = 1.0
"""Milliseconds of a commit below which the absolute latencies are judged."""
DRAIN_FLOORS = {"dramatiq": 2.5, "saq": 4, "arq": 5, "taskiq": 5, "celery": 10, "rq": 10}
SQLITE_DRAIN_FLOORS = {"huey-sqlite": 1.3, "dbos-sqlite": 20}
GRAPH_FLOORS = {"dbos-sqlite": 10, "temporal-dev": 10, "prefect-local": 10, "streaq": 5}
LATENCY_LIMITS = {OURS_REDIS.name: 6, OURS_SQLITE.name: 5}
KILL_LIMIT = 15


def values(rounds: Rounds, name: str, figure: str) -> list[float]:
    """Return a figure of every round it was taken in."""
    return [found[figure] for this_round in rounds for found in this_round if found["name"] == name and figure in found]


def median(numbers: Iterable[float]) -> float:
    found = list(numbers)
    return statistics.median(found) if found else math.nan


def ratio(rounds: Rounds, over: str, under: str, figure: str) -> float:
    """Return how many times `under`'s figure `over`'s is: the median of the rounds that have both."""
    return median(_ratios(rounds, over, under, figure))


def _ratios(rounds: Rounds, over: str, under: str, figure: str) -> list[float]:
    both = []
    for this_round in rounds:
        found = {figures["name"]: figures[figure] for figures in this_round if figure in figures}
        if over in found and under in found:
            both.append(found[over] / found[under])
    return both


def fastest_peer_over(rounds: Rounds, ours: str) -> float:
    """Return how many times our idle latency the fastest peer's of the same round is."""
    peers = {entry.name for entry in PEERS}
    ratios = []
    for this_round in rounds:
        found = {figures["name"]: figures["p50"] for figures in this_round if "p50" in figures}
        theirs = [p50 for name, p50 in found.items() if name in peers]
        if ours in found and theirs:
            ratios.append(min(theirs) / found[ours])
    return median(ratios)


def floors(
    rounds: Rounds,
    killed: Mapping[str, float],
    memory: Mapping[str, Figures],
    machine: Sequence[Mapping[str, float]],
) -> list[Floor]:
    """Return what the figures must reach. A figure that could not be taken is `nan`, and short."""
    redis, sqlite = OURS_REDIS.name, OURS_SQLITE.name
    found = [
        Floor(f"drain_redis_over_{peer}", ratio(rounds, redis, peer, "drain"), floor)
        for peer, floor in DRAIN_FLOORS.items()
    ]
    found += [
        Floor(f"drain_sqlite_over_{peer.partition('-')[0]}", ratio(rounds, sqlite, peer, "drain"), floor)
        for peer, floor in SQLITE_DRAIN_FLOORS.items()
    ]
    found += [
        Floor(f"{name}_over_dramatiq", ratio(rounds, ours, "dramatiq", "processor"), 0.4, at_most=True)
        for name, ours in (("cpu_redis", redis), ("cpu_redis_running_first", OURS_REDIS_FIRST.name))
    ]
    found += _latency_floors(rounds, median(times["commit_p50"] for times in machine))
    found.append(Floor("graph_seconds", median(values(rounds, redis, "fan")), 0.1, at_most=True))
    found += [
        Floor(f"graph_{peer.partition('-')[0]}_over_ours", ratio(rounds, peer, redis, "fan"), floor)
        for peer, floor in GRAPH_FLOORS.items()
    ]
    found.append(Floor("chain_step_ms", median(values(rounds, redis, "chain_step")), 2, at_most=True))
    found += [
        Floor(f"kill_{name}_seconds", killed.get(ours, math.nan), KILL_LIMIT, at_most=True)
        for name, ours in (("redis", redis), ("sqlite", sqlite))
    ]
    grown = memory[redis]["per_100_000"] if redis in memory else math.nan
    return [*found, Floor("memory_mib_per_100000_jobs", grown, 1, at_most=True)]


def _latency_floors(rounds: Rounds, commit: float) -> list[Floor]:
    found = [
        Floor(f"latency_fastest_peer_over_{ours.removeprefix('ours-')}", fastest_peer_over(rounds, ours), 1.0)
        for ours in LATENCY_LIMITS
    ]
    if commit >= QUIET_DISK:
        print(f"a commit takes {commit:.2f} ms here, so latencies in milliseconds are not judged")
        return found
    for ours, limit in LATENCY_LIMITS.items():
        name = f"latency_{ours.removeprefix('ours-')}"
        found.append(Floor(f"{name}_p50_ms", median(values(rounds, ours, "p50")), limit, at_most=True))
        found.append(Floor(f"{name}_p95_ms", median(values(rounds, ours, "p95")), 2 * limit, at_most=True))
    return found


def tables(
    entries: Sequence[Entry],
    rounds: Rounds,
    killed: Mapping[str, float],
    memory: Mapping[str, Figures],
    machine: Sequence[Mapping[str, float]],
) -> None:
    """Print everything, also who could not be measured and why."""
    _queue_table(entries, rounds)
    _latency_table(entries, rounds, killed)
    _ratio_table(rounds)
    _rows_table(entries, rounds)
    for name, grown in memory.items():
        steps = ", ".join(f"{mib:.1f} MiB after {jobs:,}" for jobs, mib in grown["steps"])
        print(f"memory of {name}: {steps or grown['errors']}")
    for times in machine:
        print(
            f"this machine: commit p50 {times['commit_p50']:.2f} ms, p95 {times['commit_p95']:.2f} ms;"
            f" PING p50 {times['ping_p50']:.3f} ms"
        )
    for name, error in sorted({(found["name"], e) for r in rounds for found in r for e in found.get("errors", [])}):
        print(f"not measured: {name}: {error}")


def _queue_table(entries: Sequence[Entry], rounds: Rounds) -> None:
    figures = ("one", "bulk", "drain", "worker", "server", "processor")
    show(
        f"{len(rounds)} rounds, min-median-max; ours until the database is final, peers until the last execution",
        ["", "one/s", "bulk/s", "drain jobs/s", "worker us/job", "server us/job", "together us"],
        [[entry.name, *(_spread(values(rounds, entry.name, figure)) for figure in figures)] for entry in entries],
        width=WIDTH,
    )


def _latency_table(entries: Sequence[Entry], rounds: Rounds, killed: Mapping[str, float]) -> None:
    figures = ("p50", "p95", "fan", "fan_of_jobs", "chain_step")
    show(
        "idle latency, graphs (ours: one job; beside it 202 jobs), kill -9 at default settings",
        ["", "p50 ms", "p95 ms", "1+200+1 s", "202 jobs s", "chain ms/step", "MiB", "again after s"],
        [
            [
                entry.name,
                *(_spread(values(rounds, entry.name, figure), ".3g") for figure in figures),
                _spread(values(rounds, entry.name, "memory")),
                _again(killed.get(entry.name)),
            ]
            for entry in entries
        ],
        width=WIDTH,
    )


def _ratio_table(rounds: Rounds) -> None:
    rows = []
    for ours in OURS:
        for peer in PEERS:
            cells = [
                _spread(_ratios(rounds, ours.name, peer.name, "drain"), ".3g"),
                _spread(_ratios(rounds, ours.name, peer.name, "processor"), ".2g"),
                _spread(_ratios(rounds, peer.name, ours.name, "p50"), ".3g"),
                _spread(_ratios(rounds, peer.name, ours.name, "fan"), ".3g"),
            ]
            if any(cell != "–" for cell in cells):
                rows.append([f"{ours.name} / {peer.name}", *cells])
    columns = ["", "drain, times", "CPU, share", "latency won", "graph won"]
    show(
        "ratios within a round, min-median-max: our drain and CPU by theirs, their latency and graph time by ours",
        columns,
        rows,
    )


def _rows_table(entries: Sequence[Entry], rounds: Rounds) -> None:
    rows = []
    for entry in entries:
        found = [figures for this_round in rounds for figures in this_round if figures["name"] == entry.name]
        if entry in OURS and found and "rows" in found[-1]:
            rows.append(
                [entry.name, *(f"{count:,}" for count in found[-1]["rows"].values()), str(found[-1]["outcomes"])]
            )
            columns = ["", *found[-1]["rows"], "jobs by status"]
    if rows:
        show("rows in the database afterwards, last round", columns, rows)


def pictures(entries: Sequence[Entry], rounds: Rounds) -> None:
    """Draw the medians of everybody."""
    wanted = {"drain": "jobs/s", "processor": "us/job", "p50": "ms", "fan": "s"}
    titles = {"drain": "drain", "processor": "processor time", "p50": "idle latency", "fan": "graph 1 + 200 + 1"}
    panels = []
    for figure, unit in wanted.items():
        found = {entry.name: median(values(rounds, entry.name, figure)) for entry in entries}
        there = {name: value for name, value in found.items() if not math.isnan(value)}
        if there:
            panels.append(
                Panel(
                    title=titles[figure],
                    unit=unit,
                    groups=list(there),
                    series={"median": list(there.values())},
                    logarithmic=True,
                )
            )
    if panels:
        draw("queue", "Queues and engines side by side", panels)


def _spread(numbers: Sequence[float], form: str = ",.0f") -> str:
    if not numbers:
        return "–"
    parts = (min(numbers), statistics.median(numbers), max(numbers))
    return format(parts[0], form) if len(numbers) == 1 else "-".join(format(part, form) for part in parts)


def _again(seconds: float | None) -> str:
    if seconds is None or math.isnan(seconds):
        return "–"
    return "not in time" if math.isinf(seconds) else f"{seconds:.1f}"
