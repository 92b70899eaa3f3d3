"""How the garbage collector of a process is set up: for its start, and for one that runs jobs."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """Let nothing be collected while modules are imported, and never look again at what they left behind.

    A sixth of a start goes otherwise into looking again and again at classes and functions that all stay.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()


def spare_garbage_collection() -> None:
    """Let the collector look seldom, and never again at what was imported: running jobs hold much that stays.

    By default a third of a worker's time goes into looking at jobs that are still running. Meant for the start of a
    process, when everything is imported.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
