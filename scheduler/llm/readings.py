"""The ways a request can be read, as rules and examples see it, and which of them is right most likely.

A reading says which orders there are, in the sequence of doing. Each is weighed by what speaks for it (`Signs`); the
weights come from `python -m bench.learned`, which learns them from all development sets (conditional logit).
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from scheduler.core.compound import OrderPart
from scheduler.core.frames import SURE
from scheduler.core.intents import UNKNOWN
from scheduler.core.order_joining import SENDING
from scheduler.llm.guess import Guess
from scheduler.llm.order_division import Divided, Division, Glance, in_sequence

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


WEIGHTS: Final = Signs(
    two=3.05,
    three=-0.18,
    four=-0.27,
    plane=2.0,
    plane_three=0.61,
    belief=-0.63,
    weakest=1.0,
    belief_several=1.76,
    of_rules=0.03,
    of_sure_rules=0.09,
    several_of_rules=0.67,
    several_of_sure_rules=0.82,
    as_many=0.45,
    fewer_than_rules=-1.33,
    more_than_rules=0.88,
    one_for_several=-0.27,
    known=1.01,
    whole=0.89,
    twice=-2.69,
    twice_by_rules=0.52,
    sent_twice=-1.91,
    whole_pieces=0.43,
    pieces=-1.75,
    undivided=3.6,
    unlike=0.87,
)


class Reading(NamedTuple):
    """Orders in the sequence of doing; no parts: the request cannot be cut for them."""

    intents: tuple[str, ...]
    division: Division
    signs: Signs

    @property
    def weight(self) -> float:
        return sum(one * sign for one, sign in zip(WEIGHTS, self.signs, strict=True))


def readings(text: str, guess: Guess, known: Sequence[OrderPart], glance: Glance) -> list[Reading]:
    """Return the ways to read a request, the likeliest first. `known` is what rules know, `guess` is of the whole."""
    divided = Divided(text, glance)
    shares = dict(zip(guess.intents, guess.shares, strict=True))
    found: dict[tuple[str, ...], Division] = {}
    for one in divided.divisions():
        done = in_sequence(one)
        found.setdefault(done.intents, done)
    rules = tuple(part.routed.name for part in known)
    if rules and rules not in found:
        found[rules] = _as_rules(divided, rules)
    for name in [one for one in guess.intents if one != UNKNOWN][:_ALONE]:
        if (name,) not in found and (alone := divided.into((name,))) is not None:
            found[name,] = alone
    sure = bool(known) and min(part.routed.score for part in known) >= SURE
    made = [
        Reading(intents, one, _signs_of(intents, one, guess, shares, rules, divided.count, sure=sure))
        for intents, one in found.items()
    ]
    return sorted(made, key=lambda one: -one.weight)


def _as_rules(divided: Divided, rules: tuple[str, ...]) -> Division:
    """Return the best division for the orders of rules, as they stand or the first two in the other sequence."""
    orders = [rules, (*rules[1::-1], *rules[2:])] if len(rules) > 1 else [rules]
    found = [one for intents in orders if (one := divided.into(intents)) is not None]
    return max(found, key=lambda one: one.belief, default=Division(_LEAST_PART * len(rules)))


def _signs_of(
    intents: tuple[str, ...],
    one: Division,
    guess: Guess,
    shares: dict[str, float],
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
        whole=(1 - several) * math.log(max(shares.get(intents[0], 0.0), _LEAST_SHARE)),
        twice=float(sum(a == b for a, b in pairwise(intents))),
        twice_by_rules=same * sum(a == b for a, b in pairwise(intents)),
        sent_twice=float(sum({a, b} == SENDING for a, b in pairwise(intents))),
        whole_pieces=several * float(count == pieces),
        pieces=several * math.log(1 + pieces),
        undivided=several * float(not one.parts),
        unlike=several * one.unlike / count,
    )
