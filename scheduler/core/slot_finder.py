"""Finds what fills the slots of an intent that is known, in whatever words an order is given."""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from scheduler.core.intents import RoutedIntent
from scheduler.core.language import as_written, detect_locale, normalise
from scheduler.core.phrases import Phrase, tokens_of
from scheduler.core.remarks import without_remarks
from scheduler.core.slot_background import beside, opened
from scheduler.core.slot_chunks import chunks_of
from scheduler.core.slot_order import Filled, Order, fill_path
from scheduler.core.slot_queries import find_query
from scheduler.core.slot_roles import DOING, ROLES
from scheduler.core.slot_texts import (
    cut_agenda,
    cut_fields,
    cut_format,
    cut_mail,
    cut_subject,
    without_reasons,
    without_wish,
)
from scheduler.core.slots import FILES, FREE_TEXT, PERSONS, PLACES, Said, clean, derive

TO: Final = frozenset({"an", "to"})
_PLACE: Final = frozenset(
    [
        "ausm",
        "ausn",
        "aufm",
        "inner",
        "aus",
        "vom",
        "von",
        "im",
        "in",
        "ins",
        "auf",
        "bei",
        "beim",
        "unter",
        "from",
        "on",
        "at",
        "into",
        "onto",
        "out",
        "off",
        "inside",
        "through",
        "ueber",
        "via",
    ]
)
BODY: Final = re.compile(
    r":\s+(?P<a>.+)$|,?\s(?:dass|ob|that|whether|saying(?: that)?|asking (?:if|whether)|to say(?: that)?)\s(?P<b>.+?)[.!?]*$",
    re.IGNORECASE | re.DOTALL,
)
ASIDE: Final = re.compile(
    r",? (?:weil|damit|obwohl|(?<=[,–-] )denn|because|since|although|so that|so (?:he|she|they|i|we)|da (?:ich|er|sie|wir))\b[^.!?]*",
    re.IGNORECASE,
)
_THINGS: Final = PLACES | FILES
_TOLD_LATE: Final = frozenset(
    {
        "amount",
        "date",
        "time",
        "subject",
        "cc",
        "title",
        "file_format",
        "participants",
        "body",
        "url",
        "portal",
        "file_name",
    }
)
_LATE_PRONOUN: Final = re.compile(r"(?:^|\s+)(?:ihr|ihm|ihnen|him|her|them)$")
_BETWEEN: Final = re.compile(
    r"\s*[,;]\s*(?:und |and )?|\s+(?:und auch|and also|as well as|along with|together with|und|and|sowie|&|\+|plus)\s+"
)
_AND: Final = re.compile(
    r",\s+(?:und |and )?(?=(?:de[rnm]|die|das|the|our|unsere?n?)\s)|\s+(?:as well as|und|and|sowie)\s+"
)
_ARTICLE: Final = re.compile(r"(?:der|die|das|den|dem|unsere?[nrm]?|the|our|my)\s", re.IGNORECASE)
_BETWEEN_TWO: Final = re.compile(r"\s(?:zwischen|between|of|von|vom|mit|with|für|for|des|der)\s", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"(?:, | und | and )")
_FIRM: Final = re.compile(
    r" & |\b(?:gmbh|ag|kg|ltd|inc|llp|söhne|sons|partners?|attn|z\. ?hd?\.?|c/o)\b", re.IGNORECASE
)
_FEW: Final = 2  # small letters in a text of capitals
_MAILS: Final = frozenset({"send_mail", "fetch_and_send"})
_IN_FOLDERS: Final = frozenset({"fetch_and_send", "search_document", "open_document", "export_pdf", "extract_table"})
_WITH_FORMAT: Final = frozenset({"send_mail", "fetch_and_send", "extract_table", "download_file", "export_pdf"})


def is_place(phrase: Phrase) -> bool:
    """Whether it names a portal, a folder or an application that something is in."""
    return phrase.before in _PLACE and (
        phrase.noun("portal", "folder")
        or (phrase.noun("application") and not phrase.noun("document") and not phrase.noun("format"))
    )


def is_source(phrase: Phrase) -> bool:
    """Whether it names whom something is got from ("vom Steuerberater", "from our vendor")."""
    return phrase.before in {"vom", "from", "off"} and phrase.noun("person_title")


