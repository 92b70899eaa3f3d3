"""Finds out what a request wants by rules: the intent whose pattern explains it best, and what the request names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import re2

from scheduler.core.intents import UNKNOWN, Intent, IntentBook, IntentFileError, RoutedIntent, load_intents
from scheduler.core.job import Locale
from scheduler.core.language import as_written, detect_locale, normalise
from scheduler.core.lexicon import FOREIGN, lexicon
from scheduler.core.patterns import Fit, Pattern, PatternError, PatternSet
from scheduler.core.phrases import tokens_of
from scheduler.core.request_frame import RequestFrame, compile_pattern, one_pattern
from scheduler.core.request_reader import (
    first_order,
    foreign_verbs,
    names_place,
    orders_in,
    read,
    read_question,
    sentences_of,
)
from scheduler.core.sentence_form import asks_ability, is_conditional, no_order
from scheduler.core.similarity import NearestExamples
from scheduler.core.slots import FREE_TEXT, SLOTS, clean, derive
from scheduler.core.templates import check_template

__all__ = ["Intent", "IntentFileError", "IntentRouter", "RoutedIntent"]

DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "intents.yaml"
_MAY_BE_ASKED = frozenset({"read_mail", "search_mail", "search_document", "web_search"})
_STARTS_OF_SENDING = frozenset({"download_file"})
_TOLD = frozenset({"statement", "past", "hypothetical", "question of ability", "asked whether to"})
_SCORE_OF_READING = 0.7
_LONGEST_READ = 2_000  # characters that are read by their words; longer requests are texts
_LONGEST_NAME = 300  # characters of a slot that is a name; longer is a text, and no pattern meant it
_BY_WHOM = re.compile(r"^(?:such|find|search|look|locate)\w* .*\b(?:von|of|by)(?: der| dem| the)? $", re.IGNORECASE)
_MOST_CUTS = 16
_SOMEONE = re.compile(r"^(?:kann|könnte|koennte) (mir|uns) (?:bitte |mal )*(?:jemand|einer|wer|man) ", re.IGNORECASE)
_NEEDED = re.compile(
    r"^(?P<who>[^,.;:]{2,40}?) (?:braucht|benötigt|benoetigt|(?:wartet|warten)(?: noch| schon"
    r"| immer noch)* auf|needs|(?:is|are)(?: still)? waiting"
    r" for|wants|fragt nach|(?:is )?asking for)(?: noch| dringend)* (?P<what>[^,.;:]{3,80}?)(?: dringend"
    r"| urgently)?[,.;] (?:so |und |and |also )?"
    r"(?:bitte |please )?(?:(?P<german>schick|sende?|mail)e?(?: (?:sie|es|ihn|das|die|den))? (?:ihm|ihr|ihnen)"
    r"|(?:send|email|mail|forward) "
    r"(?:it|them)(?: over| across)? to (?:him|her|them))(?: bitte| doch| rüber| zu| please)*[.!]*$",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"^(?:bevor (?:du|sie)|before you) (?P<later>[^,]+), (?P<first>.+?)[.!]*$", re.IGNORECASE)
_DICTATED_CLAUSE = re.compile(r"\b(?:dass|ob|that|whether) $", re.IGNORECASE)
_BETWEEN_ORDERS = re2.compile(
    r"(?i)[.!?;] |,? (?:und|and|then|dann)(?: dann| danach| anschlie(?:ß|ss)end| then| afterwards)? |, "
)
_SENTENCE_END = re2.compile(r"[.!?] ")
_UNCONFIGURED = "an order of which nothing is configured"


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
    """Compiled patterns of many intents, those that may fit found in one pass."""

    def __init__(self, patterns: Iterable[tuple[Intent, str]], source: str) -> None:
        self._intents: list[Intent] = []
        self._compiled: list[Pattern] = []
        for intent, pattern in patterns:
            place = f"{source}: intent {intent.name!r}"
            compiled = compile_pattern(pattern, place)
            strange = compiled.names - SLOTS
            if strange:
                slots = ", ".join(sorted(SLOTS))
                raise IntentFileError(f"{place}, pattern {pattern!r}: {min(strange)!r} is no slot; slots are {slots}")
            self._intents.append(intent)
            self._compiled.append(compiled)
        try:
            self._set = PatternSet(self._compiled)
        except PatternError as error:
            raise IntentFileError(f"{source}: {error}") from error

    def matches(self, text: str) -> Iterator[_Match]:
        """Yield what each pattern makes of the text, in the order of the file."""
        for place in self._set.fitting(text):
            fit = self._compiled[place].search(text)
            if fit is not None:
                yield _read(self._intents[place], text, fit)


def _read(intent: Intent, text: str, fit: Fit) -> _Match:
    slots = {name: clean(name, text[span.start : span.end]) for name, span in fit.groups.items()}
    body = fit.groups.get("body")
    if body is not None and _DICTATED_CLAUSE.search(text[: body.start]):
        slots["body"] = clean("body", sentences_of(slots["body"])[0]) if slots["body"] else ""
    frame, taken = "", 0
    for start, end in sorted(span for name, span in fit.groups.items() if name in FREE_TEXT):
        frame, taken = frame + text[taken:start], max(taken, end)
    return _Match(intent, slots, fit.whole.end - fit.whole.start, frame + text[taken:])


class IntentRouter:
    """Routes requests by rules. Time is linear in the request; the same request always gets the same answer."""

    def __init__(self, book: IntentBook) -> None:
        """Compile the patterns once. Raises IntentFileError that names intent and pattern when one cannot be used."""
        known = [intent for intent in book.intents if intent.name != UNKNOWN]
        self._unknown = next((one for one in book.intents if one.name == UNKNOWN), Intent(name=UNKNOWN))
        self._refusals = one_pattern(self._unknown.patterns, f"{book.source}: intent {UNKNOWN!r}")
        self._tiers = (
            _Patterns(((one, pattern) for one in known for pattern in one.patterns), book.source),
            _Patterns(((one, pattern) for one in known for pattern in one.fallbacks), book.source),
        )
        self._frame = RequestFrame(book.frame, book.source)
        self._nearest = NearestExamples(
            {one.name: [text for texts in one.examples.values() for text in texts] for one in known}
        )
        self._configured = {
            verb for one in known for texts in one.examples.values() for text in texts for verb in foreign_verbs(text)
        } - {"print", "book", FOREIGN}
        for intent in known:
            check_template(intent, book.source)
        self.intents: tuple[Intent, ...] = (*known, self._unknown)
        self._routed = {intent.name: RoutedIntent(**dict(intent)) for intent in self.intents}

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Load intents from a YAML or JSON file. Raises IntentFileError."""
        return cls(load_intents(path))

    @classmethod
    def default(cls) -> Self:
        """Load the intents that come with the package."""
        return cls.from_file(DEFAULT_FILE)

    def route(self, message: str) -> RoutedIntent:
        """Return the intent that explains the request best, or "unknown" with the nearest ones.

        Of several orders in one request the first that is understood is returned; `rest` holds the others.
        """
        text = normalise(message)
        locale = detect_locale(text)
        order = self._frame.unwrap(_in_order_of_doing(_SOMEONE.sub(r"kannst du \1 ", text)))
        if asks_ability(text[:_LONGEST_READ]):
            return self._not_known(order, locale, why="question of ability")
        if is_conditional(order[:_LONGEST_READ]):
            return self._not_known(order, locale, why="conditional")
        match, rest = self._understand(order)
        rest = "" if match is None else self._orders_of(order, rest)
        if match is None or self._is_told(order, match) or (rest and self._is_one(order, match)):
            return self._read(message, order, locale)
        refused = self._refusals.fits(self._frame.without_harmless(match.frame))
        asked = read_question(order[:_LONGEST_READ]) if refused else None
        if asked is not None:
            return self._read(message, order, locale)
        if refused or (
            match.slots.get("body", "").casefold().startswith(("nicht ", "noch nicht ", "not ")) and ": " not in order
        ):
            return self._not_known(order, locale, why="negated or a question")
        slots = derive(match.slots)
        if "body" in slots and "\n" in message:
            slots["body"] = as_written(slots["body"], message)
        score = min(match.length / len(order), 1.0)
        found: dict[str, object] = {"slots": slots, "locale": locale, "score": score, "rest": rest}
        return self._routed[match.intent.name].model_copy(update=found)

    def _orders_of(self, order: str, rest: str) -> str:
        """Return what else is ordered: a sentence of its own that orders nothing ("Danke!", "Es regnet.") is none."""
        if not rest or order[: -len(rest)].rstrip()[-1:] not in {".", "!", "?"}:
            return rest
        return " ".join(one for one in sentences_of(rest) if self._may_order(one))

    def _may_order(self, sentence: str) -> bool:
        text = self._frame.unwrap(sentence)
        if any(True for tier in self._tiers for _ in tier.matches(text)):
            return True
        return not no_order(text) and (read(text) is not None or bool(foreign_verbs(text)))

    def _is_told(self, order: str, match: _Match) -> bool:
        """Whether what a pattern takes for an order is only told: it happened, or it might."""
        if match.intent.name in _MAY_BE_ASKED or any(
            one.form == "order" for one in lexicon().meanings(order.partition(" ")[0])
        ):
            return False
        return no_order(order[:_LONGEST_READ]) in _TOLD

    @staticmethod
    def _is_one(order: str, match: _Match) -> bool:
        """Whether what a pattern takes for two orders is one: to fetch something and to send it."""
        if match.intent.name not in _STARTS_OF_SENDING:
            return False
        reading = read(order[:_LONGEST_READ])
        return (
            reading is not None
            and reading.intent == "fetch_and_send"
            and {"document", "recipient"} <= reading.slots.keys()
        )

    def _read(self, message: str, order: str, locale: Locale) -> RoutedIntent:
        """Read by words what no pattern fits: the first sentence that is an order; the others may only tell why."""
        parts = (part for one in sentences_of(order[:_LONGEST_READ]) for part in first_order(one))
        sentences = [self._frame.unwrap(one) for one in parts if one]
        reasons = []
        for place, sentence in enumerate(sentences):
            asked = read_question(sentence)
            reading = asked or read(sentence) if sentence else None
            reason = no_order(sentence) if sentence and asked is None else ""
            if reading is None and not reason and foreign_verbs(sentence) - self._configured:
                reason = _UNCONFIGURED
            if reading is None or reading.intent not in self._routed or reason:
                reasons += (
                    [reason]
                    if reason and any(token.is_verb or token.has("nominal") for token in tokens_of(sentence))
                    else []
                )
                continue
            rest = " ".join(orders_in(sentences[place + 1 :]))
            found = {
                "slots": reading.slots,
                "locale": locale,
                "score": _SCORE_OF_READING,
                "rest": rest,
                "why": "by its words",
            }
            if "body" in reading.slots and "\n" in message:
                found["slots"] = {**reading.slots, "body": as_written(reading.slots["body"], message)}
            return self._routed[reading.intent].model_copy(update=found)
        refused = self._refusals.fits(self._frame.without_harmless(order))
        why = ", ".join(dict.fromkeys(reasons)) or ("negated or a question" if refused else "")
        return self._not_known(order, locale, why)

    def _not_known(self, order: str, locale: Locale, why: str) -> RoutedIntent:
        found = {"locale": locale, "nearest": self._nearest.nearest(order), "refused": bool(why), "why": why}
        found["unconfigured"] = why == _UNCONFIGURED
        return self._routed[UNKNOWN].model_copy(update=found)

    def _understand(self, order: str) -> tuple[_Match | None, str]:
        for tier in self._tiers:
            for part, rest in _readings(order):
                match = self._best(tier, part if part is order else self._frame.unwrap(part))
                if match is not None:
                    return match, rest
        return None, ""

    def _best(self, tier: _Patterns, text: str) -> _Match | None:
        """Return the match of the highest rank; of equal ones the one registered first."""
        return max(filter(self._sound, tier.matches(text)), key=lambda match: match.rank, default=None)

    def _sound(self, match: _Match) -> bool:
        """Whether every slot got words, and none of them swallowed the next order."""
        portal = match.slots.get("portal", "")
        if portal and not names_place(portal) and _BY_WHOM.search(match.frame.partition(portal)[0]):
            return False
        return all(
            words
            and (
                name in FREE_TEXT
                or (len(words) <= _LONGEST_NAME and not self._frame.no_name(words) and len(sentences_of(words)) == 1)
            )
            for name, words in match.slots.items()
        )


def _in_order_of_doing(text: str) -> str:
    """Return "Bevor du B, A" as "A. B", and "Tom needs X, send it to him" as "send X to Tom"."""
    needed = _NEEDED.match(text[:_LONGEST_READ])
    if needed:
        verb, to = ("schick", "an") if needed["german"] else ("send", "to")
        return f"{verb} {needed['what']} {to} {needed['who']}"
    said = _BEFORE.match(text[:_LONGEST_READ])
    return f"{said['first']}. {said['later']}" if said and read(said["later"]) else text


def _readings(text: str) -> Iterable[tuple[str, str]]:
    """Yield (order, rest): the whole text, then it without its last orders, then without its first sentences."""
    yield text, ""
    cuts = [found.span() for _, found in zip(range(_MOST_CUTS), _BETWEEN_ORDERS.finditer(text), strict=False)]
    for start, end in reversed(cuts):
        yield text[:start], text[end:]
    ends = [found.span() for _, found in zip(range(_MOST_CUTS), _SENTENCE_END.finditer(text), strict=False)]
    for start, end in ends:
        yield text[end:], text[: start + 1]
