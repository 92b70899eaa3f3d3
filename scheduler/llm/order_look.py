"""How far a request looks like an order at a first look: its usual words, and the last letters of all others.

Every process asks this about the plain requests that rules are sure of, so it needs no tagger and no other model: a
small file, read in milliseconds. It only says which of these are worth weighing.
"""

import math
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler.llm.order_shape import Places, tokens_of

PLACES: Final = 1 << 16
DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "looks_learned.npz"
_BEGIN, _END = "<", ">"
_LONGEST_RUN: Final = 3
_ENDING: Final = 2  # letters
_HEAD: Final = 4


class LookWeights(NamedTuple):
    """What was learned: `words` stand for themselves, features count `weights` by their places."""

    words: frozenset[str]
    weights: npt.NDArray[np.float32]
    shift: float


def features_of(text: str, usual: Collection[str]) -> Places:
    """Return the places of the features of a request, each once; words that are `usual` stand for themselves."""
    tokens = tokens_of(text)
    words = [_BEGIN, *(token.lower() for token in tokens), _END]
    looks = [_look(token, place, usual) for place, token in enumerate(tokens)]
    names = {*_features(words, [_BEGIN, *looks, _END])}
    return np.unique(np.fromiter((zlib.crc32(name.encode()) % PLACES for name in names), np.int64, len(names)))


def _look(token: str, place: int, usual: Collection[str]) -> str:
    word = token.lower()
    if word in usual or not token[0].isalnum():
        return word
    kind = "#" if token[0].isdigit() else "A" if place and token[0].isupper() else "a"
    return kind + word[-_ENDING:]


def _features(words: Sequence[str], looks: Sequence[str]) -> Iterator[str]:
    for size in range(1, _LONGEST_RUN + 1):
        yield from ("a" + " ".join(looks[start : start + size]) for start in range(len(looks) - size + 1))
    for size in range(1, _LONGEST_RUN):
        yield from ("b" + " ".join(words[start : start + size]) for start in range(len(words) - size + 1))
    yield "c" + " ".join(looks[:_HEAD])
    yield "d" + " ".join(looks[1 - _HEAD :])
    yield f"e{min(len(looks) // 6, 6)}"


class LookModel:
    """Safe to use from many threads."""

    def __init__(self, learned: LookWeights) -> None:
        self._words, self._weights, self._shift = learned

    def belief(self, text: str) -> float:
        """Return the logarithm of the odds that a request orders anything."""
        places = features_of(text, self._words)
        return self._shift + float(self._weights[places].sum()) / math.sqrt(len(places))


def load(path: Path = DEFAULT_FILE) -> LookModel:
    """Return what was learned of the requests that come with CPA."""
    with np.load(path, allow_pickle=False) as file:
        words = frozenset(str(file["words"]).split())
        return LookModel(LookWeights(words, file["weights"].astype(np.float32), float(file["shift"])))


def write(key: str, learned: LookWeights, path: Path = DEFAULT_FILE) -> None:
    """Write what was learned, in half precision."""
    np.savez_compressed(
        path,
        key=np.array(key),
        words=np.array(" ".join(sorted(learned.words))),
        weights=learned.weights.astype(np.float16),
        shift=np.array(learned.shift),
    )


def key_of_shipped(path: Path = DEFAULT_FILE) -> str:
    """Return of what the file was learned."""
    with np.load(path, allow_pickle=False) as file:
        return str(file["key"])
