"""Finds the nearest example of each class to a sentence, most of them looked at in a part of their dimensions only.

Turned the right way, vectors of one encoder say most of what they say in a part of their dimensions. What two vectors
say in that part and how long the rest of each is bound their product (Cauchy and Schwarz), so that in full are looked
at only those that may be the nearest. What is found is exact. A process that asks little looks at all in full, for to
turn them takes as long as some dozens of questions do.
"""

import functools
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_FIRST: Final = 16  # vectors whose nearest examples are found without turning any
_LOOKED_AT: Final = 256  # dimensions looked at of each example: of fewer, more would be looked at in full
_EACH: Final = 4  # a quarter of the examples tells well enough how to turn them all
_ROUNDING: Final = np.float32(1e-5)


class _Turned(NamedTuple):
    """How vectors are turned, the part looked at of each example, and how long its rest is."""

    turn: Vectors
    parts: Vectors
    rests: Vectors


class NearestExamples:
    """Safe to use from many threads."""

    def __init__(self, examples: Vectors, starts: npt.NDArray[np.intp]) -> None:
        """`examples` are (many, dimensions), class by class; `starts` is where those of each class begin."""
        self._examples = np.ascontiguousarray(examples)
        self._starts = starts
        self._counts = np.diff([*starts, len(examples)])
        self._asked = 0

    def products(self, vectors: Vectors) -> Vectors:
        """Return (vectors, classes): the product of each vector with the nearest example of each class."""
        self._asked += len(vectors)
        if self._asked <= _FIRST:
            return np.maximum.reduceat(vectors @ self._examples.T, self._starts, axis=1)
        return np.stack([self._products(vector, self._turned) for vector in vectors])

    @functools.cached_property
    def _turned(self) -> _Turned:
        some = self._examples[::_EACH]
        turn = np.ascontiguousarray(np.linalg.eigh(some.T @ some)[1][:, -_LOOKED_AT:])
        parts = self._examples @ turn
        rests = _rest(_squares(self._examples), _squares(parts))
        return _Turned(turn, np.asfortranarray(parts), rests)  # asked in half the time

    def _products(self, vector: Vectors, turned: _Turned) -> Vectors:
        part = vector @ turned.turn
        alike = turned.parts @ part
        likely = np.flatnonzero(alike == np.repeat(np.maximum.reduceat(alike, self._starts), self._counts))
        least = self._in_full(likely, vector) - _ROUNDING
        most = alike + _rest(vector @ vector, part @ part) * turned.rests
        return self._in_full(np.flatnonzero(most >= np.repeat(least, self._counts)), vector)

    def _in_full(self, places: npt.NDArray[np.intp], vector: Vectors) -> Vectors:
        """Return for each class the highest product of the vector with those of its examples that stand there."""
        products: Vectors = self._examples[places] @ vector
        return np.maximum.reduceat(products, np.searchsorted(places, self._starts))


def _squares(vectors: Vectors) -> Vectors:
    found: Vectors = np.einsum("ij,ij->i", vectors, vectors)
    return found


def _rest(whole: Vectors, part: Vectors) -> Vectors:
    """Return how long at most a vector is without its part, of the squares of the lengths of both."""
    found: Vectors = np.sqrt(np.maximum(whole - part, 0) + _ROUNDING)
    return found
