"""Finds the nearest example of each class to a sentence, most of them looked at in a part of their dimensions only.

Turned the right way, vectors of one encoder say most of what they say in a part of their dimensions. What two vectors
say in that part and how long the rest of each is bound their product (Cauchy and Schwarz), so that in full are looked
at only those that may be the nearest. What is found is exact.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_LOOKED_AT: Final = 256  # dimensions looked at of each example: of fewer, more would be looked at in full
_EACH: Final = 4  # a quarter of the examples tells well enough how to turn them all
_ROUNDING: Final = np.float32(1e-5)


class NearestExamples:
    """Safe to use from many threads."""

    def __init__(self, examples: Vectors, starts: npt.NDArray[np.intp]) -> None:
        """`examples` are (many, dimensions), class by class; `starts` is where those of each class begin."""
        self._examples = np.ascontiguousarray(examples)
        self._starts = starts
        self._counts = np.diff([*starts, len(examples)])
        some = self._examples[::_EACH]
        self._turn = np.ascontiguousarray(np.linalg.eigh(some.T @ some)[1][:, -_LOOKED_AT:])
        part = self._examples @ self._turn
        self._rests = _rest(_squares(self._examples), _squares(part))
        self._part = np.asfortranarray(part)  # asked in half the time

    def products(self, vectors: Vectors) -> Vectors:
        """Return (vectors, classes): the product of each vector with the nearest example of each class."""
        return np.stack([self._products(vector) for vector in vectors])

    def _products(self, vector: Vectors) -> Vectors:
        part = vector @ self._turn
        alike = self._part @ part
        likely = np.flatnonzero(alike == np.repeat(np.maximum.reduceat(alike, self._starts), self._counts))
        least = self._in_full(likely, vector) - _ROUNDING
        most = alike + _rest(vector @ vector, part @ part) * self._rests
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
