"""Who rings finds everybody, also those who came after it last looked for bells."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scheduler.repository.doorbell import Doorbell
from scheduler.repository.news import News


@pytest.fixture
async def bells() -> AsyncIterator[ExitStack]:
    with ExitStack() as open_bells:
        yield open_bells


def _hang(bells: ExitStack, path: Path) -> tuple[Doorbell, asyncio.Event]:
    bell, rung = Doorbell(path), asyncio.Event()
    bells.callback(bell.close)
    bell.open(lambda _: rung.set())
    return bell, rung


async def test_bells_that_come_and_go_are_noticed(tmp_path: Path, bells: ExitStack) -> None:
    path = tmp_path / "cpa.db"
    folder = tmp_path / "cpa.db-bells"
    ours, not_ours = _hang(bells, path)
    first, first_rung = _hang(bells, path)
    os.utime(folder, ns=(0, 0))  # so long ago that what was seen then is known
    ours.ring(News.FOR_ALL)
    ours.ring(News.FOR_ALL)
    await asyncio.wait_for(first_rung.wait(), 5)

    _, second_rung = _hang(bells, path)
    first.close()
    first_rung.clear()
    ours.ring(News.FOR_ALL)
    await asyncio.wait_for(second_rung.wait(), 5)

    assert not first_rung.is_set()
    assert not not_ours.is_set()


async def test_one_whose_process_died_is_taken_down(tmp_path: Path, bells: ExitStack) -> None:
    ours, _ = _hang(bells, tmp_path / "cpa.db")
    folder = tmp_path / "cpa.db-bells"
    left_behind = folder / "0197"
    left_behind.touch()

    ours.ring(News.FOR_ALL)

    assert not left_behind.exists()
