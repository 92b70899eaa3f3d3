"""Finds out what a request wants by rules: its grammar says what is ordered, patterns and words what it names."""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from scheduler.core.clause_mood import MAYBE
from scheduler.core.compound import OrderPart, Orders, split_orders
from scheduler.core.frames import PERHAPS
from scheduler.core.intents import UNKNOWN, Intent, IntentBook, IntentFileError, RoutedIntent, load_intents
from scheduler.core.job import Locale
from scheduler.core.language import as_written, detect_locale, normalise
from scheduler.core.letters import word_set
from scheduler.core.no_order import NoOrder
from scheduler.core.order_joining import Order
from scheduler.core.order_reader import MAY_BE_AN_ORDER, Request, foreign_verbs, read_request
from scheduler.core.patterns import Fit, Pattern, PatternError, PatternSet
from scheduler.core.questions_read import sender_of
from scheduler.core.request_frame import RequestFrame, check_pattern, one_pattern
from scheduler.core.similarity import NearestExamples
from scheduler.core.slot_finder import slots_of
from scheduler.core.slots import FREE_TEXT, SLOTS, clean, derive
from scheduler.core.templates import check_template

__all__ = ["Intent", "IntentFileError", "IntentRouter", "RoutedIntent"]

DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "intents.yaml"
READ: Final = word_set(
    """
    send_mail fetch_and_send read_mail search_mail search_document open_document export_pdf open_app close_app
    navigate_url web_search download_file fill_form create_appointment extract_table
    """
)
"""The intents that grammar knows; others are found by their patterns alone."""
_MOST_REMEMBERED = 1_024  # requests whose reading is kept: the same ones come again
_LONGEST_READ = 2_000  # characters that are read by their grammar; longer requests are texts
_LONGEST_NAME = 300  # characters of a slot that is a name; longer is a text, and no pattern meant it
_SCORE_OF_PATTERN = 0.7
_BY_WORDS = "by its words"
_SOMEONE: Final = re.compile(
    r"^(?:kann|könnte|koennte) (mir|uns) (?:bitte |mal )*(?:jemand|einer|wer|man) ", re.IGNORECASE
)
_IDLE: Final = frozenset({"know", "show", "lie"})
_DICTATED_CLAUSE = re.compile(r"\b(?:dass|ob|that|whether) $", re.IGNORECASE)
_SENTENCE_END = re.compile(
    r"(?<!\b\w)(?<!\b[ndmhfj]r)(?<!\bno)(?<!\bm[rs]s)(?<!\bprof)(?<!\bgebr)(?<!\bdipl)(?<!\bing)(?<!\bfa)(?<!\brev)(?<!\bcapt)(?<!\bst)(?<!\binc)(?<!\btel)(?<!\bstr)(?<!\bco)(?<!\bltd)(?<!\d)[.!?]+\s+",
    re.IGNORECASE,
)
_OF_FETCHING: Final = frozenset(
    {"download_file", "navigate_url", "search_document", "fetch_and_send", "send_mail", "open_document", "open_app"}
)
_KEEPS: Final = frozenset({"download", "save"})
_FROM: Final = frozenset({"portal", "folder"})


@dataclass(frozen=True)
class _Match:
    """A pattern that fits: what it fills, and how much of the text it explains by its own words."""

    intent: Intent
    slots: dict[str, str]
    length: int
    frame: str

    @property
    def rank(self) -> tuple[int, int, int]:
        named = sum(len(words) for words in self.slots.values())
        return self.length, self.length - named, len(self.slots)


class _Patterns:
    """Patterns of many intents, those that may fit found in one pass; compiled when the first text comes."""

    def __init__(self, patterns: Sequence[tuple[Intent, str]], source: str) -> None:
        self._patterns = patterns
        self._source = source
        self._intents: list[Intent] = []
        self._compiled: list[Pattern] = []
        for intent, pattern in patterns:
            place = f"{source}: intent {intent.name!r}"
            compiled = Pattern(pattern)
            strange = compiled.names - SLOTS
            if strange:
                slots = ", ".join(sorted(SLOTS))
                raise IntentFileError(f"{place}, pattern {pattern!r}: {min(strange)!r} is no slot; slots are {slots}")
            self._intents.append(intent)
            self._compiled.append(compiled)

    @functools.cached_property
    def set(self) -> PatternSet:
        """All of them, compiled. Raises IntentFileError that names intent and pattern for one that cannot be used."""
        try:
            return PatternSet(self._compiled)
        except PatternError as error:
            for intent, pattern in self._patterns:
                check_pattern(pattern, f"{self._source}: intent {intent.name!r}")
            raise IntentFileError(f"{self._source}: {error}") from error

    def matches(self, text: str) -> Iterator[_Match]:
        """Yield what each pattern makes of the text, in the order of the file."""
        for place in self.set.candidates(text):
            fit = self._compiled[place].search(text)
            if fit is not None:
                yield _read(self._intents[place], text, fit)


