"""How the parts of a service are looked at."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scheduler.orchestrator.health_checks import browser_check, mail_check, worker_check
from scheduler.telemetry.health import HealthStatus


def a_worker(last_look: float | None) -> Any:  # noqa: ANN401 - a worker as far as a check looks at it
    return SimpleNamespace(last_look=last_look)


@pytest.mark.parametrize(
    ("last_look", "status"),
    [(None, "degraded"), (100.0, "healthy"), (85.1, "healthy"), (85.0, "degraded"), (0.0, "degraded")],
)
async def test_a_worker_that_has_not_looked_for_long_is_stuck(last_look: float | None, status: str) -> None:
    health = await worker_check(a_worker(last_look), now=lambda: 100.0)()

    assert health.status == status


async def test_a_browser_is_one_that_is_a_file(tmp_path: Path) -> None:
    browser = tmp_path / "chromium"
    missing = await browser_check(lambda: browser)()
    none = await browser_check(lambda: None)()
    browser.touch()

    there = await browser_check(lambda: browser)()

    assert [missing.status, none.status, there.status] == ["degraded", "degraded", "healthy"]
    assert str(tmp_path) not in missing.detail


async def test_mail_is_well_when_nothing_is_missing() -> None:
    assert (await mail_check([])()).status is HealthStatus.HEALTHY
    assert (await mail_check(["CPA_MAIL_ADDRESS"])()).detail == "not set up: CPA_MAIL_ADDRESS"
