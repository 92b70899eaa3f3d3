"""Tells the signs by which what fills a slot is chosen among its candidates (`slot_candidates`)."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scheduler.core.phrases import Token
from scheduler.llm.slot_candidates import RULES, SHARED, Candidate
from scheduler.llm.slot_signs import Place
from scheduler.llm.slot_tagger import Reading

_THING, _PERSON, _PLACE = "thing", "person", "place"
_GROUPS: Final = {
    **dict.fromkeys(("document", "document_id", "file_name", "table", "query", "body", "form"), _THING),
    **dict.fromkeys(("recipient", "participants", "sender", "cc"), _PERSON),
    **dict.fromkeys(("portal", "application", "folder", "url"), _PLACE),
}
_NUMBER: Final = "document_id"
KNOWN: Final = "known:"
_HIM: Final = re.compile(r"(?i)\b(?:ih[mnr]|ihnen|denen|eam|him|her|them)\b")
_IT: Final = re.compile(
    r"(?i)\b(?:sie|es|ihn|das|die|den|diese[nrs]?|it|them|this|that|those|these|beide[s]?|both|da(?:r)?(?:aus|mit|von)|draus)\b"
)
_THERE: Final = re.compile(
    r"(?i)\b(?:dort|da|dar(?:in|auf|aus)|drin|there|same|selben|gleichen|(?:in|on|from|at) it)\b"
)
_STEPS: Final = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97)
_LONG: Final = 6


def known_sign(slot: str, intent: str) -> str:
    """Return the sign that has a weight if enough examples of an intent have a slot."""
    return f"{KNOWN}{slot}|{intent}"


def signs_of_candidates(
    text: str, found: Sequence[Sequence[Candidate]], places: Sequence[Place], reading: Reading
) -> list[list[list[str]]]:
    """Return the signs of each candidate of each order."""
    return [
        _Signs(text, many, place, number, reading, places).of_all()
        for number, (many, place) in enumerate(zip(found, places, strict=True))
    ]


class _Signs:
    """Tells the signs of the candidates of one order."""

    def __init__(
        self,
        text: str,
        found: Sequence[Candidate],
        place: Place,
        number: int,
        reading: Reading,
        places: Sequence[Place],
    ) -> None:
        self._found, self._place, self._number, self._places, self._reading = found, place, number, places, reading
        words = text[place.start : place.end]
        self._pronouns = "".join(
            letter for letter, one in (("p", _HIM), ("i", _IT), ("t", _THERE)) if len(places) > 1 and one.search(words)
        )
        self._owned = [one.own for one in found]
        own = [one for one, owned in zip(found, self._owned, strict=True) if owned]
        self._filled = {
            group: "".join(sorted({who for one in own if _GROUPS.get(one.slot) == group for who in one.origin}))
            for group in (_THING, _PERSON, _PLACE)
        }
        self._own_slots = {one.slot for one in own}
        self._of_slot: dict[str, list[int]] = {}
        for at, one in enumerate(found):
            self._of_slot.setdefault(one.slot, []).append(at)
        self._beliefs = [self._belief(one) for one in found]

    def of_all(self) -> list[list[str]]:
        return [self._of(one, place) for place, one in enumerate(self._found)]

    def _belief(self, one: Candidate) -> float:
        if one.start < 0:
            return -1.0
        first, after = self._reading.within(one.start, one.end)
        slot = one.meant if one.slot != _NUMBER else "document"
        belief = self._reading.belief(slot, first, after)
        return -1.0 if belief is None else belief

    def _of(self, one: Candidate, place: int) -> list[str]:
        slot, origin, intent = one.slot, one.origin, self._place.intent
        belief = _step(self._beliefs[place])
        several = "m" if len(self._places) > 1 else "1"
        signs = [
            origin, f"{origin}|{slot}", f"{origin}|{intent}", f"{origin}|{slot}|{intent}", known_sign(slot, intent),
            f"b{belief}", f"b{belief}|{origin}", f"b{belief}|{origin}|{slot}", f"{several}|{origin}",
            f"n{min(one.words.count(' '), _LONG)}|{slot}", f"n{min(one.words.count(' '), _LONG)}|{origin}",
        ]  # fmt: skip
        signs += [*self._edges(one), *self._around(one), *self._beside(one, place)]
        signs += self._rivals(one, place)
        if not one.own:
            signs += self._elsewhere(one)
        return signs

    def _edges(self, one: Candidate) -> Iterator[str]:
        if one.start < 0 or one.slot == _NUMBER:
            return
        first, after = self._reading.within(one.start, one.end)
        begins, ends = map(_step, self._reading.edges(one.meant, first, after))
        yield f"l{begins}|{one.origin}"
        yield f"e{ends}|{one.origin}"
        yield f"l{begins}|{one.slot}"
        yield f"e{ends}|{one.slot}"

    def _beside(self, one: Candidate, place: int) -> Iterator[str]:
        """Yield how it stands among all that may fill the same slot."""
        same = [other for other in self._of_slot[one.slot] if other != place]
        own = sum(self._owned[other] for other in same)
        first = all(self._beliefs[place] > self._beliefs[other] for other in same)
        yield f"a{min(own, 2)}{first:d}|{one.origin}"
        yield f"a{min(own, 2)}{first:d}|{one.slot}|{self._place.intent}"
        yield f"a{min(own, 2)}{first:d}|{one.origin}|{one.slot}|{self._place.intent}"
        group = _GROUPS.get(one.slot)
        if group and self._owned[place]:
            others = sum(_GROUPS.get(other) == group for other in self._own_slots) - 1
            yield f"h{others}|{one.origin}|{one.slot}|{self._place.intent}"

    def _around(self, one: Candidate) -> Iterator[str]:
        if one.start < 0 or not one.own:
            return
        tokens = self._reading.tokens
        first, after = self._reading.within(one.start, one.end)
        if first >= after:
            return
        own = "o" if RULES in one.origin else "n"
        before = _word(tokens[first - 1]) if first else "<"
        behind = _word(tokens[after]) if after < len(tokens) else ">"
        exact = f"{tokens[first].start == one.start:d}{tokens[after - 1].end == one.end:d}"
        yield f"L{before}|{one.slot}"
        yield f"L{before}|{own}"
        yield f"L{before}|{self._place.intent}|{one.slot}"
        yield f"R{behind}|{one.slot}"
        yield f"R{behind}|{own}"
        yield f"X{exact}|{own}"
        yield f"f{_word(tokens[first])}|{one.slot}"
        for token, edge in ((tokens[first], "F"), (tokens[after - 1], "E")):
            for sense in _senses(token):
                yield f"{edge}{sense}|{one.slot}"
                yield f"{edge}{sense}|{own}"

    def _rivals(self, one: Candidate, place: int) -> set[str]:
        slot, start, end, belief = one.slot, one.start, one.end, self._beliefs[place]
        if slot == _NUMBER:
            return set()
        kinds = set[tuple[str, str, str, str]]()
        for other, rival in enumerate(self._found):
            meets = 0 <= start < rival.end and rival.start < end
            if (meets or rival.slot == slot) and other != place and rival.slot != _NUMBER:
                more = "+" if self._beliefs[other] > belief else "-"
                kind = ("o" if rival.slot == slot else "x") if meets else "s"
                kinds.add((kind, rival.origin, more, rival.slot))
        found = set[str]()
        for kind, origin, more, other_slot in kinds:
            found |= {
                f"r{kind}{origin}|{one.origin}", f"r{kind}{origin}{more}|{one.origin}",
                f"r{kind}{origin}|{one.origin}|{slot}",
            }  # fmt: skip
            if kind == "x":
                found.add(f"rx{other_slot}|{slot}{more}")
        return found

    def _elsewhere(self, one: Candidate) -> Iterator[str]:
        slot, intent, group = one.slot, self._place.intent, _GROUPS.get(one.slot, one.slot)
        filled = self._filled.get(group, "")
        step = max(min(self._number - one.source, 3), -2) if SHARED in one.origin else 0
        said = f"{self._pronouns}|{group}"
        yield f"x{one.meant}>{slot}|{intent}"
        yield f"y{self._places[one.source].intent}>{intent}|{slot}"
        yield f"d{step}|{one.origin}"
        yield f"d{step}|{group}|g{filled}"
        yield f"g{filled}|{group}|{one.origin}"
        yield f"g{filled}|{slot}|{intent}"
        yield f"p{said}"
        yield f"p{said}|{one.origin}|g{filled}"
        yield f"p{said}|{intent}|g{filled}|d{step > 0:d}"
        yield f"w{min((self._place.end - self._place.start) // 15, 5)}|{group}|g{filled}"


def _step(belief: float) -> int:
    return sum(belief >= one for one in _STEPS) if belief >= 0 else -1


def _word(token: Token) -> str:
    return token.key if token.kind in {"word", "mark"} else token.kind


def _senses(token: Token) -> set[str]:
    senses = {f"{one.kind}:{one.sense}" for one in token.meanings}
    return senses or {token.kind + ("N" if token.is_name else "")}
