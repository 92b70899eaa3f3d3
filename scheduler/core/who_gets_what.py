"""Keeps apart what each person is to be sent: "Schick Anna das Angebot und Tom den Vertrag" are two orders.

Whoever gets what was meant for somebody else has got it for good. So where a request says of several persons what each
of them gets, every one is read by itself, as the plain order that it is; what takes back something said before takes
its place; and what is to be done on a condition, perhaps, or is only asked about, is asked for. Nothing is guessed:
where the words are no such row, the request is read as a whole.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from scheduler.core.atoms import AFTER, BEFORE, IF
from scheduler.core.language import detect_locale
from scheduler.core.phrases import tokens_of
from scheduler.core.provisos import EITHER, FOLLOWING, LETS, SEQUENCE
from scheduler.core.sent_pairs import BOTH, Part, Span, parts_of
from scheduler.core.sent_rows import Group, Row, RowReader, UnclearError, first_order
from scheduler.core.sign_offs import is_greeting, only_polite, speaks_of_earlier
from scheduler.core.taken_back import DROPPING, undoes_a_part
from scheduler.core.told_words import SUBJECT_LINE, tells
from scheduler.core.verbless import MAY_SEND, with_verb
from scheduler.core.words import Words

_LONGEST: Final = 600
"""Characters of a request that is looked at; longer ones are texts."""
_SEVERAL: Final = re.compile(
    r"(?i)[,;.!?&+/:(–\n-]|\b(?:und|and|u|n|sowie|plus|oder|or|aber|but|weder|neither|sowohl)\b"
)
_SHORT: Final = 120
"""Characters of a request without a verb."""
_COPIES_OR_TELLS: Final = re.compile(
    rf"(?i)\b(?:{''.join(f'(?<!{verb} )' for verb in (*DROPPING, 'make', 'failing', 'after'))}that(?! is,)"
    rf"|{SUBJECT_LINE}|cc|bcc|(?<!eine )kopie|(?<!a )copy)\b"
)
_COPIED: Final = re.compile(r"(?i)\b(?:cc|bcc|kopie|copy)\b")
_CORRECTS: Final = re.compile(r"(?i)(\b(?:korrektur|correction)):")
_BOTH: Final = re.compile(r"(?i)\b(?:sowohl (?=.*\bals auch\b)|als auch\b)")
_TELLING: Final = frozenset({"tell", "write", "reply", "ask"})
_THEN: Final = re.compile(r"(?i)^(?:dann|then|danach|anschließend|afterwards|after that)\b,? ")


class Piece(NamedTuple):
    """A part of a request that is read by itself. `asked`: it is not done before somebody was asked."""

    text: str
    asked: bool = False
    persons: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    follows: bool = False
    met: bool = False
    """The persons are invited, not sent anything."""


class Told(NamedTuple):
    """The pieces that a request is read in, none where it is read as a whole, and who is to get what by its words."""

    pieces: tuple[Piece, ...] = ()
    sure: bool = True
    """Else they are for where the whole is not understood."""
    asked: bool = False
    """Which of several is meant is left open, so that nothing is to be sent unasked."""
    pairs: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()


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
    if _COPIES_OR_TELLS.search(plain) or tells(plain):
        return Told(asked=not tells(plain) and _copies_and_gives(plain))
    if LETS.match(plain):
        return Told()
    if EITHER.search(plain) or undoes_a_part(plain):
        return Told(asked=True)
    return _told(plain)


def _copies_and_gives(text: str) -> bool:
    """Whether somebody gets a copy, and another one something else in the same breath: "… cc Ben und Carl den Plan"."""
    copied = _COPIED.search(text)
    parts = parts_of(text) if copied else []
    if copied is None or first_order(parts) is None:
        return False
    return any(one.kind == BOTH and not one.head and one.start > copied.end() for one in parts)


def _told(text: str) -> Told:
    parts = parts_of(text)
    start = first_order(parts)
    if start is None:
        return Told()
    row = [one for one in parts[start:] if one.kind]
    if len(row) > 1 and all(one.behind for one in row):
        if not row[0].refers:
            return Told(asked=True)
        parts = [*parts[: start + 1], *(_given_behind(text, one) for one in parts[start + 1 :])]
    try:
        read, end = RowReader(text, parts).read(start)
        return _Cutter(text, parts, read).pieces(start, end)
    except UnclearError as unclear:
        return Told(pairs=unclear.row.pairs, asked=unclear.row.left_open)


def _given_behind(text: str, part: Part) -> Part:
    """Return "den Vertrag Eva" as what Eva is to get, which it is behind "schick sie Tom"."""
    if part.behind is None or part.thing is None:
        return part
    thing = Span(part.thing.start, len(text[: part.behind.start].rstrip()))
    return replace(part, kind=BOTH, person=part.behind, thing=thing)


class _Cutter:
    """Cuts a request into pieces: the orders of its row, what of it is asked about, and what stands beside it."""

    def __init__(self, text: str, parts: Sequence[Part], row: Row) -> None:
        self._text = text
        self._parts = parts
        self._row = row

    def pieces(self, start: int, end: int) -> Told:
        """Return the pieces where the row goes from one part up to another. Raises UnclearError."""
        row = self._row
        if not row.groups or row.left_open:
            return Told(pairs=row.pairs, asked=row.left_open)
        taken_back = row.corrected or row.undone
        to_the_one_before = bool(start) and row.groups[0].verb.refers and len(row.groups) > 1 and not taken_back
        if row.verb.refers and not to_the_one_before and (not taken_back or len(row.groups) > 1 or start):
            raise UnclearError(row)
        first, before = self._parts[start], self._text[: self._parts[start].start]
        after = self._text[self._parts[end].start :] if end < len(self._parts) else ""
        own_verb = first.conjunction in {"und", "and", "&"} and bool(first.head) and not row.verb.modal
        tells = own_verb and bool(Words(tokens_of(before)).senses & _TELLING)
        if to_the_one_before:
            sent = [Piece(before + self._piece(row.groups[0]).text), *map(self._piece, row.groups[1:])]
        else:
            sent = [*self._beside(before, own_verb=own_verb), *map(self._piece, row.groups)]
        pieces = [
            *sent,
            *(Piece(one, asked=True) for one in row.asked),
            *self._beside(after, own_verb=own_verb),
        ]
        several = len(row.groups) > 1 or bool(row.asked) or taken_back or row.dated or row.added or tells
        return Told(tuple(pieces), sure=several, pairs=row.pairs)

    def _piece(self, group: Group) -> Piece:
        """Return the plain order to send each person of a group each of its things."""
        row = self._row
        persons, things = row.words(group.persons), row.words(group.things)
        english = detect_locale(self._text) == "en"
        to = group.to or ("to" if english else "an")
        who, what = _listed(persons, english=english), _listed(things, english=english)
        named = f"{who} {what}" if group.kind == BOTH and not group.to else f"{what} {to} {who}"
        tail = group.tail or self._tail_of(group)
        mark = "?" if any(one.has("modal") for one in tokens_of(group.verb.head)) and "?" in self._text else ""
        said = " ".join(word for word in (group.verb.head, named, tail) if word)
        asked = row.undone or (row.either and len(row.groups) > 1)
        return Piece(said + mark, asked, persons, things, group.follows)

    def _tail_of(self, group: Group) -> str:
        """Return what ends an order whose verb, or the part of it that stands apart, is said of the last one."""
        row = self._row
        same = [one for one in row.groups if one.verb.head == group.verb.head and one.tail]
        return same[-1].tail if same else row.tail if group.verb.head == row.verb.head else ""

    def _beside(self, text: str, *, own_verb: bool) -> list[Piece]:
        """Return an order beside the row, which must stand for itself. Raises UnclearError.

        `own_verb`: the row has one of its own behind "und".
        """
        said = re.sub(r"(?i)^(?:und|and|sowie|,|;)\s+|[\s,;:]+(?:und|and)?\s*$", "", text.strip())
        if only_polite(said) or is_greeting(said):
            return []
        then = _THEN.match(said)
        said = said[then.end() :] if then else said
        keys = {one.key for one in tokens_of(said)}
        if speaks_of_earlier(said) or SEQUENCE.search(said) or keys & (AFTER | BEFORE | IF):
            raise UnclearError(self._row)
        words = Words(tokens_of(said))
        tells = bool(words.senses & _TELLING)
        stands_alone = own_verb and "tell" not in words.senses if tells else words.imperative is not None
        if not stands_alone:
            raise UnclearError(self._row)
        return [Piece(said, follows=then is not None)]


def _listed(words: Sequence[str], *, english: bool) -> str:
    between = " and " if english else " und "
    return ", ".join(words[:-1]) + between + words[-1] if len(words) > 1 else words[0]
