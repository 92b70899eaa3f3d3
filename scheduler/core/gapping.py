"""Spells out what is said once and counts for several: "Send Rosa the list, Hamish the plan" sends twice.

Words without a verb go on with the order before them where what they name is of the same kinds as what that order names
(person and document, document and place), or where they say themselves that the same is meant of them ("Outlook too",
"zuletzt Scribus"). They get a verb of their own, so that whatever reads the request finds orders of the usual form.
Words of one kind alone, joined by "and" or a comma, stay one order of several things.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from scheduler.core.compound import Rules
from scheduler.core.dictation import dictation
from scheduler.core.intents import UNKNOWN
from scheduler.core.language import normalise
from scheduler.core.letters import word_set
from scheduler.core.order_cuts import BEFORE_DATE, LOOK_BACK, SHORTENED
from scheduler.core.order_joining import SENDING
from scheduler.core.phrases import tokens_of
from scheduler.core.slot_finder import find_slots
from scheduler.core.word_classes import VERB, word_classes
from scheduler.core.words import Words

_LONGEST: Final = 1_000
"""Characters of a request that is looked at; longer ones are texts."""
_MOST: Final = 16
_FEWEST: Final = 2
_MOST_AGAIN: Final = 7
"""Words of what is meant, too."""
_CLOCK: Final = re.compile(r"(?i)\b[ap]\.?m\.$")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_])")
_EDGE: Final = re.compile(r"[,;]\s+|\s*\n\s*|(?<=[.!?:])\s+|\s+(?=(?:und|and|while|weil|because)\s)", re.IGNORECASE)
_SEQUENCE: Final = (
    r"(?:dann|danach|daraufhin|anschlie(?:ß|ss)end|zuletzt|abschlie(?:ß|ss)end|zum schluss|zu guter letzt|zweitens"
    r"|drittens|then|next|lastly|finally|afterwards|after that|secondly|thirdly)"
)
_LEAD: Final = re.compile(
    rf"(?:(?:und|and|u\.|plus|noch|bitte|please|auch|ebenso|genauso|likewise|similarly|also|{_SEQUENCE}),?\s+)+",
    re.IGNORECASE,
)
_ALSO: Final = r"(?:too|as well|likewise|auch|ebenso|ebenfalls|genauso|gleichfalls|desgleichen|similarly)"
_AGAIN: Final = re.compile(
    rf"(?i)\b{_ALSO}\b|^(?:und |and )?{_SEQUENCE}\b|\b(?:second|third|last|als (?:zweites|drittes|letztes))[.,!]*$"
)
"""What says of words without a verb that the same is meant of them, or in which turn it is."""
_ENGLISH_AGAIN: Final = re.compile(r"(?i)\balso\b")
_SAME: Final = re.compile(
    r"(?i)(?:(?:please |bitte )?(?:do|repeat|mache?|tue?|die|das|it'?s)? ?(?:bitte )?(?:exactly |genau )?"
    r"(?:the same|das gleiche|das selbe|dasselbe|das nämliche|same|ditto|genauso|ebenso)"
    r"(?: thing| again| bitte| noch| auch| please)* (?:with|for|to|mit|für|bei) )(?=\S)"
)
"""It stands for the verb, and for all that the order before says beside what is named here."""
_ENDS: Final = re.compile(rf"(?i)(?:,?\s*\b(?:{_ALSO}|also|gleich|bitte|please|pls|thanks|danke|thx))*[\s.,;:!?]*$")
_TOLD: Final = re.compile(r"(?i)\b(?:dass|daß|that|ob|whether)\b")
_NO_THING: Final = re.compile(
    r"(?i)^(?:an? |eine |the |die )?(?:cc|bcc|copy|copies|kopie|kopien|betreff|subject|re|attn|attention|z\.? ?hd|text"
    r"|pdf (?:the|die|das|den))\b|:\s*$|\b(?:daraus|draus|davon|damit|it|them|ihn|both|beide[sn]?)\b"
)
"""Words that go on with an order in another way, or begin one of their own."""
_PARTS: Final = word_set(
    "auf zu an aus ab ein raus rein runter rauf hoch weg rüber her hin los vor um up down off out in on"
)
"""What ends words whose verb is only meant: "Kalender auf"."""
_LAST_VERB: Final = re.compile(r"^[a-zäöüß]{2,}(?:en|ern|eln)$")
_BRACKETS: Final = re.compile(r"\s*\([^)]*\)")
_AROUND: Final = " ,;.!?:\n"
_APPOINTMENTS: Final = re.compile(
    r"(?i)\b(?:termine|kalender|terminkalender|diary|calendar|appointments|meetings|slots|bookings|entries)\b"
)
_KINDS: Final = {
    "document": "thing", "document_id": "thing", "file_name": "thing", "form": "thing", "table": "thing",
    "query": "thing", "application": "place", "portal": "place", "folder": "place", "url": "place",
    "recipient": "person", "participants": "person", "sender": "person", "date": "time", "time": "time",
    "title": "text", "body": "text", "subject": "text",
}  # fmt: skip
_APPOINTMENT: Final = "create_appointment"
_OF_ONE_KIND: Final = {
    "open_app": "place", "close_app": "place", "navigate_url": "place", "open_document": "thing", "export_pdf": "thing",
    "fill_form": "thing", "search_document": "thing", "download_file": "thing", "extract_table": "thing",
    "web_search": "thing",
}  # fmt: skip
"""The orders that are meant of one more thing by a word that says so, and of which kind that is."""


class _Verb(NamedTuple):
    """A verb that orders, as it stands before and behind what it is about."""

    before: str
    behind: str = ""


_VERBS: Final = {
    "send_mail": (_Verb("maile"), _Verb("email")),
    "fetch_and_send": (_Verb("maile"), _Verb("email")),
    "read_mail": (_Verb("zeig mir"), _Verb("show me")),
    "search_mail": (_Verb("suche"), _Verb("search for")),
    "search_document": (_Verb("suche"), _Verb("find")),
    "open_document": (_Verb("öffne"), _Verb("open")),
    "export_pdf": (_Verb("exportiere", " als PDF"), _Verb("export", " as a PDF")),
    "open_app": (_Verb("starte"), _Verb("start")),
    "close_app": (_Verb("schließe"), _Verb("close")),
    "navigate_url": (_Verb("öffne"), _Verb("open")),
    "web_search": (_Verb("google"), _Verb("google")),
    "download_file": (_Verb("lade", " herunter"), _Verb("download")),
    "fill_form": (_Verb("fülle", " aus"), _Verb("fill in")),
    "create_appointment": (_Verb("trage", " in den Kalender ein"), _Verb("put", " in the diary")),
    "extract_table": (_Verb("extrahiere"), _Verb("extract")),
}


class _Order(NamedTuple):
    """An order and the kinds of what it names."""

    intent: str
    kinds: frozenset[str]


def spelled_out(text: str, rules: Rules) -> str:
    """Return a request with a verb for each order that leaves it out; the text itself where none does."""
    pieces = list(_pieces(text)) if len(text) <= _LONGEST else []
    if len(pieces) < _FEWEST:
        return text
    _, dictated, resumed = dictation(text)
    reader = _Reader(rules, german=Words(tokens_of(text)).language == "de")
    if listed := reader.listed(text, pieces):
        return spelled_out(listed, rules)
    found, place = "", 0
    while place < len(pieces):
        start, end = pieces[place]
        if _TOLD.match(text[end:]) and place + 1 < len(pieces):
            place += 1
            end = pieces[place][1]
        quiet = dictated is not None and dictated <= start < resumed
        found = found + text[start:end] if quiet or not place else reader.more(found, text[start:end])
        place += 1
    return found


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for number, edge in enumerate(_EDGE.finditer(text)):
        before = text[max(0, edge.start() - LOOK_BACK) : edge.start()]
        shortened = before.endswith(".") and (SHORTENED.search(before) or _CLOCK.search(before))
        date = text[edge.end() : edge.end() + 1].isdigit() and BEFORE_DATE.search(before)
        if edge.start() == start or shortened or date or number >= _MOST:
            continue
        yield start, edge.end()
        start = edge.end()
    yield start, len(text)


class _Reader:
    """Reads piece after piece of a request, each after those before it."""

    def __init__(self, rules: Rules, *, german: bool) -> None:
        self._rules = rules
        self._german = german

    def listed(self, text: str, pieces: Sequence[tuple[int, int]]) -> str:
        """Return a text without the heading of a row of appointments, each of these with a verb; empty if none."""
        head = next((place for place, (start, end) in enumerate(pieces) if text[start:end].rstrip()[-1:] == ":"), None)
        if head is None or not _APPOINTMENTS.search(text[: pieces[head][1]]):
            return ""
        row = list(itertools.takewhile(_is_dated, (text[start:end] for start, end in pieces[head + 1 :])))
        if len(row) < _FEWEST:
            return ""
        begin, end = pieces[max(head - 1, 0)][1] if head else 0, pieces[head + len(row)][1]
        put = (f"{self._frame(_APPOINTMENT, said)}{one[len(said) :]}" for one in row for said in [one.rstrip(_AROUND)])
        return f"{text[:begin]}{''.join(put)}{text[end:]}"

    def _frame(self, intent: str, said: str) -> str:
        """Return words with the verb of an order."""
        verb = _VERBS[intent][0 if self._german else 1]
        return f"{verb.before} {said}{verb.behind}"

    def more(self, found: str, piece: str) -> str:
        """Return what was found with one more piece, that with a verb if it goes on with the order before it."""
        lead = _LEAD.match(piece)
        same = _SAME.match(piece, lead.end() if lead else 0)
        at = same.end() if same else lead.end() if lead else 0
        ends = _ENDS.search(piece, at)
        said = piece[at : ends.start() if ends else len(piece)]
        named = _names_only(said)
        if piece.rstrip()[-1:] == ":" or not (named or _is_dated(said)):
            return found + piece
        again = bool(same or _AGAIN.search(piece.strip()) or (not self._german and _ENGLISH_AGAIN.search(piece)))
        before = self._before(found, again=again or bool(lead))
        if before is None or not (again or len(before.kinds) > 1) or not (named or before.intent == _APPOINTMENT):
            return found + piece
        whole = self._frame(before.intent, said)
        if before.intent == _APPOINTMENT:
            order: _Order | None = _Order(_APPOINTMENT, _kinds_of(_APPOINTMENT, whole))
        else:
            order = self._last_order(_BRACKETS.sub("", whole))
        again = again and len(said.split()) <= _MOST_AGAIN
        if order is None or not _goes_on(order, before, again=again) or (named and not self._no_verb(said)):
            return found + piece
        if _TOLD.search(said) and found[-1:] == " " and found[-2:-1] not in ",.;":
            found = f"{found[:-1]}, "
        return f"{found}{piece[: lead.end() if lead else 0]}{whole}{piece[at + len(said) :]}"

    def _before(self, found: str, *, again: bool) -> "_Order | None":
        """Return the order that words go on with, in their sentence or, if they say so, in the one before it."""
        *whole, last = _SENTENCE_END.split(found)
        if last.strip():
            return self._last_order(last)
        return self._last_order(whole[-1]) if again and whole else None

    def _last_order(self, text: str) -> "_Order | None":
        """Return the order that a text ends with, if rules know it."""
        text = text.strip(_AROUND)
        part = self._rules.orders(text).parts[-1]
        said, intent = part.own or part.text, part.routed.name
        if intent == UNKNOWN or intent not in _VERBS or not normalise(text).endswith(said.strip(_AROUND)):
            return None
        return _Order(intent, _kinds_of(intent, part.said or part.text))

    def _no_verb(self, said: str) -> bool:
        """Whether a tagger, that knows more verbs than our lexicon, finds none either."""
        told = _TOLD.search(said)
        tokens = [one for one in tokens_of(said[: told.start()] if told else said) if one.kind != "mark"]
        if self._german and _LAST_VERB.search(tokens[-1].text) and not tokens[-1].meanings:
            return False
        classes = word_classes([one.text for one in tokens], "de" if self._german else "en")
        return all(one.meanings or kind != VERB for one, kind in zip(tokens, classes, strict=True))


def _kinds_of(intent: str, text: str) -> frozenset[str]:
    return frozenset(_KINDS[one.slot] for one in find_slots(intent, normalise(text)) if one.slot in _KINDS)


def _names_only(said: str) -> bool:
    """Whether there is no verb in the words, but for what is only told in them."""
    told = _TOLD.search(said)
    own = said[: told.start()] if told else said
    words = Words(tokens_of(own))
    apart = words.content[-1].key in _PARTS if words.content else True
    return not (apart or words.has_predicate or _NO_THING.search(own))


def _is_dated(said: str) -> bool:
    """Whether words, taken for an appointment, say when it is and what it is, or with whom."""
    tokens = tokens_of(said)
    if not any(one.kind in {"date", "time"} for one in tokens) or any(one.has("auxiliary") for one in tokens):
        return False
    words = Words(tokens)
    return words.imperative is None and words.finite is None and len(_kinds_of(_APPOINTMENT, said.strip(_AROUND))) > 1


def _goes_on(order: _Order, before: _Order, *, again: bool) -> bool:
    """Whether an order made of words without a verb is what these mean."""
    both = order.kinds & before.kinds
    if before.intent in SENDING:
        return order.intent in SENDING and "person" in both and bool(both & {"thing", "text"})
    if order.intent != before.intent:
        return False
    if before.intent == _APPOINTMENT:
        return "time" in both and len(order.kinds) > 1 < len(before.kinds)
    return (
        both >= {"thing", "place"} or both >= {"person", "text"} or (again and _OF_ONE_KIND.get(order.intent) in both)
    )
