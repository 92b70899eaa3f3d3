"""How data flows between tasks: `"${download.path}"` means the field `path` of the result of task `download`.

A reference is looked up, never evaluated. `$${` stands for a literal `${`. What a reference brings in is a value for good:
it is not read again, and it can never name a secret.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scheduler.core.errors import InvalidInputError
from scheduler.core.ids import TaskId

SECRET_SCHEME = "secret://"

_REFERENCE = re.compile(r"(?<!\$)\$\{(?P<task>[A-Za-z_][\w-]*)(?P<path>(?:\.[\w-]+)*)\}")
_MALFORMED = re.compile(r"(?<!\$)\$\{(?![A-Za-z_][\w-]*(?:\.[\w-]+)*\})[^}]*\}?")


def escape(text: str) -> str:
    """Return `text` so that nothing in it is read as a reference."""
    return text.replace("${", "$${")


def strings_in(value: object) -> Iterator[str]:
    """Yield every string inside nested lists and dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from strings_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from strings_in(part)


def references_in(value: object) -> Iterator[tuple[TaskId, str]]:
    """Yield (task id, whole reference) for every reference inside `value`. Raises ValueError for a malformed one."""
    for text in strings_in(value):
        if "${" not in text:
            continue
        malformed = _MALFORMED.search(text)
        if malformed:
            raise ValueError(f"{malformed[0]!r} is not a reference; write for example ${{download.path}}")
        for match in _REFERENCE.finditer(text):
            yield TaskId(match["task"]), match[0]


def resolve(value: Any, results: Mapping[TaskId, Mapping[str, Any]]) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Return `value` with every reference replaced; a string that is one reference takes the type of what it names.

    Raises InvalidInputError when a result lacks the field, or brings in the name of a secret.
    """
    if isinstance(value, str):
        return _resolve_text(value, results) if "${" in value else value
    if isinstance(value, Mapping):
        return {key: resolve(part, results) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(part, results) for part in value]
    return value


def _resolve_text(text: str, results: Mapping[TaskId, Mapping[str, Any]]) -> Any:  # noqa: ANN401 - JSON
    whole = _REFERENCE.fullmatch(text)
    if whole:
        return _look_up(whole, results)
    filled = _REFERENCE.sub(lambda match: _as_text(_look_up(match, results)), text)
    return filled.replace("$${", "${")


def _look_up(match: re.Match[str], results: Mapping[TaskId, Mapping[str, Any]]) -> Any:  # noqa: ANN401 - JSON
    value: Any = results.get(TaskId(match["task"]))
    for name in match["path"].split(".")[1:]:
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, Mapping) and name in value:
            value = value[name]
        else:
            raise InvalidInputError(match[0], "the result of that task has no such field")
    if any(SECRET_SCHEME in text for text in strings_in(value)):
        raise InvalidInputError(match[0], "a result may not name a secret")
    return value


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else str(value)
