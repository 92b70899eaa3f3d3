"""Thousands of seeded histories full of faults: the invariants of the design hold in every state of each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.coverage import Coverage
from tests.simulation.history import History

pytestmark = pytest.mark.component
ROOT = Path(__file__).parents[2]
HISTORIES = 2_000
A_FEW = 150


def test_a_few_histories_break_no_invariant() -> None:
    coverage = Coverage()

    coverage.live(range(HISTORIES, HISTORIES + A_FEW))

    assert coverage.histories == A_FEW


@pytest.mark.fault
def test_no_history_breaks_an_invariant_and_together_they_meet_everything() -> None:
    coverage = Coverage()

    coverage.live(range(HISTORIES))

    print(coverage.table())  # noqa: T201 - to be seen with `pytest -s`
    assert coverage.rare() == {}


def test_a_history_is_the_same_each_time() -> None:
    told: list[list[str]] = [[], []]

    for lines in told:
        History(4, lines.append).live()

    assert len(told[0]) > 20
    assert told[0] == told[1]


def test_a_history_is_the_same_in_each_process_and_one_command_tells_it() -> None:
    outputs = [
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "7"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]

    assert "job_accepted" in outputs[0]
    assert outputs[0] == outputs[1]
