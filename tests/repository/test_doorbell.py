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


@pytest.mark.parametrize(("name", "news"), [("0197", News.FOR_ALL), ("0197.w", News.FOR_WATCHERS)])
async def test_one_whose_process_died_is_taken_down(tmp_path: Path, bells: ExitStack, name: str, news: News) -> None:
    ours, _ = _hang(bells, tmp_path / "cpa.db")
    left_behind = tmp_path / "cpa.db-bells" / name
    left_behind.touch()

    ours.ring(news)

    assert not left_behind.exists()


@pytest.mark.parametrize(("many", "then"), [(News.FOR_ALL, News.FOR_WATCHERS), (News.FOR_WATCHERS, News.FOR_ALL)])
async def test_a_ring_of_one_kind_is_heard_behind_many_of_the_other(
    tmp_path: Path, bells: ExitStack, many: News, then: News
) -> None:
    ours, _ = _hang(bells, tmp_path / "cpa.db")
    theirs, heard = Doorbell(tmp_path / "cpa.db"), {many: asyncio.Event(), then: asyncio.Event()}
    bells.callback(theirs.close)
    theirs.open(lambda news: heard[news].set())

    for _ in range(1000):
        ours.ring(many)
    ours.ring(then)

    async with asyncio.timeout(5):
        await asyncio.gather(*(event.wait() for event in heard.values()))


async def test_a_bell_that_is_taken_down_leaves_nothing_behind(tmp_path: Path, bells: ExitStack) -> None:
    bell, _ = _hang(bells, tmp_path / "cpa.db")
    folder = tmp_path / "cpa.db-bells"
    assert len(list(folder.iterdir())) == 2

    bell.close()
    bell.close()

    assert list(folder.iterdir()) == []
