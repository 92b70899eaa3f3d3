"""When a second agent is asked for what the first has not answered yet (Dean, Barroso, "The Tail at Scale", 2013).

Only reads that may be repeated are hedged: later than nearly all of their kind are answered, and few enough of them
that it costs little.
"""

from collections import defaultdict, deque
from typing import Final

_KEPT: Final = 200
_ENOUGH: Final = 20  # answers, before anything can be said about their kind
_LATE: Final = 0.95
_SHARE: Final = 0.05
_MOST_SAVED: Final = 5.0


class Hedging:
    """What is known of how long actions take, and how many more hedges are in the budget."""

    def __init__(self) -> None:
        self._took: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._budget = 1.0

    def answered(self, action: str, seconds: float) -> None:
        """Note how long a step took; twenty of them pay for a hedge."""
        self._took[action].append(seconds)
        self._budget = min(self._budget + _SHARE, _MOST_SAVED)

    def patience(self, action: str) -> float | None:
        """Return after how many seconds a step is late; None: too little is known."""
        took = self._took.get(action)
        if took is None or len(took) < _ENOUGH:
            return None
        return sorted(took)[int(_LATE * len(took))]

    def spend(self) -> bool:
        """Take a hedge out of the budget, if one is in it."""
        if self._budget < 1.0:
            return False
        self._budget -= 1.0
        return True
