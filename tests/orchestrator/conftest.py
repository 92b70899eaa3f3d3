"""Fixtures of the runs: the embedded store, and an orchestrator over executors that do what a test says."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from scheduler.orchestrator import run_course
from tests.support.clock import FakeClock
from tests.support.executors import FakeExecutors
from tests.support.orchestration import Office
from tests.support.store import Store, clock, database, migrated_file, store, store_path
from tests.support.virtual_time import pytest_asyncio_loop_factories

__all__ = ["clock", "database", "migrated_file", "pytest_asyncio_loop_factories", "store", "store_path"]


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged; printing tracebacks would take longer than the tests."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture(autouse=True)
def courses_from_the_first_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs take courses as soon as they can: hardly a test runs a plan twice."""
    monkeypatch.setattr(run_course, "WORTH_IT", 1)


@pytest.fixture
def executors() -> FakeExecutors:
    return FakeExecutors()


@pytest.fixture
def office(store: Store, executors: FakeExecutors, clock: FakeClock) -> Office:
    return Office(store, executors, clock)
