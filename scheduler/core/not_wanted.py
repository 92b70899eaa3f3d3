"""Keeps what a request says is not to be done away from what is: "Send it to Anna, not to Tom" goes to Anna only."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from scheduler.core.all_but import without_excepted
from scheduler.core.apart import asked_about
from scheduler.core.clauses import clauses_of
from scheduler.core.compound import OrderPart, Orders, Rules
from scheduler.core.dictation import dictation
from scheduler.core.hesitation import SET_OFF
from scheduler.core.intents import RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.mood_words import NOT
from scheduler.core.no_order import NoOrder
from scheduler.core.order_joining import SENDING
from scheduler.core.phrases import tokens_of
from scheduler.core.slots import FREE_TEXT, PERSONS, THINGS
from scheduler.core.taken_back import correcting
from scheduler.core.verbless import MAY_SEND
from scheduler.core.words import Words

"""What one slot may be instead of another: "nicht die Rechnung 5, sondern bericht.pdf"."""

_PERSONS: Final = PERSONS | {"title"}
"""Where persons stand, and a title, which may be taken for one that is left out."""
_END: Final = r"[,.;:!?](?:\s|$)|\n|\s(?:sondern|but|dann|then)\b|$"
_WITHIN: Final = r"(?:[^,.;:!?\n]|[.:](?=\S))*?"  # addresses hold points
_BUT_NOT: Final = re.compile(
    rf"(?i)\b(?:{NOT})(?: yet)? (?:an|mit|bei|to|with|for)\b"
    rf"{_WITHIN}(?={_END})"
    r"|\b(?:ohne|without|außer|ausser|except|excluding)\b"
    rf"{_WITHIN}(?={_END}|(?<!und)(?<!and)\s(?:an|to|für|for|am|um|at|on)\b)"
)
"""Persons that an order leaves out: "an Kunz, aber nicht an Berger"; whoever is doubtful is left out, too."""

_SEVERAL: Final = 2
_PROGRAMS: Final = frozenset({"open_app", "close_app"})
_MADE_OF_IT: Final = re.compile(
    r"(?i)\b(?:(?:mach|erstell)\w*\b.*\b(?:draus|daraus)|mak(?:e|ing)\b.*\bof (?:it|that|this))\b"
)
_OURSELVES: Final = frozenset({"", "me", "us", "mir", "uns"})
_EACH_FOR: Final = re.compile(
    r"(?i)\b(?:für|for) (?-i:[A-ZÄÖÜ])[^.;!?]*(?:,|\bund\b|\band\b)[^.;!?]*\b(?:aus|from|out of)\b[^.;!?]*"
    r"\b(?:für|for) (?-i:[A-ZÄÖÜ])"
)
"""Several are to get something from a place of its own."""
_OUT_OF: Final = re.compile(r"(?i)(?<!log )(?<!sign )\bout of \w|\baus (?-i:[A-ZÄÖÜ])")
_SENDS: Final = frozenset({"send", "forward", "reply", "write", "tell"})
_TO_SOMEBODY: Final = re.compile(r"(?i)\b(?:für|for|an|to) (?-i:[A-ZÄÖÜ])|@|\b(?:\w*inbox|mailbox|postfach)\b")
_OR: Final = re.compile(
    r"(?i)[ ,]*(?:entweder |either )?(?:oder|or|bzw\.?|beziehungsweise) (?:auch |das |den |die |the |an |to )*"
)
_SMALL: Final = re.compile(
    r"(?i)(?:[ ,.;:–-]+(?:an|to|mit|with|für|for|auf|am|um|on|at|die|das|den|der|the)?\b)*[ ,.;:–-]*"
)
_HESITATES: Final = re.compile(rf"(?i)\s*,\s*{SET_OFF},?\s+(?:(?:an|to|mit|with|die|das|den|der|the)\s+)*")
_WE_DID: Final = re.compile(r"(?i)(?:i|we|ich|wir)(?:['’]ve)? ")
_HER: Final = re.compile(r"(?i)\b(?:her|him|them|ihr|ihm|ihnen)\b")
_FROM: Final = re.compile(r"(?i)\b(?:von|vom|from|by) (?:(?:der|dem|the|my|our|herrn|frau|mr|mrs|ms)\.? )?$")
_LETS_KNOW: Final = re.compile(
    r"(?i)\b(?:let|lass) [^,.;!?]{2,40}? (?:know|wissen)\b|\b(?:sag|gib|sage) [^,.;!?]{2,40}? bescheid\b"
    r"|\b(?:die|der|who|so (?:that )?(?:he|she|they)) [^,.;!?]*\b(?:weiterleite\w*|weitergib\w*|forward|pass|send)\b"
    r"[^,.;!?]*"
)
"""Whom somebody tells, or passes something on to."""
_WANTS_IT: Final = re.compile(
    r"(?i)[,.;–—-] (?:(?:the|my|our|die|der|das|mein\w*|unser\w*|herr|frau|mr|mrs|ms)\.? )?"
    r"(?!i\b|we\b|ich\b|wir\b)[\w-]+(?: [\w-]+)?"
    r" (?:wants?|needs?|is (?:waiting|asking) for|asked for|will|wollen|möchten?|braucht|brauchen|benötigt|wartet)"
    r" (?:it|them|sie|es|ihn|das|darauf)\b"
    r"(?![^.;!?]*\b(?:inbox|mail|e-?mail\w*|postfach|sent|geschickt|gemailt)\b)[^.;!?]*"
)
"""Why something is to be sent, which does not say that it goes to whoever wants it: "…, the bank wants it"."""
_ALL_BUT: Final = re.compile(
    r"(?i)\b(?:außer|ausser|except(?: for)?|excluding|apart from|bis auf|mit ausnahme von"
    r"|(?:everyone|everybody|all|anyone) but) (?-i:[A-ZÄÖÜ])"
)
_ONE_OR_OTHER: Final = re.compile(r"(?i) (?:oder|or|bzw\.?) ")
"""In the words of one slot: "Tom oder Eva"."""
_LOOK_BACK: Final = 20
"""Characters."""
_Span = tuple[int, int]


def without_unwanted(message: str, orders: Orders, rules: Rules) -> Orders:
    """Return the orders without words that only stand where something is said not to be done.

    Where nothing else fills a slot such words stay, for a pronoun may stand for them; persons never.
    """
    text = normalise(message)
    orders = orders._replace(parts=tuple(_no_program(_only_got(part, text, rules)) for part in orders.parts))
    spoken = _told_in(text)
    if not _HER.search(text):
        spoken += [_span(text, one) for one in orders.overlooked if _WE_DID.match(one)]
    parts = (_without_spoken_of(_without_taken_back(part, text), text, spoken) for part in orders.parts)
    orders = without_excepted(text, orders._replace(parts=tuple(parts)))
    said = {words for part in orders.parts for words in _words_of(part)}
    told = [(one, _span(text, one)) for one in orders.overlooked]
    last = [span for _, span in told if _ends(text, span)]
    if last:
        orders = orders._replace(parts=tuple(_without_told_last(part, text, last) for part in orders.parts))
    spans = [span for one, span in told if _any_begins(said, text, span) and _is_negated(one, rules)]
    but_not = [found.span() for found in _BUT_NOT.finditer(text)]
    if not spans and not but_not:
        return orders
    return orders._replace(parts=tuple(_cleared(part, text, spans, but_not) for part in orders.parts))


def _only_got(part: OrderPart, text: str, rules: Rules) -> OrderPart:
    """Return an order to get something and send it as rules read it where no word sends: "take the list out of SAP"."""
    names = {part.routed.slots.get(slot, "").casefold() for slot in ("recipient", "cc")} - _OURSELVES
    if part.routed.name == "fetch_and_send" and _EACH_FOR.search(part.text):
        return asked_about(part.text, (part.routed.name,))._replace(after=part.after)
    sends = MAY_SEND.search(text) or _TO_SOMEBODY.search(text) or Words(tokens_of(text)).senses & _SENDS
    if part.routed.name != "fetch_and_send" or names or sends:
        return part
    read = rules.orders(text).parts
    got = len(read) == 1 and read[0].routed.name == "download_file"
    return part._replace(routed=read[0].routed) if got else asked_about(part.text, ("download_file",))


def kept_as_told(text: str, read: Orders, settled: Orders) -> Orders:
    """Return settled orders, with what was read first where only a remark behind them names what was settled on.

    "Send Tom the list, I'll send Eva the plan" sends the list; and what is dictated stays the text of its mail.
    """
    if len(read.parts) != len(settled.parts):
        return settled
    last = [span for span in (_span(text, one) for one in read.overlooked) if _ends(text, span)]
    dictated = dictation(text)[1] is not None
    if not (last or dictated):
        return settled
    pairs = zip(read.parts, settled.parts, strict=True)
    return settled._replace(parts=tuple(_kept(before, one, text, last, dictated=dictated) for before, one in pairs))


def _ends(text: str, span: _Span) -> bool:
    """Whether words that stand somewhere end the text."""
    return span != (0, 0) and not text[span[1] :].strip(" .!?")


def _kept(before: OrderPart, part: OrderPart, text: str, last: Sequence[_Span], *, dictated: bool) -> OrderPart:
    first, now = before.routed, part.routed
    if now.name not in SENDING or first.name != now.name:
        return part
    kept = {
        slot
        for slot in (_PERSONS | THINGS) & first.slots.keys() & now.slots.keys()
        if all(_only_within(last, text, one) for one in now.all_words[slot])
        and not any(_only_within(last, text, one) for one in first.all_words[slot])
    }
    if dictated and "body" in first.slots and not FREE_TEXT & now.slots.keys():
        kept.add("body")
    if not kept:
        return part
    slots = {**now.slots, **{slot: first.slots[slot] for slot in kept}}
    said = (*(one for one in now.said if one.slot not in kept), *(one for one in first.said if one.slot in kept))
    return part._replace(routed=now.model_copy(update={"slots": slots, "said": said}))


def _no_program(part: OrderPart) -> OrderPart:
    """Return an order asked about that would end a program out of which, or into whose form, something is to be got."""
    said = part.own or part.text
    if part.routed.name not in _PROGRAMS:
        return part
    if _MADE_OF_IT.search(said):
        return asked_about(part.text, ("extract_table",))._replace(after=part.after)
    out = _OUT_OF.search(said)
    got = out is not None and any(one.has("noun", "document") for one in tokens_of(said[: out.start()]))
    return asked_about(part.text, ("download_file",))._replace(after=part.after) if got else part


def _without_told_last(part: OrderPart, text: str, last: Sequence[_Span]) -> OrderPart:
    """Return an order to send without whom and what only a remark behind it names: "Mail Tom, Eva has the contract"."""
    if part.routed.name not in SENDING:
        return part
    words = part.routed.all_words
    spoken_of = {
        (slot, one)
        for slot, many in words.items()
        if slot in _PERSONS | THINGS
        for one in many
        if _only_within(last, text, one)
    }
    return part._replace(routed=_without(part.routed, words, spoken_of)) if spoken_of else part


def _without_taken_back(part: OrderPart, text: str) -> OrderPart:
    """Return an order without what is taken back, and which programs only where "or" leaves open which is meant.

    "Schließ Miro, Quatsch, Webex" closes one, "Öffne Word oder Excel" asks.
    """
    words = part.routed.all_words
    several = {slot: many for slot, many in words.items() if len(many) > 1}
    unwanted = {(slot, one) for slot, many in several.items() for one in _taken_back(text, many)}
    slot = "application" if part.routed.name in _PROGRAMS else "recipient" if part.routed.name in SENDING else ""
    unwanted |= {(slot, one) for one in _either(text, several.get(slot, []))}
    if slot == "recipient":
        unwanted |= {(slot, one) for one in words.get(slot, []) if _ONE_OR_OTHER.search(one)}
    if slot == "recipient" and _ALL_BUT.search(text):
        unwanted |= {(slot, one) for one in words.get(slot, []) if not _is_name(one)}
    return part._replace(routed=_without(part.routed, words, unwanted)) if unwanted else part


def _is_name(words: str) -> bool:
    """Whether words name somebody by name, so that nobody can be left out of them."""
    return any(one.is_name or one.kind == "address" for one in tokens_of(words))


def _taken_back(text: str, many: Sequence[str]) -> Iterator[str]:
    """Yield the words of a slot that the next ones are said instead of."""
    for one, _, between in _neighbours(text, many):
        said = between.lstrip(" ,.;:–-")
        mark = correcting(said)
        taken_back = mark is not None and _SMALL.fullmatch(said, mark.end())
        if taken_back or _HESITATES.fullmatch(between):
            yield one


def _either(text: str, many: Sequence[str]) -> Iterator[str]:
    for one, other, between in _neighbours(text, many):
        if _OR.fullmatch(between):
            yield from (one, other)


def _neighbours(text: str, many: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the words of a slot that stand once each, with the next ones and what stands between."""
    places = sorted((text.find(one), one) for one in many if text.count(one) == 1)
    for (start, one), (after, other) in pairwise(places):
        yield one, other, text[start + len(one) : after]


