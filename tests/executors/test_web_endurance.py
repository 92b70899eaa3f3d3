"""Job after job in the browser leaves nothing behind: no process, no file, no open socket, no memory that grows."""

import asyncio
import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scheduler.core.ids import JobId
from scheduler.executors.browser_pool import BrowserLimits
from scheduler.executors.playwright_executor import PlaywrightExecutor
from tests.support.processes import browsers, drivers
from tests.support.site import Site, serve_site
from tests.support.web import Desk, WebJob

pytestmark = pytest.mark.integration
_WIDTH = 4


@pytest.fixture
def site() -> Iterator[Site]:
    with serve_site() as site:
        yield site


async def one_job(desk: Desk, executor: PlaywrightExecutor, site: Site, number: int) -> None:
    job = WebJob(desk, executor, JobId(f"endurance-{number}"))
    await job.do("goto", url=site.url(), timeout=60)
    await job.do("fill", "label=Suche", text=str(number), timeout=60)
    await job.do("download", "#attachment", id="file", timeout=60)
    await executor.let_go(job.id, ended=True)


def held() -> dict[str, int]:
    """Return what this process and all below it hold now."""
    gc.collect()
    me = psutil.Process()
    tree = [me, *me.children(recursive=True)]
    return {
        "processes": len(tree),
        "descriptors": me.num_fds(),
        "tasks": len(asyncio.all_tasks()),
        "own MB": me.memory_info().rss // 1_000_000,
        "browser MB": sum(_resident(process) for process in tree[1:]) // 1_000_000,
        "temporary": len(os.listdir(tempfile.gettempdir())),  # noqa: PTH208 - names only
    }


def _resident(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(info.pss)


async def endure(desk: Desk, site: Site, jobs: int, limits: BrowserLimits) -> list[dict[str, int]]:
    """Do the jobs, four at a time; return what was held after each tenth of them."""
    curve = []
    async with desk.executor(limits=limits) as executor:
        for begun in range(0, jobs, jobs // 10):
            gate = asyncio.Semaphore(_WIDTH)

            async def one(number: int, gate: asyncio.Semaphore = gate) -> None:
                async with gate:
                    await one_job(desk, executor, site, number)

            await asyncio.gather(*(one(number) for number in range(begun, begun + jobs // 10)))
            curve.append(held())
            print(begun + jobs // 10, curve[-1])  # noqa: T201 - the curve is what the long run is for
    return curve


def assert_nothing_is_left(curve: list[dict[str, int]], desk: Desk, temporary: Path) -> None:
    early, late = curve[2], curve[-1]
    assert late["processes"] <= early["processes"] + 4  # a browser and its successor may stand side by side
    assert late["descriptors"] <= early["descriptors"] + 8
    assert late["tasks"] <= early["tasks"] + 4
    assert late["temporary"] <= 4
    assert not list(desk.sessions.glob("*.sealed"))
    assert not list(temporary.iterdir())
    assert browsers() == drivers() == []


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of our own for temporary files, so that only our own are counted."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def test_forty_jobs_leave_nothing_behind(tmp_path: Path, temporary: Path, site: Site) -> None:
    desk = Desk(tmp_path / "desk")

    curve = await endure(desk, site, 40, BrowserLimits(contexts=25))

    assert_nothing_is_left(curve, desk, temporary)


@pytest.mark.slow_fault
async def test_a_thousand_jobs_leave_nothing_behind(tmp_path: Path, temporary: Path, site: Site) -> None:
    desk = Desk(tmp_path / "desk")

    curve = await endure(desk, site, 1000, BrowserLimits(contexts=300))

    assert_nothing_is_left(curve, desk, temporary)
    assert curve[-1]["own MB"] <= curve[2]["own MB"] + 40
    assert curve[-1]["browser MB"] <= curve[2]["browser MB"] + 250
