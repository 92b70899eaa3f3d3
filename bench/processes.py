"""What the processes that a bench started use of the machine, and how they are ended: they and their children only."""

import contextlib
import os
import signal
import subprocess
import sys

import psutil

_READ_BY_CPA = {"API_KEY", "DATABASE_URL", "OPENAI_API_KEY", "REDIS_URL"}


def leave_in_order() -> None:
    """Have SIGTERM end this program like an error would, so that whatever it has started is ended too."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(128 + signal.SIGTERM))


def bare_environment() -> dict[str, str]:
    """Return this process's environment without what CPA or a contestant would read from it."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _READ_BY_CPA and not name.startswith(("CPA_", "BENCH_"))
    }


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and everything below it; nothing when it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def processor_time(pid: int) -> float:
    """Return the seconds of processor time that the living processes of a tree have used."""
    used = 0.0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def memory(pid: int) -> int:
    """Return the resident bytes of a tree."""
    held = 0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            held += process.memory_info().rss
    return held


def end_marked(mark: str) -> None:
    """Kill whatever has inherited the variable `mark` from what we started, also where its parent has gone."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if mark in process.environ():
                process.kill()


def end(process: subprocess.Popen[bytes], patience: float = 10.0) -> None:
    """Ask a tree to end, then make it."""
    processes = tree(process.pid)
    for member in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.terminate()
    _gone, alive = psutil.wait_procs(processes, timeout=patience)
    for member in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a tree without a warning."""
    for member in tree(process.pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()
