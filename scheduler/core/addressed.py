"""Says of each piece of a message by its grammar whom it is addressed to.

Whoever reads a long message looks for what is said to him: what begins with an order, asks politely or says "bitte".
What tells with a subject and a verb of its own what somebody does, did or will do, and why, is told beside it.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from scheduler.core.addressed_words import (
    ALIKE,
    ASKING,
    ASKS_FOR,
    ASKS_YOU,
    BASES,
    BY_MAIL,
    CONTENT,
    DOES,
    ENGLISH_RELATIVES,
    EXCUSES,
    FORMAT,
    GETS,
    HAS,
    I_DO,
    ICH,
    INTO,
    IRREAL,
    IS_DONE,
    LEFT_OUT,
    LISTED,
    LOOKS,
    MEANWHILE,
    NEXT,
    NOT_WANTED,
    OBLIGES,
    OF_OURS,
    OTHERS,
    OURS,
    PLEASE,
    PLURAL_DE,
    POLITE,
    PRONOUNS,
    RELATIVES,
    SENDS,
    SHORT_SUBJECT,
    SHORTEST,
    SOMEBODY,
    THAT,
    THING_KINDS,
    TOO,
    WANTS,
    WILL,
    WISHES,
    YOU,
)
from scheduler.core.job import Locale
from scheduler.core.message_pieces import AND, CONDITIONS, REASONS, Piece, finite_place, says_what_to_do
from scheduler.core.mood_words import COURTESY, NEGATION
from scheduler.core.phrases import Token
from scheduler.core.questions_read import asked_for
from scheduler.core.word_forms import BASE, IMPERATIVE, INFINITIVE, PAST, PAST_OR_PARTICIPLE
from scheduler.core.word_kinds import I_WE, PARTICLES
from scheduler.core.words import Words


class Kind(StrEnum):
    """What a piece is to who reads the message."""

    ORDER = "order"
    """It is addressed to us."""
    TOLD = "told"
    """It tells what somebody else does, or what is so."""
    REASON = "reason"
    """It depends on another piece and says why, what for, in spite of what or meanwhile."""
    CONDITION = "condition"
    RELATIVE = "relative"
    FRAGMENT = "fragment"
    """It has no verb."""
    OPEN = "open"
    """It may be an order or a wish."""


def kinds_of(pieces: Sequence[Piece], text: str, locale: Locale) -> list[Kind]:
    """Return what each piece of a text is."""
    found, main = list[Kind](), None
    start = 0
    for place, piece in enumerate(pieces):
        if pieces[start].sentence != piece.sentence:
            start, main = place, None
        before = pieces[start:place]
        kind = _Reading(piece, text, locale, before, found[-1] if before else None, main).kind()
        main = main if kind in {Kind.RELATIVE, Kind.REASON, Kind.CONDITION} else kind
        found.append(kind)
    return [Kind.OPEN if asked else kind for kind, asked in zip(found, _asked(pieces), strict=True)]


def _asked(pieces: Sequence[Piece]) -> Iterator[bool]:
    """Yield of each piece whether it belongs to a question that asks nobody to do anything."""
    for _, group in groupby(pieces, key=lambda one: one.sentence):
        many = list(group)
        asks = many[-1].question and many[0].words.asks and not any(_is_asked_of_us(one) for one in many)
        yield from [asks] * len(many)


def _is_asked_of_us(piece: Piece) -> bool:
    said = " ".join(one.text for one in piece.tokens)
    return bool(piece.words.keys & PLEASE) or ASKS_YOU.search(said) is not None or asked_for(said) is not None


class _Told(NamedTuple):
    """What the pieces of a sentence so far tell."""

    keys: frozenset[str] = frozenset()
    plans: bool = False
    """What somebody will do, or several do, so that a plain verb may go on with it,"""
    acts: bool = False
    """or what somebody does, rather than is or has."""


def _told(before: Sequence[Piece], locale: Locale) -> _Told:
    if not before:
        return _Told()
    tokens = [one for piece in before for one in piece.tokens]
    keys = frozenset(one.key for one in tokens) | {one.key.partition("'")[0] for one in tokens}
    wills = bool(keys & WILL) or any(one.key.endswith(("'ll", "'d")) for one in tokens)
    plain = bool(keys & {"i", "we", "they", "you"}) and any(tag == "VVB" for piece in before for tag in piece.tags)
    place = finite_place(before[-1], locale)
    verb = before[-1].tokens[place] if place is not None else None
    acts = verb is not None and not verb.has("auxiliary") and not verb.has("modal")
    return _Told(keys, wills or plain, acts)


class _Reading:
    """A piece with those before it in its sentence, what the last of them is, and the last that depends on no other."""

    def __init__(
        self, piece: Piece, text: str, locale: Locale, before: Sequence[Piece], last: Kind | None, main: Kind | None
    ) -> None:
        self._piece, self._locale, self._last, self._main = piece, locale, last, main
        self._before = before[-1] if before else None
        self._told = _told(before, locale)
        self._cased = any(one.text[:1].isupper() for one in piece.tokens[1:])
        self._said = text[piece.start : piece.end]
        self._words = piece.words
        self._finite = finite_place(piece, locale)

    def kind(self) -> Kind:
        if not self._words.content:
            return Kind.FRAGMENT
        found = self._set_phrase() or self._asked_for() or self._depends() or (self._goes_on() and self._last)
        return found or self._kind_by_verb()

    def _set_phrase(self) -> Kind | None:
        """Return what a piece is that is said to nobody: "verzeihen Sie", "thank heavens", "good morning"."""
        if EXCUSES.match(self._said):
            return Kind.TOLD
        return Kind.FRAGMENT if COURTESY.match(self._said) else None

    def _asked_for(self) -> Kind | None:
        if ASKS_YOU.search(self._said):
            return Kind.ORDER
        pleases = self._words.keys & PLEASE and self._words.tokens[0].key not in CONDITIONS
        return Kind.ORDER if pleases else None

    def _kind_by_verb(self) -> Kind:
        if self._words.imperative is not None:
            return self._kind_of_order()
        asks = self._piece.question and asked_for(self._said)
        return Kind.ORDER if asks else self._kind_of_report()

    def _depends(self) -> Kind | None:
        """Return what a piece is that begins with what makes it depend on another; None for others."""
        piece, place = self._piece, self._finite
        if len(piece.tokens) < SHORTEST:
            return None
        first, second = self._words.tokens[0].key, piece.tokens[1].key
        if place is None:
            return Kind.REASON if first in REASONS and piece.mark == "," and self._locale == "de" else None
        if first in CONDITIONS or (first == "as" and second in {"soon", "long"}):
            return Kind.OPEN if self._addresses() else Kind.CONDITION
        if first in CONTENT and (piece.mark == "," or piece.joined in AND):
            return Kind.RELATIVE
        return self._reason(first, second, place) or self._relative(first, place)

    def _reason(self, first: str, second: str, place: int) -> Kind | None:
        piece = self._piece
        if piece.joined == "so":
            goes_on = not piece.mark and self._before is not None
            asks = self._words.imperative is not None or self._words.asks
            depends = (second in {"that", "dass"} or goes_on) and not asks
        else:
            as_if = piece.mark == "," and first in {"als", "as"} and second in {"ob", "if", "though"}
            depends = as_if or (first in REASONS and not (first == "da" and place == 1))
        if not depends:
            return None
        return Kind.OPEN if FORMAT.search(self._said) or self._addresses() else Kind.REASON

    def _relative(self, first: str, place: int) -> Kind | None:
        verb_last = place >= len(self._piece.tokens) - 2 or first in ENGLISH_RELATIVES
        if first not in RELATIVES or self._piece.mark != "," or not verb_last or place == 0:
            return None
        return Kind.OPEN if WISHES.search(self._said) and not IRREAL.search(self._said) else Kind.RELATIVE

    def _goes_on(self) -> bool:
        """Whether a piece leaves out its subject, who is that of what is told before: "I'll ring them and find out"."""
        piece, first = self._piece, self._words.imperative
        if self._before is None or self._last in {Kind.ORDER, Kind.FRAGMENT}:
            return False
        if piece.joined not in AND or piece.mark or self._words.keys & ASKING:
            return False
        if self._locale == "de" and self._words.last_form == INFINITIVE and self._last is not Kind.OPEN:
            return True
        if first is None:
            return self._finite is not None and not self._has_subject()
        return not first.has("modal") and (self._agrees_de() if self._locale == "de" else self._agrees_en(first))

    def _agrees_de(self) -> bool:
        """Whether a verb that looks like an order has "ich" for its subject, or stands last."""
        last = self._finite is not None and self._finite >= len(self._piece.tokens) - 1 and self._finite > 1
        if last and self._last in {Kind.REASON, Kind.CONDITION, Kind.RELATIVE}:
            return True
        return bool(self._told.keys & {"ich", "i"})

    def _agrees_en(self, first: Token) -> bool:
        past = any(one.form in {PAST, PAST_OR_PARTICIPLE} for one in first.meanings if one.kind == "verb")
        return self._told.plans or past or first.key in ALIKE

    def _kind_of_order(self) -> Kind:
        """Return what a piece is that begins like an order, and may yet tell of something."""
        first, *after = self._words.content
        if self._locale == "de" and after and _only_infinitive(first) and not self._polite(after[0]):
            helps = [one for one in after if one.has("modal") or one.has("auxiliary") or one.key in I_DO]
            if helps or after[0].text == "sie" or after[0].has("determiners"):
                return Kind.OPEN if self._piece.question or self._addresses() else Kind.TOLD
        return Kind.OPEN if self._enumerates(first) else Kind.ORDER

    def _polite(self, after: Token) -> bool:
        return after.text == "Sie" or (after.key == "sie" and not self._cased)

    def _enumerates(self, first: Token) -> bool:
        """Whether a piece may be the next in a row of what somebody does: "I'll print it, take it upstairs and …"."""
        tells = self._main in {Kind.TOLD, Kind.OPEN} or self._last is Kind.CONDITION
        if self._before is None or not tells or self._piece.mark != ",":
            return False
        said = {one.key for one in self._piece.tokens}
        if first.has("modal") or said & (ASKING | {"me", "us", "dann", "then"}):
            return False
        if self._locale == "en":
            return self._told.plans
        return self._told.acts and bool(self._told.keys & {"ich", "i"})

    def _has_subject(self) -> bool:
        place = self._finite or 0
        start = 1 if self._piece.joined else 0
        ahead = [one for one in self._piece.tokens[start:place] if not one.has("adverbs")]
        return bool(ahead) or any(one.key in OTHERS for one in self._piece.tokens[place : place + 2])

    def _addresses(self) -> bool:
        polite = any(one.text in POLITE for one in self._piece.tokens[1:])
        return polite or any(one.key.partition("'")[0] in YOU for one in self._piece.tokens)

    def _kind_of_report(self) -> Kind:
        words, piece, place = self._words, self._piece, self._finite
        if len(words.content) == 1 and words.content[0].key in YOU:
            return Kind.FRAGMENT
        asks = piece.question or (words.asks and words.content[0].has("question"))
        named = any(one.kind in THING_KINDS for one in piece.tokens)
        if asks or named or self._addresses() or self._wishes() or self._wants_mail() or self._is_done():
            return Kind.OPEN
        if place is None:
            return self._kind_without_verb()
        if self._reports(place):
            return Kind.TOLD
        return Kind.TOLD if self._main is Kind.TOLD and not self._looks_like_order(place) else Kind.OPEN

    def _kind_without_verb(self) -> Kind:
        words, piece = self._words, self._piece
        if piece.mark == ":" or (piece.mark and piece.joined in AND and self._main is Kind.ORDER):
            return Kind.OPEN
        if self._main is Kind.ORDER and says_what_to_do(piece, self._locale):
            return Kind.ORDER
        orders = words.last_form == INFINITIVE or bool(words.keys & PARTICLES)
        orders = orders or any(one.text.islower() and _has_form(one, IMPERATIVE) for one in words.tokens)
        return Kind.OPEN if orders and piece.listed <= LISTED else Kind.FRAGMENT

    def _looks_like_order(self, place: int) -> bool:
        """Whether a verb whose subject may be left out does not agree with one: "she wrote, have it on the screen"."""
        if self._locale == "en":
            return self._piece.tags[place] in BASES and not self._told.plans
        return _has_form(self._piece.tokens[place], IMPERATIVE)

    def _reports(self, place: int) -> bool:
        """Whether a finite verb has a subject of its own that is none of the things that we are to do anything with."""
        piece, finite = self._piece, self._piece.tokens[place]
        ahead = piece.tokens[1 if piece.joined else 0 : place]
        after = piece.tokens[place + 1].key if place + 1 < len(piece.tokens) else ""
        begins = self._begins_order()
        contracted = finite.key in {"ive", "im", "ill"} or (
            "'" in finite.key and finite.key.partition("'")[0] in PRONOUNS
        )
        pronoun = after in OTHERS or (after in THAT and not begins) or finite.key in LEFT_OUT or contracted
        if pronoun or begins or _sequences(piece) or self._joins_order():
            return pronoun
        if any(one.key in PRONOUNS for one in ahead[-2:]):
            return True
        if _speaks_of_ours(ahead, self._words, finite, piece.tags[place]):
            return False
        return self._reports_en(place, ahead) if self._locale == "en" else self._reports_de(place, ahead)

    def _begins_order(self) -> bool:
        """Whether words begin with a verb as orders do, known or not."""
        first = self._words.content[0]
        place = self._piece.tokens.index(first)
        if self._locale == "en" and self._piece.tags[place] in BASES:
            return True
        if first.has("determiners") or first.has("auxiliary"):
            return False
        return any(one.orders for one in first.meanings)

    def _joins_order(self) -> bool:
        """Whether a piece goes on with the order before it, having no subject: "… and wing it across to Ann"."""
        joined = self._last is Kind.ORDER and self._piece.joined in AND
        return joined and self._words.content[0].key not in PRONOUNS

    def _reports_en(self, place: int, ahead: Sequence[Token]) -> bool:
        piece, finite = self._piece, self._piece.tokens[place]
        helps = finite.has("modal") or finite.has("auxiliary") or "'" in finite.key
        base = piece.tags[place] == "VVB" or any(one.form == BASE for one in finite.meanings)
        subject = bool(ahead) and not ahead[0].has("prepositions") and any(not one.has("adverbs") for one in ahead)
        subject = subject or "'" in finite.key
        return subject and (helps or not base or piece.tags[place - 1] == "NN2")

    def _reports_de(self, place: int, ahead: Sequence[Token]) -> bool:
        piece, finite = self._piece, self._piece.tokens[place]
        helps = finite.has("modal") or finite.has("auxiliary")
        if not helps and place == len(piece.tokens) - 1 and finite.key.endswith(("en", "ern", "eln")):
            return 0 < len(ahead) < SHORT_SUBJECT and _may_be_many(ahead[0])
        if not helps and _only_infinitive(finite):
            after = piece.tokens[place + 1] if place + 1 < len(piece.tokens) else finite
            inverted = after.has("determiners") or after.text == "sie"
            return bool(ahead) and (inverted or ahead[0].has("determiners") or ahead[0].key in PLURAL_DE)
        orders = any(one.orders for one in finite.meanings) or piece.tags[place].endswith("(IMP)")
        if orders and not helps and not finite.key.endswith("en"):
            return bool(ahead) and ahead[-1].key in ICH
        return bool(ahead)

    def _wants_mail(self) -> bool:
        """Whether somebody else is to be sent something, or asked for one of our things."""
        words = self._words
        mailed = bool(words.senses & SENDS) or any(one.has("noun", "mail") for one in words.tokens)
        if BY_MAIL.search(self._said) or (words.keys & GETS and INTO.search(self._said)):
            return not words.keys & NEGATION
        ours = mailed or any(one.has("noun", sense) for one in words.tokens for sense in OURS)
        return (ours and ASKS_FOR.search(self._said) is not None) or (mailed and WANTS.search(self._said) is not None)

    def _is_done(self) -> bool:
        """Whether it is said of one of our things what is done with it."""
        ours = any(one.has("noun", sense) for one in self._words.tokens for sense in OURS)
        return ours and not self._words.keys & NEGATION and IS_DONE.search(self._said) is not None

    def _wishes(self) -> bool:
        """Whether somebody wants something of us, rather than to do what we never do."""
        own = self._words.keys & I_WE
        if (own and MEANWHILE.search(self._said)) or NOT_WANTED.search(self._said) or IRREAL.search(self._said):
            return False
        if WISHES.search(self._said):
            does = LOOKS.search(self._said) or (DOES.search(self._said) and not self._words.senses & OF_OURS)
            return does is None or not does
        return bool(OBLIGES.search(self._said)) and not self._words.keys & SOMEBODY


def _only_infinitive(token: Token) -> bool:
    forms = {one.form for one in token.meanings if one.kind == "verb" and one.language == "de"}
    return INFINITIVE in forms and IMPERATIVE not in forms


def _may_be_many(token: Token) -> bool:
    """Whether a word may begin a subject of many: "zwei Fahrer warten"."""
    return token.has("determiners") or token.key in PLURAL_DE or token.text[:1].isupper()


def _sequences(piece: Piece) -> bool:
    """Whether words say that something comes next, or too."""
    next_one = any(one.key in NEXT for one in piece.tokens[:2]) and piece.joined != "also"
    return next_one or piece.tokens[-1].key in TOO


def _speaks_of_ours(ahead: Sequence[Token], words: Words, finite: Token, tag: str) -> bool:
    """Whether what something is said of may be what an order is about: "Outlook can go", "a PDF of it is wanted"."""
    if words.keys & NEGATION or finite.key in HAS or tag == "VVD" or any(one.form == PAST for one in finite.meanings):
        return False
    return any(one.kind in THING_KINDS or any(one.has("noun", sense) for sense in OURS) for one in ahead)


def _has_form(token: Token, form: str) -> bool:
    return any(one.kind == "verb" and one.form == form for one in token.meanings)
