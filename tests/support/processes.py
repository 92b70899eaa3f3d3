"""Finds and ends processes that this one started, by what the kernel says about parents."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path


def descendants(pid: int) -> Iterator[tuple[int, list[str]]]:
    """Yield (pid, command line) of everything below a process, parents first, but for what ends meanwhile."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return
    for thread in threads:
        for child in _read(thread / "children").split():
            command = _read(Path(f"/proc/{int(child)}/cmdline")).split("\0")
            yield int(child), command
            yield from descendants(int(child))


def _read(file: Path) -> str:
    """Return what the kernel says there; nothing of a thread or process that has ended."""
    try:
        return file.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def browsers() -> list[int]:
    """Return the main processes of the browsers that this process runs."""
    return [pid for pid, command in descendants(os.getpid()) if "chrom" in command[0] and not _kind(command)]


def renderers() -> list[int]:
    """Return the processes that draw the pages of those browsers."""
    return [pid for pid, command in descendants(os.getpid()) if _kind(command) == "renderer"]


def drivers() -> list[int]:
    """Return Playwright's own processes."""
    return [pid for pid, command in descendants(os.getpid()) if command[0].endswith("node")]


def _kind(command: list[str]) -> str:
    """Return what a process of Chromium's is for; some of them keep their whole command line as one argument."""
    return next((part.removeprefix("--type=") for part in " ".join(command).split() if part.startswith("--type=")), "")


def kill(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
