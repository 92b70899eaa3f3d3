"""Has numpy count in one thread: threads that wait for each other cost more than products of small matrices.

This module must not import numpy, which asks for the number of threads once, when it is loaded.
"""

import os


def one_thread() -> None:
    """Keep numpy and scipy from starting threads. Must be called before either is loaded."""
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
