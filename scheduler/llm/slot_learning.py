"""Learns which words fill which slots, for `slot_tagger`: logistic regression of scikit-learn on labelled requests."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from scheduler.core.phrases import Token
from scheduler.llm.slot_signs import Place, signs_of
from scheduler.llm.slot_tagger import NOTHING, Numbers, SlotKnowledge

Labelled = Mapping[str, str | list[str]]
_STRENGTH: Final = 0.3
_LEAST: Final = 3
"""How many words must show a sign for it to count."""
_STEP: Final = 0.5
"""How much the label before counts, beside what is seen."""
_SMOOTH: Final = 0.3
_RARELY: Final = 3, 0.01
"""A slot that an intent has less often than this, in number and share, is not one of its own."""


class Example(NamedTuple):
    """A request, where its orders stand, and what fills their slots."""

    text: str
    places: tuple[Place, ...]
    slots: tuple[Labelled, ...]


def learn(examples: Sequence[Example]) -> SlotKnowledge:
    """Learn from labelled requests, texts as `normalise` leaves them."""
    seen = [signs_of(one.text, one.places) for one in examples]
    labels = [labels_of(one, signs.tokens) for one, signs in zip(examples, seen, strict=True)]
    counts = Counter(sign for signs in seen for word in signs.signs for sign in set(word))
    names = sorted(sign for sign, count in counts.items() if count >= _LEAST)
    rows = {sign: row for row, sign in enumerate(names)}
    places = [sorted({rows[sign] for sign in word if sign in rows}) for signs in seen for word in signs.signs]
    ends = np.cumsum([0, *map(len, places)])
    matrix = csr_matrix((np.ones(ends[-1], np.float32), np.concatenate(places), ends), shape=(len(places), len(names)))
    model = LogisticRegression(C=_STRENGTH, max_iter=60, tol=1e-3).fit(matrix, [one for many in labels for one in many])
    classes = [str(one) for one in model.classes_]
    return SlotKnowledge(
        tuple(classes),
        tuple(names),
        np.ascontiguousarray(model.coef_.T.astype(np.float32)),
        model.intercept_.astype(np.float32),
        _steps(labels, classes),
        _allowed(examples),
    )


def labels_of(example: Example, tokens: Sequence[Token]) -> list[str]:
    """Return the slot of each word; longer values first, words that two orders share once."""
    found = [NOTHING] * len(tokens)
    low = example.text.lower()
    values = [
        (place, slot, " ".join(one.lower().split()))
        for place, slots in zip(example.places, example.slots, strict=True)
        for slot, many in slots.items()
        for one in ([many] if isinstance(many, str) else many)
    ]
    taken: list[tuple[int, int]] = []
    done: set[str] = set()
    for place, slot, words in sorted(values, key=lambda one: -len(one[2])):
        starts = [
            start
            for start in _starts(low, words)
            if not any(begin < start + len(words) and start < end for begin, end in taken)
        ]
        if not starts or words in done:
            continue
        start = next((one for one in starts if place.start <= one < place.end), starts[0])
        done.add(words)
        taken.append((start, start + len(words)))
        for number, token in enumerate(tokens):
            if token.start < start + len(words) and start < token.end:
                found[number] = slot
    return found


def _starts(text: str, words: str) -> list[int]:
    """Return where words stand: as whole words, else anywhere."""
    found, at = [], text.find(words)
    while at >= 0:
        found.append(at)
        at = text.find(words, at + 1)
    whole = [
        at
        for at in found
        if not text[at - 1 : at].isalnum() and not text[at + len(words) : at + len(words) + 1].isalnum()
    ]
    return whole or found


def _steps(labels: Sequence[Sequence[str]], classes: Sequence[str]) -> Numbers:
    rows = {label: row for row, label in enumerate(classes)}
    counts = np.full((len(classes), len(classes)), _SMOOTH)
    for many in labels:
        for one, after in pairwise(many):
            counts[rows[one], rows[after]] += 1
    share = Counter(one for many in labels for one in many)
    usual = np.array([share[one] for one in classes]) / share.total()
    onward = np.log(counts / counts.sum(axis=1, keepdims=True)) - np.log(usual)
    found: Numbers = (_STEP * onward).astype(np.float32)
    return found


def _allowed(examples: Sequence[Example]) -> frozenset[tuple[str, str]]:
    counts = Counter(
        (place.intent, slot)
        for one in examples
        for place, slots in zip(one.places, one.slots, strict=True)
        for slot in slots
    )
    totals = Counter[str]()
    for (intent, _), count in counts.items():
        totals[intent] += count
    least, rare = _RARELY
    return frozenset(pair for pair, count in counts.items() if count >= least and count >= rare * totals[pair[0]])
