"""What keeps readings of a request, or overrules rules that refuse it: comparisons of what rules and examples read."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.lexicon import FOREIGN
from scheduler.core.mood_words import NEGATION
from scheduler.core.no_order import NoOrder
from scheduler.core.order_cuts import cut
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.word_forms import TO_INFINITIVE
from scheduler.core.words import Words
from scheduler.llm.guess import Guess
from scheduler.llm.order_alone import HARMLESS
from scheduler.llm.readings import Reading

if TYPE_CHECKING:
    from scheduler.llm.order_model import Ways

_REASON: Final = re.compile(
    r"(?i)(?:,\s*|\s)(?=(?:sonst|andernfalls|damit|weil|denn|otherwise|or else|because|since"
    r"|so (?:that|no ?body|no ?one))\b)"
)
_MAY_EXCEPT: Final = NEGATION | {"but", "außer", "ausser", "except", "vergiss", "forget"}
_TO: Final = re.compile(r"(?i)\bzu \w+n\b")
_FEW_WORDS: Final = 2
_PROGRAMS: Final = frozenset({"open_app", "close_app"})


def likeliest(ways: "Ways | None") -> tuple[str, ...]:
    """Return the intents of the likeliest way to read a request; none without any."""
    return ways.ways[0].intents if ways is not None and ways.ways else ()


def all_agree(text: str, known: Sequence[OrderPart], guess: Guess, ways: "Ways | None") -> bool:
    """Whether rules, examples of orders and those of whole requests read the same single harmless order.

    They all look at the same words, so this says which order it is rather than whether it is one: nothing may negate or
    except anything.
    """
    read = tuple(part.routed.name for part in known)
    harmless = len(read) == 1 and read[0] in HARMLESS and not Words(tokens_of(text)).keys & _MAY_EXCEPT
    return harmless and guess.intents[:1] == likeliest(ways) == read


def besides_negations(text: str) -> str:
    """Return the words of a request after the last clause that negates anything, without a reason at the end.

    "They take no Word, so make it a PDF" leaves the order, "make it a PDF, so that nobody changes it" does, too. Empty
    where nothing is left or nothing negates, where what is left only says what is not to be done ("Don't dare to …"),
    and where a negation stands alone: "to Tom, no, to Eva" corrects, "No, not now" takes back.
    """
    reasons = [found.start() for found in _REASON.finditer(text)]
    told = text[: reasons[-1]] if reasons else text
    pieces = cut(told)
    negated = [place for place, one in enumerate(pieces) if _negates(one)]
    alone = any(len(pieces[place].split()) <= _FEW_WORDS for place in negated)
    if alone or (not negated and not _negates(text[len(told) :])):
        return ""
    left = "".join(pieces[max(negated, default=-1) + 1 :]).strip()
    return "" if _is_infinitive(left) else left


def _negates(text: str) -> bool:
    return bool(NEGATION & Words(tokens_of(text)).keys)


def _is_infinitive(text: str) -> bool:
    """Whether words hold no verb but an infinitive with "zu", which needs another clause."""
    words = Words(tokens_of(text))
    if words.imperative is not None or words.finite is not None:
        return False
    return _TO.search(text) is not None or any(one.form == TO_INFINITIVE for _, _, many in words.verbs for one in many)


def is_foreign(text: str) -> bool:
    """Whether a verb of which nothing is configured is what a clause orders: "Restart Outlook", "Das PDF kürzen"."""
    return any(_only_foreign(verb) for one in cut(text) for verb in _ordered_by(Words(tokens_of(one))))


def _ordered_by(words: Words) -> Iterator[Token]:
    yield from (verb for verb in (words.imperative, words.nonfinite) if verb is not None and not verb.has("modal"))


def _only_foreign(verb: Token) -> bool:
    senses = {one.sense for one in verb.meanings if one.kind == "verb"}
    return bool(senses) and senses <= {FOREIGN, "print"}


def others_are_remarks(read: Orders) -> bool:
    """Whether all but one part of a request are remarks."""
    return sum(part.routed.no_order is not NoOrder.REMARK for part in read.parts) == 1


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
