"""Learns how requests are read as orders, from requests of which only the intents are known, not where each stands.

Maximises the likelihood of the intents (the ways that have them, against all ways) by Adagrad (J. Duchi et al.,
"Adaptive Subgradient Methods for Online Learning", 2011), a part of the words left out each time.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import numpy as np

from scheduler.llm.order_examples import Example
from scheduler.llm.order_lattice import NEVER, Lattice, Shares
from scheduler.llm.order_model import OrderWeights, scores_of
from scheduler.llm.order_spans import PLACES, spans_of

_EPOCHS: Final = 2
_RATE, _FOLLOW_RATE = 0.3, 0.1
_LEFT_OUT: Final = 0.2
_OUT_OF_ORDER: Final = re.compile(
    r"(?i)\b(?:bevor|ehe|before|nachdem|after|once|sobald|as soon as|vorher|zuvor|first|erst|when|wenn)\b"
)


def learn(examples: Sequence[Example], intents: Sequence[str], seed: int = 0) -> OrderWeights:
    """Learn: some 4 ms of CPU an example; the same examples teach the same. Raises KeyError for an unknown intent."""
    labels = {name: place for place, name in enumerate(intents)}
    count = len(intents) + 1
    chance, order = np.random.default_rng(seed), Random(seed)  # noqa: S311 - no secret hangs on it
    known = [(spans_of(one.text), list(_sequences(one, labels))) for one in examples]
    weights, moved = np.zeros((PLACES, count), np.float32), np.full((PLACES, count), 0.01, np.float32)
    follow, followed = np.zeros((count + 1, count)), np.full((count + 1, count), 0.1)
    for _ in range(_EPOCHS):
        order.shuffle(known)
        for spans, sequences in known:
            kept = spans.weights * (chance.random(len(spans.weights)) >= _LEFT_OUT).astype(np.float32) / (1 - _LEFT_OUT)
            lattice = Lattice(spans, scores_of(spans, kept, weights), follow)
            wanted = _shares_of_any(lattice, sequences)
            if wanted is None:
                continue
            found = lattice.shares()
            change = np.repeat((wanted.runs - found.runs).astype(np.float32), np.diff(spans.starts), axis=0)
            change *= kept[:, None]
            np.add.at(moved, spans.places, change * change)
            np.add.at(weights, spans.places, _RATE * change / np.sqrt(moved[spans.places]))
            step = wanted.pairs - found.pairs
            followed += step * step
            follow += _FOLLOW_RATE * step / np.sqrt(followed)
    return OrderWeights(tuple(intents), weights, follow)


def _sequences(one: Example, labels: dict[str, int]) -> Iterator[tuple[int, ...]]:
    """Yield in which sequence the intents may stand in the text: in any, where words say that it is another."""
    given = tuple(labels[name] for name in one.intents)
    if len(given) > 1 and _OUT_OF_ORDER.search(one.text):
        yield from dict.fromkeys(itertools.permutations(given))
    else:
        yield given


def _shares_of_any(lattice: Lattice, sequences: Sequence[tuple[int, ...]]) -> Shares | None:
    found = [shares for one in sequences if (shares := lattice.shares_of(one)) is not None]
    if len(found) < 2:
        return found[0] if found else None
    totals = np.array([one.total for one in found])
    share = np.exp(totals - totals.max())
    share /= share.sum()
    return Shares(
        NEVER,
        sum((part * one.runs for part, one in zip(share, found, strict=True)), np.zeros_like(found[0].runs)),
        sum((part * one.pairs for part, one in zip(share, found, strict=True)), np.zeros_like(found[0].pairs)),
    )
