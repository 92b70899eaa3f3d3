"""How values stand in a store: times as microseconds since 1970, documents as canonical JSON, texts well-formed.

Half of a surrogate pair, which web pages that cut an emoji in two do hand out, is no text that can be stored: it
becomes U+FFFD, as in JavaScript's `toWellFormed`.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = 24 * 60 * 60  # seconds
_SECOND: Final = 1_000_000  # microseconds
_HALF = re.compile("[\ud800-\udfff]")
_CANONICAL: Final = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
_latest: tuple[datetime, int] = (EPOCH, 0)
"""What was asked last: the rows of one change mostly bear the same moment."""


def to_micros(moment: datetime) -> int:
    global _latest  # noqa: PLW0603 - a pair that is replaced whole, from any thread
    known, micros = _latest
    if moment is not known:
        since = moment - EPOCH  # its parts are plain numbers: to divide it by MICROSECOND takes ten times as long
        micros = (since.days * _DAY + since.seconds) * _SECOND + since.microseconds
        _latest = moment, micros
    return micros


def maybe_micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def to_moment(micros: int | None) -> datetime | None:
    return None if micros is None else EPOCH + micros * MICROSECOND


def to_json(value: object) -> str:
    """Return canonical JSON: keys in order, no blanks. Half of a surrogate pair is left as it is."""
    try:
        return orjson.dumps(value, default=str, option=_CANONICAL).decode()
    except TypeError:  # half of a surrogate pair, an integer of more than 64 bits, a key that is no text
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def well_formed(text: str) -> str:
    return text if text.isascii() else _HALF.sub("\ufffd", text)


def document(value: object) -> str:
    """Return canonical JSON that can be stored."""
    return "{}" if value == {} else well_formed(to_json(value))
