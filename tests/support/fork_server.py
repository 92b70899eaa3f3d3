"""The server that tests fork their processes from, with everything imported: such a process starts at once.

A process that runs tests has one such server, so what it imports is said here alone.
"""

import multiprocessing
from typing import Final

FORK_SERVER: Final = multiprocessing.get_context("forkserver")
FORK_SERVER.set_forkserver_preload(["tests.support.before_forks"])
