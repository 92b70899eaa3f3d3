"""Divides a request into orders by what was learned: where words stand that are an order by themselves.

Each piece between two cuts belongs to one order. Of all ways to put neighbouring pieces together, and of all intents
that the parts may have, those are returned whose parts are most surely orders.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from scheduler.core.doing_sequence import in_doing_sequence
from scheduler.core.intents import UNKNOWN
from scheduler.core.order_cuts import cut
from scheduler.core.phrases import tokens_of
from scheduler.llm.guess import Guess

MOST: Final = 4
_AROUND: Final = " ,;-–—→•"
_LEAST: Final = 1e-9
_KEPT: Final = 4  # divisions of each number of parts
_TRIED: Final = 3  # intents of each part
_FEWEST: Final = 0.02  # share of belief below which the second and third are not tried
_PLACES: Final = ("portal", "folder", "application")
_FETCHED, _SENT = "fetch_and_send", "send_mail"
_BELIEVED: Final = 0.8

Glance = Callable[[Sequence[str]], list[Guess]]


class Part(NamedTuple):
    """The words of an order, its intent, and the logarithm of the share of belief that has."""

    text: str
    intent: str
    belief: float
    follows: bool = False
    """The words say that it waits for the one before."""


class Division(NamedTuple):
    """A request in so many orders, in the sequence of doing; `belief` is the sum of theirs.

    `unlike` is the mean share of belief that they are no orders.
    """

    belief: float = 0.0
    parts: tuple[Part, ...] = ()
    unlike: float = 0.0

    @property
    def weakest(self) -> float:
        return min(one.belief for one in self.parts)

    @property
    def intents(self) -> tuple[str, ...]:
        return tuple(one.intent for one in self.parts)


class _Words(NamedTuple):
    """What words between two cuts are, if they are one order: shares of belief by intent, the largest first."""

    text: str
    shares: Mapping[str, float]
    unlike: float


class Divided:
    """A request between whose cuts orders may end."""

    def __init__(self, text: str, glance: Glance) -> None:
        pieces = cut(text)
        self.count: Final = len(pieces)
        spans = [(start, end) for start in range(self.count) for end in range(start + 1, self.count + 1)]
        words = ["".join(pieces[start:end]).strip(_AROUND) for start, end in spans]
        self._words = dict(zip(spans, map(_words_of, words, glance(words)), strict=True))

    def divisions(self) -> list[Division]:
        """Return the best divisions into one order, into two, ... each with other intents."""
        best: dict[tuple[int, int], list[Division]] = {(0, 0): [Division()]}
        for end in range(1, self.count + 1):
            for number in range(1, min(MOST, end) + 1):
                best[end, number] = self._best(best, end, number)
        return [one for number in range(1, min(MOST, self.count) + 1) for one in best[self.count, number]]

    def _best(self, best: Mapping[tuple[int, int], list[Division]], end: int, number: int) -> list[Division]:
        found: dict[tuple[str, ...], Division] = {}
        for start in range(number - 1, end):
            words = self._words[start, end]
            tried = list(words.shares.items())[:_TRIED]
            parts = [Part(words.text, name, _log(share)) for name, share in tried if share >= min(_FEWEST, tried[0][1])]
            for before in best.get((start, number - 1), ()):
                for part in parts:
                    one = Division(before.belief + part.belief, (*before.parts, part), before.unlike + words.unlike)
                    if one.intents not in found or found[one.intents].belief < one.belief:
                        found[one.intents] = one
        return sorted(found.values(), key=lambda one: -one.belief)[:_KEPT]

    def into(self, intents: Sequence[str]) -> Division | None:
        """Return the best division into orders of these intents in this sequence; None where there are fewer pieces."""
        best: dict[int, Division] = {0: Division()}
        for place, name in enumerate(intents, 1):
            best = {
                end: max(ways, key=lambda one: one.belief)
                for end in range(place, self.count + 1)
                if (ways := [self._more(best[at], (at, end), name) for at in best if at < end])
            }
        return best.get(self.count)

    def _more(self, before: Division, span: tuple[int, int], name: str) -> Division:
        words = self._words[span]
        part = Part(words.text, name, _log(words.shares.get(name, 0.0)))
        return Division(before.belief + part.belief, (*before.parts, part), before.unlike + words.unlike)


def in_sequence(one: Division) -> Division:
    """Return the orders in the sequence of doing: "bevor du A, mach B" is B, then A; "A, aber vorher B" too."""
    sequence = in_doing_sequence([part.text for part in one.parts])
    return one._replace(parts=tuple(one.parts[done.place]._replace(follows=done.follows) for done in sequence))


def _log(share: float) -> float:
    return math.log(max(share, _LEAST))


def _words_of(text: str, guess: Guess) -> _Words:
    shares = dict(zip(guess.intents, guess.shares, strict=True))
    unlike = shares.pop(UNKNOWN, 0.0)
    if _SENT in shares and shares.get(_FETCHED, 1.0) < _BELIEVED and not _names_place(text):
        shares[_SENT] += shares.pop(_FETCHED)
        shares = dict(sorted(shares.items(), key=lambda one: -one[1]))
    return _Words(text, shares, unlike)


def part_of(text: str, guess: Guess) -> Part:
    """Return which order words are, if they are one. What hardly names a place is sent, not fetched."""
    shares = _words_of(text, guess).shares
    intent = next(iter(shares))
    return Part(text, intent, _log(shares[intent]))


def _names_place(text: str) -> bool:
    return any(
        token.kind == "url" or any(token.has("noun", place) for place in _PLACES) or "portal" in token.key
        for token in tokens_of(text)
    )
