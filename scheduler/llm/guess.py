"""What was learned says of a sentence."""

from typing import Final, NamedTuple

from scheduler.core.intents import UNKNOWN

NEAREST: Final = 3
"""So many intents are named where people are asked which is meant."""


class Guess(NamedTuple):
    """Intents from the most to the least likely, and how far the first can be believed, 0 to 1: no probability."""

    intents: tuple[str, ...]
    score: float
    shares: tuple[float, ...] = ()
    """How the belief is shared among the intents, in the same order; sums to 1."""
    several: float = 0.0
    """Above 0 rather several orders than one, as far as it was learned: the distance from the plane between them."""

    @property
    def nearest(self) -> tuple[str, ...]:
        """The likeliest intents that people may be asked about."""
        return tuple(name for name in self.intents if name != UNKNOWN)[:NEAREST]

    def share(self, intent: str) -> float:
        """Return how far it is believed that this intent is wanted."""
        return next((share for name, share in zip(self.intents, self.shares, strict=False) if name == intent), 0.0)
