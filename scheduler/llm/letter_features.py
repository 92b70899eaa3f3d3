"""Turns a sentence into its words, pairs of words, runs of letters and signs, weighed by how rare they are (TF-IDF).

Numbers are those of scikit-learn's TfidfVectorizer (sublinear, `char_wb`), which costs more to import and to ask than
all of this. Letters know names, compounds and typos that no vector knows.
"""

import functools
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from scheduler.llm.sentence_signs import signs_of

_WORD: Final = re.compile(r"\b\w\w+\b")
_LETTERS: Final = range(2, 6)  # how long runs of letters are

Places = npt.NDArray[np.int32]
Row = tuple[Places, npt.NDArray[np.float32]]
"""The places of the features of a sentence, and their weights."""
Rows = list[Row]
_MOST_WORDS: Final = 8192  # whose letters are remembered
_LONGEST: Final = 80  # letters of a word that are looked at
_NO_PLACES: Final = np.zeros(0, np.int32)


def words_of(sentence: str) -> list[str]:
    """Return the words of two letters and more, and each two that follow each other."""
    words = _WORD.findall(sentence.lower())
    return [*words, *map(" ".join, itertools.pairwise(words))]


def letters_of(sentence: str) -> Iterator[str]:
    """Return the runs of letters within each word, its edges marked by a space."""
    return itertools.chain.from_iterable(_runs_of(word[:_LONGEST]) for word in sentence.lower().split())


@functools.lru_cache(maxsize=8192)
def _runs_of(word: str) -> tuple[str, ...]:
    padded, found = f" {word} ", list[str]()
    length = len(padded)
    for size in _LETTERS:
        if size >= length:
            return (*found, padded)
        found += [padded[start : start + size] for start in range(length - size + 1)]
    return tuple(found)


_KINDS: Final[tuple[Callable[[str], Iterable[str]], ...]] = (words_of, letters_of, signs_of)


class LetterFeatures:
    """What is counted, kind by kind: each feature with its place; and for each place how much it tells.

    Words and letters always, the signs of the lexicon where they were learned too.
    """

    def __init__(self, places: tuple[dict[str, int], ...], rarity: npt.NDArray[np.float32]) -> None:
        self.places = places
        self.rarity = rarity
        self._letters = functools.lru_cache(maxsize=_MOST_WORDS)(self._letters_anew)

    @classmethod
    def learned(cls, sentences: Sequence[str], *, signs: bool = False, least: int = 1) -> tuple[Self, Rows]:
        """Return the features of these sentences, weighed by in how few of them they stand, and their own rows.

        What stands in fewer than `least` of them does not count.
        """
        kinds = _KINDS if signs else _KINDS[:-1]
        counted = [[Counter(kind(sentence)) for kind in kinds] for sentence in sentences]
        places, rarities, start = [], list[npt.NDArray[np.float32]](), 0
        for kind in range(len(kinds)):
            every = Counter(itertools.chain.from_iterable(counts[kind] for counts in counted))
            seen = {feature: times for feature, times in every.items() if times >= least}
            places.append(dict(zip(seen, range(start, start + len(seen)), strict=True)))
            sentences_with = np.fromiter(seen.values(), dtype=np.float64, count=len(seen))
            rarities.append((np.log((1 + len(sentences)) / (1 + sentences_with)) + 1).astype(np.float32))
            start += len(seen)
        features = cls(tuple(places), np.concatenate(rarities))
        return features, [features._row(counts) for counts in counted]

    def rows(self, sentences: Sequence[str]) -> Rows:
        """Return the features of each sentence; those that were never seen do not count."""
        kinds = [[self._letters_of(sentence) for sentence in sentences]]
        for kind, known in zip((words_of, signs_of), (self.places[0], *self.places[2:]), strict=False):
            places = (map(known.get, kind(sentence)) for sentence in sentences)
            kinds.append([np.array([one for one in many if one is not None], np.int32) for many in places])
        return self._weighed_rows(list(zip(*kinds, strict=True)))

    def _weighed_rows(self, found: Sequence[tuple[Places, ...]]) -> Rows:
        """Return the row of each sentence of what it has kind by kind; places that it has several times count more."""
        width, parts = len(self.rarity), [one for kinds in found for one in kinds]
        owners = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
        keys = np.concatenate([*parts, _NO_PLACES]) + owners * width
        keys.sort()
        first = np.flatnonzero(np.concatenate([keys[:1] >= 0, keys[1:] != keys[:-1]]))
        times = np.concatenate([first[1:], [len(keys)]])[: len(first)] - first
        owners, places = np.divmod(keys[first], width)
        weights = (np.log(times) + 1).astype(np.float32) * self.rarity[places]
        lengths = np.sqrt(np.bincount(owners, weights * weights, len(parts))).astype(np.float32)
        weights /= lengths[owners]
        ends = (
            np.searchsorted(owners, np.arange(0, len(parts) + 1, len(parts) // len(found))).tolist() if found else [0]
        )
        return [(places[start:end], weights[start:end]) for start, end in itertools.pairwise(ends)]

    def _letters_of(self, sentence: str) -> Places:
        runs = [self._letters(word[:_LONGEST]) for word in sentence.lower().split()]
        return np.concatenate(runs) if runs else _NO_PLACES

    def _letters_anew(self, word: str) -> Places:
        known = self.places[1]
        return np.array([known[run] for run in _runs_of(word) if run in known], np.int32)

    def _weighed(self, here: Places, times: npt.NDArray[np.intp]) -> Row:
        weights = ((np.log(times) + 1) * self.rarity[here]).astype(np.float32)
        length = np.sqrt(weights @ weights)
        return here, weights / length if length else weights

    def _row(self, counted: Sequence[Counter[str]]) -> Row:
        found, weighed = [], []
        for counts, places in zip(counted, self.places, strict=True):
            known = [feature for feature in counts if feature in places]
            here = np.array([places[feature] for feature in known], dtype=np.int32)
            row, weights = self._weighed(here, np.array([counts[feature] for feature in known], dtype=np.intp))
            found.append(row)
            weighed.append(weights)
        return np.concatenate(found), np.concatenate(weighed)
