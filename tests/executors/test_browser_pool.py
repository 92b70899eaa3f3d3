"""The browser of this machine is found, shared and replaced; without one the error says so."""

import asyncio
import fcntl
import os
import signal
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scheduler.core.errors import BrowserUnavailableError, ProgramMissingError
from scheduler.executors import browser_pool, browser_process
from scheduler.executors.browser_pool import BrowserLimits, BrowserPool, find_browser
from scheduler.executors.browser_process import BrowserProcess
from tests.support.processes import browsers, drivers

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds all programs there are."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, name: str) -> Path:
    program = folder / name
    program.touch(mode=0o755)
    return program


def test_the_headless_shell_is_preferred(programs: Path) -> None:
    chromium = install(programs, "chromium")
    assert find_browser() == chromium

    shell = install(programs, "chromium-headless-shell")
    assert find_browser() == shell
    assert find_browser(headless=False) == chromium


@pytest.mark.parametrize(("cores", "turns"), [(None, 2), (1, 2), (2, 3), (16, 4)])
def test_two_to_four_jobs_act_at_once_by_cores(monkeypatch: pytest.MonkeyPatch, cores: int | None, turns: int) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)

    assert BrowserLimits().at_once == turns


@pytest.mark.usefixtures("programs")
async def test_without_a_browser_the_error_names_what_is_missing() -> None:
    async with BrowserPool() as pool:
        with pytest.raises(ProgramMissingError, match="chromium-headless-shell"):
            await pool.new_context()


@pytest.mark.integration
async def test_what_is_no_browser_is_unavailable_and_leaves_nothing_running() -> None:
    async with BrowserPool(executable=Path("/bin/false")) as pool:
        with pytest.raises(BrowserUnavailableError):
            await pool.new_context()


@pytest.mark.integration
async def test_a_closed_pool_starts_again_when_needed() -> None:
    async with BrowserPool() as pool:
        first = await pool.new_context()
        await pool.close()

        second = await pool.new_context()

        assert first.browser is not second.browser
        assert second.browser is not None
        assert second.browser.is_connected()


async def seen(ready: Callable[[], bool]) -> bool:
    """Wait up to ten seconds."""
    for _ in range(200):
        if ready():
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.integration
async def test_a_worn_browser_is_replaced_and_its_jobs_are_not_disturbed() -> None:
    async with BrowserPool(limits=BrowserLimits(contexts=2)) as pool:
        first = await pool.new_context()
        await pool.new_context()  # the second wears it out
        page = await first.new_page()

        assert await a_fresh_browser(pool, first)
        assert await page.evaluate("1 + 1") == 2
        assert len(browsers()) == 2

        for context in first.browser.contexts if first.browser else ():
            await context.close()
        assert await seen(lambda: len(browsers()) == 1)


@pytest.mark.integration
@pytest.mark.parametrize("limits", [BrowserLimits(age=timedelta()), BrowserLimits(memory=1)])
async def test_age_and_memory_wear_a_browser_out(limits: BrowserLimits) -> None:
    async with BrowserPool(limits=limits) as pool:
        first = await pool.new_context()

        assert await a_fresh_browser(pool, first)


async def a_fresh_browser(pool: BrowserPool, old: "BrowserContext") -> bool:
    """Open contexts until one lies in another browser."""
    for _ in range(100):
        context = await pool.new_context()
        if context.browser is not old.browser:
            return True
        await context.close()
        await asyncio.sleep(0.05)
    return False


@pytest.mark.integration
async def test_the_memory_of_the_whole_tree_is_counted() -> None:
    process = await BrowserProcess.start(find_browser() or Path("chromium"), headless=True)
    try:
        context = await process.new_context({})
        before = process.memory()
        await (await context.new_page()).evaluate("void (window.kept = new Array(10_000_000).fill(0.5))")

        assert before > 50_000_000
        assert process.memory() > before + 40_000_000
    finally:
        await process.stop()


@pytest.mark.fault
@pytest.mark.integration
@pytest.mark.parametrize("victims", [browsers, drivers])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_what_died_or_hangs_is_replaced_and_leaves_nothing_behind(
    victims: Callable[[], list[int]], how: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(browser_process, "_OPENING", 4.0)
    monkeypatch.setattr(browser_process, "_STOPPING", 1.0)
    async with BrowserPool() as pool:
        first = await pool.new_context()
        for pid in victims():
            os.kill(pid, how)

        second = await pool.new_context()

        assert await (await second.new_page()).evaluate("1 + 1") == 2
        assert second.browser is not first.browser
        assert await seen(lambda: (len(browsers()), len(drivers())) == (1, 1))
    assert await seen(lambda: browsers() == drivers() == [])
    assert not os.listdir(tmp_path)  # noqa: PTH208 - it blocks for a moment only, and the test is over


@pytest.mark.fault
@pytest.mark.integration
def test_what_a_killed_process_left_is_cleared_away_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, used = tmp_path / "cpa-browser-left", tmp_path / "cpa-browser-used"
    for folder in (left, used):
        folder.mkdir()
        (folder / "lock").touch()
    with (used / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        browser_process._Folder().remove()

        assert (left.exists(), used.exists()) == (False, True)


async def test_only_so_many_act_at_once_and_who_waits_long_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_pool, "_LONGEST_TURN", 0.05)
    pool = BrowserPool(limits=BrowserLimits(at_once=1))
    order: list[str] = []

    async def slow() -> None:
        async with pool.turn():
            order.append("slow begins")
            await asyncio.sleep(0.2)
            order.append("slow ends")

    async def quick() -> None:
        async with pool.turn():
            order.append("quick")

    await asyncio.gather(slow(), quick())
    async with asyncio.timeout(1), pool.turn():
        order.append("next")

    assert order == ["slow begins", "quick", "slow ends", "next"]