def with_slots(
    routed: RoutedIntent,
    text: str,
    *,
    own: str = "",
    filled: str = "",
    overlooked: Sequence[str] = (),
    refers: bool = False,
) -> RoutedIntent:
    """Return an intent that was found in a text with its slots as the words around them tell.

    What a pattern filled stays where it must be filled and nothing else was found, nor a pronoun for it. `own` are the
    words of the order alone, `filled` the text with what its pronouns stand for, `overlooked` what is only told in it,
    `refers`: a pronoun stands for what the order is about, or nothing does.
    """
    if routed.way == "llm" or routed.rest or (routed.name not in ROLES and routed.name != "web_search"):
        return routed
    said = _of_order(routed, normalise(text), own, overlooked, refers=refers)
    if filled and filled not in {text, normalise(text)}:
        said += tuple(one for one in _carried_along(find_slots(routed.name, filled), said))
    slots = joined(said, " and " if routed.locale == "en" else " und ")
    told = slots.keys() | {slot for slot, many in _found(routed.name, normalise(text)).items() if not many}
    missing = [name for names in routed.required if not told & {*names.split("/")} for name in names.split("/")]
    kept = {name: _LATE_PRONOUN.sub("", routed.slots[name]) for name in missing if name in routed.slots}
    slots = {name: words for name, words in kept.items() if words and not _meets(words, slots.values())} | slots
    if "sender" in slots and routed.name == "send_mail" and "document" not in {one.slot for one in said}:
        slots.pop("document", None)
    if "body" in slots and "\n" in text:
        slots["body"] = as_written(slots["body"], text)
    return routed.model_copy(update={"slots": slots, "said": said})


def _of_order(
    routed: RoutedIntent, text: str, own: str, overlooked: Sequence[str], *, refers: bool
) -> tuple[Said, ...]:
    """Return what a request says for the one order in it, what is told beside it only where it may (`background`)."""
    told = beside(text, own, () if routed.way == "learned" else overlooked)
    if not told:
        return _late_missing(routed, text, own)
    near = find_slots(routed.name, told.blanked(text))
    slots = {one.slot for one in near}
    more = opened(routed.name, text, own or text, slots, refers=refers)
    whole = _late_missing(routed, text, own)
    if more is None:
        return whole
    given = [one for one in whole if told.gives(one.slot, one.start, text, more)]
    texts = {one.slot for one in given if one.slot in FREE_TEXT}  # they may reach into what is told
    return (
        *(one for one in near if one.slot not in texts),
        *(one for one in given if one.slot in texts or one.slot not in slots),
    )


def _late_missing(routed: RoutedIntent, text: str, own: str) -> tuple[Said, ...]:
    """Return what a request says for the one order in it; what is told after the order adds only what is missing."""
    whole, at = find_slots(routed.name, text), text.find(own) if own else -1
    if at < 0 or len(own) > len(text) - _FEW:
        return whole
    missing = {
        name
        for names in routed.required
        if not {*names.split("/")} & {one.slot for one in whole if one.start < at + len(own)}
        for name in names.split("/")
    }
    kept = tuple(one for one in whole if one.start < at + len(own) or one.slot in _TOLD_LATE | missing)
    if len(kept) == len(whole):
        return whole
    slots = {one.slot for one in kept}
    alone = (one._replace(start=one.start + at, end=one.end + at) for one in find_slots(routed.name, own))
    return kept + tuple(one for one in alone if one.slot not in slots)


def _carried_along(found: Iterable[Said], said: Iterable[Said]) -> Iterator[Said]:
    """Yield what pronouns stand for and the words themselves do not say; it has no place in these."""
    slots, words = {one.slot for one in said}, [one.words for one in said]
    documents = slots & {"document", "file_name", "body"}
    for one in found:
        wanted = one.slot in _THINGS and not (documents and one.slot not in PLACES)
        if (
            wanted
            and not (one.slot in PLACES and slots & PLACES)
            and one.slot not in slots
            and not _meets(one.words, words)
        ):
            yield one._replace(start=-1, end=-1)


def _meets(words: str, others: Iterable[str]) -> bool:
    """Whether words are, or have in them, what fills another slot."""
    return any(one in words or words in one for one in others)


def slots_of(intent: str, text: str) -> dict[str, str]:
    """Return what the words of a request fill, for an intent that is known."""
    return joined(find_slots(intent, text))


