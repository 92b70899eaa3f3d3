"""The scripts that are run in pages, each read once from its file."""

import functools
from importlib.resources import files

ENGINE = "cpa"
"""The name of our selector engine: `… >> cpa={…}` stands for an element by what is asked of it, told as JSON."""

DOOR = "globalThis[Symbol.for('cpa')]"
"""Where our engine can be asked something in its own world."""

TELL = "cpaNoted"
"""The function of its own world by which our engine tells what it has noted."""


@functools.cache
def script(name: str) -> str:
    """Return what is in `js/{name}.js`, without the comment at its head."""
    lines = files("scheduler.executors").joinpath("js", f"{name}.js").read_text(encoding="utf-8").splitlines()
    while lines[0].startswith("//"):
        lines.pop(0)
    return "\n".join(lines)


@functools.cache
def composed(name: str, *parts: str) -> str:
    """Return a script in which the names of others, in capitals, stand for them."""
    source = script(name)
    for part in parts:
        source = source.replace(part.upper(), f"({script(part)})")
    return source


def engine() -> str:
    """Return the source of our selector engine."""
    return composed("engine", "readings", "describe", "mark", "enter", "aim", "guard", "facts", "secrets")
