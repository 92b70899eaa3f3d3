"""Chooses what fills the slots of an order among what may: logistic regression on the signs of each candidate."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from scheduler.core.slots import PERSONS
from scheduler.llm.slot_candidates import Candidate

_NUMBER: Final = "document_id"
CERTAIN: Final = 1.0
"""How surely what examples know nothing of is believed: it is taken whatever else is."""


class Bars(NamedTuple):
    """From which belief on a candidate is taken."""

    taken: float = 0.35
    person: float = 0.5
    """Whom letters and invitations go to: they cannot be called back."""


def believed(signs: Sequence[str], weights: Mapping[str, float]) -> float:
    """Return how surely a candidate fills its slot."""
    total = weights.get("", 0.0) + sum(weights.get(one, 0.0) for one in set(signs))
    return 1 / (1 + math.exp(-total))


def chosen(found: Sequence[Candidate], beliefs: Sequence[float], bars: Bars) -> list[Candidate]:
    """Return the candidates of an order that are taken, each word for one slot, as they were found."""
    order = sorted(range(len(found)), key=lambda place: -beliefs[place])
    taken: list[int] = []
    for place in order:
        one = found[place]
        if beliefs[place] < (bars.person if one.slot in PERSONS else bars.taken):
            continue
        if beliefs[place] == CERTAIN or not any(_excludes(found[other], one) for other in taken):
            taken.append(place)
    return [found[place] for place in sorted(taken)]


def _excludes(taken: Candidate, one: Candidate) -> bool:
    if _NUMBER in {taken.slot, one.slot} or one.start < 0 or taken.start < 0:
        return False
    return one.start < taken.end and taken.start < one.end
