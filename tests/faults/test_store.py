"""The disk is full, or another process locks the store: nothing is lost or done twice, and work goes on."""

import asyncio
import errno
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from scheduler.core.errors import StoreBusyError, StoreFullError
from tests.support.scene import Scene, a_look, a_mark, an_order

pytestmark = pytest.mark.fault
DISK = 4 * 2**20  # bytes
MOUNT, UMOUNT = shutil.which("mount"), shutil.which("umount")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = [str(MOUNT), "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or not MOUNT or not UMOUNT:
        pytest.skip("a disk that can be filled is a tmpfs, and only root may mount one")
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a tmpfs, so there is no disk to fill")
    yield folder
    subprocess.run([str(UMOUNT), "--lazy", str(folder)], check=True)


@pytest.fixture
async def small_scene(disk: Path, migrated_file: Path, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene whose store lies on the small disk; the world does not."""
    shutil.copy(migrated_file, disk / "cpa.db")
    scene = Scene(tmp_path, disk=disk)
    yield scene
    await scene.close()


def _fill(disk: Path) -> Path:
    """Take all that is left of the disk; return the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - the disk is meant to be full
    return ballast


async def test_a_full_disk_stops_work_and_loses_nothing(small_scene: Scene, disk: Path) -> None:
    worker = small_scene.worker()
    async with small_scene.client() as services:
        running = await small_scene.submit(
            services, *[an_order(a_mark("first", seconds=2), a_mark("second", "first"))] * 4
        )
        await small_scene.begun(*running)
        ballast = await asyncio.to_thread(_fill, disk)

        refused = 0
        for _ in range(50):
            try:
                await small_scene.submit(services, an_order(*(a_look(f"look{number}") for number in range(50))))
            except StoreFullError:
                refused += 1
                if refused == 3:
                    break
        assert refused == 3, "the disk was never full"
        before = small_scene.statuses()
        with pytest.raises(StoreFullError):
            await small_scene.submit(services, an_order(*(a_look(f"look{number}") for number in range(400))))
        assert small_scene.statuses().keys() == before.keys()

        await asyncio.sleep(3)  # the marks are made meanwhile, and nobody can note it
        ballast.unlink()
        await small_scene.submit(services, an_order())
        await small_scene.ended()
    await worker.stop()

    assert {*small_scene.statuses().values()} == {"done"}
    small_scene.check()


@pytest.mark.parametrize(
    ("either_scene", "seconds"),
    [("sqlite", 8.0), *(pytest.param(kind, 30.0, marks=pytest.mark.slow_fault) for kind in ("sqlite", "redis"))],
    indirect=["either_scene"],
)
async def test_a_store_that_another_process_locks_loses_nothing(seconds: float, either_scene: Scene) -> None:
    """Steps end before, while and just after the store is locked, when another worker may have taken their jobs."""
    either_scene.settings |= {"WORKER_LEASE_SECONDS": "2", "WORKER_CONCURRENCY": "64"}
    lengths = [0.5, 3.0, *(seconds + 0.06 * number for number in range(40))]
    worker = either_scene.worker()
    async with either_scene.client() as services:
        running = await either_scene.submit(
            services, *(an_order(a_mark("first", seconds=length), a_mark("second", "first")) for length in lengths)
        )
        await either_scene.begun(*running)
        other = either_scene.worker()
        await either_scene.until(lambda: either_scene.home.log.read_text().count("worker_started") == 2)
        holder = await either_scene.locked(seconds)

        answered = await asyncio.gather(
            *(either_scene.submit(services, an_order()) for _ in range(5)), return_exceptions=True
        )
        assert {type(answer) for answer in answered} <= {StoreBusyError, list}
        await holder.wait()
        await either_scene.submit(services, an_order())
        await either_scene.ended()
    await asyncio.gather(worker.stop(), other.stop())

    assert {*either_scene.statuses().values()} == {"done"}
    either_scene.check()
