"""How data flows between tasks: `"${download.path}"` means the field `path` of the result of task `download`.

A reference is looked up, never evaluated. `$${` stands for a literal `${`. What a reference brings in is a value for
good: it is not read again, and it can never name a secret.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from scheduler.core.errors import InvalidInputError
from scheduler.core.ids import TaskId
from scheduler.core.lam_json import wrong

SECRET_SCHEME = "secret://"  # noqa: S105 - the scheme, not a secret

REFERENCE = re.compile(r"\$\$\{|\$\{(?:(?P<task>[A-Za-z_][A-Za-z0-9_-]*)(?P<path>(?:\.[\w-]+)*)\})?")
"""An escape, a reference, or (without a task) the start of something that only looks like one."""

_OBJECTS: Final = (dict, Mapping)
"""A dict is known at once for one; any other mapping is asked for, which takes ten times as long."""


class Reference(NamedTuple):
    """One reference as it is written in `text`; `path` leads to the string it stands in."""

    task: TaskId
    text: str
    path: tuple[str | int, ...]

    @property
    def field(self) -> str | None:
        """The field of the task's result that is meant; None: the result as a whole."""
        _, _, names = self.text[2:-1].partition(".")
        return names.partition(".")[0] or None


def escape(text: str) -> str:
    """Return `text` so that nothing in it is read as a reference."""
    return text.replace("${", "$${")


def strings_in(value: object) -> Iterator[str]:
    """Yield every string inside nested lists and dictionaries, but not the names in these."""
    return (text for text, _ in _placed_strings(value, ()))


def references_in(value: object, path: tuple[str | int, ...] = ()) -> Iterable[Reference]:
    """Return every reference inside `value`, which lies at `path`. Raises ValueError for a malformed one."""
    return _references_in(value, path) if _mentions_any(value) else ()


def _references_in(value: object, path: tuple[str | int, ...]) -> Iterator[Reference]:
    for text, place in _placed_strings(value, path):
        for match in REFERENCE.finditer(text):
            if match["task"]:
                yield Reference(TaskId(match["task"]), match[0], place)
            elif match[0] == "${":
                start = text[match.start() : match.start() + 40]
                raise wrong(f"{start!r} is not a reference; write for example ${{download.path}}", *place)


def resolve(value: Any, results: Mapping[TaskId, Mapping[str, Any]]) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Return `value` with every reference replaced; a string that is one reference takes the type of what it names.

    Raises InvalidInputError when a task has no result or its result lacks the field, and when a secret would be named
    with the help of a result.
    """
    if isinstance(value, str):
        return _resolve_text(value, results) if "${" in value else value
    if isinstance(value, Mapping):
        return {key: resolve(part, results) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(part, results) for part in value]
    return value


def _mentions_any(value: object) -> bool:
    """Whether a string inside `value` has what begins a reference: most have none, and need no places."""
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, _OBJECTS):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return False
    for part in value:  # noqa: SIM110 - a generator for every level costs more than the look
        if _mentions_any(part):
            return True
    return False


def _placed_strings(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    if isinstance(value, str):
        yield value, path
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _placed_strings(part, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _placed_strings(part, (*path, number))


def _resolve_text(text: str, results: Mapping[TaskId, Mapping[str, Any]]) -> Any:  # noqa: ANN401 - JSON
    whole = REFERENCE.fullmatch(text)
    if whole and whole["task"]:
        value = _look_up(whole, results)
        _refuse_secrets(value, text)
        return value
    found: list[str] = []

    def fill(match: re.Match[str]) -> str:
        if not match["task"]:
            return "${"
        found.append(match[0])
        return _as_text(_look_up(match, results))

    filled = REFERENCE.sub(fill, text)
    if found:  # two harmless halves may make the name of a secret, so the whole text is looked at
        _refuse_secrets(filled, found[0])
    return filled


def _look_up(match: re.Match[str], results: Mapping[TaskId, Mapping[str, Any]]) -> Any:  # noqa: ANN401 - JSON
    value: Any = results.get(TaskId(match["task"]))
    if value is None:
        raise InvalidInputError(match[0], "that task has no result")
    for name in match["path"].split(".")[1:]:
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, Mapping) and name in value:
            value = value[name]
        else:
            raise InvalidInputError(match[0], "the result of that task has no such field")
    return value


def _refuse_secrets(value: object, reference: str) -> None:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if SECRET_SCHEME in text.casefold():
        raise InvalidInputError(reference, "a result may not name a secret")


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
