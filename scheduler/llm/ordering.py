"""How likely a request orders anything at all: by rules, by what single orders and whole requests teach, by its shape.

The weights come from `python -m bench.learned` (logistic regression on sets that were neither learned nor tuned on);
`Bands` says from which likelihood on what is done.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from scheduler.core.compound import OrderPart
from scheduler.core.intents import UNKNOWN
from scheduler.core.no_order import NoOrder
from scheduler.llm.guess import Guess

_LEAST: Final = 1e-4
_MOST: Final = -math.log(_LEAST)


class Bands(NamedTuple):
    """How likely it must be that anything is ordered."""

    act: float = 0.85
    """From here on it is done, but for what rules take for negated or only said."""
    ask: float = 0.3
    """From here on people are asked which is meant; below, nothing is known."""
    overrule: float = 0.93
    """From here on it may be done though rules refuse it."""
    against_grammar: float = 0.8
    """From here on people are asked about what rules refuse."""
    look: float = 1.0
    """What rules are sure of is weighed where the logit at a first look is below."""
    act_if_plain: float = 0.6
    """From here on one order that rules are sure of is done if it has a plain form of an order."""
    act_if_agreed: float = 0.75
    """From here on one order is done that rules, examples of orders and whole requests all read in it."""
    beside: float = 0.3
    """From here on words beside an order are taken for the order that they are most like."""


class Evidence(NamedTuple):
    """What speaks for an order; and how much each of it counts. Beliefs are logits."""

    single: float
    """What was learned of single orders believes it,"""
    whole: float
    """what was learned of whole requests does,"""
    shape: float
    """and what was learned of their shape."""
    known: float
    """Rules know an order;"""
    refused: float
    """they take all for a question, for past, negated or of others,"""
    told: float
    """or for a statement."""
    shift: float = 1.0


WEIGHTS: Final = Evidence(single=0.44, whole=0.12, shape=0.44, known=0.82, refused=-0.99, told=-0.92, shift=-0.36)


def evidence(guess: Guess, nothing: float | None, shape: float | None, parts: Sequence[OrderPart]) -> Evidence:
    """Return what speaks for an order.

    `nothing` is the share of belief in none, `shape` a logit; None where no whole requests were learned.
    """
    single = acts(guess)
    first = parts[0].routed
    known = any(part.routed.name != UNKNOWN for part in parts)
    return Evidence(
        single=logit(single),
        whole=logit(single if nothing is None else 1 - nothing),
        shape=logit(single) if shape is None else min(max(shape, -_MOST), _MOST),
        known=float(known),
        refused=float(not known and first.refused),
        told=float(not known and not first.refused and first.no_order is NoOrder.STATEMENT),
    )


def likely(found: Evidence) -> float:
    """Return how likely anything is ordered."""
    return 1 / (1 + math.exp(-sum(one * sign for one, sign in zip(WEIGHTS, found, strict=True))))


def acts(guess: Guess) -> float:
    """Return how far it is believed that anything is ordered."""
    return 1 - guess.share(UNKNOWN)


def logit(share: float) -> float:
    """Return the logarithm of the odds, within bounds."""
    within = min(max(share, _LEAST), 1 - _LEAST)
    return math.log(within / (1 - within))
