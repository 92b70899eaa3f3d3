"""How the garbage collector of a process that runs jobs is set up."""

import gc


def spare_garbage_collection() -> None:
    """Let the collector look seldom, and never again at what was imported: running jobs hold much that stays.

    By default a third of a worker's time goes into looking at jobs that are still running. Meant for the start of a
    process, when everything is imported.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
