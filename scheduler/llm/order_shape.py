"""How far the shape of a request is that of an order: its small words and the kinds of all others, as they stand.

What a request is about tells little of whether it orders anything ("Did Tom send the form?", "Send Tom the form").
So words that are not among the most usual ones count as their part of speech alone. A linear model on runs of these.
"""

import math
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler.core.language import detect_locale
from scheduler.core.word_classes import tags_of

PLACES: Final = 1 << 18
MOST_WORDS: Final = 120
_TOKEN: Final = re.compile(r"\w+(?:[-'’.@/]\w+)*|[^\w\s]")
_BEGIN, _END = "<", ">"
_LONGEST_RUN: Final = 3
_HEAD: Final = 3  # words, and one more with a mark of their own

Places = npt.NDArray[np.int64]


class ShapeWeights(NamedTuple):
    """What was learned: `words` stand for themselves, `places` of the features count `weights`."""

    words: frozenset[str]
    places: Places
    weights: npt.NDArray[np.float32]
    shift: float


def tokens_of(text: str) -> list[str]:
    """Return the words and marks that are looked at."""
    return _TOKEN.findall(text)[:MOST_WORDS]


def features_of(text: str, usual: Collection[str]) -> Places:
    """Return the places of the features of a request, each once; words that are `usual` stand for themselves."""
    tokens = tokens_of(text)
    kinds = tags_of(tuple(tokens), detect_locale(text)) if tokens else ()
    lowered = [token.lower() for token in tokens]
    said = [word if word in usual else kind for word, kind in zip(lowered, kinds, strict=True)]
    names = {*_features([_BEGIN, *said, _END], [_BEGIN, *kinds, _END])}
    return np.unique(np.fromiter((zlib.crc32(name.encode()) % PLACES for name in names), np.int64, len(names)))


def _features(said: Sequence[str], kinds: Sequence[str]) -> Iterator[str]:
    for size in range(1, _LONGEST_RUN + 1):
        yield from ("a" + " ".join(said[start : start + size]) for start in range(len(said) - size + 1))
    for size in range(2, _LONGEST_RUN + 1):
        yield from ("b" + " ".join(kinds[start : start + size]) for start in range(len(kinds) - size + 1))
    yield "c" + " ".join(said[: _HEAD + 1])
    yield "d" + " ".join(kinds[: _HEAD + 2])
    yield "e" + " ".join(said[-_HEAD:])
    yield f"f{min(len(said) // 6, 6)}"


class ShapeModel:
    """Safe to use from many threads."""

    def __init__(self, learned: ShapeWeights) -> None:
        self._words, self._shift = learned.words, learned.shift
        self._weights = np.zeros(PLACES, np.float32)
        self._weights[learned.places] = learned.weights

    def belief(self, text: str) -> float:
        """Return the logarithm of the odds that a request orders anything."""
        places = features_of(text, self._words)
        total = float(self._weights[places].sum())
        return self._shift + total / math.sqrt(len(places))
