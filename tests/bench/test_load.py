"""The bench of a hundred users tells what Locust counted, and what it complained of only when there were errors."""

import json
from pathlib import Path

import pytest

from bench import load


@pytest.mark.parametrize(("failures", "complaint"), [(0, ""), (2, "503: busy\n\n")])
def test_what_locust_prints_is_shown_on_errors(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failures: int,
    complaint: str,
) -> None:
    counted = [{"name": "/schedule", "num_requests": 9, "num_failures": failures}]
    locust = tmp_path / "locust"
    locust.write_text(f"#!/bin/sh\necho '{json.dumps(counted)}'\necho '503: busy' >&2\n")
    locust.chmod(0o755)
    monkeypatch.setattr(load, "LOCUST", locust)

    assert load.play("http://127.0.0.1:9", 1) == counted
    assert capsys.readouterr().err == complaint
