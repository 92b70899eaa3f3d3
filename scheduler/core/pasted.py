"""Tells the words of a person from what they pasted into their request: a mail, a page, a long quotation.

Only sure signs count, and every line is looked at once: requests come from anywhere, and this runs in the event loop.
"""

import re
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Final

from scheduler.core.quotation import CLOSING, MARKS, OPENING

_BLANK: Final = " \t\xa0"
_FRAME: Final = _BLANK + "-_=*#"
_FENCE: Final = "```"
_FORWARDED: Final = (
    "ursprüngliche nachricht", "originalnachricht", "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht",
    "original message", "forwarded message", "begin forwarded message",
)  # fmt: skip
_WROTE: Final = re.compile(r"\b(?:schrieb|wrote)\b")
_HEADER: Final = re.compile(r"(?i)[ \t\xa0*_]{0,20}([a-z]{2,8})[ \t\xa0*_]{0,4}:(.*)", re.DOTALL)
_HEADERS: Final = {
    "von": "from", "an": "to", "kopie": "cc", "gesendet": "sent", "datum": "sent", "date": "sent", "betreff": "subject",
} | {name: name for name in ("from", "to", "cc", "bcc", "sent", "subject")}  # fmt: skip
_QUOTATION: Final = re.compile(rf"([{OPENING}])([^{MARKS}]++)([{CLOSING}])")
_SENTENCE_FROM: Final = 4
"""A quotation of fewer words is a name, however it ends."""
_LONG_FROM: Final = 13
"""A quotation of so many words is no name, however it ends."""
STANDING_IN: Final = "Text"
"""Stands where a quotation stood, so that the words around it are read as they are meant."""


def own_words(request: str) -> str:
    """Return a request without what is marked as quoted, stands below the heading of a mail, or is a quoted sentence.

    Quoted lines beside which nothing stands are what the person says. Takes time in proportion to the request.
    """
    lines = request.split("\n")
    own = _unquoted(lines)
    alone = not any(line.strip() for line in own)
    if alone:
        own = [line.lstrip(_BLANK + ">»") for line in lines]
    place = _heading(own)
    if place is None and (alone or len(own) == len(lines)):
        return _without_sentences(request)
    return _without_sentences("\n".join(own[:place]))


def _unquoted(lines: Sequence[str]) -> list[str]:
    """Return the lines that are not quoted by a mark before them, or by the fences around them."""
    own, waiting = list[str](), list[str]()
    fenced = False
    for line in lines:
        if line.lstrip(_BLANK).startswith(_FENCE):
            fenced, waiting = not fenced, []
        elif fenced:
            waiting.append(line)
        elif not _is_quoted(line):
            own.append(line)
    return [*own, *(line for line in waiting if not _is_quoted(line))]


def _is_quoted(line: str) -> bool:
    start = line.lstrip(_BLANK)
    return start.startswith(">") or (start.startswith("»") and "«" not in start)


def _heading(lines: Sequence[str]) -> int | None:
    """Return the place of the first line that stands above a mail: all below it is theirs."""
    headers = [_header(line) for line in lines]
    for place, line in enumerate(lines):
        following = lines[place + 1] if place + 1 < len(lines) else ""
        if _is_forwarded(line) or _is_reply(line) or _is_reply(f"{line} {following}"):
            return place
        starts = headers[place] is not None and (place == 0 or headers[place - 1] is None)
        if starts and _is_head([one for one in takewhile(bool, islice(headers, place, None)) if one is not None]):
            return place
    return None


def _is_forwarded(line: str) -> bool:
    said = line.strip(_FRAME + ":").casefold()
    return said in _FORWARDED or (line.lstrip(_BLANK).startswith("---") and said.startswith(_FORWARDED))


def _is_reply(line: str) -> bool:
    said = line.strip(_BLANK + "*_\r").casefold()
    return said.startswith(("am ", "on ")) and said.endswith(":") and _WROTE.search(said) is not None


def _header(line: str) -> tuple[str, str] | None:
    found = _HEADER.match(line)
    if found is None or (name := _HEADERS.get(found[1].lower())) is None:
        return None
    return name, found[2]


def _is_head(headers: Sequence[tuple[str, str]]) -> bool:
    """Whether lines are the head of a mail that came: it says from which address, or from whom and when."""
    names = {name for name, _ in headers}
    senders = [value for name, value in headers if name == "from"]
    return bool(senders) and len(names) > 1 and ("sent" in names or any("@" in sender for sender in senders))


def _without_sentences(text: str) -> str:
    return _QUOTATION.sub(lambda found: found[0] if _is_name(found[2]) else f"{found[1]}{STANDING_IN}{found[3]}", text)


def _is_name(quoted: str) -> bool:
    words = [word for word in quoted.split() if any(letter.isalnum() for letter in word)]
    ends = quoted.rstrip().endswith((".", "!", "?"))
    return len(words) < (_SENTENCE_FROM if ends else _LONG_FROM)
