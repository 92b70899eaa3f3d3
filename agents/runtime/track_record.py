"""What an agent knows of itself: how long its steps take, and how many go well. For its bids."""

from typing import Final

_WEIGHT: Final = 0.2  # of the newest step


class TrackRecord:
    """Moving averages by action, the newest steps counting most."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._well: dict[str, float] = {}

    def note(self, action: str, seconds: float, *, well: bool) -> None:
        """Note how a step ended."""
        self._seconds[action] = _mixed(self._seconds.get(action, seconds), seconds)
        self._well[action] = _mixed(self._well.get(action, 1.0), float(well))

    def expected(self, action: str) -> float:
        """Return how many seconds such a step takes; 0 while nothing is known."""
        return self._seconds.get(action, 0.0)

    def confidence(self, action: str) -> float:
        """Return which share of such steps has gone well lately; 1 while nothing is known."""
        return self._well.get(action, 1.0)


def _mixed(old: float, new: float) -> float:
    return (1 - _WEIGHT) * old + _WEIGHT * new
