"""Finds the items of a list in a request: "1. … 2. …", "a) … b) …", "- …", "Erstens … Zweitens …", on lines or in one.

Where items begin and end, and what stands before and behind them, is found here and nowhere else; what the words over a
list mean for its items is for `list_heads` to say. Dictated and quoted text is no list of orders.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from scheduler.core.calendar_words import MONTH, SHORT_MONTH
from scheduler.core.closing_words import FAREWELL, THANKS
from scheduler.core.quotation import QUOTED
from scheduler.core.taken_back import calls_off

LONGEST: Final = 4000
"""Characters of a request that is looked at."""
_FEWEST: Final = 2
_TAB: Final = 4
_BULLET, _NUMBER, _BELOW, _LETTER, _ROMAN_NUMBER, _ORDINAL = (
    "bullet", "number", "number below", "letter", "roman number", "ordinal",
)  # fmt: skip
_NUMBERED: Final = ("number", "number_", "keycap", "named", "bare", "hash")
"""The groups of markers that say which item it is."""
_ORDINALS: Final = (
    ("erstens", "first", "firstly"),
    ("zweitens", "second", "secondly"),
    ("drittens", "third", "thirdly"),
    ("viertens", "fourth", "fourthly"),
    ("fünftens", "fifth", "fifthly"),
    ("sechstens", "sixth", "sixthly"),
    ("siebtens", "seventh", "seventhly"),
)
_GERMAN_ORDINAL: Final = "|".join(german for german, *_ in _ORDINALS)
_ENGLISH_ORDINAL: Final = "|".join(word for _, *english in _ORDINALS for word in english)
_DAY: Final = rf"(?! ?(?:{MONTH}|{SHORT_MONTH})\b)(?! ?\d{{1,2}}\.)"
"""What does not stand behind a number that is an item's: "1. Mai", "1.5."."""
_NAMED: Final = r"(?:schritt|step|punkt|item|aufgabe|task|to-?do)"
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii")
_RANK: Final = (
    rf"\((?P<number>\d{{1,2}}|[a-h]|[iv]{{1,4}})\)"
    rf"|(?P<number_>\d{{1,2}}|[a-h]|[iv]{{1,4}})(?:\)|/(?=\s)|\.(?!\d){_DAY})"
    rf"|(?P<keycap>\d)\ufe0f?\u20e3|(?i:{_NAMED}) (?P<named>\d{{1,2}})\s?[:.)–-]"
)
_WORD: Final = (
    rf"(?i:(?:und |and )?(?:(?P<german>{_GERMAN_ORDINAL})\b[,:]?|(?P<english>{_ENGLISH_ORDINAL})(?: of all)?[,:]))"
)
_MARKER: Final = re.compile(
    rf"(?:(?P<bullet>[-–—•*·‣▪◦●○→✓☐☑✅⬜◻□+]|-(?=\w)|\[[ xX]?\])(?:\s*\[[ xX]?\])?|{_RANK}"
    rf"|(?i:{_NAMED}) (?P<bare>\d{{1,2}})|#(?P<hash>\d{{1,2}})[.:)]?(?=\s)"
    rf"|\d{{1,2}}\.(?P<below>\d{{1,2}})\.?(?=\s+[^\W\d])|{_WORD})(?:\s+|(?=[^\W\d_]))"
)
_INLINE: Final = re.compile(rf"(?:(?<=\s)|^)(?:{_RANK})\s+(?=\S)|(?:(?<=[.!?,;:–—-] )|^){_WORD}\s+(?=\S)")
_JOINED_TO: Final = re.compile(
    r"(?i)\b(?:und|and|oder|or|der|die|das|dem|den|am|zum|zur|im|vom|the|on|of|nr|no|von)\.?\s+$"
)
"""What stands before a number that belongs to its sentence: "am 1. …", "die 2. …"."""
_DONE: Final = re.compile(r"\[[xX]\]|[✓☑✅]")
_AROUND: Final = " \t\r\n,;"
_ENDS_OPEN: Final = re.compile(
    r"(?i)(?:,|\b(?:an|to|für|for|von|from|und|and|mit|with|der|die|das|den|dem|the|a|my))\s*$"
)
_STANDS_ALONE: Final = re.compile(
    rf"(?i)(?:no|nein|nope|doch|nicht|not|eilt|nothing|keine?|kein|mehr|sonst|das (?:ist|war|wär)\w*|that['’]?s"
    rf"|{THANKS}|{FAREWELL})\b"
)
"""How a line begins that is about the list, and no more of its last item."""


class Item(NamedTuple):
    """An item of a list: its words, and where they stand in the request. `done`: its box says that it is done."""

    text: str
    start: int
    end: int
    done: bool = False


class Listing(NamedTuple):
    """A list, the words over it, and those behind it. `numbered`: numbers, letters or words count them."""

    before: str
    items: tuple[Item, ...]
    after: str
    numbered: bool = False


class _Line(NamedTuple):
    start: int
    end: int
    indent: int
    kind: str = ""
    rank: int = 0
    text: int = 0
    """Where the words behind the marker begin."""
    done: bool = False


def listed(text: str) -> Listing | None:
    """Return the first list in a request; None where there is none."""
    if len(text) > LONGEST:
        return None
    lines = list(_lines(text))
    for place, line in enumerate(lines):
        if line.kind and (found := _on_lines(text, lines, place)):
            return found
    return _in_one_line(text)


