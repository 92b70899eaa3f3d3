"""The scripts that are run in pages, each read once from its file."""

import functools
from importlib.resources import files


@functools.cache
def script(name: str) -> str:
    """Return the function in `js/{name}.js`."""
    return files("scheduler.executors").joinpath("js", f"{name}.js").read_text(encoding="utf-8")
