"""Divides a request into orders by what was learned: where words stand that are an order by themselves.

Each piece between two cuts belongs to one order. Of all ways to put neighbouring pieces together the one is best whose
parts are most surely orders.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from scheduler.core.intents import UNKNOWN
from scheduler.core.order_cuts import cut
from scheduler.core.phrases import tokens_of
from scheduler.llm.guess import Guess

MOST: Final = 4
_AROUND: Final = " ,;"
_LEAST: Final = 1e-9
_PLACES: Final = ("portal", "folder", "application")
_FETCHED, _SENT = "fetch_and_send", "send_mail"

Glance = Callable[[Sequence[str]], list[Guess]]


class Part(NamedTuple):
    """The words of an order, its intent, and the logarithm of the share of belief that has."""

    text: str
    intent: str
    belief: float


class Division(NamedTuple):
    """A request in so many orders; `belief` is the sum of theirs."""

    belief: float = 0.0
    parts: tuple[Part, ...] = ()

    @property
    def weakest(self) -> float:
        return min(one.belief for one in self.parts)


def divisions(text: str, glance: Glance) -> list[Division]:
    """Return the best division into one order, into two, ... as far as there are pieces."""
    pieces = cut(text)
    count = len(pieces)
    spans = [(start, end) for start in range(count) for end in range(start + 1, count + 1)]
    words = ["".join(pieces[start:end]).strip(_AROUND) for start, end in spans]
    found = dict(zip(spans, map(part_of, words, glance(words)), strict=True))
    best = {(0, 0): Division()}
    for end in range(1, count + 1):
        for number in range(1, min(MOST, end) + 1):
            ways = [
                Division(before.belief + found[start, end].belief, (*before.parts, found[start, end]))
                for start in range(end)
                if (before := best.get((start, number - 1))) is not None
            ]
            best[end, number] = max(ways, key=lambda one: one.belief)
    return [best[count, number] for number in range(1, min(MOST, count) + 1)]


def part_of(text: str, guess: Guess) -> Part:
    """Return which order words are, if they are one. What names no place is sent, not fetched."""
    shares = dict(zip(guess.intents, guess.shares, strict=True))
    shares.pop(UNKNOWN, None)
    if _FETCHED in shares and _SENT in shares and not _names_place(text):
        shares[_SENT] += shares.pop(_FETCHED)
    intent = max(shares, key=lambda name: shares[name])
    return Part(text, intent, math.log(max(shares[intent], _LEAST)))


def _names_place(text: str) -> bool:
    return any(
        token.kind == "url" or any(token.has("noun", place) for place in _PLACES) or "portal" in token.key
        for token in tokens_of(text)
    )
