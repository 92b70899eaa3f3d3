"""Settles what fills the slots of the orders of a request: what rules found, weighed against what examples teach.

Rules know grammar and pronouns; examples know where words end and what they are in sentences no rule foresaw. All that
either found, and what other orders of the request name, is weighed alike (`slot_candidates`, `slot_choice`). What is
hardly believed is left out, so that it is asked for. `python -m bench.slot_tagging` shows how often that is right.
"""

from collections.abc import Sequence
from typing import Final

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.slot_carried import TAKES_DOCUMENT
from scheduler.core.slot_finder import joined
from scheduler.core.slots import Said
from scheduler.llm.slot_candidate_signs import known_sign, signs_of_candidates
from scheduler.llm.slot_candidates import Candidate, candidates_of, places_of
from scheduler.llm.slot_choice import CERTAIN, Bars, believed, chosen
from scheduler.llm.slot_tagger import SlotTagger

_THINGS: Final = frozenset({"document", "file_name"})
_PERSONS: Final = frozenset({"recipient", "cc"})
_OF_MAIL: Final = _PERSONS | {"sender", "subject", "date"}
"""What tells which mail is meant, and nothing of how it is sent on."""
_OBJECTS: Final = _THINGS | {"body", "subject", "url"}
_SENDING: Final = frozenset({"send_mail", "fetch_and_send"})


class SlotWeigher:
    """Weighs the slots of orders. Orders that are unknown, or that a language model read, stay as they are."""

    def __init__(self, tagger: SlotTagger | None = None, bars: Bars | None = None) -> None:
        self._tagger = tagger or SlotTagger()
        self._bars = bars or Bars()

    def settle(self, message: str, orders: Orders) -> Orders:
        """Return the orders of a request with the slots that are believed."""
        text = normalise(message)
        if all(part.routed.name == UNKNOWN for part in orders.parts) or not text.strip():
            return orders
        places = places_of(text, orders.parts)
        reading = self._tagger.read(text, places)
        every = candidates_of(text, orders.parts, places, reading, orders.overlooked)
        found = [_outside_bodies(_of_mail(many, number, orders.parts)) for number, many in enumerate(every)]
        signs = signs_of_candidates(text, found, places, reading)
        parts = map(self._weighed, orders.parts, range(len(places)), found, signs)
        return orders._replace(parts=tuple(parts))

    def _weighed(
        self, part: OrderPart, number: int, found: Sequence[Candidate], signs: Sequence[Sequence[str]]
    ) -> OrderPart:
        routed = part.routed
        if routed.name == UNKNOWN or routed.way == "llm":
            return part
        weights = self._tagger.known.choice
        beliefs = [
            believed(many, weights)
            if known_sign(one.slot, routed.name) in weights and one.start >= 0 and not _is_path(one)
            else CERTAIN * one.by_rules  # examples know nothing of the slot, the words stand nowhere, or leave no doubt
            for one, many in zip(found, signs, strict=True)
        ]
        taken = _of_one_order(chosen(found, beliefs, self._bars))
        if _means_mail(part):
            taken = [one for one in taken if one.own or one.by_rules or one.slot not in _OF_MAIL]
        taken = _with_object(routed.name, taken, found)
        if taken == [one for one in found if one.by_rules]:
            return part
        return part._replace(routed=_with_words(routed, taken, part.text), refers=_refers(part, taken, number))


def _is_path(one: Candidate) -> bool:
    return one.slot == "folder" and one.by_rules and "\\" in one.words


def _of_one_order(taken: Sequence[Candidate]) -> list[Candidate]:
    """Return what was chosen, without what only examples take from other orders where the order has its own of it."""
    known = {_group(one) for one in taken if one.own or one.by_rules}
    return [one for one in taken if one.own or one.by_rules or _group(one) not in known]


def _group(one: Candidate) -> str:
    """Return what a candidate is one of: a mail that says something of its own needs no document of another order.

    Nor the number of one: "Find invoice 4711 and send Anna the offer" says nothing of the number of the offer.
    """
    return "thing" if one.slot in _THINGS | {"body", "document_id"} else one.slot


def _with_object(intent: str, taken: list[Candidate], found: Sequence[Candidate]) -> list[Candidate]:
    """Return what was chosen, and the thing that rules know where a mail would have nothing to say or to carry."""
    if intent not in _SENDING or any(one.slot in _OBJECTS for one in taken):
        return taken
    things = [one for one in found if one.by_rules and one.slot in _THINGS]
    return [one for one in found if one in taken or one in things]


def _outside_bodies(found: Sequence[Candidate]) -> list[Candidate]:
    """Return what may fill the slots of an order but for persons that only examples found in the words to be sent."""
    bodies = [one for one in found if one.slot == "body" and one.by_rules and one.start >= 0]
    return [
        one
        for one in found
        if one.by_rules or one.slot not in _PERSONS or not any(it.start <= one.start < it.end for it in bodies)
    ]


def _of_mail(found: Sequence[Candidate], number: int, parts: Sequence[OrderPart]) -> list[Candidate]:
    """Return what may fill the slots of an order but for what only says how the mail that it finds is sent on."""
    sends = {place for place, part in enumerate(parts) if part.refers == number and _means_mail(part)}
    return [one for one in found if one.by_rules or one.own or one.source not in sends]


def _means_mail(part: OrderPart) -> bool:
    """Whether an order sends on the mail that another finds: whoever is named there wrote or got it."""
    return part.refers is not None and not part.routed.slots.keys() & _THINGS


def _refers(part: OrderPart, taken: Sequence[Candidate], number: int) -> int | None:
    """Return the place of the order whose document is meant, if one is, or of the one that finds the mail."""
    things = [one for one in taken if one.slot in _THINGS]
    if not things and _means_mail(part):
        return part.refers
    if part.refers is not None and any(one.words in part.routed.slots.values() for one in things):
        return part.refers
    if part.routed.name not in TAKES_DOCUMENT:
        return None
    return next((one.source for one in things if not one.own and one.source < number), None)


def _with_words(routed: RoutedIntent, taken: Sequence[Candidate], text: str) -> RoutedIntent:
    known = {(one.slot, one.words): one for one in routed.said}
    said = tuple(
        known.get((one.slot, one.words))
        or Said(one.slot, one.words, start := text.find(one.words), start + len(one.words) if start >= 0 else -1)
        for one in taken
    )
    between = " and " if routed.locale == "en" else " und "
    return routed.model_copy(update={"slots": joined(said, between), "said": said})
