"""How fast TaskGraph takes in and orders a large plan, beside graphlib and networkx.

100,000 tasks wait for three of the thousand before them each; they come in order or shuffled. All engines start from
the same ToDos, made before the clock starts, and end with the same batches; graphlib and networkx work on the ids.
Every engine runs in a process of its own in every round, in turns: a ratio compares two processes of one round, the
figure is the median of the ratios. Times are processor time of one thread, memory is the peak above the start. The
floors are for plans that come in order, as planners write them; the shuffled order stands beside them.
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
from collections.abc import Callable, Sequence
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

Batches = Sequence[Sequence[ToDo | str]]
Prepared = tuple[Callable[[], None], Callable[[], Batches]]


def a_plan(order: str, seed: int) -> list[ToDo]:
    random_ = random.Random(seed)  # noqa: S311 - no secret
    ids = [f"t{number}" for number in range(TASKS)]
    plan = []
    for number, task_id in enumerate(ids):
        before = ids[max(0, number - WINDOW) : number]
        plan.append((task_id, tuple(random_.sample(before, min(DEPENDENCIES, len(before))))))
    if order == "shuffled":
        random_.shuffle(plan)
    return [ToDo(id=task_id, action="web.click", depends_on=needed) for task_id, needed in plan]


def task_graph(todos: Sequence[ToDo]) -> Prepared:
    graph = TaskGraph()

    def build() -> None:
        add = graph.add_task
        for todo in todos:
            add(todo)

    def order() -> Batches:
        return graph.get_parallel_batches()

    return build, order


def graphlib_sorter(todos: Sequence[ToDo]) -> Prepared:
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()

    def build() -> None:
        add = sorter.add
        for todo in todos:
            add(todo.id or "", *todo.dependencies)

    def order() -> Batches:
        sorter.prepare()
        batches = []
        while sorter.is_active():
            ready = sorter.get_ready()
            batches.append(ready)
            sorter.done(*ready)
        return batches

    return build, order


def networkx_graph(todos: Sequence[ToDo]) -> Prepared:
    graph = networkx.DiGraph()

    def build() -> None:
        graph.add_nodes_from(todo.id for todo in todos)
        graph.add_edges_from((other, todo.id) for todo in todos for other in todo.dependencies)

    def order() -> Batches:
        return list(networkx.topological_generations(graph))

    return build, order


PREPARE: dict[str, Callable[[Sequence[ToDo]], Prepared]] = {
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
    started = time.process_time()
    build()
    built = time.process_time()
    batches = sort()
    ended = time.process_time()
    peak = _status("VmHWM") - memory
    found = [sorted(one if isinstance(one, str) else one.id or "" for one in batch) for batch in batches]
    return {
        "build": built - started,
        "order": ended - built,
        "total": ended - started,
        "memory": peak,
        "digest": hashlib.sha256(json.dumps(found).encode()).hexdigest(),
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
    return statistics.median(float(other[figure] / ours[figure]) for other, ours in pairs)


def report(runs: dict[str, dict[str, list[dict[str, Any]]]], seed: int) -> int:
    """Print, save and draw; return the exit code."""
    rows = []
    for order in ORDERS:
        for engine in ENGINES:
            middle = {key: median(runs[order][engine], key) for key in ("build", "order", "total", "memory")}
            times = [f"{middle[key]:.3f}" for key in ("build", "order", "total")]
            slower = f"{ratio(runs[order], engine, 'total'):.2f}"
            rows.append([order, engine, *times, slower, f"{middle['memory'] / 1e6:.1f}"])
    in_order = runs[ORDERS[0]]
    floors = [Floor(f"graph_speed_over_{other}", ratio(in_order, other, "total"), 3) for other in ENGINES[1:]]
    floors.append(Floor("graph_memory_of_networkx_over_ours", ratio(in_order, "networkx", "memory"), 1.01))
    rounds = len(runs[ORDERS[0]][ENGINES[0]])
    show(
        f"{TASKS:,} tasks, {DEPENDENCIES * TASKS:,} edges, medians of {rounds} rounds, seed {seed}",
        ["tasks come", "engine", "add (s)", "batches (s)", "together (s)", "times ours", "peak memory (MB)"],
        rows,
    )
    save("graph", {"runs": runs, "seed": seed, "tasks": TASKS, "edges": DEPENDENCIES * TASKS}, floors)
    draw("graph", "100,000 tasks, 300,000 edges", [_panel(runs, "total", "s", 1), _panel(runs, "memory", "MB", 1e6)])
    return judge(floors)


def median(runs: Sequence[dict[str, Any]], figure: str) -> float:
    return statistics.median(float(run[figure]) for run in runs)


def _panel(runs: dict[str, dict[str, list[dict[str, Any]]]], figure: str, unit: str, scale: float) -> Panel:
    series = {engine: [median(runs[order][engine], figure) / scale for order in ORDERS] for engine in ENGINES}
    return Panel(
        title={"total": "add and order", "memory": "peak memory"}[figure], unit=unit, groups=ORDERS, series=series
    )


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