def _without_spoken_of(part: OrderPart, text: str, told: Sequence[_Span]) -> OrderPart:
    """Return an order to send without persons that are only spoken of: in what is told, or as who something is from.

    "Schreib Tom, Eva bekommt die Liste" goes to Tom only. Whoever is the only one to be sent anything stays.
    """
    words = part.routed.all_words
    persons = words.get("recipient", [])
    if part.routed.name not in SENDING or len(persons) < _SEVERAL:
        return part
    spoken_of = {("recipient", one) for one in persons if _is_from(text, one) or _only_within(told, text, one)}
    if not 0 < len(spoken_of) < len(persons):
        return part
    return part._replace(routed=_without(part.routed, words, spoken_of))


def _told_in(text: str) -> list[_Span]:
    """Return where something is only told, in a clause or as dictated text."""
    _, dictated, resumed = dictation(text)
    told = (many for one in clauses_of(text) for many in (one.told, one.asides) if many)
    clauses = [*((many[0].start, many[-1].end) for many in told), *(one.span() for one in _LETS_KNOW.finditer(text))]
    clauses += [one.span() for one in _WANTS_IT.finditer(text)]
    return clauses if dictated is None else [*clauses, (dictated, resumed)]


def _is_from(text: str, words: str) -> bool:
    """Whether "von" or "from" stands before these words wherever they stand."""
    places = [found.start() for found in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text)] if words else []
    return bool(places) and all(_FROM.search(text, max(0, place - _LOOK_BACK), place) for place in places)


