"""Says of each word of a request which slot it fills, as examples teach: a linear model on what is seen around it."""

import functools
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.core.phrases import Token
from scheduler.llm.slot_signs import Place, signs_of

DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "slots_learned.npz"
NOTHING: Final = "-"
"""The label of words that fill no slot."""
_JOINING: Final = frozenset({"und", "and", "sowie", "&", ",", "u", "+"})

Numbers = NDArray[np.float32]


class SlotKnowledge(NamedTuple):
    """What was learned: weights of (sign, label), shift of a label, weights of (label, label after it)."""

    labels: tuple[str, ...]
    signs: tuple[str, ...]
    weights: Numbers
    shift: Numbers
    steps: Numbers
    allowed: frozenset[tuple[str, str]]
    """Which (intent, slot) occur."""


class Tagged(NamedTuple):
    """A stretch of the text that fills a slot by what was learned, and how surely."""

    slot: str
    start: int
    end: int
    belief: float


class Reading(NamedTuple):
    """What was learned says of a request: what fills slots, and how surely each word fills which."""

    found: tuple[Tagged, ...]
    tokens: list[Token]
    shares: Numbers
    labels: tuple[str, ...]

    def belief(self, slot: str, start: int, end: int) -> float | None:
        """Return how surely all words of a stretch fill a slot; None where that is not known."""
        if slot not in self.labels:
            return None
        inside = [
            place
            for place, one in enumerate(self.tokens)
            if one.start < end and start < one.end and one.key not in _JOINING
        ]
        return float(self.shares[inside, self.labels.index(slot)].min()) if inside else None


class SlotTagger:
    """Reads the file of what was learned when first asked."""

    def __init__(self, path: Path = DEFAULT_FILE, known: SlotKnowledge | None = None) -> None:
        self._path = path
        self._given = known

    @functools.cached_property
    def known(self) -> SlotKnowledge:
        return self._given or load(self._path)

    @functools.cached_property
    def _rows(self) -> dict[str, int]:
        return {sign: row for row, sign in enumerate(self.known.signs)}

    @functools.cached_property
    def _weights(self) -> Numbers:
        """The weights of the signs, none for a word whose signs nobody knows."""
        return np.vstack([self.known.weights, np.zeros_like(self.known.weights[:1])])

    def read(self, text: str, places: list[Place]) -> Reading:
        """Return what fills slots in a request, as `normalise` left it, in which these orders stand."""
        known, rows = self.known, self._rows
        tokens, signs = signs_of(text, places)
        found, starts = list[int](), list[int]()
        for one in signs:
            starts.append(len(found))
            found += {rows[sign] for sign in one if sign in rows} or {len(rows)}
        seen = np.add.reduceat(self._weights[found], starts, axis=0) + known.shift
        seen -= _logsum(seen)
        best = _best_path(seen, known.steps)
        shares = _shares(seen, known.steps)
        return Reading(tuple(_stretches(tokens, best, shares, known.labels)), tokens, shares, known.labels)


def load(path: Path) -> SlotKnowledge:
    """Read what was learned."""
    with np.load(path, allow_pickle=False) as file:
        return SlotKnowledge(
            tuple(map(str, file["labels"])),
            tuple(str(file["signs"]).split("\n")),
            file["weights"].astype(np.float32),
            file["shift"].astype(np.float32),
            file["steps"].astype(np.float32),
            frozenset((str(intent), str(slot)) for intent, slot in file["allowed"]),
        )


def save(known: SlotKnowledge, path: Path) -> None:
    """Write what was learned, in half precision."""
    arrays: dict[str, Any] = {
        "labels": np.array(known.labels),
        "signs": np.array("\n".join(known.signs)),
        "weights": known.weights.astype(np.float16),
        "shift": known.shift.astype(np.float16),
        "steps": known.steps.astype(np.float16),
        "allowed": np.array(sorted(known.allowed)),
    }
    np.savez_compressed(path, **arrays)


def _logsum(rows: Numbers) -> Numbers:
    most = rows.max(axis=1, keepdims=True)
    found: Numbers = most + np.log(np.exp(rows - most).sum(axis=1, keepdims=True))
    return found


def _best_path(seen: Numbers, steps: Numbers) -> list[int]:
    """Return the most likely sequence of labels (Viterbi)."""
    best, ways = seen[0], []
    for row in seen[1:]:
        onward = best[:, None] + steps
        ways.append(onward.argmax(axis=0))
        best = onward.max(axis=0) + row
    path = [int(best.argmax())]
    for way in reversed(ways):
        path.append(int(way[path[-1]]))
    return path[::-1]


def _shares(seen: Numbers, steps: Numbers) -> Numbers:
    """Return how likely each label is for each word (forward and backward)."""
    odds, step = np.exp(seen), np.exp(steps)
    forward, backward = odds.copy(), np.ones_like(odds)
    for place in range(1, len(odds)):
        one = (forward[place - 1] @ step) * odds[place]
        forward[place] = one / one.sum()
    for place in range(len(odds) - 2, -1, -1):
        one = step @ (odds[place + 1] * backward[place + 1])
        backward[place] = one / one.sum()
    both = forward * backward
    found: Numbers = both / both.sum(axis=1, keepdims=True)
    return found


def _stretches(tokens: list[Token], path: list[int], shares: Numbers, labels: tuple[str, ...]) -> list[Tagged]:
    found: list[Tagged] = []
    place = 0
    while place < len(path):
        end = place
        while end + 1 < len(path) and path[end + 1] == path[place]:
            end += 1
        label = path[place]
        if labels[label] != NOTHING:
            belief = float(shares[place : end + 1, label].min())
            found.append(Tagged(labels[label], tokens[place].start, tokens[end].end, belief))
        place = end + 1
    return found
