"""Chooses how a request is read: of the ways that were learned and the way of rules the one most likely right.

Each way is weighed by what speaks for it (logistic regression); the weights come from `python -m bench.orders`, which
learns them from sets that neither the model had learned nor rules were made for. So the share of belief of the chosen
way is how often such a way is right.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from scheduler.llm.order_model import Way, Ways, Words

_LEAST: Final = -20.0


class RulesRead(NamedTuple):
    """What rules make of a request: the intents they know in sequence, and the least score among these."""

    intents: tuple[str, ...]
    score: float = 0.0
    unknown: bool = False
    """They know nothing of a part,"""
    refused: bool = False
    """or take it for a question, for past or negated."""


class Signs(NamedTuple):
    """What speaks for a way; and how much each of it counts."""

    belief: float
    """The logarithm of the share that the model gives it,"""
    share: float
    """and that share."""
    as_rules: float
    """Rules read the same, and know all of it;"""
    as_sure: float
    """the same, by their score;"""
    as_unknown: float
    """they read the same, and there is more they do not know."""
    as_several: float
    none: float
    """Nothing is ordered;"""
    none_refused: float
    """rules say so too,"""
    none_unknown: float
    """or do not know."""
    many: float
    """How many orders;"""
    more: float
    """more than rules read, or fewer,"""
    fewer: float
    common: float
    """how many of them rules read too, and how many not."""
    own: float
    pieces: float
    """In how many pieces the request was read,"""
    pieces_many: float
    """a tenth of that for each order."""


WEIGHTS: Final = Signs(
    belief=0.17,
    share=3.9,
    as_rules=0.53,
    as_sure=0.6,
    as_unknown=0.29,
    as_several=0.01,
    none=-0.06,
    none_refused=0.85,
    none_unknown=0.59,
    many=0.18,
    more=0.3,
    fewer=-1.32,
    common=0.31,
    own=-0.05,
    pieces=-0.02,
    pieces_many=0.09,
)
SHIFT: Final = -2.6


class Choice(NamedTuple):
    """A way, how likely it is right, the share of belief that nothing is ordered, and the likeliest three intents."""

    orders: tuple[Words, ...] | None
    """None: as rules read it."""
    intents: tuple[str, ...]
    right: float
    by_rules: float
    """How likely it is right as rules read it."""
    nothing: float
    nearest: tuple[str, ...]


def choose(read: Ways, rules: RulesRead) -> Choice:
    """Return the way that is right most likely."""
    ways = with_rules(read, rules)
    rights = {names: likely(signs_of(way, rules, read.pieces)) for names, way in ways.items()}
    ranked = sorted(rights, key=lambda names: -rights[names])
    best = ranked[0]
    nearest = dict.fromkeys(name for names in ranked for name in names)
    return Choice(
        None if best == rules.intents else ways[best].orders,
        best,
        rights[best],
        rights[rules.intents],
        math.exp(ways[()].belief),
        tuple(nearest)[:3],
    )


def with_rules(read: Ways, rules: RulesRead) -> dict[tuple[str, ...], Way]:
    """Return the ways by their intents, that of rules among them; where each order of that stands, is not known."""
    ways = {way.intents: way for way in read.ways}
    ways.setdefault(rules.intents, Way(tuple(Words("", name) for name in rules.intents), read.other))
    return ways


def likely(signs: Signs) -> float:
    """Return how likely a way is right for which this speaks."""
    weight = SHIFT + sum(one * sign for one, sign in zip(WEIGHTS, signs, strict=True))
    return 1 / (1 + math.exp(-weight))


def signs_of(way: Way, rules: RulesRead, pieces: int) -> Signs:
    """Return what speaks for a way."""
    names, belief = way.intents, max(way.belief, _LEAST)
    same, unknown = names == rules.intents, rules.unknown or not rules.intents
    common, many, none = _common(names, rules.intents), len(names), float(not names)
    return Signs(
        belief=belief,
        share=math.exp(belief),
        as_rules=float(same and not unknown),
        as_sure=rules.score if same and not unknown else 0.0,
        as_unknown=float(same and unknown),
        as_several=float(same and many > 1),
        none=none,
        none_refused=none * rules.refused,
        none_unknown=none * unknown,
        many=float(many),
        more=float(many > len(rules.intents)),
        fewer=float(many < len(rules.intents)),
        common=float(common),
        own=float(many - common),
        pieces=float(pieces),
        pieces_many=pieces * many * 0.1,
    )


def _common(names: Sequence[str], others: Sequence[str]) -> int:
    return (Counter(names) & Counter(others)).total()
