"""Knows from examples which intent a sentence has, and how far that can be believed.

Three opinions are multiplied: logistic regression on the vectors, a linear support vector machine on words and letters,
and the nearest example of each intent. The vectors know meaning, the letters know names and typos, and the nearest
example keeps both honest. Of office requests the second also sees what the words are by the lexicon, and counts most.
What is believed falls with the distance to the best example, because a classifier is never
less sure than where it has seen nothing (logistic regression x cosine; compare Larson et al. 2019 on out-of-scope).
`intent_learning` makes what is known; to ask needs numpy alone.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler.llm.guess import Guess
from scheduler.llm.letter_features import LetterFeatures, Row, Rows
from scheduler.llm.nearest_examples import NearestExamples
from scheduler.llm.sentence_encoder import SentenceEncoder, Vectors

Numbers = npt.NDArray[np.floating[Any]]

_SHARPNESS_OF_LETTERS: Final = 3.0  # decision values to logits
_SHARPNESS_OF_NEAREST: Final = 12.0  # cosines to logits
_MOST_READ: Final = 128  # sentences that are remembered for the next question about them
_LEAST: Final = -20.0  # log of the least share an opinion may give; none can forbid an intent alone


class Opinions(NamedTuple):
    """How much each opinion counts."""

    meaning: float = 0.7
    letters: float = 0.3
    nearest: float = 0.3


OFFICE: Final = Opinions(meaning=0.5, letters=1.0, nearest=0.2)
"""Where signs of the lexicon were learned; chosen on development requests that were not learned (`bench.learned`)."""


class Plane(NamedTuple):
    """A linear model: one column of weights and one shift for each class."""

    weights: Numbers
    shift: Numbers


class Knowledge(NamedTuple):
    """What was learned. The examples stand by class; `starts` holds where those of each class begin."""

    classes: npt.NDArray[np.str_]
    examples: Vectors
    starts: npt.NDArray[np.intp]
    features: LetterFeatures
    meaning: Plane
    letters: Plane
    several: Plane | None = None


def places_by_class(intents: Sequence[str]) -> npt.NDArray[np.intp]:
    """Return the places of examples in the order that Knowledge holds them: class by class."""
    return np.argsort(np.unique(np.asarray(intents), return_inverse=True)[1], kind="stable")


class IntentModel:
    """Asks what was learned. The weights of the opinions were chosen on validation data; see `make bench-intent`."""

    def __init__(self, encoder: SentenceEncoder, knowledge: Knowledge) -> None:
        """`encoder` must be the one that the knowledge was learned with."""
        self._encoder = encoder
        self._knowledge = knowledge
        self._nearest = NearestExamples(knowledge.examples, knowledge.starts)
        self._read_lately: dict[str, tuple[Row, Numbers]] = {}
        self._names = [str(name) for name in knowledge.classes]
        self._opinions = Opinions() if knowledge.several is None else OFFICE

    @property
    def classes(self) -> npt.NDArray[np.str_]:
        """The intents, in the order of the columns of `weigh`."""
        return self._knowledge.classes

    def guess(self, sentence: str) -> Guess:
        """Return what one sentence most likely wants."""
        ((row, spelt),) = self._read([sentence])
        vectors = self._encoder.encode([sentence])
        logits, best = self._weighed(spelt[None], vectors)
        return self._guess(logits[0], float(self.scores(logits, best)[0]), row)

    def glance(self, sentences: Sequence[str]) -> list[Guess]:
        """Return what sentences most likely want by their words and letters alone: less sure, and much faster."""
        return [self._guess(spelt, float(np.exp(spelt.max())), row) for row, spelt in self._read(sentences)]

    def weigh(self, sentences: Sequence[str], vectors: Vectors | None = None) -> tuple[Numbers, Numbers]:
        """Return logits, one row a sentence and one column a class, and the cosine to the nearest example of any."""
        vectors = self._encoder.encode(sentences) if vectors is None else vectors
        return self._weighed(self._spelt(self._knowledge.features.rows(sentences)), vectors)

    def _read(self, sentences: Sequence[str]) -> list[tuple[Row, Numbers]]:
        """Return the features and the log shares by words of each: one request asks of its parts several times."""
        found = {one: read for one in sentences if (read := self._read_lately.get(one)) is not None}
        if new := [one for one in dict.fromkeys(sentences) if one not in found]:
            rows = self._knowledge.features.rows(new)
            read_now = dict(zip(new, zip(rows, self._spelt(rows), strict=True), strict=True))
            found |= read_now
            if len(self._read_lately) > _MOST_READ:
                self._read_lately = {}
            self._read_lately |= read_now
        return [found[one] for one in sentences]

    def _weighed(self, spelt: Numbers, vectors: Vectors) -> tuple[Numbers, Numbers]:
        known, by = self._knowledge, self._opinions
        nearest = self._nearest.products(vectors)
        meant = vectors @ known.meaning.weights + known.meaning.shift
        logits: Numbers = (
            by.meaning * _log_softmax(meant).clip(min=_LEAST)
            + by.letters * spelt
            + by.nearest * _log_softmax(_SHARPNESS_OF_NEAREST * nearest)
        )
        return logits, nearest.max(axis=1)

    def _spelt(self, rows: Rows) -> Numbers:
        """Return log shares by words and letters."""
        plane = self._knowledge.letters
        spelt = np.stack([weights @ plane.weights[places] for places, weights in rows])
        return _log_softmax(_SHARPNESS_OF_LETTERS * (spelt + plane.shift))

    def _guess(self, logits: Numbers, score: float, row: Row) -> Guess:
        order = np.argsort(-logits)
        shares = np.exp(_log_softmax(logits[None]))[0, order]
        names = tuple(map(self._names.__getitem__, order.tolist()))
        return Guess(names, score, tuple(shares.tolist()), self._several(row))

    def _several(self, row: Row) -> float:
        plane, (places, weights) = self._knowledge.several, row
        if plane is None:
            return 0.0
        return float(weights @ plane.weights[places, -1] + plane.shift[-1])

    @staticmethod
    def scores(logits: Numbers, nearest: Numbers) -> Numbers:
        """Return how far the best class of each row can be believed: the root of its share, times the cosine."""
        believed: Numbers = np.exp(_log_softmax(logits).max(axis=1) / 2) * np.clip(nearest, 0.0, 1.0)
        return believed


def _log_softmax(logits: Numbers) -> Numbers:
    lowered = logits - logits.max(axis=1, keepdims=True)
    shares: Numbers = lowered - np.log(np.exp(lowered).sum(axis=1, keepdims=True))
    return shares