def _lines(text: str) -> Iterator[_Line]:
    quoted = [one.span() for one in re.finditer(QUOTED, text)]
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        begin = start + len(line) - len(line.lstrip())
        indent = len(line[: begin - start].expandtabs(_TAB))
        marker = _MARKER.match(text, begin, end)
        within = any(first < begin < last for first, last in quoted)
        if marker is None or within or marker.end() >= end:
            yield _Line(start, end, indent)
        else:
            kind, rank = _kind(marker)
            yield _Line(start, end, indent, kind, rank, marker.end(), bool(_DONE.search(marker[0])))
        start = end + 1


def _kind(marker: re.Match[str]) -> tuple[str, int]:
    """Return what a marker is, and which of them: (number, 2), (letter, 1)."""
    found = {name: said for name, said in marker.groupdict().items() if said}
    if word := found.get("german") or found.get("english"):
        return _ORDINAL, next(at for at, words in enumerate(_ORDINALS, 1) if word.casefold() in words)
    if below := found.get("below"):
        return _BELOW, int(below)
    rank = next((found[name] for name in _NUMBERED if name in found), None)
    if rank is None:
        return _BULLET, 0
    if rank in _ROMAN:
        return _ROMAN_NUMBER, _ROMAN.index(rank) + 1
    return (_NUMBER, int(rank)) if rank.isdigit() else (_LETTER, ord(rank[0]) - ord("a") + 1)


def _on_lines(text: str, lines: Sequence[_Line], first: int) -> Listing | None:
    """Return the list whose first item begins a line."""
    items, last = [first], len(lines)
    for place in range(first + 1, len(lines)):
        if _is_next(lines[items[-1]], lines[place], lines[first].indent):
            items.append(place)
        elif _ends(text, lines, first, place):
            last = place
            break
    last = _last_line(text, lines, items[-1], last)
    if len(items) < _FEWEST and (lines[first].kind != _BULLET or not _over(text, lines, first).endswith(":")):
        return None
    found = tuple(
        _item(text, lines[start], lines[end - 1].end) for start, end in pairwise([*items, last]) if lines[start].kind
    )
    after = text[lines[last].start :] if last < len(lines) else ""
    return Listing(text[: lines[first].start].strip(), found, after.strip(), lines[first].kind != _BULLET)


def _over(text: str, lines: Sequence[_Line], first: int) -> str:
    return text[: lines[first].start].rstrip()


def _is_next(last: _Line, line: _Line, indent: int) -> bool:
    if not line.kind or line.kind != last.kind or line.indent > indent + 1:
        return False
    return line.kind == _BULLET or line.rank == last.rank + 1 or (line.kind == _NUMBER and line.rank == last.rank)


def _ends(text: str, lines: Sequence[_Line], first: int, place: int) -> bool:
    """Whether a line that begins no item ends the list: it stands behind a blank one, or over another list."""
    line = lines[place]
    said = text[line.start : line.end].strip()
    if not said or line.kind or line.indent > lines[first].indent:
        return False
    return not text[lines[place - 1].start : lines[place - 1].end].strip() or said.endswith(":")


def _last_line(text: str, lines: Sequence[_Line], item: int, end: int) -> int:
    """Return behind which line the last item ends: what goes on with it is indented, or begins small."""
    for place in range(item + 1, end):
        line = lines[place]
        said = text[line.start : line.end].strip()
        goes_on = line.kind or line.indent > lines[item].indent or said[:1].islower() or said[:1].isdigit()
        goes_on = goes_on and not calls_off(said.strip(" .!")) and not _STANDS_ALONE.match(said)
        if said and not goes_on and not _ENDS_OPEN.search(text[lines[place - 1].start : lines[place - 1].end]):
            return place
    return end


def _item(text: str, line: _Line, end: int) -> Item:
    said = text[line.text : end].rstrip(_AROUND)
    nested = any(_MARKER.match(one.lstrip()) for one in said.split("\n")[1:])
    return Item(said if nested else " ".join(said.split()), line.text, line.text + len(said), line.done)


def _in_one_line(text: str) -> Listing | None:
    """Return the list whose items stand behind one another: "bitte 1) … 2) …", "Erstens …, zweitens …"."""
    quoted = [one.span() for one in re.finditer(QUOTED, text)]
    for first in _INLINE.finditer(text):
        kind, rank = _kind(first)
        if rank != 1 or not _begins(text, first, quoted):
            continue
        row = [first]
        for marker in _INLINE.finditer(text, first.end()):
            if _kind(marker) == (kind, len(row) + 1) and _begins(text, marker, quoted):
                row.append(marker)
        if len(row) < _FEWEST:
            continue
        spans = pairwise([*((one.start(), one.end()) for one in row), (len(text), len(text))])
        items = tuple(_inline(text, begin[1], end[0]) for begin, end in spans)
        return Listing(text[: first.start()].strip(), items, "", numbered=True)
    return None


def _begins(text: str, marker: re.Match[str], quoted: Sequence[tuple[int, int]]) -> bool:
    """Whether an item begins with a marker that stands within a line."""
    if any(first < marker.start() < last for first, last in quoted):
        return False
    pointed = "." in marker[0]
    return not (pointed and _JOINED_TO.search(text[max(0, marker.start() - 10) : marker.start()]))


def _inline(text: str, start: int, end: int) -> Item:
    said = re.sub(r"(?i)[\s,;]+(?:und|and)\s*$", "", text[start:end]).rstrip(_AROUND)
    return Item(" ".join(said.split()), start, start + len(said))
