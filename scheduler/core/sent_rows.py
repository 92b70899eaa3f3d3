"""Reads the parts of a request to send things as a row: who gets what, one after the other, and what is taken back.

A part may name both, or persons and things stand in parts of their own; a verb said once is meant for all that follow.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

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


class Verb(NamedTuple):
    """What orders to send: the words up to the verb, or to what asks for one that stands last."""

    head: str = ""
    modal: bool = False
    refers: bool = False
    """A pronoun stands for what is sent."""


class Group(NamedTuple):
    """Who is to get what, by one verb."""

    verb: Verb
    kind: str
    persons: tuple[Span, ...] = ()
    things: tuple[Span, ...] = ()
    to: str = ""
    tail: str = ""
    follows: bool = False
    bare: bool = False


class Row(NamedTuple):
    """Who is to get what by the words of a request, and what of it is asked about."""

    text: str
    groups: tuple[Group, ...] = ()
    asked: tuple[str, ...] = ()
    """The words of what is said on a condition, perhaps, or only asked about."""
    verb: Verb = Verb()
    """The last one."""
    tail: str = ""
    """What ends an order of the last verb, wherever that was said."""
    open_persons: tuple[Span, ...] = ()
    """Those of whom it is not said yet what they get."""
    open_things: tuple[Span, ...] = ()
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

    def paired(self) -> "Row":
        """Return it with what is named for who is named, a correction between them: "Anna - nein, Tom - die Liste"."""
        group = Group(self.verb, BOTH, self.open_persons, self.open_things)
        return self._replace(groups=(*self.groups, group), open_persons=(), open_things=())

    def with_last(self, **fields: Any) -> "Row":  # noqa: ANN401 - the fields of Group
        """Return it with its last order changed."""
        return self._replace(groups=(*self.groups[:-1], self.groups[-1]._replace(**fields)))


class UnclearError(Exception):
    """The words are no row of who gets what; `row` is what was read before that was known."""

    def __init__(self, row: Row) -> None:
        super().__init__("no row of who gets what")
        self.row = row


class _Correction(NamedTuple):
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


class _Reading(NamedTuple):
    """What was read up to some part of a row, and what that tells of the next part."""

    row: Row
    correction: _Correction = _Correction()
    hold_next: bool = False
    """The next part is said on a condition."""
    thanked: bool = False
    hesitates: bool = False
    ended: bool = False
    """The row ends before the part that was looked at."""

    def of(self, **fields: Any) -> "_Reading":  # noqa: ANN401 - the fields of Row
        """Return it with the row changed."""
        return self._replace(row=self.row._replace(**fields))


class RowReader:
    """Reads one row out of the parts of a request: each part makes of what was read before it a new value."""

    def __init__(self, text: str, parts: Sequence[Part]) -> None:
        self._text = text
        self._parts = parts

    def read(self, start: int) -> tuple[Row, int]:
        """Return the row of the parts from `start` on, and the place of the first that is not of it, if any.

        Raises UnclearError.
        """
        now, place = _Reading(Row(self._text)), start
        while place < len(self._parts):
            now = self._after(now, self._parts[place], place)
            if now.ended:
                break
            place += 1
        row = now.row._replace(undone=now.row.undone or now.correction.calls_off)
        if row.corrected and row.open_persons and row.open_things and not row.groups:
            row = row.paired()
        if row.open:
            raise UnclearError(row)
        return row, place

    def _after(self, now: _Reading, part: Part, place: int) -> _Reading:
        """Return what is read with one more part. Raises UnclearError."""
        begun = bool(now.row.groups)
        if begun and self._is_asked(now, part, place):
            return self._asking(now, part, place)
        if begun:
            now = now._replace(correction=now.correction.heard(part))
        elif part.corrects and now.row.open_persons and part.kind in {NEITHER, PERSONS, BOTH}:
            now = now.of(open_persons=(), corrected=True)
        now, only = self._hesitating(now, part)
        if only or (part.corrects and part.kind == NEITHER):
            return now
        if now.correction.begun:
            return self._corrected(now, part)
        if part.kind == NEITHER:
            return self._with_rest(now, part, place)
        if part.head:
            now = now._replace(row=_with_verb(now.row, part))
        elif (part.new_sentence or now.thanked) and begun and part.kind in {PERSONS, THINGS} and not part.also:
            return self._signed(now, part)
        row = now.row._replace(either=now.row.either or part.conjunction in _OR)
        return now._replace(row=_with_named(row, part))

    def _hesitating(self, now: _Reading, part: Part) -> tuple[_Reading, bool]:
        """Return whether a part is only "äh"; what is named behind it may be meant instead, so all is asked about."""
        only = _HESITATES.fullmatch(self._own_words(part)) is not None
        if now.hesitates and not (part.head or part.conjunction):
            now = now.of(undone=True)
        return now._replace(hesitates=only and bool(now.row.groups)), only

    def _is_asked(self, now: _Reading, part: Part, place: int) -> bool:
        """Whether a part is said on a condition, or asks: "And Hamish the plan?"."""
        if part.held or now.hold_next or QUESTION.match(self._text, part.start):
            return True
        sentence = _SENTENCE.match(self._text, part.end)
        asks = sentence is not None and sentence[1] == "?" and not part.head
        names = part.person is not None or part.thing is not None
        return asks and names and (not now.row.verb.modal or self._begins_sentence(place))

    def _begins_sentence(self, place: int) -> bool:
        """Whether no order stands before this part in its sentence."""
        while not self._parts[place].new_sentence:
            place -= 1
            if self._parts[place].head:
                return False
        return not self._parts[place].head

    def _asking(self, now: _Reading, part: Part, place: int) -> _Reading:
        """Have it asked about what a part says; of bare "if need be" about what comes next, or what came before."""
        row, after = now.row, self._parts[place + 1 : place + 2]
        bare = part.held and not part.names
        hold_next = bare and bool(after) and not after[0].new_sentence
        row = row._replace(undone=row.undone or part.conjunction in _OR or (bare and not hold_next))
        if not bare:
            said = self._own_words(part)
            names = row.words([one for group in row.groups for one in group.persons])
            undone = row.undone or any(name in said for name in names)
            row = row._replace(undone=undone, asked=(*row.asked, said))
        return now._replace(row=row, hold_next=hold_next)

    def _own_words(self, part: Part) -> str:
        return self._text[part.start : part.end].strip(" ,;")

    def _signed(self, now: _Reading, part: Part) -> _Reading:
        """Let the row end before a bare name, which signs the request. Raises UnclearError for all else."""
        bare = part.person == (part.start, part.end) and part is self._parts[-1] and not part.conjunction
        if not bare or now.row.open:
            raise UnclearError(now.row)
        return now._replace(ended=True)

    def _corrected(self, now: _Reading, part: Part) -> _Reading:
        """Take what is said in the place of what was said before; the row ends before another kind of order."""
        row = now.row
        if part.kind == NEITHER:
            words = Words(tokens_of(self._own_words(part)))
            correction = _Correction(begun=True, calls_off=True)
            return now._replace(correction=correction, ended=words.imperative is not None)
        if row.open or (part.new_sentence and self._is_small(row, part)):
            raise UnclearError(row)
        if part.also and not part.head:
            return now._replace(row=_with_named(row, part), correction=_Correction())
        if self._may_excuse(row, part):
            raise UnclearError(row._replace(excused=True))
        row, sends = row._replace(corrected=True), bool(part.head)
        if part.kind == PERSONS and part.person is not None and (part.refers or not sends):
            row = row.with_last(persons=(part.person,))
        elif part.kind == THINGS and part.thing is not None and not sends:
            row = row.with_last(things=(part.thing,))
        elif sends and len(row.groups) == 1 and not part.refers:
            row = _with_named(_with_verb(row._replace(groups=()), part), part)
        else:
            row = _with_named(row, part)._replace(undone=True)
        return now._replace(row=row, correction=_Correction())

    def _is_small(self, row: Row, part: Part) -> bool:
        """Whether who is named is written small where others are not: "No rush", rather a word than a name."""
        small = part.person is not None and not part.to and self._text[part.person.start].islower()
        return small and any(self._text[one.start].isupper() for one in row.groups[-1].persons)

    def _may_excuse(self, row: Row, part: Part) -> bool:
        """Whether what seems to correct may be an excuse or a refusal, with a name behind it: "Sorry, Tom"."""
        last, named = row.groups[-1], part.person or part.thing
        before = max(one.end for one in (*last.persons, *last.things))
        return named is not None and not part.to and excuses_or_refuses(self._text, before, named.start)

    def _with_rest(self, now: _Reading, part: Part, place: int) -> _Reading:
        """Take words that name nobody and nothing to be sent, or end the row before them. Raises UnclearError."""
        row, said = now.row, self._own_words(part)
        if only_polite(said):
            return now._replace(thanked=part.new_sentence)
        if row.open:
            raise UnclearError(row)
        words, now = Words(tokens_of(said)), now._replace(hold_next=False)
        if row.groups and not part.new_sentence and _is_when(words.tokens):
            return now.of(dated=True)
        if part.person is not None and row.groups and not words.has_verb:
            return now.of(asked=(*row.asked, said))
        corrects = any(one.corrects and one.kind != NEITHER for one in self._parts[place + 1 :])
        return now._replace(ended=words.imperative is not None or not corrects)


def _with_verb(row: Row, part: Part) -> Row:
    """Return a row in which another order begins. Raises UnclearError."""
    if part.tail.startswith("zu ") or row.open or (part.refers and row.groups):
        raise UnclearError(row)
    modal = any(one.has("modal") for one in tokens_of(part.head))
    return row._replace(verb=Verb(part.head, modal=modal, refers=part.refers), tail="")


def _with_named(row: Row, part: Part) -> Row:
    """Return a row with who and what a part names given to the order that it belongs to. Raises UnclearError."""
    row = _with_persons_and_things(row, part)
    row = row._replace(tail=part.tail or row.tail)
    return row.with_last(tail=part.tail) if part.tail and row.groups and not row.open else row


def _with_persons_and_things(row: Row, part: Part) -> Row:
    last = row.groups[-1] if row.groups and not part.head else None
    if part.refers and part.person is not None and part.thing is not None:
        group = Group(row.verb, BOTH_TO, (part.person,), (part.thing,), part.to, part.tail)
        return row._replace(groups=(*row.groups, group))
    if part.kind == PERSONS and part.person is not None:
        too = part.also and bool(row.groups) and not row.open
        if last is None or not (last.kind == BOTH_TO or too) or row.open_things:
            return row._replace(open_persons=(*row.open_persons, part.person))
        return row.with_last(persons=(*last.persons, part.person))._replace(added=row.added or too)
    if part.kind == THINGS and part.thing is not None:
        if last is None or last.kind != BOTH or row.open_persons:
            return row._replace(open_things=(*row.open_things, part.thing))
        return row.with_last(things=(*last.things, part.thing))
    return _with_pair(row, part)


def _with_pair(row: Row, part: Part) -> Row:
    if (
        part.person is None
        or part.thing is None
        or part.tail.startswith("zu ")
        or (row.open_things if part.kind == BOTH else row.open_persons)
    ):
        raise UnclearError(row)
    if part.bare and not part.head and not (row.groups and row.groups[-1].bare):
        if part.conjunction and row.text[part.person.start].islower():
            raise UnclearError(row)
        return row._replace(asked=(*row.asked, row.text[part.start : part.end].strip(" ,;")))
    group = Group(
        row.verb,
        part.kind,
        (*row.open_persons, part.person),
        (*row.open_things, part.thing),
        part.to,
        part.tail,
        follows=part.in_order and bool(row.groups),
        bare=part.bare,
    )
    return row._replace(groups=(*row.groups, group), open_persons=(), open_things=())


def _is_when(tokens: Sequence[Token]) -> bool:
    """Whether words only say when: "Montag 10 Uhr", "am Montag um 10"."""
    dated = any(one.kind in _TIMES for one in tokens)
    return dated and all(one.kind in _TIMES or one.has("prepositions") or one.kind == "mark" for one in tokens)
