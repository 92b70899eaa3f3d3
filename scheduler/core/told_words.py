"""Tells where a request holds what is only told or quoted, so that nothing in it is taken for words to us."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scheduler.core.dictation import dictation
from scheduler.core.letters import word_set
from scheduler.core.persons_named import FILLERS
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.quotation import CLOSING, MARKS, OPENING, QUOTED
from scheduler.core.words import Words

TOLD: Final = re.compile(rf"(?i)\b(?:dass|daß|ob|whether|saying)\b|[{MARKS}]")
"""What begins a clause that only tells, and what quotes."""
MAY_TELL: Final = r"that|if|wie|how|why|warum"
"""What may begin a clause that only tells, and any other."""
SUBJECT_LINE: Final = r"betreff|subject"
MAIL_FIELDS: Final = rf"{SUBJECT_LINE}|text|body|titel|title"

_SAYS: Final = (
    r"(?:said|says|wrote|writes|told (?:me|us|him|her|them)|asked|replied|answered|shouted"
    r"|sagte?|meinte?|schrieb|schreibt|fragte?|antwortete|rief|steht|stand|heißt es"
    r"|hat (?:mir |uns |ihm |ihr )?(?:gesagt|geschrieben|gemeint|gefragt|geantwortet))"
)
_QUOTES: Final = re.compile(rf"[{OPENING}]")
_QUOTED: Final = re.compile(QUOTED)
_LONGEST: Final = 400
"""Characters of a request that is looked at; longer ones are texts."""
_REPORT: Final = re.compile(
    rf"(?i)[^{OPENING}.!?:,]{{2,60}} {_SAYS}(?: [^\s{OPENING}.!?:,]+){{0,3}}[,:]? {QUOTED}\s*[.!?]*"
    rf"|{QUOTED},? (?:{_SAYS} [^{OPENING}.!?:,]{{2,40}}|[^{OPENING}.!?:,]{{2,40}} {_SAYS})[.!?]+"
)
"""A sentence that only says what somebody said: 'Anna said "send Bob the list".'"""
_HARMLESS: Final = frozenset({"show", "foreign"})
"""What verbs in a quotation may order that is done to nobody: "See you"."""
_MEANS_IT: Final = word_set("it them him her so there da dort dahin hin es ihn sie ihm ihr ihnen beides both")
_MAY_MEAN_IT: Final = word_set("this that das dies")


def without_reports(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a request without sentences that only say what somebody said, and these.

    The text as it is where nothing else is in it, or where the rest may mean what was said, "Do it", or the mail in
    which it stands.
    """
    if len(text) > _LONGEST or _QUOTES.search(text) is None:
        return text, ()
    reports, place, kept = list[str](), 0, list[str]()
    for start, end in _sentences(text):
        found = _REPORT.fullmatch(text, start, end)
        if found is not None and "?" not in found[0][-2:] and Words(tokens_of(found[0])[:1]).imperative is None:
            reports.append(found[0].strip())
        else:
            kept.append(text[start:end])
        place = end
    rest = " ".join(one.strip() for one in (*kept, text[place:]) if one.strip())
    if not reports or not rest or _looks_back(tokens_of(rest)) or _of_a_mail(rest, reports):
        return text, ()
    return rest, tuple(reports)


def _of_a_mail(rest: str, reports: Sequence[str]) -> bool:
    """Whether quotations that order nothing may stand in a mail that the rest of a request speaks of."""
    quoted = [found[0][1:-1] for one in reports for found in _QUOTED.finditer(one)]
    orders = any(words.imperative is not None and words.senses - _HARMLESS for words in map(_words, quoted))
    return not orders and any(one.has("noun", "mail") for one in tokens_of(rest))


def _words(text: str) -> Words:
    return Words(tokens_of(text))


def _looks_back(tokens: Sequence[Token]) -> bool:
    """Whether a pronoun among words may mean what was said before them."""
    return any(
        one.key in _MEANS_IT
        or (one.key in _MAY_MEAN_IT and (after is None or after.kind == "mark" or after.key in FILLERS))
        for one, after in zip(tokens, [*tokens[1:], None], strict=True)
    )


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield where sentences stand, marks within quotations passed over."""
    start, quoted = 0, False
    for place, letter in enumerate(text):
        if letter in MARKS:
            quoted = not quoted
        ends = letter in ".!?" or (letter in CLOSING and not quoted and text[place - 1] in ".!?")
        if ends and not quoted and text[place + 1 : place + 2] in {" ", "\n"}:
            yield start, place + 1
            start = place + 2
    if start < len(text):
        yield start, len(text)


def tells(text: str) -> bool:
    """Whether something in a request is told, quoted or dictated."""
    return TOLD.search(text) is not None or dictation(text)[1] is not None
