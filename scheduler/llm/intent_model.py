"""Learns from examples which intent a sentence has, and how far that can be believed.

Three opinions are multiplied: logistic regression on the vectors, a linear support vector machine on words and letters,
and the nearest example of each intent. The vectors know meaning, the letters know names and typos, and the nearest
example keeps both honest. What is believed falls with the distance to the best example, because a classifier is never
less sure than where it has seen nothing (logistic regression x cosine; compare Larson et al. 2019 on out-of-scope).
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import hstack
from scipy.special import expit, log_softmax, softmax
from sklearn import config_context
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from scheduler.llm.learned_intent_router import Guess
from scheduler.llm.sentence_encoder import SentenceEncoder, Vectors

Numbers = npt.NDArray[np.floating[Any]]

_BY_MEANING: Final = 0.7
_BY_LETTERS: Final = 0.3
_BY_NEAREST: Final = 0.3
_SHARPNESS_OF_LETTERS: Final = 3.0  # decision values to logits
_SHARPNESS_OF_NEAREST: Final = 12.0  # cosines to logits
_LEAST: Final = -20.0  # log of the least share an opinion may give; none can forbid an intent alone


class Calibration(NamedTuple):
    """How likely the best intent is right (Platt 1999): a logistic function of its lead over the second.

    What is nothing like any example (a cosine below `alike`) is not believed at all.
    """

    lead: float
    shift: float
    alike: float = 0.40

    def believe(self, logits: Numbers, nearest: Numbers) -> Numbers:
        """Return probabilities, one for each row."""
        believed: Numbers = expit(self.lead * lead_of(logits) + self.shift) * (nearest >= self.alike)
        return believed


def lead_of(logits: Numbers) -> Numbers:
    """Return by how much the log share of the best class of each row exceeds that of the second."""
    ordered = np.sort(logits, axis=1)
    lead: Numbers = ordered[:, -1] - ordered[:, -2]
    return lead


OFFICE: Final = Calibration(lead=1.145, shift=-0.15)
"""Of office requests; `make bench-intent` checks it on held-out examples, `python -m bench.calibration` fits it."""


class _Plane:
    """What a linear model learned, without the checks that scikit-learn makes at each question."""

    def __init__(self, model: LogisticRegression | LinearSVC) -> None:
        two = len(model.classes_) == 2  # scikit-learn says two classes in one row
        self._weights = np.concatenate([-model.coef_, model.coef_]).T if two else model.coef_.T
        self._shift = np.concatenate([-model.intercept_, model.intercept_]) if two else model.intercept_
        if two and isinstance(model, LogisticRegression):
            self._weights, self._shift = self._weights / 2, self._shift / 2

    def distances(self, rows: Any) -> Numbers:  # noqa: ANN401 - dense or sparse
        """Return one row for each of `rows`, one column for each class."""
        found: Numbers = rows @ self._weights + self._shift
        return found


class IntentModel:
    """Trained once, then only asked. Weights were chosen on validation data; see `make bench-intent`."""

    def __init__(
        self,
        encoder: SentenceEncoder,
        sentences: Sequence[str],
        intents: Sequence[str],
        *,
        calibration: Calibration | None = None,
        tolerance: float = 1e-4,
    ) -> None:
        """Learn; a larger `tolerance` learns faster and hardly worse. Raises ValueError for fewer than two intents."""
        self.classes: npt.NDArray[np.str_] = np.unique(np.asarray(intents))
        if len(self.classes) < 2:
            raise ValueError("examples of at least two intents are needed")
        self._encoder = encoder
        self._calibration = calibration
        self._examples = encoder.encode(sentences)
        labels = np.asarray(intents)
        self._members = [np.flatnonzero(labels == name) for name in self.classes]
        self._letters = (
            TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), dtype=np.float32),
            TfidfVectorizer(sublinear_tf=True, ngram_range=(2, 5), dtype=np.float32, analyzer="char_wb"),
        )
        seen = hstack([one.fit_transform(sentences) for one in self._letters], format="csr")
        self._meaning = _Plane(LogisticRegression(C=30, max_iter=300, tol=tolerance).fit(self._examples, labels))
        self._machine = _Plane(LinearSVC(C=1.0).fit(seen, labels))

    def guess(self, sentence: str) -> Guess:
        """Return what one sentence most likely wants."""
        logits, best = self.weigh([sentence])
        order = np.argsort(-logits[0])
        believe = self.scores if self._calibration is None else self._calibration.believe
        shares = softmax(logits[0])[order]
        names = tuple(str(name) for name in self.classes[order])
        return Guess(names, float(believe(logits, best)[0]), tuple(float(one) for one in shares))

    def weigh(self, sentences: Sequence[str], vectors: Vectors | None = None) -> tuple[Numbers, Numbers]:
        """Return logits, one row a sentence and one column a class, and the cosine to the nearest example of any."""
        vectors = self._encoder.encode(sentences) if vectors is None else vectors
        cosines = vectors @ self._examples.T
        nearest = np.stack([cosines[:, members].max(axis=1) for members in self._members], axis=1)
        with config_context(assume_finite=True, skip_parameter_validation=True):  # that would take most of the time
            seen = hstack([one.transform(sentences) for one in self._letters], format="csr")
        logits: Numbers = (
            _BY_MEANING * log_softmax(self._meaning.distances(vectors), axis=1).clip(min=_LEAST)
            + _BY_LETTERS * log_softmax(_SHARPNESS_OF_LETTERS * self._machine.distances(seen), axis=1)
            + _BY_NEAREST * log_softmax(_SHARPNESS_OF_NEAREST * nearest, axis=1)
        )
        return logits, nearest.max(axis=1)

    @staticmethod
    def scores(logits: Numbers, nearest: Numbers) -> Numbers:
        """Return how far the best class of each row can be believed: the root of its share, times the cosine."""
        believed: Numbers = np.sqrt(softmax(logits, axis=1).max(axis=1)) * np.clip(nearest, 0.0, 1.0)
        return believed
