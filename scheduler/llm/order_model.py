"""Reads requests as orders by what was learned of whole requests: where each order stands, and what it wants."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler.llm.order_lattice import Array, Lattice, Run
from scheduler.llm.order_shape import ShapeModel, ShapeWeights
from scheduler.llm.order_spans import PLACES, Spans, Weights, spans_of

DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "orders_learned.npz"
_LIKELIER: Final = (0.0, 1.0, 2.0, 3.0)
"""By how much orders are taken for likelier, to find other ways than the likeliest."""
_TELLING: Final = 0.02
"""Weights below are not kept."""


class OrderWeights(NamedTuple):
    """What was learned: `words` is (PLACES, labels), `follow` (labels + 1, labels); the last label is "no order"."""

    intents: tuple[str, ...]
    words: npt.NDArray[np.float32]
    follow: Array


def scores_of(spans: Spans, counted: Weights, words: npt.NDArray[np.float32]) -> Array:
    """Return (runs, labels): how much the features of each run, each `counted` so much, say for each label."""
    found: Array = np.add.reduceat(words[spans.places] * counted[:, None], spans.starts[:-1], axis=0).astype(np.float64)
    return found


class Words(NamedTuple):
    """The words of an order and its intent."""

    text: str
    intent: str


class Way(NamedTuple):
    """A way to read a request: its orders as they stand."""

    orders: tuple[Words, ...]

    @property
    def intents(self) -> tuple[str, ...]:
        return tuple(one.intent for one in self.orders)


class Ways:
    """How a request may be read: `ways` are the likeliest with any orders, each sequence of intents once."""

    def __init__(self, ways: tuple[Way, ...], lattice: Lattice, labels: Mapping[str, int]) -> None:
        self.ways: Final = ways
        self._lattice, self._labels = lattice, labels
        self._total: Final = lattice.total()
        (nothing,) = lattice.totals_of([()])
        self.nothing: Final = math.exp(min(nothing - self._total, 0.0))
        """The share of belief that nothing is ordered."""

    def beliefs(self, sequences: Sequence[Sequence[str]]) -> list[float]:
        """Return the logarithms of the shares of belief in orders of these intents, as they stand.

        Raises KeyError for an intent that is not known.
        """
        labels = [[self._labels[name] for name in names] for names in sequences]
        return [float(one) - self._total for one in self._lattice.totals_of(labels)]


class OrderModel:
    """Safe to use from many threads."""

    def __init__(self, weights: OrderWeights, shape: ShapeWeights) -> None:
        self._weights = weights
        self._shape = ShapeModel(shape)
        self._labels = {name: place for place, name in enumerate(weights.intents)}

    @property
    def intents(self) -> tuple[str, ...]:
        return self._weights.intents

    def read(self, text: str) -> Ways:
        """Return how a request may be read."""
        spans = spans_of(text)
        lattice = Lattice(spans, scores_of(spans, spans.weights, self._weights.words), self._weights.follow)
        found: dict[tuple[int, ...], tuple[Words, ...]] = {}
        for more in _LIKELIER:
            if runs := self._orders(lattice.best(more)):
                found.setdefault(tuple(run.label for run in runs), self._words(spans, runs))
        return Ways(tuple(map(Way, found.values())), lattice, self._labels)

    def shape(self, text: str) -> float:
        """Return the logarithm of the odds that a request orders anything, by its shape alone."""
        return self._shape.belief(text)

    def _orders(self, runs: Sequence[Run]) -> list[Run]:
        return [run for run in runs if run.label < len(self._labels)]

    def _words(self, spans: Spans, runs: Sequence[Run]) -> tuple[Words, ...]:
        """Return the words of each order with the remarks behind it, of the first with those before it too."""
        starts = [0, *(run.start for run in runs[1:])]
        ends = [*starts[1:], len(spans.pieces)]
        return tuple(
            Words(spans.text(start, end), self._weights.intents[run.label])
            for run, start, end in zip(runs, starts, ends, strict=False)
        )


def load(path: Path = DEFAULT_FILE) -> OrderModel:
    """Return what was learned of the requests that come with CPA."""
    with np.load(path, allow_pickle=False) as file:
        words = np.zeros((PLACES, file["words"].shape[1]), np.float32)
        words[file["places"]] = file["words"]
        shape = ShapeWeights(
            frozenset(map(str, file["shape_words"])),
            file["shape_places"].astype(np.int64),
            file["shape_weights"].astype(np.float32),
            float(file["shape_shift"]),
        )
        orders = OrderWeights(tuple(map(str, file["intents"])), words, file["follow"].astype(np.float64))
        return OrderModel(orders, shape)


def write(key: str, weights: OrderWeights, shape: ShapeWeights, path: Path = DEFAULT_FILE) -> None:
    """Write what was learned, without what hardly tells, in half precision."""
    places = np.flatnonzero(np.abs(weights.words).max(axis=1) >= _TELLING)
    np.savez_compressed(
        path,
        key=np.array(key),
        intents=np.array(weights.intents),
        places=places.astype(np.int32),
        words=weights.words[places].astype(np.float16),
        follow=weights.follow.astype(np.float32),
        shape_words=np.array(sorted(shape.words)),
        shape_places=shape.places.astype(np.int32),
        shape_weights=shape.weights.astype(np.float16),
        shape_shift=np.array(shape.shift),
    )


def key_of_shipped(path: Path = DEFAULT_FILE) -> str:
    """Return of what the file was learned."""
    with np.load(path, allow_pickle=False) as file:
        return str(file["key"])
