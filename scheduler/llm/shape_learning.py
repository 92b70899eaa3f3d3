"""Learns what shape, and what look, requests have that order anything, from requests of which that is known."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from scheduler.llm import order_look, order_shape
from scheduler.llm.order_examples import Example
from scheduler.llm.order_look import LookWeights
from scheduler.llm.order_shape import Places, ShapeWeights, tokens_of

_USUAL: Final = 400  # words that stand for themselves
_USUAL_AT_A_LOOK: Final = 1000
_RARE: Final = 2  # requests that a feature must be seen in
_LOOSE: Final = 30.0  # how little large weights are held against a model


def learn(examples: Sequence[Example]) -> ShapeWeights:
    """Learn: some 3 ms of CPU an example. Raises ValueError unless some order anything and some nothing."""
    usual = _usual(examples, _USUAL)
    return ShapeWeights(usual, *_weights(examples, usual, order_shape.features_of, order_shape.PLACES))


def learn_look(examples: Sequence[Example]) -> LookWeights:
    """Learn: some 1 ms of CPU an example. Raises ValueError unless some order anything and some nothing."""
    usual = _usual(examples, _USUAL_AT_A_LOOK)
    places, found, shift = _weights(examples, usual, order_look.features_of, order_look.PLACES)
    weights = np.zeros(order_look.PLACES, np.float32)
    weights[places] = found
    return LookWeights(usual, weights, shift)


def _usual(examples: Sequence[Example], most: int) -> frozenset[str]:
    seen = Counter(word for one in examples for word in {token.lower() for token in tokens_of(one.text)})
    return frozenset(word for word, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:most])


def _weights(
    examples: Sequence[Example],
    usual: frozenset[str],
    features_of: Callable[[str, Collection[str]], Places],
    size: int,
) -> tuple[Places, npt.NDArray[np.float32], float]:
    """Return the places that were seen often enough, what they count, and the shift."""
    found = [features_of(one.text, usual) for one in examples]
    counts = np.bincount(np.concatenate(found), minlength=size)
    starts = np.cumsum([0, *map(len, found)])
    values = np.concatenate([np.full(len(places), len(places) ** -0.5) for places in found])
    table = csr_matrix((values, np.concatenate(found), starts), (len(found), size))
    places = np.flatnonzero(counts >= _RARE)
    model = LogisticRegression(C=_LOOSE, max_iter=300)
    model.fit(table[:, places], [bool(one.intents) for one in examples])
    return places, model.coef_[0].astype(np.float32), float(model.intercept_[0])
