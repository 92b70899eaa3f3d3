"""Turns a sentence into its words, pairs of words, runs of letters and signs, weighed by how rare they are (TF-IDF).

Numbers are those of scikit-learn's TfidfVectorizer (sublinear, `char_wb`), which costs more to import and to ask than
all of this. Letters know names, compounds and typos that no vector knows.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from scheduler.llm.sentence_signs import signs_of

_WORD: Final = re.compile(r"\b\w\w+\b")
_LETTERS: Final = range(2, 6)  # how long runs of letters are

Row = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
"""The places of the features of a sentence, and their weights."""
Rows = list[Row]


def words_of(sentence: str) -> Iterator[str]:
    """Yield the words of two letters and more, and each two that follow each other."""
    words = _WORD.findall(sentence.lower())
    yield from words
    yield from map(" ".join, itertools.pairwise(words))


def letters_of(sentence: str) -> Iterator[str]:
    """Yield the runs of letters within each word, its edges marked by a space."""
    for word in sentence.lower().split():
        padded = f" {word} "
        length = len(padded)
        for size in _LETTERS:
            if size >= length:
                yield padded
                break
            yield from (padded[start : start + size] for start in range(length - size + 1))


_KINDS: Final[tuple[Callable[[str], Iterable[str]], ...]] = (words_of, letters_of, signs_of)


class LetterFeatures(NamedTuple):
    """What is counted, kind by kind: each feature with its place; and for each place how much it tells.

    Words and letters always, the signs of the lexicon where they were learned too.
    """

    places: tuple[dict[str, int], ...]
    rarity: npt.NDArray[np.float32]

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

    def rows(self, sentences: Iterable[str]) -> Rows:
        """Return the features of each sentence; those that were never seen do not count."""
        kinds = _KINDS[: len(self.places)]
        return [self._row([Counter(kind(sentence)) for kind in kinds]) for sentence in sentences]

    def _row(self, counted: Sequence[Counter[str]]) -> Row:
        found, weighed = [], []
        for counts, places in zip(counted, self.places, strict=True):
            known = [(places[feature], count) for feature, count in counts.items() if feature in places]
            here, times = np.array(known, dtype=np.int32).reshape(-1, 2).T
            weights = (np.log(times, dtype=np.float32) + 1) * self.rarity[here]
            length = np.sqrt(weights @ weights)
            found.append(here)
            weighed.append(weights / length if length else weights)
        return np.concatenate(found), np.concatenate(weighed)
