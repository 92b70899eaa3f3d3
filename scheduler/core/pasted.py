"""Tells the words of a person from what they pasted into their request: a mail, a page, a long quotation.

Only sure signs count, and every line is looked at once: requests come from anywhere, and this runs in the event loop.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from scheduler.core.quotation import CLOSING, MARKS, OPENING

_BLANK: Final = " \t\xa0\u2002\u2003\u2007\u2009\u200a\u202f\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""Blanks, and letters that nobody sees, as come with what is copied from pages."""
_FRAME: Final = _BLANK + "-_=*#|"
_FENCES: Final = ("```", "~~~")
_QUOTING: Final = (">", "＞", "&gt;")
_QUOTED_BY: Final = re.compile(rf"(?:[{_BLANK}>＞»›]|&gt;)*+")
_FORWARDED: Final = (
    "ursprüngliche nachricht", "urspruengliche nachricht", "originalnachricht", "original-nachricht",
    "weitergeleitete nachricht", "weitergeleitete e-mail", "weitergeleitete mail",
    "anfang der weitergeleiteten nachricht",
    "original message", "forwarded message", "begin forwarded message",
)  # fmt: skip
_WROTE: Final = re.compile(r"\b(?:schrieb|wrote)\b")
_ON: Final = ("am ", "on ")
_ENDS: Final = (".", "!", "?", ":")
_REPLY_LINES: Final = 3
_HEADER: Final = re.compile(rf"(?i)[{_BLANK}*_|]{{0,20}}([a-z]{{2,8}})[{_BLANK}*_|]{{0,4}}[:：](.*)", re.DOTALL)
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
    lines = request.split("\n" if "\n" in request else "\r")
    own = _unquoted(lines)
    alone = not any(line.strip() for line in own)
    if alone:
        own = [_QUOTED_BY.sub("", line, count=1) for line in lines]
    place = _heading(own)
    if place is None and (alone or len(own) == len(lines)):
        return _without_sentences(request)
    return _without_sentences("\n".join(own[:place]))


def _unquoted(lines: Sequence[str]) -> list[str]:
    """Return the lines that are not quoted by a mark before them, nor stand between the first fence and the last.

    Fences come in pairs, but whoever wrote what stands within may have put some there.
    """
    fences = [place for place, line in enumerate(lines) if line.lstrip(_BLANK).startswith(_FENCES)]
    inside = range(fences[0], fences[-1] + 1) if fences else range(0)
    return [line for place, line in enumerate(lines) if place not in inside and not _is_quoted(line)]


def _is_quoted(line: str) -> bool:
    start = line.lstrip(_BLANK)
    return start.startswith(_QUOTING) or (start.startswith(("»", "›")) and not {"«", "‹"} & {*start})


def _heading(lines: Sequence[str]) -> int | None:
    """Return the place of the first line that stands above a mail: all below it is theirs."""
    head, names = -1, dict[str, str]()
    for place, line in enumerate(lines):
        if _is_forwarded(line) or _is_reply(lines[place : place + _REPLY_LINES]):
            return place if head < 0 else head
        header = _header(line)
        if header is not None:
            head = place if head < 0 else head
            names.setdefault(*header)
            if _is_head(names):
                return head
        elif line.strip(_FRAME + "\r"):
            head, names = -1, {}
    return None


def _is_forwarded(line: str) -> bool:
    said = line.strip(_FRAME + ":\r").casefold()
    return said in _FORWARDED or (line.lstrip(_BLANK).startswith("---") and said.startswith(_FORWARDED))


def _is_reply(lines: Sequence[str]) -> bool:
    """Whether lines begin with who wrote what comes: "Am 3. Mai schrieb Eve:", "Eve wrote on May 3:"."""
    first, *others = (line.strip(_BLANK + "*_\r").casefold() for line in lines)
    found = _WROTE.search(first)
    if found is not None and first.endswith(":"):
        then = first[found.end() :]
        return first.startswith(_ON) or (then.lstrip().startswith(_ON) and any(map(str.isdigit, then)))
    if not first.startswith(_ON) or first.endswith(_ENDS):
        return False
    last = next((line for line in others if line.endswith(_ENDS)), "")
    return last.endswith(":") and (found is not None or _WROTE.search(last) is not None)


def _header(line: str) -> tuple[str, str] | None:
    found = _HEADER.match(line)
    if found is None or (name := _HEADERS.get(found[1].lower())) is None:
        return None
    return name, found[2]


def _is_head(headers: Mapping[str, str]) -> bool:
    """Whether lines are the head of a mail that came: it says from which address, or from whom and when."""
    return len(headers) > 1 and "from" in headers and ("sent" in headers or "@" in headers["from"])


def _without_sentences(text: str) -> str:
    return _QUOTATION.sub(lambda found: found[0] if _is_name(found[2]) else f"{found[1]}{STANDING_IN}{found[3]}", text)


def _is_name(quoted: str) -> bool:
    words = [word for word in quoted.split() if any(letter.isalnum() for letter in word)]
    ends = quoted.rstrip().endswith((".", "!", "?"))
    return len(words) < (_SENTENCE_FROM if ends else _LONG_FROM)
