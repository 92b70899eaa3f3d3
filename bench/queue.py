"""How fast, how dear and how late jobs are: ours on Redis and on SQLite beside the queues and engines people know.

Every contestant gets the same work in every round, in turns, with a worker process, a store and a folder of its own:
enqueue, drain, idle round trips, a graph of 1 + 200 + 1, a chain of 50. A ratio compares two contestants of one round;
the median of the ratios decides. Ours is counted until the database is final, peers until the last execution. Then
every worker is killed in the middle of a job, at default settings.
"""

import argparse
import sys
from collections.abc import Sequence

from bench.own_times import own_times
from bench.peers.roster import EVERYONE, OURS, OURS_REDIS, Entry, named
from bench.peers.rounds import FAN, Figures, after_kill, memory_growth, one_round
from bench.processes import leave_in_order
from bench.queue_report import floors, pictures, tables
from bench.report import judge, save


def turns(entries: Sequence[Entry], rounds: int, scale: float) -> list[list[Figures]]:
    """Return the figures of everybody by round, and say on the way who is through."""
    found = []
    for number in range(rounds):
        begin = number * len(entries) // rounds
        this_round = [_said(one_round(entry, scale)) for entry in (*entries[begin:], *entries[:begin])]
        found.append(this_round)
    return found


def _said(figures: Figures) -> Figures:
    drain, errors = figures.get("drain"), figures.get("errors", [])
    said = f"{drain:,.0f} jobs/s" if drain else "no queue"
    print(f"  {figures['name']}: {said}{''.join(f'; {error}' for error in errors)}", flush=True)
    return figures


def kills(entries: Sequence[Entry], wait: float) -> dict[str, float]:
    """Ours come first: the starts of a dozen peers at once would count as their recovery."""
    with_workers = [entry for entry in entries if entry.jobs]
    ours = after_kill([entry for entry in with_workers if entry.ours], wait)
    return ours | after_kill([entry for entry in with_workers if not entry.ours], wait)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="how much of the work: 0.1 is a tenth")
    parser.add_argument("--only", action="append", choices=[entry.name for entry in EVERYONE], help="repeat for more")
    parser.add_argument("--kill-wait", type=float, default=100, help="seconds; 0: kill nobody")
    parser.add_argument("--memory-jobs", type=int, default=100_000, help="0: measure no memory")
    given = parser.parse_args()
    leave_in_order()
    entries = [named(name) for name in given.only] if given.only else list(EVERYONE)
    if given.scale < 1:
        print("a trial: with so few jobs a batch that was begun before the clock counts for much")
    machine = [own_times()]
    rounds = turns(entries, given.rounds, given.scale)
    machine.append(own_times())
    killed = {}
    if given.kill_wait:
        print(f"  killing workers, and waiting for {given.kill_wait:g} s at most", flush=True)
        killed = kills(entries, given.kill_wait)
    ours = [entry for entry in entries if entry in OURS]
    memory = {
        entry.name: memory_growth(entry, given.memory_jobs)
        for entry in ours
        if given.memory_jobs and entry.name == OURS_REDIS.name
    }
    tables(entries, rounds, killed, memory, machine)
    judged = floors(rounds, killed, memory, machine)
    save(
        "queue",
        {"rounds": rounds, "killed": killed, "memory": memory, "own_times": machine, "graph": f"1 + {FAN} + 1"},
        judged,
    )
    pictures(entries, rounds)
    return judge(judged)


if __name__ == "__main__":
    sys.exit(main())
