"""Weighs which slots rules found in the orders of a request against what examples teach of its words.

Rules know grammar and pronouns; examples know where words end and what they are in sentences no rule foresaw. What
rules found and examples hardly believe is left out, so that it is asked for; where examples are sure of other words,
these are taken; what only examples found is added. `python -m bench.slot_tagging` shows how often that is right.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.slot_finder import joined
from scheduler.core.slots import Said, clean, derive
from scheduler.llm.slot_signs import Place
from scheduler.llm.slot_tagger import Reading, SlotTagger, Tagged

_NUMBER: Final = "document_id"
_Words = dict[str, list[str]]


class Weights(NamedTuple):
    """From which belief on something is done about a slot."""

    added: float = 0.6
    """From here on what only examples found is added,"""
    taken: float = 0.6
    """and other words are taken than those that rules found,"""
    doubted: float = 0.3
    """if these are believed less than this."""
    dropped: float = 0.02
    """Below, what rules found is left out."""


class SlotWeigher:
    """Weighs the slots of orders. Orders that are unknown, or that a language model read, stay as they are."""

    def __init__(self, tagger: SlotTagger | None = None, weights: Weights | None = None) -> None:
        self._tagger = tagger or SlotTagger()
        self._weights = weights or Weights()

    def settle(self, message: str, orders: Orders) -> Orders:
        """Return the orders of a request with the slots that are believed."""
        text = normalise(message)
        if all(part.routed.name == UNKNOWN for part in orders.parts) or not text.strip():
            return orders
        places = places_of(text, orders.parts)
        reading = self._tagger.read(text, places)
        parts = [
            part._replace(
                routed=self._weighed(
                    text, part, place, [one for one in reading.found if _home(one, places) == number], reading
                )
            )
            for number, (part, place) in enumerate(zip(orders.parts, places, strict=True))
        ]
        return orders._replace(parts=tuple(parts))

    def _weighed(
        self, text: str, part: OrderPart, place: Place, found: Sequence[Tagged], reading: Reading
    ) -> RoutedIntent:
        routed = part.routed
        if routed.name == UNKNOWN or routed.way == "llm":
            return routed
        words = {slot: [many] if isinstance(many, str) else [*many] for slot, many in routed.words.items()}
        told = [(one, said) for one in found if (said := clean(one.slot, text[one.start : one.end]))]
        stretches = {
            (slot, one): _stretch(text, one, place) for slot, many in words.items() for one in many if slot != _NUMBER
        }
        settled = self._kept(routed.name, words, told, stretches, reading)
        covered = [stretches[slot, one] for slot, many in settled.items() for one in many if (slot, one) in stretches]
        for one, said in told:
            free = not any(start < one.end and one.start < end for start, end in covered)
            fits = one.slot not in settled and (routed.name, one.slot) in self._tagger.known.allowed
            if fits and free and one.belief >= self._weights.added:
                _put(settled, one.slot, said)
        return routed if settled == words else _with_words(routed, settled, part.text)

    def _kept(
        self,
        intent: str,
        words: Mapping[str, list[str]],
        told: Iterable[tuple[Tagged, str]],
        stretches: Mapping[tuple[str, str], tuple[int, int]],
        reading: Reading,
    ) -> _Words:
        """Return what stays of what rules found, with other words where examples are sure of those.

        Of a slot that no example of the intent has they know nothing: it stays.
        """
        settled: _Words = {}
        for slot, many in words.items():
            others = {said: one.belief for one, said in told if one.slot == slot}
            known = {said.casefold() for said in others}
            for one in many:
                judged = (slot, one) in stretches and (intent, slot) in self._tagger.known.allowed
                belief = reading.belief(slot, *stretches[slot, one]) if judged else None
                if belief is None or one.casefold() in known or stretches[slot, one][0] < 0:
                    settled.setdefault(slot, []).append(one)
                elif belief < self._weights.doubted and max(others.values(), default=0.0) >= self._weights.taken:
                    for said, sure in others.items():
                        if sure >= self._weights.taken:
                            _put(settled, slot, said)
                elif belief >= self._weights.dropped:
                    settled.setdefault(slot, []).append(one)
        if settled.get("document") != words.get("document") and "document" in words:
            settled.pop(_NUMBER, None)
            for one in settled.get("document", ()):
                settled |= {slot: [said] for slot, said in derive({"document": one}).items() if slot == _NUMBER}
        return {slot: list(dict.fromkeys(many)) for slot, many in settled.items()}


def places_of(text: str, parts: Sequence[OrderPart]) -> list[Place]:
    """Return where in the text each order stands; the whole where its words are not those of the text."""
    found = []
    for part in parts:
        own = normalise(part.own or part.text).strip(" .,;")
        start = text.find(own)
        found.append(
            Place(part.routed.name, start, start + len(own))
            if own and start >= 0
            else Place(part.routed.name, 0, len(text))
        )
    return found


def _home(one: Tagged, places: Sequence[Place]) -> int:
    """Return which order a stretch belongs to: the narrowest that it stands in, else the nearest."""
    around = [number for number, place in enumerate(places) if place.start <= one.start < place.end]
    if around:
        return min(around, key=lambda number: places[number].end - places[number].start)
    return min(
        range(len(places)),
        key=lambda number: min(abs(one.start - places[number].start), abs(one.start - places[number].end)),
    )


def _stretch(text: str, words: str, place: Place) -> tuple[int, int]:
    """Return where words stand, within their order if they do; (-1, -1): nowhere, a pronoun meant them."""
    start = text.find(words, place.start)
    start = start if start >= 0 else text.find(words)
    return (start, start + len(words)) if start >= 0 else (-1, -1)


def _put(words: _Words, slot: str, said: str) -> None:
    for name, one in derive({slot: said}).items():
        words.setdefault(name, []).append(one)


def _with_words(routed: RoutedIntent, words: _Words, text: str) -> RoutedIntent:
    known = {(one.slot, one.words): one for one in routed.said}
    said = tuple(
        known.get((slot, one)) or Said(slot, one, start := text.find(one), start + len(one) if start >= 0 else -1)
        for slot, many in words.items()
        for one in many
    )
    between = " and " if routed.locale == "en" else " und "
    return routed.model_copy(update={"slots": joined(said, between), "said": said})
