"""Gathers what may fill the slots of each order of a request, and the signs by which one is chosen.

Candidates are what rules found, what they carried from another order, what examples say the words are, and what other
orders name: "Lade die Liste herunter und schick sie Frau Kunz" names the list once, for two orders.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from scheduler.core.compound import OrderPart
from scheduler.core.language import normalise
from scheduler.core.quotation import ALL_MARKS
from scheduler.core.slot_background import beside, located, opened
from scheduler.core.slot_finder import said_of
from scheduler.core.slots import FILES, PLACES
from scheduler.llm.slot_signs import Place
from scheduler.llm.slot_tagger import Reading, Tagged

RULES, CARRIED, TAGGED, PERHAPS, SHARED = "r", "c", "t", "p", "s"
_GIVES: Final[dict[str, tuple[str, ...]]] = {
    "document": ("document", "form"),
    "table": ("document", "table"),
    "query": ("document", "query", "subject"),
    "form": ("document", "form"),
    "url": ("url", "document"),
    "recipient": ("recipient", "participants", "sender"),
    "participants": ("participants", "recipient", "sender"),
    "sender": ("sender", "recipient", "participants"),
}
"""As what a slot of one order may be meant in another, where it is not as itself alone."""
_BY_PRONOUN: Final = frozenset({("recipient", "sender"), ("participants", "sender"), ("query", "subject")})
"""What is meant so only where a pronoun says it: "write to Eva, then find her mail about the flu"."""
_POINTS: Final = re.compile(
    r"(?i)\b(?:ih[mnr]|ihnen|ihre[nrs]?|seine[nrs]?|denen|d(?:er|ie)selben|sie|er|dazu|darüber|davon|him|his|her|hers|he|she"
    r"|them|their|they|it|that)\b"
)
_READS: Final = frozenset({"read_mail", "search_mail"})
_TAKES: Final[dict[str, frozenset[str]]] = {
    "send_mail": FILES | {"recipient", "subject", "date", "sender", "url", "table"},
    "fetch_and_send": FILES | PLACES | {"recipient"},
    "open_document": FILES | PLACES,
    "export_pdf": FILES | PLACES,
    "extract_table": FILES | PLACES | {"table"},
    "download_file": FILES | PLACES,
    "search_document": FILES | {"folder"},
    "fill_form": PLACES | {"form", "amount"},
    "navigate_url": frozenset({"url", "portal"}),
    "open_app": frozenset({"application"}),
    "close_app": frozenset({"application"}),
    "create_appointment": frozenset({"participants", "date", "title"}),
    "read_mail": frozenset({"sender", "subject"}),
    "search_mail": frozenset({"sender", "subject", "date"}),
    "web_search": frozenset({"query"}),
}
"""What an order may leave to the words of another."""
_AROUND: Final = f" \t\n.,;:!?{ALL_MARKS}"


class Candidate(NamedTuple):
    """Words that may fill a slot of an order, and where they stand (-1: nowhere); `origin` says who found them."""

    slot: str
    words: str
    start: int
    end: int
    origin: str
    source: int
    """The order they come from."""
    meant: str
    """The slot they fill there."""

    @property
    def own(self) -> bool:
        """Whether they were found in the words of the order itself."""
        return self.origin[0] in {RULES, TAGGED, PERHAPS} or TAGGED in self.origin

    @property
    def by_rules(self) -> bool:
        """Whether rules found or carried them."""
        return RULES in self.origin or CARRIED in self.origin


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


def candidates_of(
    text: str, parts: Sequence[OrderPart], places: Sequence[Place], reading: Reading, overlooked: Sequence[str]
) -> list[list[Candidate]]:
    """Return for each order what may fill its slots; of what is `overlooked`, as only told, only where it may."""
    tagged = [(TAGGED, one, _home(one, places)) for one in reading.found]
    sure = {one for _, one, _ in tagged}
    tagged += [(PERHAPS, one, _home(one, places)) for one in reading.perhaps if one not in sure]
    own = [
        _merged([*_by_rules(text, part, place, number), *_tagged(text, tagged, number)])
        for number, (part, place) in enumerate(zip(parts, places, strict=True))
    ]
    every = [
        _merged([*own[number], *_shared(own, place, number, text[place.start : place.end])])
        for number, place in enumerate(places)
    ]
    return [_of_order(text, part, many, overlooked) for part, many in zip(parts, every, strict=True)]


def _by_rules(text: str, part: OrderPart, place: Place, number: int) -> Iterator[Candidate]:
    said = {(one.slot, one.words) for one in part.routed.said}
    for slot, many in part.routed.all_words.items():
        for words in many:
            start = text.find(words, place.start)
            start = start if start >= 0 else text.find(words)
            inside = place.start <= start < place.end
            origin = RULES if (slot, words) in said or inside else CARRIED
            yield Candidate(slot, words, start, start + len(words) if start >= 0 else -1, origin, number, slot)


def _of_order(text: str, part: OrderPart, found: list[Candidate], overlooked: Sequence[str]) -> list[Candidate]:
    """Return what rules found, and of what only examples did what is not only told beside the order, or may fill it."""
    own = normalise(part.own or part.text).strip(" .,;")
    alone = len(own) < len(text.strip(_AROUND))
    told = beside(text, own if alone else "", () if part.routed.way == "learned" else overlooked)
    beyond = {one for one in found if told.has(one.start)}
    if beyond <= {one for one in found if one.by_rules}:
        return found
    start, end = located(text, own)
    slots = {one.slot for one in found if one.origin != PERHAPS and start <= one.start < end and one not in beyond}
    more = opened(part.routed.name, text, own, slots, refers=part.means_earlier)
    return [one for one in found if one.by_rules or one not in beyond or told.gives(one.slot, one.start, text, more)]


def _tagged(text: str, found: Iterable[tuple[str, Tagged, int]], number: int) -> Iterator[Candidate]:
    for origin, one, home in found:
        if home == number:
            for said in said_of(one.slot, text, one.start, one.end):
                yield Candidate(said.slot, said.words, said.start, said.end, origin, number, said.slot)


def _shared(own: Sequence[Sequence[Candidate]], place: Place, number: int, words: str) -> Iterator[Candidate]:
    takes = _TAKES.get(place.intent, frozenset())
    points = place.intent in _READS and _POINTS.search(words) is not None
    for other, many in enumerate(own):
        for one in many if other != number else ():
            for slot in _GIVES.get(one.slot, (one.slot,)) if one.own else ():
                if slot in takes and (points or (one.slot, slot) not in _BY_PRONOUN):
                    yield one._replace(slot=slot, origin=SHARED, source=other, meant=one.slot)


def _merged(found: Iterable[Candidate]) -> list[Candidate]:
    """Return each value of a slot once, with all that found it."""
    kept: dict[tuple[str, str], Candidate] = {}
    for one in found:
        key = one.slot, folded(one.words)
        last = kept.get(key)
        if last is None:
            kept[key] = one
        elif one.origin not in last.origin:
            source = last if last.own or one.origin != SHARED else one
            kept[key] = last._replace(origin=last.origin + one.origin, source=source.source, meant=source.meant)
    return list(kept.values())


def folded(words: str) -> str:
    """Return words as they are compared."""
    return " ".join(words.casefold().split()).strip(_AROUND)


def _home(one: Tagged, places: Sequence[Place]) -> int:
    """Return which order a stretch belongs to: the narrowest that it stands in, else the nearest."""
    around = [number for number, place in enumerate(places) if place.start <= one.start < place.end]
    if around:
        return min(around, key=lambda number: places[number].end - places[number].start)
    return min(
        range(len(places)),
        key=lambda number: min(abs(one.start - places[number].start), abs(one.start - places[number].end)),
    )
