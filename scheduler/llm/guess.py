"""What was learned says of a sentence."""

from typing import NamedTuple


class Guess(NamedTuple):
    """Intents from the most to the least likely, and how far the first can be believed, 0 to 1: no probability."""

    intents: tuple[str, ...]
    score: float
    shares: tuple[float, ...] = ()
    """How the belief is shared among the intents, in the same order; sums to 1."""
    several: float = 0.0
    """Above 0 rather several orders than one, as far as it was learned: the distance from the plane between them."""
