"""Says how often an answer like this one is right: the confidence that people and programs are shown.

What rules and models call their score says which answer is better, not how often it is right. The table holds how often
it was, by the way the answer was found and by its score (histogram binning, Zadrozny and Elkan 2001), counted on the
development requests and on held-out examples. `make bench-intent` checks that it still holds, `python -m
bench.calibration` counts anew.
"""

from itertools import pairwise
from typing import Final

from scheduler.core.intents import UNKNOWN, RoutedIntent

_ENDS: Final = {"pattern": (0.0, 1.01), "words": (0.0, 0.6, 0.8, 1.01), "learned": (0.0, 0.7, 0.9, 1.01)}
BINS: Final = {way: tuple(pairwise(ends)) for way, ends in _ENDS.items()}
"""From which score to which below, by the way an answer was found."""
RIGHT: Final = {
    "pattern": (0.98,),
    "words": (0.79, 0.94, 0.96),
    "learned": (0.61, 0.85, 0.95),
}
"""The share that was right in each bin."""


def way_of(routed: RoutedIntent) -> str:
    """Return how an answer was found, as the table has it: by a pattern, by words alone, learned, or by a model."""
    if routed.way != "rules":
        return routed.way
    return "words" if routed.by_words else "pattern"


def bin_of(way: str, score: float) -> int:
    """Return the place of a score in the row of the table."""
    return next(place for place, (low, high) in enumerate(BINS[way]) if low <= min(max(score, 0.0), 1.0) < high)


def confidence_of(routed: RoutedIntent) -> float:
    """Return how often such an answer is right, 0 to 1; of a language model's what it says itself."""
    way = way_of(routed)
    if routed.name == UNKNOWN or way not in RIGHT:
        return min(routed.score, 1.0)
    return RIGHT[way][bin_of(way, routed.score)]
