"""Learns which words fill which slots (`slot_tagger`), and which of those found to choose (`slot_choice`).

The first is a conditional random field of CRFsuite, the second logistic regression of scikit-learn.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pycrfsuite
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from scheduler.core.phrases import Token
from scheduler.llm.slot_candidate_signs import KNOWN
from scheduler.llm.slot_signs import Place, signs_of
from scheduler.llm.slot_tagger import NOTHING, SlotKnowledge

Labelled = Mapping[str, str | list[str]]
_TRAINING: Final = {
    "c1": 0.1,
    "c2": 0.3,
    "max_iterations": 60,
    "feature.minfreq": 2,
    "feature.possible_transitions": True,
}
_STRENGTH: Final = 0.15
_LEAST: Final = 2
"""How many candidates must show a sign for it to count."""
_KNOWN: Final = 3
"""How many examples of an intent must have a slot for it to be judged."""


class Example(NamedTuple):
    """A request, where its orders stand, and what fills their slots."""

    text: str
    places: tuple[Place, ...]
    slots: tuple[Labelled, ...]


class Judged(NamedTuple):
    """The signs of a candidate, and whether it fills its slot."""

    signs: Sequence[str]
    right: bool


def learn(examples: Iterable[Example], choice: Mapping[str, float]) -> SlotKnowledge:
    """Learn from labelled requests, texts as `normalise` leaves them."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(_TRAINING)
    for one in examples:
        tokens, signs = signs_of(one.text, one.places)
        if tokens:
            trainer.append([sorted(set(word)) for word in signs], labels_of(one, tokens))
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "model")
        trainer.train(file)
        tagger = pycrfsuite.Tagger()
        tagger.open(file)
        labels, info = tagger.labels(), tagger.info()
        tagger.close()
    rows = {sign: row for row, sign in enumerate(sorted({sign for sign, _ in info.state_features}))}
    columns = {label: column for column, label in enumerate(labels)}
    weights = np.zeros((len(rows), len(labels)), np.float32)
    for (sign, label), weight in info.state_features.items():
        weights[rows[sign], columns[label]] = weight
    steps = np.zeros((len(labels), len(labels)), np.float32)
    for (label, after), weight in info.transitions.items():
        steps[columns[label], columns[after]] = weight
    return SlotKnowledge(tuple(labels), tuple(rows), weights, steps, dict(choice))


def learn_choice(judged: Sequence[Judged]) -> dict[str, float]:
    """Return the weight of each sign of a candidate; that of no sign is the shift."""
    counts = Counter(sign for one in judged for sign in set(one.signs))
    right = Counter(sign for one in judged if one.right for sign in one.signs if sign.startswith(KNOWN))
    names = sorted(
        sign
        for sign, count in counts.items()
        if count >= _LEAST and (right[sign] >= _KNOWN or not sign.startswith(KNOWN))
    )
    rows = {sign: row for row, sign in enumerate(names)}
    places = [sorted({rows[sign] for sign in one.signs if sign in rows}) for one in judged]
    ends = np.cumsum([0, *map(len, places)])
    matrix = csr_matrix((np.ones(ends[-1], np.float32), np.concatenate(places), ends), shape=(len(places), len(names)))
    model = LogisticRegression(C=_STRENGTH, max_iter=300).fit(matrix, [one.right for one in judged])
    weights = zip(names, map(float, model.coef_[0]), strict=True)
    return {"": float(model.intercept_[0]), **dict(weights)}


def labels_of(example: Example, tokens: Sequence[Token]) -> list[str]:
    """Return the label of each word; longer values first, words that two orders share once."""
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
        begun = False
        for number, token in enumerate(tokens):
            if token.start < start + len(words) and start < token.end:
                found[number] = f"I-{slot}" if begun else f"B-{slot}"
                begun = True
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
