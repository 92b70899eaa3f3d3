"""The API killed under load: whatever it has answered with 202 is there after a restart."""

from pathlib import Path

import pytest

from bench.api_kill import kill_under_load

pytestmark = [pytest.mark.fault, pytest.mark.integration]

CLIENTS, ENOUGH = 20, 60


def test_no_answered_job_is_lost_by_kill_9(tmp_path: Path) -> None:
    answered, lost = kill_under_load(tmp_path, lambda answers: len(answers.accepted) >= ENOUGH, clients=CLIENTS)

    assert len(answered) >= ENOUGH
    assert len(set(answered)) == len(answered)
    assert lost == []
