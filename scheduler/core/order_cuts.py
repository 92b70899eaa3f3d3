"""Says where one order of a request may end and the next begin, by marks and conjunctions; no grammar is asked.

Within what somebody is told no order ends: "Tell Tom: close Teams, open Outlook" is one.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from scheduler.core.calendar_words import SHORT_MONTH_NAMES
from scheduler.core.dictation import told_text

_CUT: Final = re.compile(
    r"(?<=[.!?;:…])\s+(?=\S)|,\s+"
    r"|(?<!\s)(?:\s*\n\s*|\s+[-–—•→]\s+|\s+->\s+|\s+(?=(?:\d|[a-e])[.)/]\s)"  # else a long gap takes its square
    r"|\s+(?=(?:und|and|&|u\.|\+|n|'n'?|dann|then|danach|anschlie(?:ß|ss)end|sodann|nachher|after(?:wards)?|also|plus"
    r"|außerdem|ausserdem|sowie|ferner|zudem|bevor|ehe|nachdem|sobald|before|once|while|whilst|but|as well as"
    r"|followed by|whereupon)\s))",
    re.IGNORECASE,
)
SHORTENED: Final = re.compile(
    r"(?:\b(?:dr|fr|hr|mr|mrs|ms|prof|gebr|fa|ing|dipl|rev|capt|nr|no|st|str|inkl|ca|bzw|z\.b|u|a|d|tel|inc|ltd|co|evtl|ggf|usw|etc"
    rf"|{'|'.join(SHORT_MONTH_NAMES)})|\d)\.$",
    re.IGNORECASE,
)
BEFORE_DATE: Final = re.compile(r"(?i)\b(?:am|den|vom|zum|bis|ab|der|dem|seit|nach|vor|und|on|the|by|from)$")
_BARE_VERB: Final = re.compile(
    r"(?i)(?:(?:und|and|&|bitte|please)\s+)*[^\W\d_]+(?:\s+(?:sie|du|ihr|mir|uns|bitte|mal|me|us))*\s+"
)
"""What an adverb of sequence is said in the midst of: "und öffne | anschließend Excel", "legen Sie | danach …"."""
_IN_SEQUENCE: Final = re.compile(
    r"(?i)(?:dann|then|danach|anschlie(?:ß|ss)end|sodann|nachher|after(?:wards)?|also|außerdem|ausserdem|ferner|zudem)\b"
)
_SHORTEST: Final = 6  # characters of a piece
_MOST: Final = 9
LOOK_BACK: Final = 10  # characters; no word that keeps a place whole is as long
_PERSONS: Final = ("recipient", "cc", "participants")
_LISTED: Final = r"(?:,\s+|,?\s+(?:und|and|sowie|&|\+)\s+)(?:(?:de[rnm]|die|the|our|an|to)\s+){0,2}"


def is_whole(text: str, words: Mapping[str, str | list[str]]) -> bool:
    """Whether nothing in an order may begin another but the names in its lists of persons: "Schick Eva und Tom …"."""
    for slot in _PERSONS:
        names = words.get(slot, "")
        if not isinstance(names, str):
            text = re.sub(_LISTED.join(map(re.escape, names)), names[0], text, count=1)
    return len(cut(text)) == 1


def cut(text: str) -> list[str]:
    """Return the pieces between which orders may end, at least one; what is too much stays with the last."""
    start, end = told_text(text)
    places = [0]
    for match in _CUT.finditer(text):
        if start <= match.start() < end and match.end() != end:
            continue
        if match.end() - places[-1] < _SHORTEST or len(text) - match.end() < _SHORTEST - 1:
            continue
        before = text[max(0, match.start() - LOOK_BACK) : match.start()]
        if before.endswith(".") and SHORTENED.search(before):
            continue
        if text[match.end()].isdigit() and BEFORE_DATE.search(before):
            continue
        if _IN_SEQUENCE.match(text, match.end()) and _BARE_VERB.fullmatch(text, places[-1], match.end()):
            continue
        places.append(match.end())
        if len(places) == _MOST:
            break
    return [text[start:end] for start, end in pairwise([*places, len(text)])]
