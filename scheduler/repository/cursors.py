"""Where a page of a list ended, as an opaque text that the client brings back for the next one."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, Final

from scheduler.core.errors import InvalidFieldError
from scheduler.core.sentences import Sentence

_FOREIGN: Final = Sentence(
    "er stammt nicht von einer Antwort auf diese Anfrage", "it did not come with an answer to this request"
)
_LARGEST: Final = 2**63 - 1  # what SQLite can compare


def to_cursor(kind: str, *place: int | str) -> str:
    """Return the cursor of a place; `kind` names the list and its order."""
    return base64.urlsafe_b64encode(json.dumps([kind, *place], separators=(",", ":")).encode()).decode().rstrip("=")


def from_cursor(kind: str, types: Sequence[type], text: str) -> list[Any]:
    """Return the place, whose parts have these types. Raises InvalidFieldError for what `to_cursor` did not make."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
        json.dumps(found, ensure_ascii=False).encode()  # half a letter could not be compared with what is stored
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidFieldError("cursor", _FOREIGN) from None
    if not isinstance(found, list) or not found or found[0] != kind or [type(part) for part in found[1:]] != [*types]:
        raise InvalidFieldError("cursor", _FOREIGN)
    if any(isinstance(part, int) and abs(part) > _LARGEST for part in found):
        raise InvalidFieldError("cursor", _FOREIGN)
    return found[1:]
