"""What keeps readings of a request, or overrules rules that refuse it: comparisons of what rules and examples read."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from scheduler.core.compound import REMARK, OrderPart, Orders
from scheduler.core.mood_words import NEGATION
from scheduler.core.order_cuts import cut
from scheduler.core.phrases import tokens_of
from scheduler.core.words import Words
from scheduler.llm.guess import Guess
from scheduler.llm.readings import Reading

if TYPE_CHECKING:
    from scheduler.llm.order_model import Ways

_REASON: Final = re.compile(
    r"(?i)(?:,\s*|\s)(?=(?:sonst|andernfalls|damit|weil|denn|otherwise|or else|because|since"
    r"|so (?:that|no ?body|no ?one))\b)"
)
_PROGRAMS: Final = frozenset({"open_app", "close_app"})


def likeliest(ways: "Ways | None") -> tuple[str, ...]:
    """Return the intents of the likeliest way to read a request; none without any."""
    return ways.ways[0].intents if ways is not None and ways.ways else ()


def all_agree(known: Sequence[OrderPart], guess: Guess, ways: "Ways | None") -> bool:
    """Whether rules, examples of orders and those of whole requests read the same single order."""
    read = tuple(part.routed.name for part in known)
    return len(read) == 1 and guess.intents[:1] == likeliest(ways) == read


def besides_negations(text: str) -> str:
    """Return the words of a request after the last clause that negates anything, without a reason at the end.

    Empty where nothing is left, or nothing negates: "Send it, or rather don't". "They take no Word, so make it a PDF"
    leaves the order, "make it a PDF, so that nobody changes it" does, too.
    """
    reasons = [found.start() for found in _REASON.finditer(text)]
    pieces = cut(text[: reasons[-1]] if reasons else text)
    negated = [place for place, one in enumerate(pieces) if NEGATION & Words(tokens_of(one)).keys]
    left = "".join(pieces[max(negated, default=-1) + 1 :]).strip()
    return "" if left == text.strip() else left


def others_are_remarks(read: Orders) -> bool:
    """Whether all but one part of a request are remarks."""
    return sum(part.routed.why != REMARK for part in read.parts) == 1


def shares_verb(reading: Reading, known: Sequence[OrderPart]) -> bool:
    """Whether it takes a mere name for an order of its own, and rules do not: "kill chrome and firefox" is one."""
    return reading.intents != tuple(part.routed.name for part in known) and any(
        {one.intent, other.intent} <= _PROGRAMS and _names_only(other.text)
        for one, other in pairwise(reading.division.parts)
    )


def _names_only(text: str) -> bool:
    words = Words(tokens_of(text))
    return not (words.has_predicate or words.keys & {"on", "an"})


def one_of_row(reading: Reading, known: Sequence[OrderPart]) -> bool:
    """Whether it takes for fewer orders what rules know as a row of alike: "the mail from Jo, then the one from Al"."""
    names = {part.routed.name for part in known}
    row = len(known) > 1 and len(names) == 1 and all(part.after for part in known[1:])
    return row and len(reading.intents) < len(known)
