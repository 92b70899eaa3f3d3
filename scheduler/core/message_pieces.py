"""Cuts a message into pieces with one finite verb each, as they are told apart by who does something in them.

German nouns and verbs of no list of ours are known by the part of speech that they have in their sentence.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scheduler.core.atoms import IN_ORDER, opened
from scheduler.core.job import Locale
from scheduler.core.letters import word_set
from scheduler.core.phrases import Token
from scheduler.core.slot_tokens import language_of, tokens_with_times
from scheduler.core.word_classes import tags_of
from scheduler.core.word_forms import INFINITIVE, JOINED, PAST, THIRD
from scheduler.core.word_kinds import I_WE, PLEASE, SUBJECTS, THEY, is_subject
from scheduler.core.words import Words

ENDS: Final = frozenset(".!?;…")
_WITHIN: Final = frozenset(",–-—:")
AND: Final = word_set("und and n & oder or aber but sondern sowie +")
THEREFORE: Final = word_set("also drum darum deshalb deswegen daher therefore hence so")
REASONS: Final = word_set(
    """
    weil da damit obwohl obgleich denn sodass zumal während waehrend bevor ehe because cos cause cuz coz since as
    although
    though while whilst before sonst otherwise whereas wohingegen
    """
)
"""What begins a clause that says why, what for, in spite of what, or what else goes on."""
CONDITIONS: Final = word_set(
    "wenn falls sofern sobald solange nachdem bis if when whenever once after unless until till"
)
_BEFORE_SUBJECTS: Final = word_set(
    "da as since before after once until till bis so damit cause sonst otherwise an doch"
)
"""What begins a clause only where a subject follows: "before he leaves", not "before two"."""
_SIGHS: Final = word_set("oh ach ah och")
_AS_LONG: Final = word_set("long soon well far much many")
"""What "as" stands on both sides of."""
_MODALS: Final = word_set("can could would will")
_ADDRESSED: Final = word_set("kannst koenntest wuerdest magst kannste")
_CONTRACTED: Final = ("'s", "'re", "'ll", "'ve", "'d", "'m")
_BARE_CONTRACTED: Final = word_set("ive im ill hes shes theyre thats weve theyve")
_SPOKEN_SUBJECTS: Final = word_set("i'll i'm i've he's she's they're it's that's we're we've he'll she'll they'll")
_GERMAN_SUBJECTS: Final = word_set("ich er wir das der die")
_FINITE: Final[dict[Locale, frozenset[str]]] = {
    "de": frozenset({"VV(FIN)", "VA(FIN)", "VM(FIN)", "VV(IMP)", "VA(IMP)"}),
    "en": frozenset({"VVZ", "VVD", "VBZ", "VBB", "VBD", "VHZ", "VHB", "VHD", "VM0", "VDZ", "VDB", "VDD", "VVB"}),
}
_GOES_ON: Final = frozenset({"VVG", "VVN", "VBN", "VHN", "AJ0", "AV0", "AVP", "PRP", "XX0", "AT0", "DPS"})
"""What may follow "the boiler's …" where that is no owner."""
_FINITE_FORMS: Final = frozenset({THIRD, PAST, JOINED})
_OTHERWISE: Final[dict[Locale, frozenset[str]]] = {
    "de": word_set("am im an was die mail mails email emails"),
    "en": word_set("hat die war mail mails email emails post open close print am"),
}
"""What looks like a finite verb of the other language, or is mostly none."""
_CONTENT: Final = word_set("dass daß ob whether")
_FEW: Final = 2
_LONG: Final = 12
"""Tokens of a sentence without marks that was spoken."""
_NO_ENDS: Final = frozenset({"mag."})
"""A title, and the end of a sentence that has "mag" last."""


@dataclass
class Piece:
    """Words between two places where a clause may begin; `mark` and `joined` stand before them."""

    tokens: list[Token]
    tags: list[str]
    mark: str = ""
    joined: str = ""
    sentence: int = 0
    question: bool = False
    listed: int = 1
    """How many stretches between marks it has."""

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end

    @functools.cached_property
    def words(self) -> Words:
        """Its words without what joins it to those before and says when: "and after that close …"."""
        run, _ = opened(self.tokens[1:] if self.joined else self.tokens)
        while len(run) > 1 and (run[0].key in IN_ORDER or (run[0].key in {"before", "after"} and run[1].key == "that")):
            run = run[1 if run[0].key in IN_ORDER else 2 :]
        return Words(run)

    def take(self, other: "Piece") -> None:
        """Let the words of the piece behind go on with its own."""
        self.tokens += other.tokens
        self.tags += other.tags
        self.question, self.listed = other.question, self.listed + bool(other.mark)
        self.__dict__.pop("words", None)


def pieces_of(text: str) -> list[Piece]:
    """Return the pieces of a message in the order they stand."""
    locale, tokens = language_of(text), tokens_with_times(text)
    tags = list(tags_of(tuple(_as_tagged(one, locale) for one in tokens), locale))
    tags += [""] * (len(tokens) - len(tags))
    return _merged(list(_Cutter(tokens, tags, locale).pieces()), locale)


def _as_tagged(token: Token, locale: Locale) -> str:
    if token.kind in {"word", "mark"}:
        return token.text
    return "Datei" if locale == "de" else "file"


class _Cutter:
    def __init__(self, tokens: Sequence[Token], tags: Sequence[str], locale: Locale) -> None:
        self._tokens, self._tags, self._locale = tokens, tags, locale
        self._run = Piece([], [])

    def pieces(self) -> Iterator[Piece]:
        """Yield the words between marks, and those from each word on that may begin a clause."""
        sentence, mark, within = 0, "", False
        for place, token in enumerate(self._tokens):
            within = token.text == "(" or (within and token.text != ")")
            if token.kind == "mark" and token.text in ENDS | _WITHIN and not within:
                ends = token.text in ENDS and not self._is_ordinal(place)
                if self._run.tokens:
                    self._run.question = token.text == "?"
                    yield self._run
                sentence, mark, self._run = sentence + ends, token.text, Piece([], [])
                continue
            lone = len(self._run.tokens) == 1 and (self._run.joined or self._run.tokens[0].key in _SIGHS)
            if self._run.tokens and not within and not lone and self._begins(place):
                yield self._run
                self._run, mark = Piece([], []), ""
            if not self._run.tokens:
                joined = "and" if self._is_an(place) else token.key if token.key in AND | THEREFORE else ""
                self._run = Piece([], [], mark, joined, sentence)
            self._run.tokens.append(token)
            self._run.tags.append(self._tags[place])
            if token.key in _NO_ENDS and token.text.islower():
                yield self._run
                sentence, mark, self._run = sentence + 1, ".", Piece([], [])
        if self._run.tokens:
            yield self._run

    def _is_ordinal(self, place: int) -> bool:
        """Whether a point stands behind a number in the middle of a sentence: "am 14. doch"."""
        before, after = self._at(place - 1), self._at(place + 1)
        digit = before is not None and before.text[-1:].isdigit() and before.end == self._tokens[place].start
        return digit and self._tokens[place].text == "." and after is not None and after.text[:1].islower()

    def _at(self, place: int) -> Token | None:
        return self._tokens[place] if 0 <= place < len(self._tokens) else None

    def _begins(self, place: int) -> bool:
        """Whether a clause may begin with a word though no mark stands before it."""
        token, after = self._tokens[place], self._at(place + 1)
        if after is None:
            return False
        if token.key in AND or self._is_an(place):
            return True
        if token.key in THEREFORE and not self._may_conclude(token.key):
            return False
        if token.key in REASONS | CONDITIONS | THEREFORE:
            return self._subordinates(token.key, after, place)
        return len(self._run.tokens) > _FEW and self._begins_order(token.key, after, place)

    def _may_conclude(self, key: str) -> bool:
        """Whether "also", "so" … may lead to an order here rather than stand within one."""
        if len(self._run.tokens) <= _FEW or (key == "also" and self._locale == "en"):
            return False
        return key == "so" or Words(self._run.tokens).imperative is None

    def _subordinates(self, key: str, after: Token, place: int) -> bool:
        if key in {"before", "after"} and after.key in {"that", "this"}:
            return False
        if key == "as" and self._tokens[place - 1].key in _AS_LONG:
            return False
        subject = after.key in SUBJECTS if key == "as" else is_subject(after)
        return key not in _BEFORE_SUBJECTS or subject or self._orders(place + 1)

    def _begins_order(self, key: str, after: Token, place: int) -> bool:
        """Whether a polite order begins in the middle of a sentence, or a subject with its verb ends one."""
        if key in PLEASE:
            return self._orders(place + 1) and not self._tokens[place - 1].is_verb
        if key in _MODALS and after.key == "you":
            return finite_place(self._run, self._locale) is not None
        return key in _ADDRESSED or self._spoken_on(place)

    def _orders(self, place: int) -> bool:
        token = self._tokens[place]
        return token.key in PLEASE | _MODALS | _ADDRESSED or any(one.orders for one in token.meanings)

    def _is_an(self, place: int) -> bool:
        """Whether "an" is how somebody writes "and"."""
        after = self._at(place + 1)
        small = self._locale == "en" and self._tokens[place].key == "an" and after is not None
        return small and after is not None and (after.text[:1].lower() not in "aeiouh" or is_subject(after))

    def _spoken_on(self, place: int) -> bool:
        """Whether in a long sentence without marks a subject with its verb stands here: "… at noon he's only over"."""
        if self._run.mark == "," or len(self._tokens) < _LONG:
            return False
        before, key = self._tokens[place - 1], self._tokens[place].key
        prepositional = before.has("prepositions") and self._tags[place - 1] != "PTKVZ"
        if prepositional or before.key in CONDITIONS | REASONS | AND or before.has("question"):
            return False
        if any(one.kind == "mark" for one in self._tokens[max(place - _LONG, 0) : place + _LONG]):
            return False
        german = self._locale == "de" and key in _GERMAN_SUBJECTS and self._tags[place + 1] in _FINITE["de"]
        return key in _SPOKEN_SUBJECTS or german


def _merged(pieces: Sequence[Piece], locale: Locale) -> list[Piece]:
    """Return the pieces, those without a verb of their own put to the ones that they belong to."""
    found = list[Piece]()
    for piece in pieces:
        last = found[-1] if found and found[-1].sentence == piece.sentence else None
        waits = last is not None and (
            (piece.joined in AND and not piece.mark and _waits_for_verb(last, locale))
            or _ends_order(last, piece, locale)
        )
        if last is not None and (waits or not _may_stand_alone(piece, locale) or _is_row(last, piece, locale)):
            last.take(piece)
        else:
            found.append(piece)
    return found


def _is_row(last: Piece, piece: Piece, locale: Locale) -> bool:
    """Whether infinitives stand in a row before their verb: "hochladen und freigeben werde ich es selbst"."""
    infinitive = len(last.tokens) <= _FEW and any(one.form == INFINITIVE for one in last.tokens[-1].meanings)
    return infinitive and piece.joined in AND and not piece.mark and finite_place(piece, locale) not in {None, 0}


def _waits_for_verb(piece: Piece, locale: Locale) -> bool:
    """Whether a German clause has its finite verb behind the next one: "damit er es prüfen und ergänzen kann"."""
    depends = locale == "de" and piece.tokens[0].key in REASONS | CONDITIONS
    return depends and finite_place(piece, locale) is None


def _ends_order(last: Piece, piece: Piece, locale: Locale) -> bool:
    """Whether a lone infinitive says what is to be done with words before it: "Termin mit ihr, 15 Uhr, eintragen"."""
    alone = len(piece.tokens) == 1 and any(one.form == INFINITIVE for one in piece.tokens[0].meanings)
    return alone and bool(piece.mark) and not _predicates(last, locale)


def _may_stand_alone(piece: Piece, locale: Locale) -> bool:
    if piece.mark == ":" or (piece.mark == "," and piece.joined in AND):
        return True
    depends = locale == "de" and piece.mark == "," and piece.tokens[0].key in REASONS | CONDITIONS
    return depends or _predicates(piece, locale)


def _predicates(piece: Piece, locale: Locale) -> bool:
    """Whether a piece has a finite verb, or says with an infinitive or "bitte" what is to be done."""
    words = piece.words
    if words.keys & PLEASE and len(piece.tokens) > 1:
        return True
    return finite_place(piece, locale) is not None or words.imperative is not None or says_what_to_do(piece, locale)


def says_what_to_do(piece: Piece, locale: Locale) -> bool:
    """Whether a German piece ends with the infinitive of an order: "den Termin am Freitag eintragen"."""
    words = piece.words
    alone = locale == "de" and bool(piece.mark or piece.joined) and len(words.tokens) > 1
    return alone and words.last_form == INFINITIVE and not any(one.key == "zu" for one in words.tokens[-2:])


def finite_place(piece: Piece, locale: Locale) -> int | None:
    """Return which token is the finite verb of a piece; None where it has none."""
    for place, token in enumerate(piece.tokens):
        if place > 1 and (token.key in _CONTENT or piece.tags[place] == "CJT"):
            return None
        if token.kind == "word" and (_is_contracted(piece, place, locale) or _is_finite(piece, place, locale)):
            return place
    return None


def _is_contracted(piece: Piece, place: int, locale: Locale) -> bool:
    key = piece.tokens[place].key
    if key in _BARE_CONTRACTED and locale == "en":
        return True
    return key.endswith(_CONTRACTED) and (key.partition("'")[0] in I_WE | THEY or _acts_on(piece, place))


def _is_finite(piece: Piece, place: int, locale: Locale) -> bool:
    token, before = piece.tokens[place], piece.tokens[place - 1] if place else None
    if token.key in _OTHERWISE[locale] or (token.key == "be" and before is not None and before.key == "to"):
        return False
    owned = before is not None and before.has("determiners")
    if piece.tags[place] in _FINITE[locale] and (locale == "de" or not owned):
        return True
    if owned:
        return False
    known = any(one.kind == "verb" and one.form in _FINITE_FORMS for one in token.meanings) and not token.has("noun")
    acts = before is not None and before.key in {"ich", "i", "wir", "we", "they"} and token.is_verb
    return known or acts or token.has("modal") or token.has("auxiliary")


def _acts_on(piece: Piece, place: int) -> bool:
    """Whether what looks like an owner is followed by what he is or does: "the boiler's leaking", "Tom's late"."""
    return any(tag in _GOES_ON for tag in piece.tags[place + 1 : place + 2])
