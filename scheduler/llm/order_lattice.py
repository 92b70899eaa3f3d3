"""All ways to read a request as orders and remarks, and how likely each is: a semi-Markov conditional random field.

A way is a sequence of runs of pieces: one that is an order has the label of its intent, one that is none (always one
piece) the last label. A score for each run and label, and for each label after another, make the share of belief of a
way among all (S. Sarawagi and W. Cohen, "Semi-Markov Conditional Random Fields for Information Extraction", 2004).
Logarithms throughout; `labels` counts the intents and the one for "no order".
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler.llm.order_spans import Spans

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
NEVER: Final = -1e9
_HARDLY: Final = -1e7


class Run(NamedTuple):
    """Pieces [start, end) of a request, and their label."""

    start: int
    end: int
    label: int


class Shares(NamedTuple):
    """The logarithm of what ways sum up to, and the expected count of each run and label, and of each two labels."""

    total: float
    runs: Array
    pairs: Array


class Lattice:
    """The ways to read one request. `scores` is (runs, labels); `follow` is (labels + 1, labels), its last row for what
    begins."""

    def __init__(self, spans: Spans, scores: Array, follow: Array) -> None:
        self._scores, self._follow = scores, follow
        self._none: Final = scores.shape[1] - 1
        self._runs = spans.runs
        self._count = len(spans.pieces)
        self._ending = [_ends(spans.runs, end) for end in range(self._count + 1)]
        self._beginning = [_begins(spans.runs, start) for start in range(self._count)]
        for place, (start, end) in enumerate(spans.runs):
            if end - start > 1:
                scores[place, self._none] = NEVER

    def best(self, more: float = 0.0) -> tuple[Run, ...]:
        """Return the likeliest way, if every order were likelier by `more` than it is (Viterbi)."""
        count, labels = self._count, self._none + 1
        follow = self._follow.copy()
        follow[:, : self._none] += more
        reached = np.full((count + 1, labels), NEVER)
        came = np.zeros((count + 1, labels), np.intp)
        into, before = np.full((count + 1, labels), NEVER), np.zeros((count + 1, labels), np.intp)
        into[0] = follow[labels]
        for end in range(1, count + 1):
            starts, places = self._ending[end]
            ways = into[starts] + self._scores[places]
            reached[end], came[end] = ways.max(0), starts[ways.argmax(0)]
            onward = reached[end][:, None] + follow[:labels]
            into[end], before[end] = onward.max(0), onward.argmax(0)
        found, end, label = list[Run](), count, int(reached[count].argmax())
        while end:
            start = int(came[end, label])
            found.append(Run(start, end, label))
            end, label = start, int(before[start, label])
        return tuple(reversed(found))

    def shares(self) -> Shares:
        """Return what all ways have in common (forward-backward)."""
        scores, labels = self._scores, self._none + 1
        count, follow = self._count, self._follow
        reached, into = np.full((count + 1, labels), NEVER), np.full((count + 1, labels), NEVER)
        into[0] = follow[labels]
        for end in range(1, count + 1):
            starts, places = self._ending[end]
            reached[end] = _sum(into[starts] + scores[places], 0)
            into[end] = _sum(reached[end][:, None] + follow[:labels], 0)
        total = float(_sum(reached[count], 0))
        rest, onward = np.full((count + 1, labels), NEVER), np.full((count + 1, labels), NEVER)
        rest[count] = 0.0
        pairs = np.zeros((labels + 1, labels))
        for start in range(count - 1, -1, -1):
            ends, places = self._beginning[start]
            onward[start] = _sum(scores[places] + rest[ends], 0)
            if start:
                rest[start] = _sum(follow[:labels] + onward[start], 1)
                pairs[:labels] += np.exp(reached[start][:, None] + follow[:labels] + onward[start] - total)
        pairs[labels] = np.exp(follow[labels] + onward[0] - total)
        runs = np.stack(
            [
                np.exp(into[start] + score + rest[end] - total)
                for (start, end), score in zip(self._runs, scores, strict=True)
            ]
        )
        return Shares(total, runs, pairs)

    def total(self) -> float:
        """Return the logarithm of what all ways sum up to."""
        labels, reached = self._none + 1, np.full((self._count + 1, self._none + 1), NEVER)
        into = np.full_like(reached, NEVER)
        into[0] = self._follow[labels]
        for end in range(1, self._count + 1):
            starts, places = self._ending[end]
            reached[end] = _sum(into[starts] + self._scores[places], 0)
            into[end] = _sum(reached[end][:, None] + self._follow[:labels], 0)
        return float(_sum(reached[self._count], 0))

    def shares_of(self, orders: Sequence[int]) -> Shares | None:
        """Return the same of those ways only whose orders have these labels, as they stand; None: there is none.

        Its states are how many orders there have been and whether the last run was one.
        """
        given = _Given(orders, self._follow, self._scores, self._none)
        count, many = self._count, len(orders)
        reached = np.full((count + 1, many + 1, 2), NEVER)
        into = np.full((count + 1, many + 1, 2), NEVER)
        into[0] = given.first()
        for end in range(1, count + 1):
            starts, places = self._ending[end]
            reached[end] = _sum(into[starts] + given.scores[places], 0)
            into[end] = given.onward(reached[end])
        total = float(_sum(reached[count, many], 0))
        if total < _HARDLY:
            return None
        rest, begun = np.full((count + 1, many + 1, 2), NEVER), np.full((count + 1, many + 1, 2), NEVER)
        rest[count, many] = 0.0
        pairs = np.zeros_like(self._follow)
        for start in range(count - 1, -1, -1):
            ends, places = self._beginning[start]
            begun[start] = _sum(given.scores[places] + rest[ends], 0)
            if start:
                rest[start] = given.back(begun[start])
                given.count_pairs(pairs, reached[start], begun[start] - total)
        given.count_first(pairs, begun[0] - total)
        runs = np.zeros_like(self._scores)
        for place, (start, end) in enumerate(self._runs):
            share = np.exp(into[start] + given.scores[place] + rest[end] - total)
            runs[place, self._none] = share[:, 0].sum()
            np.add.at(runs[place], given.orders, share[1:, 1])
        return Shares(total, runs, pairs)

    def totals_of(self, sequences: Sequence[Sequence[int]]) -> Array:
        """Return the logarithm of what those ways sum up to, for each of several sequences; NEVER and less: none."""
        lengths = [len(one) for one in sequences]
        most = max(lengths)
        given = _Given([[*one, *[0] * (most - len(one))] for one in sequences], self._follow, self._scores, self._none)
        first = given.first()
        into = np.full((self._count + 1, *first.shape), NEVER)
        into[0], reached = first, first
        for end in range(1, self._count + 1):
            starts, places = self._ending[end]
            reached = _sum(into[starts] + given.scores[places], 0)
            into[end] = given.onward(reached)
        return _sum(reached[np.arange(len(lengths)), lengths], -1)


class _Given:
    """Known orders: the scores of runs and of what follows, by (orders so far, whether the last run was an order).

    `orders` is (many,), or (sequences, many); what comes of it then has an axis of these, too.
    """

    def __init__(
        self, orders: Sequence[int] | Sequence[Sequence[int]], follow: Array, scores: Array, none: int
    ) -> None:
        self.orders = np.array(orders, np.intp)
        shape, many = self.orders.shape[:-1], self.orders.shape[-1]
        self._labels = np.full((*shape, many + 1, 2), none, np.intp)
        self._labels[..., 1:, 1] = self.orders
        self._begins, self._none = follow[-1], none
        self._to_none = follow[self._labels, none]
        self._to_none[..., 0, 1] = NEVER
        self._to_order = np.full((*shape, many + 1, 2), NEVER)
        self._to_order[..., 1:, :] = follow[self._labels[..., :-1, :], self.orders[..., None]]
        if many:
            self._to_order[..., 1, 1] = NEVER
        self.scores = scores[:, self._labels]
        self.scores[..., 0, 1] = NEVER

    def first(self) -> Array:
        found = np.full(self._labels.shape, NEVER)
        found[..., 0, 0] = self._begins[self._none]
        if self.orders.shape[-1]:
            found[..., 1, 1] = self._begins[self.orders[..., 0]]
        return found

    def onward(self, reached: Array) -> Array:
        found = np.full(self._labels.shape, NEVER)
        found[..., 0] = _sum(reached + self._to_none, -1)
        found[..., 1:, 1] = _sum(reached[..., :-1, :] + self._to_order[..., 1:, :], -1)
        return found

    def back(self, begun: Array) -> Array:
        to_order = np.full(self._labels.shape, NEVER)
        to_order[:-1] = self._to_order[1:] + begun[1:, 1:]
        found: Array = np.logaddexp(self._to_none + begun[:, :1], to_order)
        return found

    def count_pairs(self, pairs: Array, reached: Array, begun: Array) -> None:
        np.add.at(pairs[:, self._none], self._labels, np.exp(reached + self._to_none + begun[:, :1]))
        into = np.exp(reached[:-1] + self._to_order[1:] + begun[1:, 1:])
        np.add.at(pairs, (self._labels[:-1], np.broadcast_to(self.orders[:, None], into.shape)), into)

    def count_first(self, pairs: Array, begun: Array) -> None:
        pairs[-1, self._none] += np.exp(self._begins[self._none] + begun[0, 0])
        if len(self.orders):
            first = self.orders[0]
            pairs[-1, first] += np.exp(self._begins[first] + begun[1, 1])


def _sum(logs: Array, axis: int) -> Array:
    """Return the logarithm of the sum of what these are the logarithms of."""
    logs = np.maximum(logs, NEVER)
    most = logs.max(axis=axis, keepdims=True)
    found: Array = (most + np.log(np.exp(logs - most).sum(axis=axis, keepdims=True))).squeeze(axis)
    return found


def _ends(runs: Sequence[tuple[int, int]], end: int) -> tuple[Places, Places]:
    """Return where the runs begin that end there, and their places."""
    found = [(start, place) for place, (start, to) in enumerate(runs) if to == end]
    return np.array([start for start, _ in found], np.intp), np.array([place for _, place in found], np.intp)


def _begins(runs: Sequence[tuple[int, int]], start: int) -> tuple[Places, Places]:
    """Return where the runs end that begin there, and their places."""
    found = [(end, place) for place, (begin, end) in enumerate(runs) if begin == start]
    return np.array([end for end, _ in found], np.intp), np.array([place for _, place in found], np.intp)
