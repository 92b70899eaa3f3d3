"""Reads the parts of a request to send things as a row: who gets what, one after the other, and what is taken back.

A part may name both, or persons and things stand in parts of their own; a verb said once is meant for all that follow.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from scheduler.core.hesitation import SET_OFF
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.provisos import QUESTION
from scheduler.core.sent_pairs import BOTH, BOTH_TO, NEITHER, PERSONS, THINGS, Part, Span
from scheduler.core.sign_offs import only_polite
from scheduler.core.taken_back import excuses_or_refuses
from scheduler.core.words import Words

_TIMES: Final = frozenset({"date", "time"})
_OR: Final = frozenset({"oder", "or", "bzw", "beziehungsweise", "sondern"})
_SENTENCE: Final = re.compile(r"[^.!?]*([.!?]|$)")
_EACH: Final = re.compile(r"(?i)\b(?:respectively|beziehungsweise|jeweils|each)\b")


_HESITATES: Final = re.compile(rf"(?i){SET_OFF}")


class UnclearError(Exception):
    """The words are no row of who gets what."""


@dataclass(frozen=True)
class Verb:
    """What orders to send: the words up to the verb, or to what asks for one that stands last."""

    head: str = ""
    modal: bool = False
    refers: bool = False
    """A pronoun stands for what is sent."""


@dataclass
class Group:
    """Who is to get what, by one verb."""

    verb: Verb
    kind: str
    persons: list[Span] = field(default_factory=list)
    things: list[Span] = field(default_factory=list)
    to: str = ""
    tail: str = ""
    follows: bool = False
    bare: bool = False


@dataclass
class Row:
    """Who is to get what by the words of a request, and what of it is asked about."""

    text: str
    groups: list[Group] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The words of what is said on a condition, perhaps, or only asked about."""
    verb: Verb = field(default_factory=Verb)
    """The last one."""
    tail: str = ""
    """What ends an order of the last verb, wherever that was said."""
    open_persons: list[Span] = field(default_factory=list)
    """Those of whom it is not said yet what they get."""
    open_things: list[Span] = field(default_factory=list)
    either: bool = False
    """Something is said to be meant or something else."""
    corrected: bool = False
    undone: bool = False
    """It is taken back, so that nothing is to be done unasked."""
    added: bool = False
    """Somebody is said to get the same, too."""
    dated: bool = False
    """Only a day or a time stands behind it."""

    excused: bool = False
    """What is said behind it excuses, or says who is meant instead: "Sorry, Tom"."""

    @property
    def open(self) -> bool:
        """Whether somebody or something is named that no order has yet."""
        return bool(self.open_persons or self.open_things)

    def pair_open(self) -> None:
        """Give those who are named what is named, a correction between them: "Schick Anna - nein, Tom - die Liste"."""
        self.groups.append(Group(self.verb, BOTH, self.open_persons, self.open_things))
        self.open_persons, self.open_things = [], []

    @property
    def left_open(self) -> bool:
        """Whether it is not said which of several things is meant, or whose: "oder", "respectively"."""
        things = sum(len(one.things) for one in self.groups) + len(self.open_things)
        persons = sum(len(one.persons) for one in self.groups) + len(self.open_persons)
        each = min(things, persons) > 1 and _EACH.search(self.text) is not None
        return each or self.excused or (self.either and things > 1)

    @property
    def pairs(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """The persons of each order with their things."""
        return tuple((self.words(one.persons), self.words(one.things)) for one in self.groups)

    def words(self, spans: Sequence[Span]) -> tuple[str, ...]:
        """Return what stands there."""
        return tuple(self.text[one.start : one.end] for one in spans)


@dataclass(frozen=True)
class _Correction:
    """That what comes is said in the place of what was said before; `calls_off`: even if nothing comes."""

    begun: bool = False
    calls_off: bool = False

    def heard(self, part: Part) -> "_Correction":
        """Return it with what the mark of a part says: "nein", "vergiss es"."""
        begun = self.begun or part.corrects
        return _Correction(begun=begun, calls_off=self.calls_off or (begun and part.calls_off))


def first_order(parts: Sequence[Part]) -> int | None:
    """Return where the first order to send something begins."""
    for place, part in enumerate(parts):
        if part.head and part.kind in {BOTH, BOTH_TO, PERSONS, THINGS} and not part.held:
            return place
        if part.kind == BOTH and not part.head and _verb_last(parts, place):
            return place
    return None


def _verb_last(parts: Sequence[Part], place: int) -> bool:
    """Whether the verb of parts without one stands at the end: "Anna das Protokoll, Eva die Liste schicken"."""
    return any(one.tail[-2:] == "en" for one in parts[place:] if not one.new_sentence or one is parts[place])


class RowReader:
    """Reads one row into `row`, which holds what was read even where the words turn out to be no row."""

    def __init__(self, text: str, parts: Sequence[Part]) -> None:
        self.row = Row(text)
        self._text = text
        self._parts = parts
        self._correction = _Correction()
        self._hold_next = False
        self._thanked = False
        self._hesitates = False

    def read(self, start: int) -> int:
        """Read the parts from `start` on and return the place of the first that is not of the row, if any.

        Raises UnclearError.
        """
        place = start
        while place < len(self._parts) and self._takes(self._parts[place], place):
            place += 1
        self.row.undone = self.row.undone or self._correction.calls_off
        if self.row.corrected and self.row.open_persons and self.row.open_things and not self.row.groups:
            self.row.pair_open()
        if self.row.open:
            raise UnclearError
        return place

    def _takes(self, part: Part, place: int) -> bool:
        """Take one more part; False where the row ends before it. Raises UnclearError."""
        row = self.row
        if row.groups and self._is_asked(part, place):
            return self._ask(part, place)
        if row.groups:
            self._correction = self._correction.heard(part)
        if part.corrects and not row.groups and row.open_persons and part.kind in {NEITHER, PERSONS, BOTH}:
            row.open_persons.clear()
            row.corrected = True
        if self._only_hesitates(part) or (part.corrects and part.kind == NEITHER):
            return True
        if self._correction.begun:
            return self._take_correction(part)
        if part.kind == NEITHER:
            return self._take_rest(part)
        if part.head:
            self._begin(part)
        elif (part.new_sentence or self._thanked) and row.groups and part.kind in {PERSONS, THINGS} and not part.also:
            return self._signs(part)
        row.either = row.either or part.conjunction in _OR
        _take_named(row, part)
        return True

    def _only_hesitates(self, part: Part) -> bool:
        """Whether a part is "äh"; what is named behind it may be meant instead, so that all is asked about."""
        only = _HESITATES.fullmatch(self._own_words(part)) is not None
        self.row.undone = self.row.undone or (self._hesitates and not (part.head or part.conjunction))
        self._hesitates = only and bool(self.row.groups)
        return only

    def _is_asked(self, part: Part, place: int) -> bool:
        """Whether a part is said on a condition, or asks: "And Hamish the plan?"."""
        if part.held or self._hold_next or QUESTION.match(self._text, part.start):
            return True
        sentence = _SENTENCE.match(self._text, part.end)
        asks = sentence is not None and sentence[1] == "?" and not part.head
        names = part.person is not None or part.thing is not None
        return asks and names and (not self.row.verb.modal or self._begins_sentence(place))

    def _begins_sentence(self, place: int) -> bool:
        """Whether no order stands before this part in its sentence."""
        while not self._parts[place].new_sentence:
            place -= 1
            if self._parts[place].head:
                return False
        return not self._parts[place].head

    def _ask(self, part: Part, place: int) -> bool:
        """Have it asked about what a part says; of bare "if need be" about what comes next, or what came before."""
        row, after = self.row, self._parts[place + 1 : place + 2]
        bare = part.held and not part.names
        self._hold_next = bare and bool(after) and not after[0].new_sentence
        row.undone = row.undone or part.conjunction in _OR or (bare and not self._hold_next)
        if not bare:
            said = self._own_words(part)
            names = row.words([one for group in row.groups for one in group.persons])
            row.undone = row.undone or any(name in said for name in names)
            row.asked.append(said)
        return True

    def _own_words(self, part: Part) -> str:
        return self._text[part.start : part.end].strip(" ,;")

    def _signs(self, part: Part) -> bool:
        """Let the row end before a bare name, which signs the request. Raises UnclearError for all else."""
        bare = part.person == (part.start, part.end) and part is self._parts[-1] and not part.conjunction
        if not bare or self.row.open:
            raise UnclearError
        return False

    def _begin(self, part: Part) -> None:
        row = self.row
        if part.tail.startswith("zu ") or row.open or (part.refers and row.groups):
            raise UnclearError
        modal = any(one.has("modal") for one in tokens_of(part.head))
        row.verb, row.tail = Verb(part.head, modal=modal, refers=part.refers), ""

    def _take_correction(self, part: Part) -> bool:
        """Take what is said in the place of what was said before; False where that is another kind of order."""
        row = self.row
        if part.kind == NEITHER:
            words = Words(tokens_of(self._own_words(part)))
            self._correction = _Correction(begun=True, calls_off=True)
            return words.imperative is None
        if row.open or (part.new_sentence and self._is_small(part)) or self._may_excuse(part):
            raise UnclearError
        self._correction, row.corrected = _Correction(), True
        last, sends = row.groups[-1], bool(part.head)
        if part.kind == PERSONS and part.person is not None and (part.refers or not sends):
            last.persons = [part.person]
        elif part.kind == THINGS and part.thing is not None and not sends:
            last.things = [part.thing]
        elif sends and len(row.groups) == 1 and not part.refers:
            row.groups.clear()
            self._begin(part)
            _take_named(row, part)
        else:
            _take_named(row, part)
            row.undone = True
        return True

    def _is_small(self, part: Part) -> bool:
        """Whether who is named is written small where others are not: "No rush", rather a word than a name."""
        small = part.person is not None and not part.to and self._text[part.person.start].islower()
        return small and any(self._text[one.start].isupper() for one in self.row.groups[-1].persons)

    def _may_excuse(self, part: Part) -> bool:
        """Whether what seems to correct may be an excuse or a refusal, with a name behind it: "Sorry, Tom"."""
        last, named = self.row.groups[-1], part.person or part.thing
        before = max(one.end for one in (*last.persons, *last.things))
        bare = named if not part.to else None
        self.row.excused = bare is not None and excuses_or_refuses(self._text, before, bare.start)
        return self.row.excused

    def _take_rest(self, part: Part) -> bool:
        """Take words that name nobody and nothing to be sent, or end the row before them."""
        row, said = self.row, self._own_words(part)
        if only_polite(said):
            self._thanked = part.new_sentence
            return True
        if row.open:
            raise UnclearError
        words = Words(tokens_of(said))
        self._hold_next = False
        if row.groups and not part.new_sentence and _is_when(words.tokens):
            row.dated = True
            return True
        if part.person is not None and row.groups and not words.has_verb:
            row.asked.append(said)
            return True
        later = self._parts[self._parts.index(part) + 1 :]
        return words.imperative is None and any(one.corrects and one.kind != NEITHER for one in later)


def _take_named(row: Row, part: Part) -> None:
    """Give who and what a part names to the order that it belongs to. Raises UnclearError."""
    last = row.groups[-1] if row.groups and not part.head else None
    if part.refers and part.person is not None and part.thing is not None:
        row.groups.append(Group(row.verb, BOTH_TO, [part.person], [part.thing], part.to, part.tail))
    elif part.kind == PERSONS and part.person is not None:
        too = part.also and row.groups and not row.open
        if last is not None and (last.kind == BOTH_TO or too) and not row.open_things:
            last.persons.append(part.person)
            row.added = row.added or bool(too)
        else:
            row.open_persons.append(part.person)
    elif part.kind == THINGS and part.thing is not None:
        if last is not None and last.kind == BOTH and not row.open_persons:
            last.things.append(part.thing)
        else:
            row.open_things.append(part.thing)
    else:
        _take_pair(row, part)
    row.tail = part.tail or row.tail
    if part.tail and row.groups and not row.open:
        row.groups[-1].tail = part.tail


def _take_pair(row: Row, part: Part) -> None:
    if (
        part.person is None
        or part.thing is None
        or part.tail.startswith("zu ")
        or (row.open_things if part.kind == BOTH else row.open_persons)
    ):
        raise UnclearError
    if part.bare and not part.head and not (row.groups and row.groups[-1].bare):
        if part.conjunction and row.text[part.person.start].islower():
            raise UnclearError
        row.asked.append(row.text[part.start : part.end].strip(" ,;"))
        return
    row.groups.append(
        Group(
            row.verb,
            part.kind,
            [*row.open_persons, part.person],
            [*row.open_things, part.thing],
            part.to,
            part.tail,
            follows=part.in_order and bool(row.groups),
            bare=part.bare,
        )
    )
    row.open_persons, row.open_things = [], []


def _is_when(tokens: Sequence[Token]) -> bool:
    """Whether words only say when: "Montag 10 Uhr", "am Montag um 10"."""
    dated = any(one.kind in _TIMES for one in tokens)
    return dated and all(one.kind in _TIMES or one.has("prepositions") or one.kind == "mark" for one in tokens)
