"""Finds in a request what is only dictated: the text of a mail, and where orders go on after it."""

import re
from collections.abc import Sequence
from typing import Final

from scheduler.core.phrases import Token, tokens_of
from scheduler.core.quotation import CLOSING, QUOTED
from scheduler.core.words import Words

_DICTATES: Final = re.compile(r":\s+(?=\S)| [-–] (?=\S)")
_MAIL_TO: Final = re.compile(
    r"(?i)^(?:bitte |please |kurze |quick |a |eine |short |neue |new )*(?:(?:e-?|rund)?mail|nachricht|message|note|info|memo)s? (?:bitte |please )?(?:an|to) [^,.;:!?]{2,50}$"
)
_TO_SOMEBODY: Final = re.compile(r"(?i)^(?:bitte |please )?(?:an|to):? (?!do\b)(?:[^\s,.;:!?]+ ){0,3}[^\s,.;:!?]+$")
_QUOTED: Final = re.compile(QUOTED)
_GOES_ON: Final = re.compile(
    rf"(?i)[.!?{CLOSING}]\s+(?=(?:und |and )?(?:(?:e-?)?mail (?:an|to) [^:.!?]{{2,40}}:|danach|anschlie(?:ß|ss)end|dann|hinterher|afterwards|after that|then|außerdem|also|zum schluss)(?:\b|(?<=:)))"
)
_TELLING: Final = frozenset({"write", "tell", "send", "reply", "forward"})
_SUBJECTS_OF_ORDERS: Final = frozenset({"ich", "wir", "du", "sie", "i", "we", "you"})


def _only_tells(words: Words) -> bool:
    return words.declares and words.finite is not None and words.content[0].key not in _SUBJECTS_OF_ORDERS


def _last_sentence(tokens: Sequence[Token]) -> Sequence[Token]:
    ends = [place for place, one in enumerate(tokens) if one.kind == "mark" and one.text in ".!?"]
    return tokens[ends[-1] + 1 :] if ends else tokens


def dictation(text: str) -> tuple[int, int | None, int]:
    """Return where the order before dictated text ends, where that text begins, and where orders go on."""
    for colon in _DICTATES.finditer(text):
        head = text[: colon.start()].strip()
        if _MAIL_TO.match(head) or (colon[0][0] == ":" and _TO_SOMEBODY.match(head)):
            return colon.start(), colon.end(), len(text)
        if colon[0][0] != ":":
            continue
        before = tokens_of(text[: colon.start()])[-14:]
        words = Words(before)
        if _only_tells(words) or _only_tells(Words(_last_sentence(before))):
            continue
        if words.senses & (_TELLING | {"fill"}) or any(
            one.has("noun", "mail") or one.kind == "address" for one in before
        ):
            goes_on = _GOES_ON.search(text, colon.end())
            quoted = _QUOTED.match(text, colon.end())
            resumed = quoted.end() if quoted else goes_on.end() if goes_on else len(text)
            return colon.start(), colon.end(), resumed
    return len(text), None, len(text)
