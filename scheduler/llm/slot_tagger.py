"""Says of each word of a request which slot it fills, as examples teach: a conditional random field on what is seen."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.core.phrases import Token
from scheduler.llm.slot_signs import Place, signs_of

DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "slots_learned.npz"
NOTHING: Final = "-"
"""The label of words that fill no slot; the first word of a value is B-slot, those after it are I-slot."""
_JOINING: Final = frozenset({"und", "and", "sowie", "&", ",", "u", "+"})
_RESCALE: Final = 16
_PERHAPS: Final = 0.12

Numbers = NDArray[np.float32]


class SlotKnowledge(NamedTuple):
    """What was learned: weights of (sign, label), weights of (label, label after it), and what is weighed by."""

    labels: tuple[str, ...]
    signs: tuple[str, ...]
    weights: Numbers
    steps: Numbers
    choice: Mapping[str, float]
    """Weights of the signs of what may fill a slot; see `slot_candidates`."""


class Tagged(NamedTuple):
    """A stretch of the text that fills a slot by what was learned, and how surely."""

    slot: str
    start: int
    end: int
    belief: float


class Reading:
    """What was learned says of a request: what fills slots, and how surely each word fills which."""

    def __init__(self, tokens: Sequence[Token], labels: Sequence[str], shares: Numbers) -> None:
        """Take the share of each label for each word."""
        self.tokens = tokens
        names = sorted({one[2:] for one in labels if one != NOTHING})
        places = {one: place for place, one in enumerate(labels)}
        self._slots = {slot: row for row, slot in enumerate(names)}
        self._begins = shares[:, [places[f"B-{slot}"] for slot in names]]
        self._goes_on = shares[:, [places.get(f"I-{slot}", places[f"B-{slot}"]) for slot in names]]
        single = [f"I-{slot}" not in places for slot in names]
        self._goes_on[:, single] = 0
        self._fills = self._begins + self._goes_on
        self._nothing = shares[:, places[NOTHING]]
        self._names = names

    @property
    def found(self) -> list[Tagged]:
        """What most likely fills slots."""
        return self._stretches(self._nothing)

    @property
    def perhaps(self) -> list[Tagged]:
        """What may well fill slots, even where each word more likely fills none."""
        return self._stretches(np.full_like(self._nothing, _PERHAPS))

    def within(self, start: int, end: int) -> tuple[int, int]:
        """Return the first word of a stretch of the text, and that after its last."""
        inside = [place for place, one in enumerate(self.tokens) if one.start < end and start < one.end]
        return (inside[0], inside[-1] + 1) if inside else (0, 0)

    def belief(self, slot: str, first: int, after: int) -> float | None:
        """Return how surely all words from `first` to before `after` fill a slot; None where that is not known."""
        row = self._slots.get(slot)
        inside = [place for place in range(first, after) if self.tokens[place].key not in _JOINING]
        return float(self._fills[inside, row].min()) if inside and row is not None else None

    def edges(self, slot: str, first: int, after: int) -> tuple[float, float]:
        """Return how surely a value of a slot begins with the word `first`, and ends before the word `after`."""
        row = self._slots.get(slot)
        if row is None or first >= after:
            return 0.0, 0.0
        ends = 1.0 - float(self._goes_on[after, row]) if after < len(self.tokens) else 1.0
        return float(self._begins[first, row]), ends

    def _stretches(self, least: Numbers) -> list[Tagged]:
        found: list[Tagged] = []
        best, most = self._fills.argmax(axis=1).tolist(), self._fills.max(axis=1)
        filled = (most > least).tolist()
        first = 0
        while first < len(best):
            row, after = best[first], first + 1
            if not filled[first]:
                first = after
                continue
            while after < len(best) and filled[after] and best[after] == row and self._joined(after, row):
                after += 1
            begin, end = self.tokens[first].start, self.tokens[after - 1].end
            found.append(Tagged(self._names[row], begin, end, float(self._fills[first:after, row].min())))
            first = after
        return found

    def _joined(self, place: int, row: int) -> bool:
        return bool(self._goes_on[place, row] >= self._begins[place, row])


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

    @functools.cached_property
    def _steps(self) -> NDArray[np.float64]:
        steps = self.known.steps.astype(np.float64)
        odds: NDArray[np.float64] = np.exp(steps - steps.max())
        return odds

    def read(self, text: str, places: Sequence[Place]) -> Reading:
        """Return what fills slots in a request, as `normalise` left it, in which these orders stand."""
        known, rows = self.known, self._rows
        tokens, signs = signs_of(text, places)
        found, starts = list[int](), list[int]()
        for one in signs:
            starts.append(len(found))
            found += {rows[sign] for sign in one if sign in rows} or {len(rows)}
        seen = np.add.reduceat(self._weights[found], starts, axis=0)
        return Reading(tokens, known.labels, shares_of(seen, self._steps))


def load(path: Path) -> SlotKnowledge:
    """Read what was learned."""
    with np.load(path, allow_pickle=False) as file:
        chosen = str(file["choice_signs"]).split("\n")
        return SlotKnowledge(
            tuple(map(str, file["labels"])),
            tuple(str(file["signs"]).split("\n")),
            file["weights"].astype(np.float32),
            file["steps"].astype(np.float32),
            dict(zip(chosen, map(float, file["choice_weights"]), strict=True)),
        )


def save(known: SlotKnowledge, path: Path) -> None:
    """Write what was learned, in half precision."""
    arrays: dict[str, Any] = {
        "labels": np.array(known.labels),
        "signs": np.array("\n".join(known.signs)),
        "weights": known.weights.astype(np.float16),
        "steps": known.steps.astype(np.float16),
        "choice_signs": np.array("\n".join(known.choice)),
        "choice_weights": np.array([*known.choice.values()], np.float16),
    }
    np.savez_compressed(path, **arrays)


def shares_of(seen: Numbers, steps: NDArray[np.float64]) -> Numbers:
    """Return how likely each label is for each word (forward and backward); `steps` are odds, not their logarithms."""
    odds = np.exp((seen - seen.max(axis=1, keepdims=True)).astype(np.float64))
    forward, backward = odds.copy(), np.ones_like(odds)
    for place in range(1, len(odds)):
        np.multiply(forward[place - 1] @ steps, odds[place], out=forward[place])
        if place % _RESCALE == 0:
            forward[place] /= forward[place].sum()
    for place in range(len(odds) - 2, -1, -1):
        np.matmul(steps, odds[place + 1] * backward[place + 1], out=backward[place])
        if place % _RESCALE == 0:
            backward[place] /= backward[place].sum()
    both = forward * backward
    found: Numbers = (both / both.sum(axis=1, keepdims=True)).astype(np.float32)
    return found
