"""Plays one contestant in this process, which runs in the contestant's venv.

`python -m bench.peers.play MODULE worker`, or `MODULE client one:200 bulk:800`, which prints a line of JSON per phase.
"""

import asyncio
import atexit
import importlib
import inspect
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.peers.contestant import Call, Contestant

WARM_UP = 5
"""Round trips that are not counted."""


async def call(function: Call, *arguments: int) -> None:
    answer = function(*arguments)
    if inspect.isawaitable(answer):
        await answer


async def timed(function: Call, *arguments: int) -> float:
    started = time.perf_counter()
    await call(function, *arguments)
    return time.perf_counter() - started


async def singles(one: Call, jobs: int) -> dict[str, float]:
    return {"seconds": sum([await timed(one) for _ in range(jobs)])}


async def round_trips(roundtrip: Call, number: int) -> dict[str, float]:
    for _ in range(WARM_UP):
        await call(roundtrip)
    laps = [1000 * await timed(roundtrip) for _ in range(number)]
    parts = statistics.quantiles(laps, n=100, method="inclusive")
    return {"p50": parts[49], "p95": parts[94], "p99": parts[98]}


async def whole(function: Call, size: int) -> dict[str, float]:
    return {"seconds": await timed(function, size)}


HOW: dict[str, Callable[[Call, int], Any]] = {"one": singles, "roundtrip": round_trips}


async def client(contestant: Contestant, phases: list[str]) -> None:
    """Go through the phases, each a name and how many; one that the peer cannot do prints nothing."""
    if contestant.connect is not None:
        await call(contestant.connect)
    for phase in phases:
        name, _, number = phase.partition(":")
        function = getattr(contestant, name)
        if function is not None:
            figures = await HOW.get(name, whole)(function, int(number))
            print(json.dumps({"phase": name, "number": int(number), **figures}), flush=True)


def main() -> None:
    module, part, *phases = sys.argv[1:]
    contestant: Contestant = importlib.import_module(f"bench.peers.contestants.{module}").CONTESTANT
    if part == "worker":
        if contestant.worker is None:
            raise SystemExit(f"{module} has no worker")
        work = contestant.worker()
        if inspect.isawaitable(work):
            with asyncio.Runner(loop_factory=contestant.event_loop) as runner:
                runner.run(_awaited(work))
        return
    with asyncio.Runner(loop_factory=contestant.event_loop) as runner:
        runner.run(client(contestant, phases))
        sys.stdout.flush()
        atexit._run_exitfuncs()  # noqa: SLF001 - Prefect ends its server here
        os._exit(0)  # some peers leave threads behind that never end


async def _awaited(work: Any) -> None:  # noqa: ANN401 - whatever a peer makes awaitable
    await work


if __name__ == "__main__":
    main()
