"""Reads single headers of a request where a mapping of all of them would cost more than what is done with one."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str | None:
    """Return a header by its name in lower case; of several the first."""
    for known, value in scope["headers"]:
        if known == name:
            return str(value, "latin-1")
    return None