def _read(intent: Intent, text: str, fit: Fit) -> _Match:
    slots = {name: clean(name, text[span.start : span.end]) for name, span in fit.groups.items()}
    body = fit.groups.get("body")
    if body is not None and _DICTATED_CLAUSE.search(text[: body.start]):
        slots["body"] = clean("body", _SENTENCE_END.split(slots["body"])[0]) if slots["body"] else ""
    frame, taken = "", 0
    for start, end in sorted(span for name, span in fit.groups.items() if name in FREE_TEXT):
        frame, taken = frame + text[taken:start], max(taken, end)
    return _Match(intent, slots, fit.whole.end - fit.whole.start, frame + text[taken:])


class IntentRouter:
    """Routes requests by rules. Time is linear in the request; the same request always gets the same answer."""

    def __init__(self, book: IntentBook, *, tried: bool = False) -> None:
        """Compile the patterns once. Raises IntentFileError that names intent and pattern when one cannot be used.

        Those that were `tried` before are compiled when the first request comes, which takes a tenth of a start.
        """
        known = [intent for intent in book.intents if intent.name != UNKNOWN]
        self._unknown = next((one for one in book.intents if one.name == UNKNOWN), Intent(name=UNKNOWN))
        self._refusals = one_pattern(self._unknown.patterns, f"{book.source}: intent {UNKNOWN!r}")
        self._tiers = (
            _Patterns([(one, pattern) for one in known for pattern in one.patterns], book.source),
            _Patterns([(one, pattern) for one in known for pattern in one.fallbacks], book.source),
        )
        if not tried:
            for tier in self._tiers:
                _ = tier.set
        self._frame = RequestFrame(book.frame, book.source)
        self._nearest = NearestExamples(
            {one.name: [text for texts in one.examples.values() for text in texts] for one in known}
        )
        for intent in known:
            check_template(intent, book.source)
        self.intents: tuple[Intent, ...] = (*known, self._unknown)
        self._routed = {intent.name: RoutedIntent(**dict(intent)) for intent in self.intents}
        self._remembered = functools.lru_cache(maxsize=_MOST_REMEMBERED)(self._orders)
        self._reads = bool(READ & self._routed.keys())

    @functools.cached_property
    def _configured(self) -> frozenset[str]:
        """The verbs of the examples that are foreign to all intents CPA comes with; somebody configured them."""
        texts = (text for one in self.intents if one.name != UNKNOWN for many in one.examples.values() for text in many)
        return frozenset().union(*map(foreign_verbs, texts))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Load intents from a YAML or JSON file. Raises IntentFileError."""
        return cls(load_intents(path))

    @classmethod
    @functools.cache
    def default(cls) -> Self:
        """Return the intents that come with the package, read once. Tests have tried them."""
        return cls(load_intents(DEFAULT_FILE), tried=True)

    def route(self, message: str) -> RoutedIntent:
        """Return the intent that explains the request best, or "unknown" with the nearest ones.

        Of several orders in one request the first is returned; `rest` holds the words of the others.
        """
        first, *others = split_orders(message, self).parts
        if not others:
            return first.routed
        rest = " ".join(one.text for one in others)
        share = len(first.text) / (len(first.text) + len(rest))
        return first.routed.model_copy(update={"rest": rest, "score": first.routed.score * share})

    def orders(self, message: str) -> Orders:
        """Return what a request orders, part by part; one part that is unknown where nothing is ordered."""
        return self._remembered(message) if len(message) <= _LONGEST_READ else self._orders(message)

    def _orders(self, message: str) -> Orders:
        text = normalise(message)
        locale = detect_locale(text)
        own = self._of_patterns(text, message, locale, longer=len(text) > _LONGEST_READ)
        if own is not None:
            return Orders((OrderPart(message, own),))
        if not self._reads:
            return Orders((OrderPart(message, self._not_known(text, locale, None)),))
        request = read_request(text[:_LONGEST_READ])
        if not request.orders:
            return Orders((OrderPart(message, self._nothing(text, locale, request)),))
        one = self._fetched_and_sent(request, text, message, locale)
        if one is not None:
            return Orders((OrderPart(message, one),), request.overlooked)
        parts = list[OrderPart]()
        for order in request.orders:
            single = message if len(request.orders) == 1 else order.text
            after = (len(parts) - 1,) if order.in_order and parts else ()
            said = order.said if len(request.orders) > 1 or request.overlooked else ""
            routed = self._name(order, message, locale)
            alone = order.text if single is message else ""
            parts.append(OrderPart(single, routed, after, own=alone, said=said, means_earlier=order.refers))
        return Orders(tuple(parts), request.overlooked)

    def _of_patterns(self, text: str, message: str, locale: Locale, *, longer: bool) -> RoutedIntent | None:
        """Return what a pattern says of the whole where grammar does not know the intent, or the text is long."""
        if not longer and self._routed.keys() <= READ | {UNKNOWN}:
            return None
        match = self._match(self._frame.unwrap(text))
        if match is None or (match.intent.name in READ and not longer):
            return None
        if self._refusals.fits(self._frame.without_harmless(match.frame)):
            return self._not_known(text, locale, NoOrder.PATTERN_REFUSES)
        return self._of_match(match, text, message, locale)

    def _fetched_and_sent(self, request: Request, text: str, message: str, locale: Locale) -> RoutedIntent | None:
        """Return one order for several that only together are what INTENTS calls one: get it from there and send it."""
        names = [one.intent for one in request.orders]
        if (
            not set(names) <= _OF_FETCHING
            or names[-1] not in {"send_mail", "fetch_and_send"}
            or any(one.intent == "download_file" and one.signs and one.signs.senses & _KEEPS for one in request.orders)
            or not any(one.signs and (one.signs.place or "portal" in one.signs.nouns) for one in request.orders)
        ):
            return None
        match = self._match(self._frame.unwrap(text))
        if match is None or match.intent.name != "fetch_and_send":
            return None
        return self._of_match(match, text, message, locale)

    def _of_match(self, match: "_Match", text: str, message: str, locale: Locale, sure: float = 0.0) -> RoutedIntent:
        slots = derive(match.slots)
        if "body" in slots and "\n" in message:
            slots["body"] = as_written(slots["body"], message)
        score = max(min(match.length / len(text), 1.0), sure)
        return self._routed[match.intent.name].model_copy(update={"slots": slots, "locale": locale, "score": score})

    def _nothing(self, text: str, locale: Locale, request: Request) -> RoutedIntent:
        """Return "unknown" for a request that orders nothing, and why."""
        return self._not_known(text, locale, request.reason, refused=request.reason not in MAY_BE_AN_ORDER)

    def _name(self, order: Order, message: str, locale: Locale) -> RoutedIntent:
        """Return what one order wants: grammar names the intent, a pattern of the same intent its slots."""
        if order.foreign and order.foreign - self._configured:
            return self._not_known(order.said, locale, NoOrder.UNCONFIGURED, refused=True)
        said = order.said
        text = self._frame.unwrap(_SOMEONE.sub(r"kannst du \1 ", said) if said[:1] in "kK" else said)
        match = self._match(text)
        intent = order.intent if order.intent in self._routed else ""
        if match is not None and (match.intent.name == intent or match.intent.name not in READ):
            return self._of_match(match, text, message, locale, sure=order.sure)
        if match is not None and (not intent or order.sure <= PERHAPS):
            return self._of_match(match, text, message, locale).model_copy(update={"score": _SCORE_OF_PATTERN})
        if not intent:
            remark = not order.signs or not (order.signs.senses - _IDLE) or order.mood == MAYBE
            return self._not_known(order.said, locale, NoOrder.REMARK if remark and not order.foreign else None)
        slots = slots_of(intent, order.said)
        if intent == "read_mail" and "sender" not in slots and (sender := clean("sender", sender_of(order.text))):
            slots["sender"] = sender
        if intent == "send_mail" and "document" in slots and slots.keys() & _FROM and "fetch_and_send" in self._routed:
            intent = "fetch_and_send"
        if "body" in slots and "\n" in message:
            slots["body"] = as_written(slots["body"], message)
        found = {"slots": slots, "locale": locale, "score": order.sure, "by_words": True, "why": _BY_WORDS}
        return self._routed[intent].model_copy(update=found)

    def _not_known(self, order: str, locale: Locale, why: NoOrder | None, *, refused: bool = False) -> RoutedIntent:
        found = {"locale": locale, "nearest": self._nearest.nearest(order), "refused": refused}
        found["unconfigured"] = why is NoOrder.UNCONFIGURED
        unknown = self._routed[UNKNOWN].model_copy(update=found)
        return unknown if why is None else unknown.ordering_nothing(why)

    def _match(self, text: str) -> "_Match | None":
        """Return the match of the highest rank; of equal ones the one registered first."""
        for tier in self._tiers:
            match = max(filter(self._sound, tier.matches(text)), key=lambda one: one.rank, default=None)
            if match is not None:
                return match
        return None

    def _sound(self, match: "_Match") -> bool:
        """Whether every slot got words, and none of them swallowed the next order."""
        return all(
            words
            and (
                name in FREE_TEXT
                or (len(words) <= _LONGEST_NAME and not self._frame.no_name(words) and not _SENTENCE_END.search(words))
            )
            for name, words in match.slots.items()
        )
