"""Keeps apart what each person is to be sent: "Schick Anna das Angebot und Tom den Vertrag" are two orders.

Whoever gets what was meant for somebody else has got it for good. So where a request says of several persons what each
of them gets, every one is read by itself, as the plain order that it is; what takes back something said before takes
its place; and what is to be done on a condition, perhaps, or is only asked about, is asked for. Nothing is guessed:
where the words are no such row, the request is read as a whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from scheduler.core.atoms import AFTER, BEFORE, IF
from scheduler.core.dictation import dictation
from scheduler.core.language import detect_locale
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.provisos import EITHER, EXCUSES, FOLLOWING, LETS, QUESTION, SEQUENCE, UNDOES
from scheduler.core.sent_pairs import BOTH, BOTH_TO, NEITHER, PERSONS, THINGS, Part, Span, parts_of
from scheduler.core.sign_offs import is_greeting, only_polite, speaks_of_earlier
from scheduler.core.verbless import MAY_SEND, with_verb
from scheduler.core.words import Words

_LONGEST: Final = 600
"""Characters of a request that is looked at; longer ones are texts."""
_SEVERAL: Final = re.compile(
    r"(?i)[,;.!?&+/:(–\n-]|\b(?:und|and|u|n|sowie|plus|oder|or|aber|but|weder|neither|sowohl)\b"
)
_SHORT: Final = 120
"""Characters of a request without a verb."""
_TOLD: Final = re.compile(
    r"(?i)\b(?:dass|daß|(?<!make )(?<!scratch )(?<!strike )(?<!forget )(?<!failing )(?<!after )that|ob|whether"
    r"|saying|subject|betreff|cc|bcc|(?<!eine )kopie|(?<!a )copy)\b|[„“”\"«»]"
)
_TIMES: Final = frozenset({"date", "time"})
_OR: Final = frozenset({"oder", "or", "bzw", "beziehungsweise", "sondern"})
_SENTENCE: Final = re.compile(r"[^.!?]*([.!?]|$)")
_CORRECTS: Final = re.compile(r"(?i)(\b(?:korrektur|correction)):")
_BOTH: Final = re.compile(r"(?i)\b(?:sowohl (?=.*\bals auch\b)|als auch\b)")
_EACH: Final = re.compile(r"(?i)\b(?:respectively|beziehungsweise|jeweils|each)\b")
_TELLING: Final = frozenset({"tell", "write", "reply", "ask"})
_THEN: Final = re.compile(r"(?i)^(?:dann|then|danach|anschließend|afterwards|after that)\b,? ")


class Piece(NamedTuple):
    """A part of a request that is read by itself. `asked`: it is not done before somebody was asked."""

    text: str
    asked: bool = False
    persons: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    follows: bool = False


class Told(NamedTuple):
    """The pieces that a request is read in, none where it is read as a whole, and who is to get what by its words."""

    pieces: tuple[Piece, ...] = ()
    sure: bool = True
    """Else they are for where the whole is not understood."""
    asked: bool = False
    """Which of several is meant is left open, so that nothing is to be sent unasked."""
    pairs: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()


@dataclass
class _Group:
    """Who is to get what, by one verb."""

    head: str
    kind: str
    persons: list[Span] = field(default_factory=list)
    things: list[Span] = field(default_factory=list)
    to: str = ""
    tail: str = ""
    follows: bool = False
    bare: bool = False


def who_gets_what(text: str) -> Told:
    """Return the pieces in which a request is to be read, if it says of several persons what each is to be sent."""
    if len(text) <= _SHORT and (row := with_verb(text)):
        return _rows(row)
    if len(text) > _LONGEST or MAY_SEND.search(text) is None or _SEVERAL.search(text.rstrip(" .!?")) is None:
        return Told()
    return _rows(text)


def _rows(text: str) -> Told:
    plain = _BOTH.sub(lambda found: "und" if found[0][0] in "aA" else "", text)
    plain = FOLLOWING.sub("", _CORRECTS.sub(r"\1,", plain))
    if _TOLD.search(plain) or dictation(plain)[1] is not None:
        return Told()
    if LETS.match(plain):
        return Told()
    if EITHER.search(plain) or UNDOES.search(plain):
        return Told(asked=True)
    return _Reader(plain, parts_of(plain)).read()


class _UnclearError(Exception):
    """The words are no row of who gets what."""


class _Reader:
    def __init__(self, text: str, parts: Sequence[Part]) -> None:
        self._text = text
        self._parts = parts
        self._groups: list[_Group] = []
        self._asked: list[str] = []
        self._persons: list[Span] = []
        self._things: list[Span] = []
        self._head = ""
        self._modal = False
        self._correcting = False
        self._corrected = False
        self._either = False
        self._called_off = False
        self._undone = False
        self._hold_next = False
        self._refers = False
        self._thanked = False
        self._dated = False
        self._own_verb = False
        self._tail = ""

    def read(self) -> Told:
        start = self._first()
        if start is None:
            return Told()
        place = start
        try:
            while place < len(self._parts) and self._takes(self._parts[place], place):
                place += 1
            self._undone = self._undone or self._called_off
            return self._told(start, place)
        except _UnclearError:
            return Told(pairs=self._pairs(), asked=self._left_open())

    def _left_open(self) -> bool:
        """Whether it is not said which of several things is meant, or whose: "oder", "respectively"."""
        things = sum(len(one.things) for one in self._groups) + len(self._things)
        persons = sum(len(one.persons) for one in self._groups) + len(self._persons)
        each = min(things, persons) > 1 and _EACH.search(self._text) is not None
        return each or (self._either and things > 1)

    def _first(self) -> int | None:
        """Return where the first order to send something begins."""
        for place, part in enumerate(self._parts):
            if part.head and part.kind in {BOTH, BOTH_TO, PERSONS, THINGS} and not part.held:
                return place
            if part.kind == BOTH and not part.head and self._verb_last(place):
                return place
        return None

    def _verb_last(self, place: int) -> bool:
        """Whether the verb of parts without one stands at the end: "Anna das Protokoll, Eva die Liste schicken"."""
        return any(
            one.tail[-2:] == "en" for one in self._parts[place:] if not one.new_sentence or one is self._parts[place]
        )

    def _takes(self, part: Part, place: int) -> bool:
        """Take one more part; False where the row ends before it. Raises _UnclearError."""
        if self._groups and self._is_asked(part, place):
            return self._ask(part, place)
        self._correcting = self._correcting or (part.corrects and bool(self._groups))
        self._called_off = self._called_off or (part.calls_off and self._correcting)
        if part.corrects and part.kind == NEITHER:
            return True
        if self._correcting:
            return self._take_correction(part)
        if part.kind == NEITHER:
            return self._take_rest(part)
        if part.head:
            self._begin(part)
        elif (part.new_sentence or self._thanked) and self._groups and part.kind in {PERSONS, THINGS}:
            return self._signs(part)
        self._either = self._either or part.conjunction in _OR
        self._take_named(part)
        return True

    def _ask(self, part: Part, place: int) -> bool:
        """Have it asked about what a part says; of bare "if need be" about what comes next, or what came before."""
        bare, after = part.held and not part.names, self._parts[place + 1 : place + 2]
        self._hold_next = bare and bool(after) and not after[0].new_sentence
        self._undone = self._undone or part.conjunction in _OR or (bare and not self._hold_next)
        if not bare:
            said = self._own_words(part)
            names = self._words([one for group in self._groups for one in group.persons])
            self._undone = self._undone or any(name in said for name in names)
            self._asked.append(said)
        return True

    def _signs(self, part: Part) -> bool:
        """Let the row end before a bare name, which signs the request. Raises _UnclearError for all else."""
        bare = part.person == (part.start, part.end) and part is self._parts[-1] and not part.conjunction
        if not bare or self._persons or self._things:
            raise _UnclearError
        return False

    def _begin(self, part: Part) -> None:
        if part.tail.startswith("zu ") or self._persons or self._things or (part.refers and self._groups):
            raise _UnclearError
        self._refers = part.refers
        self._head = part.head
        self._modal = any(one.has("modal") for one in tokens_of(part.head))
        self._tail = ""

    def _is_asked(self, part: Part, place: int) -> bool:
        """Whether a part is said on a condition, or asks: "And Hamish the plan?"."""
        if part.held or self._hold_next or QUESTION.match(self._text, part.start):
            return True
        sentence = _SENTENCE.match(self._text, part.end)
        asks = sentence is not None and sentence[1] == "?" and not part.head
        names = part.person is not None or part.thing is not None
        return asks and names and (not self._modal or self._begins_sentence(place))

    def _begins_sentence(self, place: int) -> bool:
        """Whether no order stands before this part in its sentence."""
        while not self._parts[place].new_sentence:
            place -= 1
            if self._parts[place].head:
                return False
        return not self._parts[place].head

    def _own_words(self, part: Part) -> str:
        return self._text[part.start : part.end].strip(" ,;")

    def _take_correction(self, part: Part) -> bool:
        """Take what is said in the place of what was said before; False where that is another kind of order."""
        if part.kind == NEITHER:
            words = Words(tokens_of(self._own_words(part)))
            self._called_off = True
            return words.imperative is None
        if self._persons or self._things or (part.new_sentence and self._is_small(part)):
            raise _UnclearError
        last, sends = self._groups[-1], bool(part.head)
        named = part.person or part.thing
        before = max(one.end for one in (*last.persons, *last.things))
        if named is not None and not part.to and EXCUSES.search(self._text, before, named.start):
            raise _UnclearError
        self._correcting = self._called_off = False
        self._corrected = True
        if part.kind == PERSONS and part.person is not None and (part.refers or not sends):
            last.persons = [part.person]
        elif part.kind == THINGS and part.thing is not None and not sends:
            last.things = [part.thing]
        elif sends and len(self._groups) == 1 and not part.refers:
            self._groups.clear()
            self._begin(part)
            self._take_named(part)
        else:
            self._take_named(part)
            self._undone = True
        return True

    def _is_small(self, part: Part) -> bool:
        """Whether who is named is written small where others are not: "No rush", rather a word than a name."""
        small = part.person is not None and not part.to and self._text[part.person.start].islower()
        return small and any(self._text[one.start].isupper() for one in self._groups[-1].persons)

    def _take_rest(self, part: Part) -> bool:
        """Take words that name nobody and nothing to be sent, or end the row before them."""
        said = self._own_words(part)
        if only_polite(said):
            self._thanked = part.new_sentence
            return True
        if self._persons or self._things:
            raise _UnclearError
        words = Words(tokens_of(said))
        self._hold_next = False
        if self._groups and not part.new_sentence and _is_when(words.tokens):
            self._dated = True
            return True
        if part.person is not None and self._groups and not words.has_verb:
            self._asked.append(said)
            return True
        later = self._parts[self._parts.index(part) + 1 :]
        return words.imperative is None and any(one.corrects and one.kind != NEITHER for one in later)

    def _take_named(self, part: Part) -> None:
        """Take who and what a part names to the order that it belongs to."""
        last = self._groups[-1] if self._groups and not part.head else None
        if part.refers and part.person is not None and part.thing is not None:
            self._groups.append(_Group(self._head, BOTH_TO, [part.person], [part.thing], part.to, part.tail))
        elif part.kind == PERSONS and part.person is not None:
            if last is not None and last.kind == BOTH_TO and not self._things:
                last.persons.append(part.person)
            else:
                self._persons.append(part.person)
        elif part.kind == THINGS and part.thing is not None:
            if last is not None and last.kind == BOTH and not self._persons:
                last.things.append(part.thing)
            else:
                self._things.append(part.thing)
        else:
            self._take_pair(part)
        self._tail = part.tail or self._tail
        if part.tail and self._groups and not (self._persons or self._things):
            self._groups[-1].tail = part.tail

    def _take_pair(self, part: Part) -> None:
        if (
            part.person is None
            or part.thing is None
            or part.tail.startswith("zu ")
            or (self._things if part.kind == BOTH else self._persons)
        ):
            raise _UnclearError
        if part.bare and not part.head and not (self._groups and self._groups[-1].bare):
            raise _UnclearError
        self._groups.append(
            _Group(
                self._head,
                part.kind,
                [*self._persons, part.person],
                [*self._things, part.thing],
                part.to,
                part.tail,
                follows=part.in_order and bool(self._groups),
                bare=part.bare,
            )
        )
        self._persons, self._things = [], []

    def _pairs(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        return tuple((self._words(one.persons), self._words(one.things)) for one in self._groups)

    def _words(self, spans: Sequence[Span]) -> tuple[str, ...]:
        return tuple(self._text[one.start : one.end] for one in spans)

    def _told(self, start: int, end: int) -> Told:
        """Return the pieces of the row of orders, and of what stands before and behind it. Raises _UnclearError."""
        if self._persons or self._things:
            raise _UnclearError
        several = len(self._groups) > 1 or bool(self._asked) or self._corrected or self._undone or self._dated
        if not self._groups or self._left_open():
            return Told(pairs=self._pairs(), asked=self._left_open())
        if self._refers and (not (self._corrected or self._undone) or len(self._groups) > 1 or start):
            raise _UnclearError
        before = self._text[: self._parts[start].start]
        first = self._parts[start]
        self._own_verb = first.conjunction in {"und", "and", "&"} and bool(first.head) and not self._modal
        several = several or (self._own_verb and bool(Words(tokens_of(before)).senses & _TELLING))
        after = self._text[self._parts[end].start :] if end < len(self._parts) else ""
        pieces = [
            *self._beside(before),
            *(self._piece(one) for one in self._groups),
            *(Piece(one, asked=True) for one in self._asked),
            *self._beside(after),
        ]
        return Told(tuple(pieces), sure=several, pairs=self._pairs())

    def _beside(self, text: str) -> list[Piece]:
        """Return an order beside the row, which must stand for itself. Raises _UnclearError."""
        said = re.sub(r"(?i)^(?:und|and|sowie|,|;)\s+|[\s,;:]+(?:und|and)?\s*$", "", text.strip())
        if only_polite(said) or is_greeting(said):
            return []
        then = _THEN.match(said)
        said = said[then.end() :] if then else said
        keys = {one.key for one in tokens_of(said)}
        if speaks_of_earlier(said) or SEQUENCE.search(said) or keys & (AFTER | BEFORE | IF):
            raise _UnclearError
        words = Words(tokens_of(said))
        tells = bool(words.senses & _TELLING)
        stands_alone = self._own_verb and "tell" not in words.senses if tells else words.imperative is not None
        if not stands_alone:
            raise _UnclearError
        return [Piece(said, follows=then is not None)]

    def _piece(self, group: _Group) -> Piece:
        """Return the plain order to send each person of a group each of its things."""
        persons, things = self._words(group.persons), self._words(group.things)
        english = detect_locale(self._text) == "en"
        to = group.to or ("to" if english else "an")
        who, what = _listed(persons, english=english), _listed(things, english=english)
        named = f"{who} {what}" if group.kind == BOTH and not group.to else f"{what} {to} {who}"
        tail = group.tail or self._tail_of(group)
        mark = "?" if any(one.has("modal") for one in tokens_of(group.head)) and "?" in self._text else ""
        said = " ".join(word for word in (group.head, named, tail) if word)
        asked = self._undone or (self._either and len(self._groups) > 1)
        return Piece(said + mark, asked, persons, things, group.follows)

    def _tail_of(self, group: _Group) -> str:
        """Return what ends an order whose verb, or the part of it that stands apart, is said of the last one."""
        same = [one for one in self._groups if one.head == group.head and one.tail]
        return same[-1].tail if same else self._tail if group.head == self._head else ""


def _is_when(tokens: Sequence[Token]) -> bool:
    """Whether words only say when: "Montag 10 Uhr", "am Montag um 10"."""
    dated = any(one.kind in _TIMES for one in tokens)
    return dated and all(one.kind in _TIMES or one.has("prepositions") or one.kind == "mark" for one in tokens)


def _listed(words: Sequence[str], *, english: bool) -> str:
    between = " and " if english else " und "
    return ", ".join(words[:-1]) + between + words[-1] if len(words) > 1 else words[0]
