"""Jobs that are carried together fare as if each were carried alone, whatever befalls some of them."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest
import structlog

from scheduler.orchestrator.carrier import Carrier
from scheduler.orchestrator.job_run import JobRun
from scheduler.orchestrator.run_group import Carried, RunGroup
from scheduler.orchestrator.worker import Worker
from scheduler.repository.repository_interface import RunProgress
from tests.simulation.groups import live
from tests.simulation.model_store import ModelStore
from tests.simulation.violations import ViolationError

pytestmark = pytest.mark.component
CASES = 60
FEW_ENOUGH = 40
"""Cases among which every mutation is caught."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.configure(**before)


def live_all(cases: int) -> set[str]:
    """Return which faults there were."""
    return {fault.kind for seed in range(cases) for fault in live(seed).faults}


def test_all_fare_as_if_alone() -> None:
    kinds = live_all(CASES)

    assert kinds == {"cancel", "steal", "hand back", "busy", "slow", "unanswered", "breaks", "stop"}


stored, changes, leave = RunGroup._stored, RunGroup._changes, RunGroup._leave
is_recorded = ModelStore._is_recorded


async def one_is_forgotten(group: RunGroup, runs: list[Carried]) -> list[Carried]:
    return (await stored(group, runs))[: max(1, len(runs) - 1)]


async def an_error_of_one_breaks_all(group: RunGroup, runs: list[Carried]) -> list[Carried]:
    try:
        await group._jobs.record(*group._changes([run for _, run in runs]))
    except Exception as error:  # noqa: BLE001 - the mutation
        for carrier, run in runs:
            run.breaks(error)
            leave(group, carrier, run)
        return []
    return runs


async def what_failed_counts_as_stored(group: RunGroup, runs: list[Carried]) -> list[Carried]:
    with contextlib.suppress(Exception):
        await group._jobs.record(*group._changes([run for _, run in runs]))
    return runs


def one_is_stored_twice(group: RunGroup, runs: Sequence[JobRun]) -> Sequence[RunProgress]:
    made = changes(group, runs)
    for run in runs[-1:]:
        run.stored = lambda: None  # type: ignore[method-assign]
    return made


def one_is_not_stored(group: RunGroup, runs: Sequence[JobRun]) -> Sequence[RunProgress]:
    made = changes(group, runs)
    return made[:-1] if len(made) > 1 else made


def nobody_is_let_go(_group: RunGroup, _carrier: Carrier, _run: JobRun) -> None: ...


def what_was_stored_is_told_by_its_entries_only(store: ModelStore, progress: RunProgress) -> bool:
    return bool(progress.audit) and is_recorded(store, progress)


@pytest.mark.parametrize(
    ("place", "method", "mutation"),
    [
        (RunGroup, "_stored", one_is_forgotten),
        (RunGroup, "_stored", an_error_of_one_breaks_all),
        (RunGroup, "_stored", what_failed_counts_as_stored),
        (RunGroup, "_changes", one_is_stored_twice),
        (RunGroup, "_changes", one_is_not_stored),
        (RunGroup, "_leave", nobody_is_let_go),
        (ModelStore, "_is_recorded", what_was_stored_is_told_by_its_entries_only),
    ],
)
def test_mutations_are_caught(
    monkeypatch: pytest.MonkeyPatch, place: type, method: str, mutation: Callable[..., object]
) -> None:
    monkeypatch.setattr(place, method, mutation)

    with pytest.raises(ViolationError):
        live_all(FEW_ENOUGH)


ended, until_there_may_be_more = Worker._ended, Worker._until_there_may_be_more


def nobody_looks_when_there_is_room(worker: Worker, run: Carrier) -> None:
    worker._full = False
    ended(worker, run)


async def the_time_tells_nothing(worker: Worker, _: datetime) -> None:
    await until_there_may_be_more(worker, datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("method", "mutation"),
    [("_ended", nobody_looks_when_there_is_room), ("_until_there_may_be_more", the_time_tells_nothing)],
)
def test_a_worker_that_does_not_look_is_caught(
    monkeypatch: pytest.MonkeyPatch, method: str, mutation: Callable[..., object]
) -> None:
    monkeypatch.setattr(Worker, method, mutation)

    with pytest.raises(ViolationError, match="nobody looked"):
        live_all(FEW_ENOUGH)
