"""Random histories of runs: whatever is lost, repeated or killed, every run ends and nothing happens twice.

A failure names the seed of its history; `RunHistory(seed).live()` repeats it.
"""

from collections import Counter

from tests.support.run_history import OUTCOMES, RunHistory

HISTORIES = 1_000


def test_every_run_ends_and_nothing_happens_twice_whatever_else_happens() -> None:
    seen: Counter[str] = Counter()

    for seed in range(HISTORIES):
        history = RunHistory(seed)
        try:
            history.live()
        except Exception as error:
            error.add_note(f"the history with seed {seed}")
            raise
        seen += history.seen

    rare = {"crash", "handed back", "crash before storing", "crash before acting", "cancelled", "repeated event"}
    looks = {"look failed", "seen: True", "seen: False", "seen: None", "answer while stopping"}
    ends = {"ended done", "ended failed", "ended cancelled"}
    assert {what for what in rare | looks | ends | set(OUTCOMES) if seen[what] < HISTORIES / 100} == set()
