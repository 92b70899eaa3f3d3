"""How fast TaskGraph takes in and orders a large plan, beside graphlib and networkx on the same ids.

100,000 tasks wait for three of the thousand before them each, given in order or shuffled. Every engine runs in a process
of its own in every round, in turns; a ratio compares two processes of one round, the figure is the median of the ratios.
The ToDos exist before the clock starts; so do the ids and tuples the other two get. Memory is the peak above the start.
"""

import argparse
import ctypes
import gc
import graphlib
import hashlib
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import networkx

from bench.report import Floor, Panel, draw, judge, save, show
from scheduler.core.task_graph import TaskGraph, ToDo

TASKS = 100_000
DEPENDENCIES = 3
WINDOW = 1_000
ENGINES = ("TaskGraph", "graphlib", "networkx")
ORDERS = ("in order", "shuffled")

Plan = list[tuple[str, tuple[str, ...]]]
Batches = Iterable[Iterable[str]]
Prepared = tuple[Callable[[], None], Callable[[], Batches]]


def a_plan(order: str, seed: int) -> Plan:
    """Return (id, ids it waits for) for every task."""
    random_ = random.Random(seed)  # noqa: S311 - no secret
    ids = [f"t{number}" for number in range(TASKS)]
    plan = []
    for number, task_id in enumerate(ids):
        before = ids[max(0, number - WINDOW) : number]
        plan.append((task_id, tuple(random_.sample(before, min(DEPENDENCIES, len(before))))))
    if order == "shuffled":
        random_.shuffle(plan)
    return plan


def task_graph(plan: Plan) -> Prepared:
    todos = [ToDo(id=task_id, action="web.click", depends_on=needed) for task_id, needed in plan]
    graph = TaskGraph()
    found: list[list[ToDo]] = []

    def build() -> None:
        for todo in todos:
            graph.add_task(todo)

    def order() -> Batches:
        found.extend(graph.get_parallel_batches())
        return ((todo.id or "" for todo in batch) for batch in found)

    return build, order


def graphlib_sorter(plan: Plan) -> Prepared:
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()

    def build() -> None:
        for task_id, needed in plan:
            sorter.add(task_id, *needed)

    def order() -> Batches:
        sorter.prepare()
        batches = []
        while sorter.is_active():
            ready = sorter.get_ready()
            batches.append(ready)
            sorter.done(*ready)
        return batches

    return build, order


def networkx_graph(plan: Plan) -> Prepared:
    graph = networkx.DiGraph()

    def build() -> None:
        graph.add_nodes_from(task_id for task_id, _ in plan)
        graph.add_edges_from((other, task_id) for task_id, needed in plan for other in needed)

    def order() -> Batches:
        batches: list[list[str]] = list(networkx.topological_generations(graph))
        return batches

    return build, order


PREPARE: dict[str, Callable[[Plan], Prepared]] = {
    "TaskGraph": task_graph,
    "graphlib": graphlib_sorter,
    "networkx": networkx_graph,
}


def measure(engine: str, order: str, seed: int) -> dict[str, Any]:
    """Run one engine once in this process: seconds, bytes, and a digest of the batches it found."""
    build, sort = PREPARE[engine](a_plan(order, seed))
    gc.collect()
    gc.freeze()  # what was there before is not the engine's: the collector shall not walk it on its account
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    memory = _status("VmRSS")
    started = time.perf_counter()
    build()
    built = time.perf_counter()
    batches = sort()
    ended = time.perf_counter()
    peak = _status("VmHWM") - memory
    sizes = [sorted(batch) for batch in batches]
    return {
        "build": built - started,
        "order": ended - built,
        "total": ended - started,
        "memory": peak,
        "digest": hashlib.sha256(json.dumps(sizes).encode()).hexdigest(),
    }


def _status(name: str) -> int:
    """Return a figure of this process from /proc, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


def run_rounds(rounds: int, seed: int) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the runs by order and engine. Raises SystemExit when the engines do not agree on the batches."""
    runs: dict[str, dict[str, list[dict[str, Any]]]] = {order: {engine: [] for engine in ENGINES} for order in ORDERS}
    for number in range(rounds):
        for order in ORDERS:
            for engine in ENGINES[number % 3 :] + ENGINES[: number % 3]:
                call = [sys.executable, "-m", "bench.graph", "--engine", engine, "--order", order]
                answer = subprocess.run([*call, "--seed", str(seed + number)], check=True, capture_output=True)
                runs[order][engine].append(json.loads(answer.stdout))
            if len({runs[order][engine][number]["digest"] for engine in ENGINES}) > 1:
                raise SystemExit(f"the engines do not agree on the batches ({order}, seed {seed + number})")
    return runs


def ratio(runs: dict[str, list[dict[str, Any]]], engine: str, figure: str) -> float:
    """Return how many times TaskGraph's figure the other engine's is: the median over the rounds."""
    pairs = zip(runs[engine], runs["TaskGraph"], strict=True)
    return statistics.median(other[figure] / max(ours[figure], 1) if figure == "memory" else other[figure] / ours[figure]
                             for other, ours in pairs)


def report(runs: dict[str, dict[str, list[dict[str, Any]]]], seed: int) -> int:
    """Print, save and draw; return the exit code."""
    floors, rows = [], []
    for order in ORDERS:
        short = order.replace(" ", "_")
        floors += [Floor(f"graph_{short}_speed_over_{other}", ratio(runs[order], other, "total"), 3) for other in ENGINES[1:]]
        floors.append(Floor(f"graph_{short}_memory_of_networkx_over_ours", ratio(runs[order], "networkx", "memory"), 1.01))
        for engine in ENGINES:
            middle = {key: median(runs[order][engine], key) for key in ("build", "order", "total", "memory")}
            times = [f"{middle[key]:.3f}" for key in ("build", "order", "total")]
            rows.append([order, engine, *times, f"{middle['memory'] / 1e6:.1f}"])
    show(
        f"{TASKS:,} tasks, {DEPENDENCIES * TASKS:,} edges, medians of {len(runs[ORDERS[0]][ENGINES[0]])} rounds, seed {seed}",
        ["tasks come", "engine", "add (s)", "batches (s)", "together (s)", "peak memory (MB)"],
        rows,
    )
    save("graph", {"runs": runs, "seed": seed, "tasks": TASKS, "edges": DEPENDENCIES * TASKS}, floors)
    draw("graph", "100,000 tasks, 300,000 edges", [_panel(runs, "total", "s", 1), _panel(runs, "memory", "MB", 1e6)])
    return judge(floors)


def median(runs: Sequence[dict[str, Any]], figure: str) -> float:
    return statistics.median(run[figure] for run in runs)


def _panel(runs: dict[str, dict[str, list[dict[str, Any]]]], figure: str, unit: str, scale: float) -> Panel:
    series = {engine: [median(runs[order][engine], figure) / scale for order in ORDERS] for engine in ENGINES}
    return Panel(title={"total": "add and order", "memory": "peak memory"}[figure], unit=unit, groups=ORDERS, series=series)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=20_251)
    parser.add_argument("--engine", choices=ENGINES, help="run only this engine, once, and print JSON")
    parser.add_argument("--order", choices=ORDERS, default=ORDERS[0])
    given = parser.parse_args()
    if given.engine:
        print(json.dumps(measure(given.engine, given.order, given.seed)))
        return 0
    return report(run_rounds(given.rounds, given.seed), given.seed)


if __name__ == "__main__":
    sys.exit(main())