def joined(said: Iterable[Said], between: str = " und ") -> dict[str, str]:
    """Return each slot with its words; what was said several times is joined."""
    several: dict[str, dict[str, None]] = {}
    for one in said:
        several.setdefault(one.slot, {})[one.words] = None
    return {slot: between.join(words) for slot, words in several.items()}


def find_slots(intent: str, text: str) -> tuple[Said, ...]:
    """Return what the words of a request fill, each with its place; a slot may come several times."""
    return tuple(
        one
        for slot, many in _found(intent, text).items()
        for start, end in many
        for one in said_of(slot, text, start, end)
        if slot != "table" or "://" not in one.words
    )


def _things(stretch: str) -> list[str]:
    """Return the documents of "den Vertrag und das Angebot"; what only belongs together stays one."""
    parts = _AND.split(stretch)
    whole = all(any(token.has("noun", "document") for token in tokens_of(part)) for part in parts)
    apart = len(parts) > 1 and all(_ARTICLE.match(part) for part in parts[1:]) and not _BETWEEN_TWO.search(parts[0])
    return parts if whole or apart else [stretch]


def _small(text: str) -> str:
    """Return a text that is written in capitals in small letters, of the same length."""
    small = sum(letter.islower() for letter in text)
    return text if small > _FEW or not any(letter.isalpha() for letter in text) else "".join(map(_lowered, text))


def _lowered(letter: str) -> str:
    lower = letter.lower()
    return lower if len(lower) == 1 else letter


_PICTURES: Final = re.compile(r" ?[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200D]+")
_NOT_YET: Final = frozenset({"document", "table", "form"})
_NEGATED: Final = re.compile(
    r"\b(?:die|der|das|den|dem|des|the|alle[nrs]?|all|unsere?[nrms]?|meine?[nrms]?|our|my)\s(?P<negation>(?:noch nicht|nicht|not yet|not)\s)$",
    re.IGNORECASE,
)


def said_of(slot: str, text: str, start: int, end: int) -> Iterator[Said]:
    """Yield what one stretch of the text says of a slot, cleaned; the number of a document beside it."""
    if slot in _NOT_YET and (negated := _NEGATED.search(text, 0, start)) is not None:
        start = negated.start("negation")  # "die nicht bezahlten Rechnungen" are others than the paid ones
    if slot == "document" and (picture := _PICTURES.match(text, end)) is not None:
        end = picture.end()  # names of documents may end with one
    stretch = text[start:end]
    several = slot in PERSONS and not _FIRM.search(stretch)
    parts = _BETWEEN.split(stretch) if several else _things(stretch) if slot == "document" else [stretch]
    for part in parts:
        words = clean(slot, part)
        at = text.find(words, start) if words else -1
        for name, said in derive({slot: words}).items() if words else ():
            place = text.find(said, at) if name != slot else at
            for one in _NUMBERS.split(said) if name == "document_id" else [said]:
                yield Said(name, one, place, place + len(one))


@functools.lru_cache(maxsize=256)
def _found(intent: str, text: str) -> Filled:
    if intent == "web_search":
        query = find_query(without_remarks(text))
        return {"query": [query]} if query else {}
    role = ROLES.get(intent)
    if role is None:
        return {}
    rest, filled = without_reasons(without_wish(_small(without_remarks(text)))), Filled()
    if intent in _MAILS:
        cut = cut_mail(rest)
        rest = cut.rest
        filled |= {slot: [*many] for slot, many in cut.found.items()}
    if intent == "fill_form":
        cut = cut_fields(rest)
        rest = cut.rest
        filled |= {slot: [*many] for slot, many in cut.found.items()}
    if intent in {"read_mail", "search_mail", "create_appointment"}:
        cut = cut_agenda(rest) if intent == "create_appointment" else cut_subject(rest)
        rest = cut.rest
        filled |= {slot: [*many] for slot, many in cut.found.items()}
    if intent in _WITH_FORMAT:
        cut = cut_format(rest)
        rest = cut.rest
        filled |= {} if intent == "export_pdf" else {slot: [*many] for slot, many in cut.found.items()}
    order = Order(rest, chunks_of(rest), german=detect_locale(text) == "de", whole=text, doing=DOING[intent])
    order.filled |= filled
    role(order)
    if intent in _IN_FOLDERS:
        fill_path(order)
    return order.filled
