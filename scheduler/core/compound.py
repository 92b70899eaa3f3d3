"""Splits a request into its orders, by rules alone: "Hol … und schick … und trag … ein" are up to three.

What a mail says, what is searched for and what stands in quotes is not split. Nothing is dropped without a word: a part
that is no order comes back as one that nobody understood; only statements beside an order are overlooked, and named.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.slot_finder import with_slots
from scheduler.core.slots import FREE_TEXT, derive

_MOST_CUTS: Final = 24
_ORDER_WORD = r"danach|dann|anschlie(?:ß|ss)end|daraufhin|zuletzt|zum schluss|then|afterwards|after that|finally|next"
_CUT = re.compile(
    rf"(?i)[.!?;] +(?:(?:und|and) )?(?P<a>(?:{_ORDER_WORD})\b,? ?)?"
    rf"|,? +(?:und|and|sowie) +(?P<b>(?:{_ORDER_WORD})\b,? ?)?"
    rf"|(?:, +(?P<c>(?:{_ORDER_WORD})\b)|,? +(?P<d>then\b)),? +|, "
)
_LATE_WORD = re.compile(rf"(?i)^(\w+) (?:{_ORDER_WORD})\b ?(.*)$")
_FIRST_THIS = re.compile(
    r"(?i)^(?:nachdem|sobald|wenn|after|once|as soon as|when) (?P<sub>[^,]+), (?:dann |then )?(?P<main>.+)$"
)
_THEN_THIS = re.compile(r"(?i)^(?:bevor|ehe|before) (?P<sub>[^,]+), (?P<main>.+)$")
_BEFORE = re.compile(r"(?i)^(?P<main>.+?),? (?:bevor|ehe|before) (?P<sub>[^,]+?)[.!?]*$")
_AFTER = re.compile(r"(?i)^(?P<main>.+?),? (?:nachdem|sobald|after|once|as soon as) (?P<sub>[^,]+?)[.!?]*$")
_SUBJECT = re.compile(
    r"(?i)^(?:du|sie|ihr|ich|wir|man|you(?:'ve| have)?|we(?:'ve| have)?|i(?:'ve| have)?|that['’]?s|that is) "
)
_HAVE = re.compile(r"(?i) (?:hast|habt|haben|hat|habe|bist|ist|sind|worden)$")
_PREFIXES: Final = ("herunter", "runter", "hoch", "weiter", "an", "ein", "aus", "ab", "auf", "zu", "los")
_ENDINGS: Final = ("est", "st", "et", "t", "en")
_QUOTED = re.compile(r"\"[^\"]*\"|„[^“”\"]*[“”\"]|“[^”]*”|«[^»]*»|»[^«]*«|(?:https?://|www\.)\S+")
_ASKED_OF_OTHERS = re.compile(r"(?i)\b(?:should|could|must|can|may|to|please|soll|sollen|möge|kann|können)\b")
_VERB_AND_OBJECT = re.compile(
    r"(?!(?:de[rnms]|die|das|eine?[nmrs]?|mit|von|für|aus|alle|the|an?|my|our|with|from|for|of|all)\b)[a-zäöüß]{3,} "
    r"(?:mir|dir|uns|ihm|ihr|ihnen|de[nm]|die|das|eine?[nm]?|bitte|mal|me|us|the|an?|my|him|her)\b"
)
"""An order in lower case with what it is about, whatever the verb: no part of a name."""
_COURTESY = re.compile(
    r"(?i)^(?:(?:vielen |besten )?dank\w*|thanks?(?: you)?.*|thank you.*|thx|bitte|please|"
    r"(?:viele |liebe |beste )?grüße?.*|(?:best |kind )?regards.*|cheers.*|lg.*|vg.*|mfg.*|hallo.*|hi.*|hey.*|moin.*|"
    r"hello.*|guten (?:tag|morgen|abend).*|ok(?:ay)?)$"
)
_STATEMENT = re.compile(
    r"(?i)^(?:(?:ich|i) (?:bin|war|habe|hatte|am|was|have|had)|wir (?:sind|waren|haben|hatten)|das (?:ist|war|eilt)"
    r"|er|es|dies(?:er|e|es)?|he|she|they|it|this|that"
    r"|(?:der|die|das|mein|meine|unser|unsere) (?:[^ ,]+ ){1,3}(?:ist|war|sind|hat|haben|braucht|wartet|will|möchte"
    r"|muss|kommt|fragt|eilt)|the (?:[^ ,]+ ){1,3}(?:is|was|are|has|needs|wants|waits)|my [^ ]+ (?:is|has|needs|wants)"
    r"|[^\W\d_]+ (?:wartet|braucht|needs|is waiting|fragt|asked|hat|will|wants))\b"
)
_PRONOUN = re.compile(
    r"(?i)(?:sie|es|ihn|diese[nrs]?|das|den|die|it|them|this|that|beides|both|alles|(?:das |die |the )?"
    r"(?:ergebnis(?:se)?|datei|dokument|pdf|results?|file|document))"
)
_ANY_PRONOUN = re.compile(
    r"(?i)\b(?:ihn|sie|es|it|them|this|that|dieses|diesen|diese|das|die|den|dies)\b(?= (?:\w+ )*?(?:an|to|auf|open|als|as|in|über|weiter|per|by|over|at|bitte|please)\b|[.!?,]|$)|\b(?:ihn|es|it|them)\b"
)
_HIM: Final = re.compile(r"(?i)\b(?:to|an)? ?(ihm|ihr|ihnen|him|her|them)\b(?! (?:die|das|den)\b)(?=[.!? ]*(?:$|\w))")
_TAKE_DOCUMENTS: Final = frozenset({"send_mail", "open_document", "export_pdf", "extract_table"})
_PERSONS: Final = frozenset({"ihr", "ihm", "ihnen", "her", "him", "them", "sie", "ihn"})


class Rules(Protocol):
    """What rules make of a request."""

    def route(self, message: str) -> RoutedIntent:
        """Return what it wants."""


class OrderPart(NamedTuple):
    """One order of a request. `after` holds the places of those that must be done first because the words say so."""

    text: str
    routed: RoutedIntent
    after: tuple[int, ...] = ()
    refers: int | None = None
    """The place of the order whose result is meant by a pronoun."""


class Orders(NamedTuple):
    """The orders in the sequence of doing, and the statements beside them that no order was found in."""

    parts: tuple[OrderPart, ...]
    overlooked: tuple[str, ...] = ()


class _Segment(NamedTuple):
    start: int
    end: int
    ordered: bool  # an order word stands before it


def split_orders(message: str, rules: Rules, learned: Rules | None = None) -> Orders:
    """Return the orders of a request; one that cannot be split is one order, known or not.

    Rules alone say where orders begin and end; `learned` names those that rules do not know.
    """
    return _Splitter(rules, learned).split(message)


class _Splitter:
    def __init__(self, rules: Rules, learned: Rules | None) -> None:
        self._rules = rules
        self._learned = learned
        self._seen: dict[str, RoutedIntent] = {}

    def split(self, message: str) -> Orders:
        text = normalise(message)
        clauses = self._clauses(text)
        if clauses is not None:
            return clauses
        segments = _segments(text)
        if len(segments) == 1:
            return Orders((self._named(OrderPart(message, self._route(message))),))
        whole = self._route(message)
        if whole.refused or (_alone(whole) and not self._swallows(text, whole)):
            return Orders((self._named(OrderPart(message, whole)),))
        parts, overlooked = self._parts(text, segments)
        known = [part for part in parts if part.routed.name != UNKNOWN]
        if not known or (len(parts) == 1 and not overlooked):
            return Orders((self._named(OrderPart(message, whole)),))
        one = self._named(OrderPart(message, whole))
        if _fetches_to_send(one, parts):
            return Orders((one,))
        return Orders(self._resolved(parts), tuple(overlooked))

    def _named(self, part: OrderPart) -> OrderPart:
        """Have an order named by what was learned, if rules do not know it."""
        part = part._replace(routed=with_slots(part.routed, part.text))
        if self._learned is None or part.routed.name != UNKNOWN or part.routed.refused or not part.text.strip():
            return part
        return part._replace(routed=with_slots(self._learned.route(part.text), part.text))

    def _resolved(self, parts: Sequence[OrderPart]) -> tuple[OrderPart, ...]:
        """Give pronouns the words of what they stand for."""
        found = list[OrderPart]()
        for said in parts:
            part = said._replace(routed=_with_pronouns(said))
            document = next((place for place in reversed(range(len(found))) if _document_of(found[place])), None)
            words = "" if document is None else _document_of(found[document])
            if part.routed.name == UNKNOWN and not part.routed.refused and words:
                part = self._with_noun(part, words)
            slots = dict(part.routed.slots)
            refers = None
            if _PRONOUN.fullmatch(slots.get("document", "")) and document is not None:
                slots["document"], refers = words, document
            elif words and slots.get("document") == words and part.text != part.routed.slots.get("document"):
                refers = document
            for name in ("recipient", "participants"):
                if slots.get(name, "").casefold() in _PERSONS:
                    person = next((who for one in reversed(found) if (who := _person_of(one))), None)
                    slots |= {} if person is None else {name: person}
            routed = part.routed.model_copy(update={"slots": derive(slots)})
            found.append(part._replace(routed=routed, refers=refers))
        return tuple(found)

    def _with_noun(self, part: OrderPart, words: str) -> OrderPart:
        """Read an order that nobody understood with the words its pronoun stands for."""
        said = _ANY_PRONOUN.sub(lambda _: f"„{words}“", part.text, count=1)
        routed = self._route(said)
        return part._replace(routed=routed) if said != part.text and _alone(routed) else part

    def _parts(self, text: str, segments: list[_Segment]) -> tuple[list[OrderPart], list[str]]:
        parts, overlooked, at = list[OrderPart](), list[str](), 0
        while at < len(segments):
            taken, part = self._longest(text, segments, at)
            words, ordered = part.text, segments[at].ordered
            at += taken
            if part.routed.name == UNKNOWN and _COURTESY.match(words.strip(" ,.!?")):
                continue
            if part.routed.name == UNKNOWN and not part.routed.refused and _STATEMENT.match(words):
                overlooked.append(words)
                continue
            part = self._named(part)
            if part.routed.name == UNKNOWN and parts and parts[-1].routed.name == UNKNOWN and not ordered:
                before = parts.pop()
                words = f"{before.text} {words}"
                part, ordered = self._named(OrderPart(words, self._route(words))), bool(before.after)
            parts.append(part._replace(after=(len(parts) - 1,) if ordered and parts else ()))
        return parts, overlooked

    def _longest(self, text: str, segments: list[_Segment], at: int) -> tuple[int, OrderPart]:
        """Return the longest order that begins here, and how many segments it takes; one unknown segment if none."""
        start = segments[at].start
        for end in range(len(segments), at, -1):
            words = text[start : segments[end - 1].end].strip(" ,;")
            for said in _said_straight(words):
                routed = self._route(said)
                if _alone(routed) and not self._swallows(said, routed):
                    return end - at, OrderPart(said, routed)
        words = text[start : segments[at].end].strip(" ,;")
        return 1, OrderPart(words, self._route(words))

    def _swallows(self, text: str, routed: RoutedIntent) -> bool:
        """Whether free text of this reading holds another order that the person did not mean as text."""
        names = (words for name, words in routed.slots.items() if name not in FREE_TEXT)
        if any(_VERB_AND_OBJECT.match(words[cut.end() :]) for words in names for cut in _cuts(words)):
            return True
        for name in FREE_TEXT & routed.slots.keys():
            words = " ".join(routed.slots[name].split())
            place = text.rfind(words)
            if place < 0 or _dictated(text, place, name):
                continue
            for cut in _cuts(words):
                rest = words[cut.end() :]
                said_first = words[: cut.start()]
                if name == "body" and routed.locale == "en" and not cut["a"] and _ASKED_OF_OTHERS.search(said_first):
                    continue
                if any(_starts_order(self._route(said)) for said in _said_straight(rest)):
                    return True
        return False

    def _clauses(self, text: str) -> Orders | None:
        """Read "Bevor du X, Y", "Y, bevor du X", "Sobald X, Y": two orders, and which comes first."""
        for pattern, sub_first in ((_THEN_THIS, False), (_FIRST_THIS, True), (_BEFORE, False), (_AFTER, True)):
            match = pattern.match(text)
            if match is None:
                continue
            sub = next((OrderPart(said, routed) for said in _as_order(match["sub"])
                        if _alone(routed := self._route(said))), None)  # fmt: skip
            if sub is None:
                continue
            main = self.split(match["main"])
            if any(part.routed.name == UNKNOWN for part in main.parts) and pattern in (_BEFORE, _AFTER):
                continue
            ordered = _ordered(sub, main, sub_first=sub_first)
            return ordered._replace(parts=self._resolved(ordered.parts))
        return None

    def _route(self, words: str) -> RoutedIntent:
        if words not in self._seen:
            self._seen[words] = self._rules.route(words)
        return self._seen[words]


def _ordered(sub: OrderPart, main: Orders, *, sub_first: bool) -> Orders:
    if sub_first:
        later = [part._replace(after=(0, *(one + 1 for one in part.after))) for part in main.parts]
        return Orders((sub, *later), main.overlooked)
    last = sub._replace(after=tuple(range(len(main.parts))))
    return Orders((*main.parts, last), main.overlooked)


def _fetches_to_send(whole: OrderPart, parts: Sequence[OrderPart]) -> bool:
    """Whether what was split is one order to INTENTS: to get something from a place and to send it."""
    names = [part.routed.name for part in parts]
    return whole.routed.name == "fetch_and_send" and names in (
        ["download_file", "send_mail"],
        ["search_document", "send_mail"],
    )


def _alone(routed: RoutedIntent) -> bool:
    return routed.name != UNKNOWN and not routed.rest


def _starts_order(routed: RoutedIntent) -> bool:
    return routed.name != UNKNOWN and not (routed.rest and routed.score < 0.3)


def _dictated(text: str, place: int, name: str) -> bool:
    """Whether the words at `place` are given as text: after a colon, or in quotes."""
    before = text[:place].rstrip()
    return (name == "body" and before.endswith(":")) or before[-1:] in "\"„“»«'"


def _cuts(text: str) -> Iterator[re.Match[str]]:
    kept = [found.span() for found in _QUOTED.finditer(text)]
    found = (
        cut for cut in _CUT.finditer(text) if not any(start < cut.end() and cut.start() < end for start, end in kept)
    )
    return (cut for _, cut in zip(range(_MOST_CUTS), found, strict=False) if cut.start() > 0 and cut.end() < len(text))


def _segments(text: str) -> list[_Segment]:
    found, start, ordered = list[_Segment](), 0, False
    for cut in _cuts(text):
        found.append(_Segment(start, cut.start(), ordered))
        start, ordered = cut.end(), any(cut[name] for name in "abcd")
    return [*found, _Segment(start, len(text), ordered)]


def _said_straight(words: str) -> Iterator[str]:
    """Yield the words, and without an order word that stands after the verb ("schließ dann Teams")."""
    yield words
    late = _LATE_WORD.match(words)
    if late:
        yield f"{late[1]} {late[2]}".strip()


def _as_order(clause: str) -> Iterator[str]:
    """Yield a subordinate clause as an order: "du Teams schließt" is "schließ Teams"."""
    words = _SUBJECT.sub("", clause.strip())
    yield words
    first, _, others = words.partition(" ")
    yield from (f"{first.removesuffix(ending)} {others}" for ending in ("ed", "d", "ing") if first.endswith(ending))
    *rest, verb = _HAVE.sub("", words.rstrip(" .!?,")).split(" ")
    for prefix in ("", *(one for one in _PREFIXES if verb.startswith(one))):
        stem = verb[len(prefix) :].removeprefix("ge")
        for ending in ("", *(one for one in _ENDINGS if stem.endswith(one))):
            base = stem.removesuffix(ending) if ending else stem
            for form in (base, f"{base}e"):
                yield " ".join(part for part in (form, *rest, prefix) if part)


def _with_pronouns(part: OrderPart) -> RoutedIntent:
    """Return what an order wants with its slots; pronouns that stand for a thing or a person fill them for now."""
    routed, said = with_slots(part.routed, part.text), part.routed.slots
    slots = dict(routed.slots)
    takes = routed.name in _TAKE_DOCUMENTS and not slots.keys() & {"document", "file_name", "body", "table", "url"}
    if takes and _ANY_PRONOUN.search(part.text):
        slots["document"] = "es"
    for name, words in (("document", said.get("document", "")), ("recipient", said.get("recipient", ""))):
        if name not in slots and (_PRONOUN.fullmatch(words) or words.casefold() in _PERSONS):
            slots[name] = words
    him = _HIM.search(part.text)
    if routed.name in {"send_mail", "fetch_and_send"} and him is not None:
        slots.setdefault("recipient", him[1])
    return routed.model_copy(update={"slots": slots})


def _document_of(part: OrderPart) -> str:
    """Return the words of what an order gets or makes; a search stands for what it finds."""
    slots = part.routed.slots
    return next((slots[name] for name in ("document", "file_name", "table", "query", "url") if slots.get(name)), "")


def _person_of(part: OrderPart) -> str:
    slots = part.routed.slots
    return next((slots[name] for name in ("recipient", "participants", "sender") if slots.get(name)), "")
