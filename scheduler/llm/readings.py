"""The ways a request can be read, as rules and examples see it, and which of them is right most likely.

A reading says which orders there are, in the sequence of doing. Each is weighed by what speaks for it (`Signs`); the
weights come from `python -m bench.learned`, which learns them from all development sets (conditional logit).
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from scheduler.core.compound import OrderPart
from scheduler.core.frames import SURE
from scheduler.core.intents import UNKNOWN
from scheduler.core.order_joining import SENDING
from scheduler.llm.guess import Guess
from scheduler.llm.order_division import Divided, Division, Glance, Part, in_sequence

if TYPE_CHECKING:
    from scheduler.llm.order_model import Ways

_LEAST: Final = -15.0
_LEAST_PART: Final = -8.0
_LEAST_SHARE: Final = 1e-6
_FARTHEST: Final = 2.0
_ALONE: Final = 3  # intents of one order that are weighed


class Signs(NamedTuple):
    """What speaks for a reading; and how much each of it counts."""

    two: float
    """There are two orders or more,"""
    three: float
    four: float
    plane: float
    """how far the request stands from the plane between one order and several, if the reading has several,"""
    plane_three: float
    belief: float
    """how surely the parts are orders: all,"""
    weakest: float
    """the least of them,"""
    belief_several: float
    of_rules: float
    """rules read the same,"""
    of_sure_rules: float
    several_of_rules: float
    several_of_sure_rules: float
    as_many: float
    """rules know as many orders, more, or fewer,"""
    fewer_than_rules: float
    more_than_rules: float
    one_for_several: float
    known: float
    """which share of the intents rules know, less the others,"""
    whole: float
    """how surely the whole has the intent, if that is the only one,"""
    twice: float
    """how often the same intent follows itself,"""
    twice_by_rules: float
    """and rules read so,"""
    sent_twice: float
    whole_pieces: float
    """no two pieces belong to one order,"""
    pieces: float
    undivided: float
    """the request has fewer pieces than the reading has orders,"""
    unlike: float
    """the mean share of belief that parts are no orders."""
    whole_request: float
    """What was learned of whole requests believes it: the logarithm of the share of these intents,"""
    whole_share: float
    """that share,"""
    whole_best: float
    """and whether it is the likeliest way."""


WEIGHTS: Final = Signs(
    two=2.16,
    three=0.16,
    four=0.15,
    plane=1.68,
    plane_three=0.71,
    belief=-0.53,
    weakest=0.82,
    belief_several=0.25,
    of_rules=-1.03,
    of_sure_rules=0.04,
    several_of_rules=1.62,
    several_of_sure_rules=0.04,
    as_many=0.21,
    fewer_than_rules=-0.86,
    more_than_rules=0.65,
    one_for_several=-0.88,
    known=1.34,
    whole=0.57,
    twice=-0.5,
    twice_by_rules=-0.29,
    sent_twice=-1.72,
    whole_pieces=0.86,
    pieces=-1.22,
    undivided=1.57,
    unlike=-0.68,
    whole_request=0.59,
    whole_share=0.44,
    whole_best=-0.02,
)
ALONE: Final = Signs(
    two=1.65,
    three=-1.22,
    four=-0.72,
    plane=2.36,
    plane_three=1.31,
    belief=-1.0,
    weakest=1.81,
    belief_several=0.71,
    of_rules=-0.77,
    of_sure_rules=0.21,
    several_of_rules=1.48,
    several_of_sure_rules=0.24,
    as_many=0.3,
    fewer_than_rules=-1.3,
    more_than_rules=1.0,
    one_for_several=-0.57,
    known=1.22,
    whole=0.76,
    twice=-1.78,
    twice_by_rules=-0.24,
    sent_twice=-2.66,
    whole_pieces=0.44,
    pieces=-1.09,
    undivided=3.96,
    unlike=-2.95,
    whole_request=0.0,
    whole_share=0.0,
    whole_best=0.0,
)
"""Where nothing that was learned of whole requests can be asked."""


class Reading(NamedTuple):
    """Orders in the sequence of doing; no parts: the request cannot be cut for them."""

    intents: tuple[str, ...]
    division: Division
    signs: Signs

    def weight(self, weights: Signs) -> float:
        return sum(one * sign for one, sign in zip(weights, self.signs, strict=True))


class _Found(NamedTuple):
    """Orders, and their intents as they stand, in whichever sequence they are to be done."""

    division: Division
    standing: tuple[str, ...]


def readings(
    text: str, guess: Guess, known: Sequence[OrderPart], glance: Glance, ways: "Ways | None" = None
) -> list[Reading]:
    """Return the ways to read a request, the likeliest first. `known` is what rules know, `guess` is of the whole.

    `ways` is what was learned of whole requests, if that knows the intents that are asked about.
    """
    divided = Divided(text, glance)
    rules = tuple(part.routed.name for part in known)
    found = _found(divided, guess, rules, ways)
    standing = [one.standing for one in found.values()]
    beliefs = ways.beliefs(standing) if ways else [0.0] * len(standing)
    orders = 1 - ways.nothing if ways else 1.0
    sure = bool(known) and min(part.routed.score for part in known) >= SURE
    best = max(beliefs)
    made = []
    for (intents, one), belief in zip(found.items(), beliefs, strict=True):
        signs = _signs_of(intents, one.division, guess, rules, divided.count, sure=sure)
        if ways:
            share = belief - math.log(max(orders, _LEAST_SHARE))
            signs = signs._replace(
                whole_request=max(share, _LEAST),
                whole_share=math.exp(min(share, 0.0)),
                whole_best=float(belief == best),
            )
        made.append(Reading(intents, one.division, signs))
    weights = WEIGHTS if ways else ALONE
    return sorted(made, key=lambda one: -one.weight(weights))


def _found(
    divided: Divided, guess: Guess, rules: tuple[str, ...], ways: "Ways | None"
) -> dict[tuple[str, ...], _Found]:
    """Return orders by their intents: those that the request divides into, those of rules, and each of the whole."""
    found: dict[tuple[str, ...], _Found] = {}
    for one in divided.divisions():
        done = in_sequence(one)
        found.setdefault(done.intents, _Found(done, one.intents))
    for way in ways.ways if ways else ():
        parts = in_sequence(Division(parts=tuple(Part(words.text, words.intent, 0.0) for words in way.orders)))
        if parts.intents not in found:
            cut = divided.into(way.intents) or Division(_LEAST_PART * len(way.intents))
            found[parts.intents] = _Found(in_sequence(cut), way.intents)
    if rules and rules not in found:
        found[rules] = _as_rules(divided, rules)
    for name in [one for one in guess.intents if one != UNKNOWN][:_ALONE]:
        if (name,) not in found and (alone := divided.into((name,))) is not None:
            found[name,] = _Found(alone, (name,))
    return found


def _as_rules(divided: Divided, rules: tuple[str, ...]) -> _Found:
    """Return the best division for the orders of rules, as they stand or the first two in the other sequence."""
    orders = [rules, (*rules[1::-1], *rules[2:])] if len(rules) > 1 else [rules]
    found = [_Found(one, intents) for intents in orders if (one := divided.into(intents)) is not None]
    return max(found, key=lambda one: one.division.belief, default=_Found(Division(_LEAST_PART * len(rules)), rules))


def _signs_of(
    intents: tuple[str, ...],
    one: Division,
    guess: Guess,
    rules: tuple[str, ...],
    pieces: int,
    *,
    sure: bool,
) -> Signs:
    count = len(intents)
    several = float(count > 1)
    same = float(intents == rules)
    plane = max(min(guess.several, _FARTHEST), -_FARTHEST)
    belief = max(one.belief, _LEAST)
    named = sum(name in rules for name in set(intents)) - sum(name not in rules for name in set(intents))
    return Signs(
        two=several,
        three=float(count > 2),
        four=float(count > 3),
        plane=several * plane,
        plane_three=float(count > 2) * plane,
        belief=belief,
        weakest=max(one.weakest, _LEAST_PART) if one.parts else _LEAST_PART,
        belief_several=several * belief,
        of_rules=same,
        of_sure_rules=same * sure,
        several_of_rules=same * several,
        several_of_sure_rules=same * several * sure,
        as_many=float(len(rules) == count),
        fewer_than_rules=float(len(rules) > count),
        more_than_rules=float(0 < len(rules) < count),
        one_for_several=float(len(rules) > 1 and count == 1),
        known=named / count,
        whole=(1 - several) * math.log(max(guess.share(intents[0]), _LEAST_SHARE)),
        twice=float(sum(a == b for a, b in pairwise(intents))),
        twice_by_rules=same * sum(a == b for a, b in pairwise(intents)),
        sent_twice=float(sum({a, b} == SENDING for a, b in pairwise(intents))),
        whole_pieces=several * float(count == pieces),
        pieces=several * math.log(1 + pieces),
        undivided=several * float(not one.parts),
        unlike=several * one.unlike / count,
        whole_request=0.0,
        whole_share=0.0,
        whole_best=0.0,
    )
