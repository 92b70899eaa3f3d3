"""Says where a document is wrong: the first problem of a validation, as the path to the field and what is wrong there."""

from collections.abc import Iterable

from pydantic import ValidationError


def first_problem(error: ValidationError) -> tuple[str, str]:
    """Return path (`params.to[0]`, empty for the whole document) and problem."""
    problem = error.errors(include_url=False, include_input=False)[0]
    context = problem.get("ctx", {})
    message = context.get("problem", problem["msg"].removeprefix("Value error, "))
    return dotted((*problem["loc"], *context.get("path", ()))), message


def dotted(path: Iterable[str | int]) -> str:
    """Write a path as people do: `("params", "to", 0)` is `params.to[0]`."""
    names = (f"[{part}]" if isinstance(part, int) else f".{part[:100]}" for part in path)
    return "".join(names).removeprefix(".")
