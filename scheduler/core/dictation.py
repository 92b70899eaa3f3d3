"""Finds in a request what is only dictated: the text of a mail, and where orders go on after it."""

import re
from collections.abc import Sequence
from typing import Final

from scheduler.core.phrases import Token, tokens_of
from scheduler.core.quotation import CLOSING, QUOTED
from scheduler.core.words import Words

_DICTATES: Final = re.compile(r":\s+(?!(?:drive|laufwerk)\b)(?=\S)| [-–] (?=\S)")
_MAIL_TO: Final = re.compile(
    r"(?i)^(?:bitte |please |kurze |quick |a |eine |short |neue |new )*(?:(?:e-?|rund)?mail|nachricht|message|note|info|memo)s? (?:bitte |please )?(?:an|to) [^,.;:!?]{2,50}$"
)
_TO_SOMEBODY: Final = re.compile(r"(?i)^(?:bitte |please )?(?:an|to):? (?!do\b)(?:[^\s,.;:!?]+ ){0,3}[^\s,.;:!?]+$")
_QUOTED: Final = re.compile(QUOTED)
_GOES_ON: Final = re.compile(
    rf"(?i)(?:[.!?{CLOSING}]\s+|\n\s*\n\s*)(?=(?:und |and )?(?:(?:e-?)?mail (?:an|to) [^:.!?]{{2,40}}:|danach|anschlie(?:ß|ss)end|dann|hinterher|afterwards|after that|then|außerdem|also|zum schluss)(?:\b|(?<=:)))"
)
_TELLING: Final = frozenset({"write", "tell", "send", "reply", "forward"})
_WORKS_ON_TEXT: Final = frozenset({"translate", "übersetzen", "proofread", "korrigieren"})
"""Verbs behind which a text stands that is worked on, not done: "Translate: close the lid"."""
_WRITING: Final = frozenset({"write", "tell", "reply"})
_WRITES: Final = re.compile(
    r"(?i)\s*(?:(?:bitte|please|und|and|then|dann) )*(?:(?:e-?)?mail|text|ask|remind|let|erinner\w*|frag\w*"
    r"|inform\w*|send|schick\w*|teil\w*|forward|leit\w*)"
    r" (?!(?:from|von|vom|mit|with|about|wegen|search|such\w*)\b)(?:(?!\b(?:und|and|u\.|dann|then)\s)[^.!?;:\n])*\Z"
)
"""Orders to write whose verbs have other meanings as well: "Let Anna know", "Send this to Bob"."""
_TALKS: Final = re.compile(r"(?i)\b(?:sag\w*(?: sie)? mal|tell me)\b")
_LABEL: Final = re.compile(r"(?i)\b(?:text|inhalt|body|message|nachricht|wortlaut)$")
_CLAUSE: Final = re.compile(r"(?i)[.!?;,]\s+|\n\s*|(?:→|->)\s*|\s(?:und|and|then|dann)\s+")
_LINE: Final = re.compile(r"[.!?]\s+|\s*\n\s*|\s*(?:→|->)\s*")
_MOST_CLAUSES: Final = 6
_LETTER: Final = re.compile(
    r"(?i)(?:hallo|hi|hey|hello|dear|liebe[rs]?|sehr geehrte\w*|guten (?:tag|morgen|abend)|moin)\b"
)
_SUBJECTS_OF_ORDERS: Final = frozenset({"ich", "wir", "du", "sie", "i", "we", "you"})


def told_text(text: str) -> tuple[int, int]:
    """Return where words stand that an order to write surely has as its text, from that order on; nowhere: an empty span.

    It ends with the sentence, and goes on to where orders are given again where it begins a line of its own or greets.
    """
    spoken, begins, resumed = dictation(text)
    if begins is None or (start := _order_to_tell(text, spoken)) is None:
        return 0, 0
    ends = None if "\n" in text[spoken:begins] or _LETTER.match(text, begins) else _LINE.search(text, begins, resumed)
    return start, ends.end() if ends else resumed


def _order_to_tell(text: str, end: int) -> int | None:
    """Return where the order begins that has the text behind `end` told; None where no such order stands there."""
    head = text[:end].strip()
    if _MAIL_TO.match(head):
        return 0
    label = _LABEL.search(head) is not None
    begins = [0, *(found.end() for found in _CLAUSE.finditer(text, 0, end))]
    for start in reversed(begins[-_MOST_CLAUSES:]):
        words = Words(tokens_of(text[start:end]))
        first = words.imperative
        orders = first is not None and any(one.sense != "foreign" for one in first.meanings)
        writes = orders and words.senses & (_WRITING | ({"send"} if label else frozenset()))
        works = words.lemmas("foreign") & _WORKS_ON_TEXT
        if (writes and not _TALKS.search(text, start, end)) or works or _WRITES.match(text, start, end):
            return start
        if not label and text[:start].rstrip()[-1:] in {".", "!", "?"}:
            break
    return None


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
        tells = words.senses & (_TELLING | {"fill"}) or words.lemmas("foreign") & _WORKS_ON_TEXT
        if tells or any(one.has("noun", "mail") or one.kind == "address" for one in before):
            goes_on = _GOES_ON.search(text, colon.end())
            quoted = _QUOTED.match(text, colon.end())
            resumed = quoted.end() if quoted else goes_on.end() if goes_on else len(text)
            return colon.start(), colon.end(), resumed
    return len(text), None, len(text)