def _words_of(part: OrderPart) -> Iterator[str]:
    for many in part.routed.all_words.values():
        yield from many


def _any_begins(words: Iterable[str], text: str, span: _Span) -> bool:
    """Whether any of these words begin in the span, so that it matters what is said there; to ask that costs less."""
    start, end = span
    return any(start <= text.find(one, start) < end for one in words)


def _is_negated(statement: str, rules: Rules) -> bool:
    return any(part.routed.no_order is NoOrder.NEGATED for part in rules.orders(statement).parts)


def _span(text: str, statement: str) -> _Span:
    start = text.find(normalise(statement))
    return (start, start + len(normalise(statement))) if start >= 0 else (0, 0)


def _cleared(part: OrderPart, text: str, spans: Sequence[_Span], but_not: Sequence[_Span]) -> OrderPart:
    words = part.routed.all_words
    unwanted = {
        (slot, one)
        for slot, many in words.items()
        for one in many
        if _only_within([*spans, *but_not] if slot in _PERSONS else spans, text, one)
    }
    left = {_group(slot) for slot, many in words.items() for one in many if (slot, one) not in unwanted}
    unwanted = {(slot, one) for slot, one in unwanted if slot in _PERSONS or _group(slot) in left}
    return part._replace(routed=_without(part.routed, words, unwanted)) if unwanted else part


def _group(slot: str) -> str:
    return "thing" if slot in THINGS else slot


def _only_within(spans: Sequence[_Span], text: str, words: str) -> bool:
    places = [found.start() for found in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text)] if words else []
    return bool(places) and all(any(start <= place < end for start, end in spans) for place in places)


def _without(routed: RoutedIntent, words: dict[str, list[str]], unwanted: set[tuple[str, str]]) -> RoutedIntent:
    between = " and " if routed.locale == "en" else " und "
    kept = {slot: [one for one in many if (slot, one) not in unwanted] for slot, many in words.items()}
    slots = {
        slot: routed.slots[slot] if many == words[slot] else between.join(many) for slot, many in kept.items() if many
    }
    said = tuple(one for one in routed.said if (one.slot, one.words) not in unwanted)
    return routed.model_copy(update={"slots": slots, "said": said})
