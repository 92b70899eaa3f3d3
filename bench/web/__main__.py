"""The web executor beside raw Playwright and others: twelve steps on a form, twenty jobs at once, the start of a job.

`python -m bench.web [rounds]`. Ours and raw Playwright take turns in one browser; the others run by themselves on the
same browser, each in a venv of its own, between two halves of our rounds.
"""

import asyncio
import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import uvloop

from bench.processes import end_marked
from bench.report import Floor, Panel, draw, judge, machine, save, show
from bench.web.ours import crowd, measure, warm_start
from bench.web.steps import STEPS
from scheduler.executors.browser_pool import find_browser

T = TypeVar("T")
_ROOT = Path(__file__).parents[2]
_PEER_TIME = 300.0  # seconds
_LIMITS = {"ours": 1.10, "ours, verified": 1.20, "ours, evidence": 1.35}
_WARM = 100.0  # milliseconds
_CROWD = 20


@dataclass(frozen=True)
class Peer:
    """A tool, its venv and its script."""

    name: str
    venv: str
    module: str


_PEERS = (
    Peer("Robot Framework Browser", "robot", "robot_form"),
    Peer("Selenium", "selenium", "selenium_form"),
    Peer("browser-use tools", "browseruse", "browser_use_form"),
)


def run_peer(peer: Peer, rounds: int, browser: Path) -> dict[str, list[float]] | str:
    """Return the milliseconds of its rounds, or why there are none."""
    python = _ROOT / f".venv-bench-{peer.venv}" / "bin" / "python"
    if not python.exists():
        return f"{python.parent.parent.name} is missing; make bench-venvs makes it"
    command = [str(python), "-m", f"bench.web.peers.{peer.module}", str(rounds), str(browser)]
    mark = f"BENCH_PEER_{uuid4().hex}"
    try:
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env=os.environ | {mark: peer.name},
            capture_output=True,
            text=True,
            timeout=_PEER_TIME,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {_PEER_TIME:g} s"
    finally:
        end_marked(mark)  # some leave their browser
    if done.returncode:
        return (done.stderr.strip() or done.stdout.strip()).splitlines()[-1][:200]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return {"start": [found["start"]], "rounds": found["rounds"]}


def ratio(taken: Mapping[str, Sequence[float]], name: str) -> float:
    """Return the median, over the rounds, of one way's time by raw Playwright's in the same round."""
    return statistics.median(ours / raw for ours, raw in zip(taken[name], taken["raw"], strict=True))


def main(rounds: int) -> int:
    browser = find_browser()
    if browser is None:
        print("neither chromium-headless-shell nor chromium is installed", file=sys.stderr)
        return 1
    taken = _run(measure(rounds - rounds // 2))
    peers = {peer.name: run_peer(peer, min(rounds, 5), browser) for peer in _PEERS}
    for name, times in _run(measure(rounds // 2)).items():
        taken[name] += times
    together, failed = _run(crowd(_CROWD))
    warm = _run(warm_start(15))
    every = taken | {name: found["rounds"] for name, found in peers.items() if isinstance(found, dict)}
    best = min(taken["raw"])
    show(
        f"{len(STEPS)} steps on a form, {browser.name}, load {machine()['load']}",
        ["", "ms min", "median", "ms/step", "by raw, min", "by raw, same round"],
        [
            [
                name,
                f"{min(times):.0f}",
                f"{statistics.median(times):.0f}",
                f"{min(times) / len(STEPS):.1f}",
                f"{min(times) / best:.2f}",
                f"{ratio(taken, name):.2f}" if name in taken else "–",
            ]
            for name, times in every.items()
        ],
    )
    for name, found in peers.items():
        if isinstance(found, str):
            print(f"not measured: {name}: {found}")
    print(f"{_CROWD} jobs at once: {together:.1f} s, {failed} failed; a warm job acts after {warm:.0f} ms")
    floors = [Floor(_word(name), ratio(taken, name), limit, at_most=True) for name, limit in _LIMITS.items()]
    floors += [
        Floor("failed_of_20_at_once", failed, 0, at_most=True),
        Floor("warm_start_ms", warm, _WARM, at_most=True),
    ]
    floors += [
        Floor(f"{_word(peer.name)}_over_ours", _over(peers[peer.name], min(taken["ours"])), 1.0) for peer in _PEERS
    ]
    figures = {"rounds": every, "crowd_seconds": together, "warm_start_ms": warm, "peers": peers}
    print(save("web", figures, floors))
    series = {"min": [min(times) for times in every.values()]}
    panel = Panel(title=f"{len(STEPS)} steps", unit="ms", groups=list(every), series=series, logarithmic=True)
    draw("web", "Twelve steps on a form", [panel])
    return judge(floors)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Do it on the event loop that the service has."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _over(found: dict[str, list[float]] | str, ours: float) -> float:
    return min(found["rounds"]) / ours if isinstance(found, dict) else math.nan


def _word(name: str) -> str:
    return name.lower().replace(", ", "_").replace(" ", "_").replace("-", "_")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
