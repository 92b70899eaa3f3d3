"""Knows from examples which intent a sentence has, and how far that can be believed.

Three opinions are multiplied: logistic regression on the vectors, a linear support vector machine on words and letters,
and the nearest example of each intent. The vectors know meaning, the letters know names and typos, and the nearest
example keeps both honest. What is believed falls with the distance to the best example, because a classifier is never
less sure than where it has seen nothing (logistic regression x cosine; compare Larson et al. 2019 on out-of-scope).
`intent_learning` makes what is known; to ask needs numpy alone.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler.llm.learned_intent_router import Guess
from scheduler.llm.letter_features import LetterFeatures
from scheduler.llm.sentence_encoder import SentenceEncoder, Vectors

Numbers = npt.NDArray[np.floating[Any]]

_BY_MEANING: Final = 0.7
_BY_LETTERS: Final = 0.3
_BY_NEAREST: Final = 0.3
_SHARPNESS_OF_LETTERS: Final = 3.0  # decision values to logits
_SHARPNESS_OF_NEAREST: Final = 12.0  # cosines to logits
_LEAST: Final = -20.0  # log of the least share an opinion may give; none can forbid an intent alone


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


class IntentModel:
    """Asks what was learned. The weights of the opinions were chosen on validation data; see `make bench-intent`."""

    def __init__(self, encoder: SentenceEncoder, knowledge: Knowledge) -> None:
        """`encoder` must be the one that the knowledge was learned with."""
        self._encoder = encoder
        self._knowledge = knowledge

    @property
    def classes(self) -> npt.NDArray[np.str_]:
        """The intents, in the order of the columns of `weigh`."""
        return self._knowledge.classes

    def guess(self, sentence: str) -> Guess:
        """Return what one sentence most likely wants."""
        logits, best = self.weigh([sentence])
        order = np.argsort(-logits[0])
        shares = np.exp(_log_softmax(logits))[0, order]
        names = tuple(str(name) for name in self.classes[order])
        return Guess(names, float(self.scores(logits, best)[0]), tuple(float(one) for one in shares))

    def weigh(self, sentences: Sequence[str], vectors: Vectors | None = None) -> tuple[Numbers, Numbers]:
        """Return logits, one row a sentence and one column a class, and the cosine to the nearest example of any."""
        known = self._knowledge
        vectors = self._encoder.encode(sentences) if vectors is None else vectors
        nearest = np.maximum.reduceat(vectors @ known.examples.T, known.starts, axis=1)
        spelt = np.stack(
            [weights @ known.letters.weights[places] for places, weights in known.features.rows(sentences)]
        )
        meant = vectors @ known.meaning.weights + known.meaning.shift
        logits: Numbers = (
            _BY_MEANING * _log_softmax(meant).clip(min=_LEAST)
            + _BY_LETTERS * _log_softmax(_SHARPNESS_OF_LETTERS * (spelt + known.letters.shift))
            + _BY_NEAREST * _log_softmax(_SHARPNESS_OF_NEAREST * nearest)
        )
        return logits, nearest.max(axis=1)

    @staticmethod
    def scores(logits: Numbers, nearest: Numbers) -> Numbers:
        """Return how far the best class of each row can be believed: the root of its share, times the cosine."""
        believed: Numbers = np.exp(_log_softmax(logits).max(axis=1) / 2) * np.clip(nearest, 0.0, 1.0)
        return believed


def _log_softmax(logits: Numbers) -> Numbers:
    lowered = logits - logits.max(axis=1, keepdims=True)
    shares: Numbers = lowered - np.log(np.exp(lowered).sum(axis=1, keepdims=True))
    return shares
