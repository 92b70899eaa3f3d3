"""Learns intents from examples, for `intent_model`: two linear models of scikit-learn and the examples themselves."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from scheduler.llm.intent_model import Knowledge, Plane, places_by_class
from scheduler.llm.letter_features import LetterFeatures, Rows
from scheduler.llm.sentence_encoder import SentenceEncoder


def learn(
    encoder: SentenceEncoder,
    sentences: Sequence[str],
    intents: Sequence[str],
    *,
    tolerance: float = 1e-4,
    several: Sequence[str] | None = None,
    orders: Sequence[tuple[str, str]] = (),
) -> Knowledge:
    """Learn; a larger `tolerance` learns faster and hardly worse. Raises ValueError for fewer than two intents.

    With `several`, requests of more than one order, the signs of the lexicon are learned too, and how such requests
    differ from those of one order. With `orders` (words, intent), single ones among them; these teach words and
    letters alone.
    """
    labels = np.asarray(intents)
    classes, numbers = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError("examples of at least two intents are needed")
    vectors = encoder.encode(sentences)
    office = several is not None
    words = [*sentences, *(text for text, _ in orders)]
    features, rows = LetterFeatures.learned([*words, *(several or ())], signs=office, least=1 + office)
    seen = _sparse(rows, len(features.rarity))
    spelt = seen[: len(words)]
    spelt_labels = np.asarray([*intents, *(name for _, name in orders)])
    by_class = places_by_class(intents)
    return Knowledge(
        classes=classes,
        examples=vectors[by_class],
        starts=np.searchsorted(numbers[by_class], np.arange(len(classes))),
        features=features,
        meaning=_plane(LogisticRegression(C=30, max_iter=300, tol=tolerance).fit(vectors, labels)),
        letters=_plane(LinearSVC(C=1.0, random_state=0).fit(spelt, spelt_labels)),
        several=_plane(LinearSVC(C=1.0, random_state=0).fit(seen, np.arange(len(rows)) >= len(words)))
        if several
        else None,
    )


def _sparse(rows: Rows, width: int) -> csr_matrix:
    ends = np.cumsum([len(places) for places, _ in rows])
    return csr_matrix(
        (
            np.concatenate([weights for _, weights in rows]),
            np.concatenate([places for places, _ in rows]),
            np.concatenate([[0], ends]),
        ),
        shape=(len(rows), width),
    )


def _plane(model: LogisticRegression | LinearSVC) -> Plane:
    """Return the weights of a model, one column for each of two classes too, of which scikit-learn keeps one row."""
    weights, shift = model.coef_.astype(np.float32).T, model.intercept_.astype(np.float32)
    if len(model.classes_) > 2:
        return Plane(np.ascontiguousarray(weights), shift)
    half = 0.5 if isinstance(model, LogisticRegression) else 1.0
    return Plane(np.hstack([-weights, weights]) * half, np.concatenate([-shift, shift]) * half)
