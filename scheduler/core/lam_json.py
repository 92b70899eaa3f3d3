"""Holds messages to the JSON that every reader understands alike, and says which field breaks it.

Refused are duplicate names, NaN and Infinity, integers a double cannot hold (RFC 8785 could not sign them), lone
surrogates (UTF-8 could not carry them), and what is nested or sized without bound.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationError
from pydantic_core import PydanticCustomError

from scheduler.core.errors import InvalidMessageError, MessageTooLargeError
from scheduler.core.problems import dotted, first_problem

MAX_DEPTH = 32
"""How deep a value of free form may be nested."""
MAX_INTEGER = 2**53 - 1
MAX_PAYLOAD_BYTES = 256 * 1024
"""Longest payload, as compact JSON in UTF-8."""
MAX_MESSAGE_BYTES = 1024 * 1024
"""Longest message as it was received. Escapes (`\\u00fc`) make a payload up to three times as long as in UTF-8."""

_LONGEST_SHOWN = 100
_WHOLE = "message"
_TOO_LARGE = "lam_too_large"
_WRONG = "lam_wrong"


class _NotJsonError(Exception):
    """A value that JSON does not have; `path` grows while the walk returns to the top."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.path: list[str | int] = []


def read_object(text: str | bytes) -> dict[str, Any]:
    """Read one JSON object. Raises InvalidMessageError or MessageTooLargeError."""
    check_size(text, _WHOLE, MAX_MESSAGE_BYTES)
    try:
        document = _DECODER.decode(text.decode() if isinstance(text, bytes) else text)
    except RecursionError as error:
        raise InvalidMessageError(_WHOLE, "is nested too deep") from error
    except ValueError as error:
        raise InvalidMessageError(_WHOLE, f"is not JSON: {error}") from error
    return dict(as_object(document))


def as_object(document: object) -> Mapping[str, Any]:
    """Return the document if it is a JSON object. Raises InvalidMessageError."""
    if not isinstance(document, Mapping):
        raise InvalidMessageError(_WHOLE, "is not a JSON object")
    return document


def check_size(text: str | bytes, field: str, limit: int) -> None:
    """Raise MessageTooLargeError when `text` has more than `limit` bytes in UTF-8."""
    size = len(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
    if size > limit:
        raise MessageTooLargeError(field, size=size, limit=limit)


def json_value(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    """Validate a value of free form; it is returned as it is, not copied."""
    try:
        _walk(value, MAX_DEPTH)
    except _NotJsonError as error:
        raise wrong(str(error), *error.path) from None
    return value


Json = Annotated[Any, AfterValidator(json_value)]
JsonObject = Annotated[dict[str, Any], AfterValidator(json_value)]


def wrong(problem: str, *path: str | int) -> PydanticCustomError:
    """Make the error a validator raises; `path` leads from the validated value to what is wrong in it."""
    return PydanticCustomError(_WRONG, "{where}{problem}", _context(problem, path))


def too_large(size: int, limit: int, *path: str | int) -> PydanticCustomError:
    """Make the error of a validator for a part that is too long; sizes in bytes."""
    return PydanticCustomError(
        _TOO_LARGE, "{where}{problem}", _context(f"has {size} bytes", path) | {"size": size, "limit": limit}
    )


def refused(error: ValidationError, *path: str) -> InvalidMessageError | MessageTooLargeError:
    """Say the first thing that is wrong with a message, and where; `path` leads to the part that was validated."""
    where, problem = first_problem(error)
    field = ".".join([*path, where] if where else path) or _WHOLE
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == _TOO_LARGE:
        return MessageTooLargeError(field, size=first["ctx"]["size"], limit=first["ctx"]["limit"])
    return InvalidMessageError(field, problem)


def _context(problem: str, path: tuple[str | int, ...]) -> dict[str, Any]:
    return {"problem": problem, "path": path, "where": f"{dotted(path)}: " if path else ""}


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"{name[:_LONGEST_SHOWN]!r} is given twice")
    return fields


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _walk(value: object, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for name in value:
            _check_text(name)
        _walk_parts(value.items(), depth)
    elif isinstance(value, list):
        _walk_parts(enumerate(value), depth)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _NotJsonError("is not a finite number")
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise _NotJsonError(f"is beyond {MAX_INTEGER}, so readers would round it; send it as a text")
    elif value is not None:
        raise _NotJsonError(f"is of type {type(value).__name__}, which JSON does not have")


def _walk_parts(parts: Iterable[tuple[str | int, object]], depth: int) -> None:
    if not depth:
        raise _NotJsonError(f"is nested deeper than {MAX_DEPTH} levels")
    for key, part in parts:
        try:
            _walk(part, depth - 1)
        except _NotJsonError as error:
            error.path.insert(0, key)
            raise


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise _NotJsonError(f"has a name of type {type(text).__name__}, not a text")
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _NotJsonError("has half of a surrogate pair, which is no letter") from None


_DECODER = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
