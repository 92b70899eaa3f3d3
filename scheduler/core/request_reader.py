"""Reads a request by the words in it: which intent its verbs and nouns have, and what its phrases fill.

Where no pattern fits, and where an intent was learned, this finds the slots; it knows no whole sentences.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from scheduler.core.lexicon import Meaning
from scheduler.core.phrases import Phrase, Token, acts, phrases_of, tokens_of
from scheduler.core.sentence_form import no_order
from scheduler.core.slots import clean, derive

_MAILS: Final = frozenset({"send_mail", "fetch_and_send"})
_TO: Final = frozenset({"an", "to"})
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
        "auf",
    ]
)
_ABOUT: Final = frozenset(
    ["wegen", "bezueglich", "betreffs", "ueber", "zum", "zur", "zu", "about", "regarding", "concerning", "re"]
)
_STAYS: Final = frozenset(
    [
        "von",
        "vom",
        "mit",
        "fuer",
        "ueber",
        "zu",
        "zum",
        "zur",
        "aus",
        "im",
        "in",
        "of",
        "from",
        "for",
        "with",
        "about",
        "on",
        "at",
        "bis",
        "ab",
        "nach",
        "der",
        "des",
        "gegen",
        "bei",
    ]
)
_BODY: Final = re.compile(
    r":\s+(?P<a>.+)$|,?\s(?:dass|ob|that|whether|saying(?: that)?|asking (?:if|whether)|to say(?: that)?)\s(?P<b>.+?)[.!?]*$",
    re.IGNORECASE | re.DOTALL,
)
_SUBJECT: Final = re.compile(
    r"(?:,? (?:mit|unter|with)(?: dem| der| the| a)?)? (?:betreff(?:zeile)?|subject(?: line)?):? (?P<words>[„“\"][^“”\"]+[“”\"]|.+?)"
    r"(?= (?:an|to|und|and|mit|with) |[,.!?:]|$)", re.IGNORECASE
)  # fmt: skip
_CC: Final = re.compile(
    r"(?:,| und| and| mit| with)? (?:in )?(?:cc|kopie|copy|copying):?(?: an| to)? (?P<words>.+?)[.!?]*$", re.IGNORECASE
)
_FORMAT: Final = re.compile(
    r" (?:als|as(?: an?)?|in|ins|zu|to|into|nach)(?: (?:an?|eine?|einem|einer))? (?P<words>pdf|csv|excel|xlsx|json|tsv|word|docx|zip)(?:[- ]?(?:datei|format|file))?\b",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(
    r",? (?:weil|damit|obwohl|denn|because|since|although|so that|so (?:he|she|they|i|we)|da (?:ich|er|sie|wir))\b[^.!?]*",
    re.IGNORECASE,
)
_WEB: Final = re.compile(
    r"(?:im |in |auf |bei |mit |on |the |über )*\b(?:internet|web|netz|online|google|wikipedia|bing)\b", re.IGNORECASE
)
_QUERY_VERB: Final = re.compile(
    r"^(?:nach|for|up|mal|bitte|mir|me|uns|us|heraus|raus|was|zu|about)\b[ ,]*|[ ,]*(?:\bnach|heraus|raus|bitte|please)?[.!?]*$",
    re.IGNORECASE,
)
_ORDER_END: Final = re.compile(r"(?<!\b\w)(?<!\bnr)(?<!\bdr)(?<!\bno)(?<!\d)[.!?]+\s+|\n+", re.IGNORECASE)
_DOCUMENTS: Final = ("document",)


class Reading(NamedTuple):
    """What was read: the intent, what fills its slots, and the words of what else is asked."""

    intent: str
    slots: dict[str, str]


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a request; marks of the last one stay."""
    marks = [match.end() for match in _ORDER_END.finditer(text)]
    return [
        part.strip() for part in map(text.__getitem__, map(slice, [0, *marks], [*marks, len(text)])) if part.strip()
    ]


def read(text: str) -> Reading | None:
    """Return what one order wants, or None where its words do not tell."""
    tokens = tokens_of(_ASIDE.sub("", text))
    intent = _intent(tokens, text)
    return Reading(intent, slots_of(intent, text)) if intent else None


def _senses(tokens: list[Token]) -> set[str]:
    apart = {token.key for token in tokens}
    acting = [token for place, token in enumerate(tokens) if token.is_verb and acts(token, tokens, place)]
    known = [one for token in acting for one in token.meanings if one.kind == "verb" and _whole(one, apart)]
    divided = {one.sense for one in known if one.apart}
    return divided | {one.sense for one in known if not one.apart and not (divided and _is_light(one.sense))}


def _whole(one: Meaning, apart: set[str]) -> bool:
    return not one.apart or one.apart in apart


def _is_light(sense: str) -> bool:
    return sense in {"make", "tell", "show", "go", "download", "fetch", "save", "send"}


def _intent(tokens: list[Token], text: str) -> str | None:
    verbs = _senses(tokens)
    phrases = phrases_of(tokens)
    nouns = {one.sense for token in tokens for one in token.meanings if one.kind == "noun"}
    kinds = {token.kind for token in tokens}
    document = "document" in nouns or "file" in kinds
    place = any(_is_place(phrase) for phrase in phrases)
    to = (
        any(phrase.before in _TO and not _is_place(phrase) and phrase.tokens for phrase in phrases)
        or "address" in kinds
    )
    self = any(phrase.before == "self" for phrase in phrases)
    sends = bool(verbs & {"send", "forward"})
    if "invite" in verbs or (
        "appointment" in nouns and verbs & {"make", "enter", "save", "need"} and not verbs & {"foreign"}
    ):
        return "create_appointment"
    if sends or (to and verbs & {"fetch", "download", "need"} and place):
        return (
            "fetch_and_send"
            if document and place and (to or self or verbs & {"fetch", "download"})
            else "send_mail"
            if to or document or "mail" in nouns
            else None
        )
    if "foreign" in verbs and not verbs & {"write", "reply"}:
        return None
    if verbs & {"write", "reply"} or ("tell" in verbs and (_BODY.search(text) or "mail" in nouns)):
        return "send_mail" if verbs & {"reply"} or to or "mail" in nouns or _BODY.search(text) else None
    return _of_things(_Signs(verbs, nouns, kinds, text, document, place, to))


class _Signs(NamedTuple):
    """What a request speaks of."""

    verbs: set[str]
    nouns: set[str]
    kinds: set[str]
    text: str
    document: bool
    place: bool
    to: bool


def _of_things(said: _Signs) -> str | None:  # noqa: C901, PLR0911 - a table, the first that fits decides
    if "fill" in said.verbs or ("enter" in said.verbs and "form" in said.nouns):
        return "fill_form"
    if "table" in said.nouns and said.verbs & {"extract", "convert", "fetch", "save", "show", "need", "enter"}:
        return "extract_table"
    if (
        said.verbs & {"convert", "print", "save", "make", "need"}
        and re.search(r"\bpdf\b", said.text, re.IGNORECASE)
        and (said.document or said.place)
    ):
        return "export_pdf"
    if said.verbs & {"find", "lookup", "show"} and ("web" in said.nouns or "lookup" in said.verbs):
        return "web_search"
    if said.nouns & {"mail", "mailbox"} and "find" in said.verbs:
        return "search_mail"
    if said.nouns & {"mail", "mailbox"} and said.verbs & {"show", "open", "fetch", "need"}:
        return "read_mail"
    if "find" in said.verbs and said.document:
        return "search_document"
    if (
        said.verbs & {"download", "fetch", "save", "need"}
        and ("url" in said.kinds or "portal" in said.nouns)
        and (said.document or "url" in said.kinds or "download" in said.verbs)
    ):
        return "download_file"
    if "close" in said.verbs and "application" in said.nouns:
        return "close_app"
    if said.verbs & {"open", "go", "show"} and ("url" in said.kinds or ("portal" in said.nouns and not said.document)):
        return "navigate_url"
    if said.verbs & {"open", "show"} and said.document:
        return "open_document"
    if said.verbs & {"open", "start"} and "application" in said.nouns:
        return "open_app"
    if not said.verbs and said.document and said.to:
        return "fetch_and_send" if said.place else "send_mail"
    if not said.verbs and "appointment" in said.nouns and said.kinds & {"date", "time"}:
        return "create_appointment"
    return None


def _is_place(phrase: Phrase) -> bool:
    return phrase.before in _PLACE and (
        phrase.noun("portal", "folder")
        or (phrase.noun("application") and not phrase.noun("document") and not phrase.noun("format"))
    )


def slots_of(intent: str, text: str) -> dict[str, str]:
    """Return what the words of a request fill, for an intent that is known."""
    rest, slots = _ASIDE.sub("", text.strip()), {}
    if intent == "web_search":
        return _query(rest)
    if intent in _MAILS:
        for slot, pattern in (("body", _BODY), ("subject", _SUBJECT), ("cc", _CC)):
            match = pattern.search(rest)
            if match:
                slots[slot] = next(words for words in match.groups() if words)
                rest = rest[: match.start()] + (rest[match.end() :] if slot == "subject" else "")
    if intent in _MAILS or intent == "extract_table":
        match = _FORMAT.search(rest)
        if match:
            slots["file_format"] = match["words"]
            rest = rest[: match.start()] + " ," + rest[match.end() :]
    phrases = phrases_of(tokens_of(rest))
    named: tuple[list[str], list[str]] = [], []
    for place, phrase in enumerate(phrases):
        slot, words = _fills(intent, phrase, rest, slots)
        if slot == "+" and place:
            slots["document"] = (
                f"{slots['document']} {rest[phrase.start : phrase.tokens[-1].end]}" if "document" in slots else words
            )
        elif slot == "recipient" and phrase.before in _TO | {"self"}:
            named[phrase.before != "self"].append(words)
        elif slot and words and slot != "+":
            slots.setdefault(slot, words)
        amount = phrase.kind("amount")
        if amount is not None:
            slots.setdefault("amount", amount.text)
    if named[1] or (named[0] and "recipient" not in slots):  # "hol mir … und schick sie an Anna": to Anna
        slots["recipient"] = " und ".join(dict.fromkeys(named[1] or named[0][:1]))
    cleaned = {slot: clean(slot, words) for slot, words in slots.items()}
    return derive({slot: words for slot, words in cleaned.items() if words})


def _fills(intent: str, phrase: Phrase, text: str, slots: dict[str, str]) -> tuple[str, str]:
    words, before = phrase.words(text), phrase.before
    if not phrase.tokens:
        return "", ""
    if before in {"date", "time"}:
        wanted = intent == "create_appointment" or (before == "date" and intent in {"search_mail", "read_mail"})
        return (before, words) if wanted else ("", "")
    if before == "self":
        return ("recipient", words) if intent in _MAILS else ("", "")
    if _is_place(phrase):
        url = phrase.kind("url")
        slot = (
            "url"
            if url
            else "portal"
            if phrase.noun("portal")
            else "folder"
            if phrase.noun("folder")
            else "application"
        )
        return (slot, words) if intent not in {"create_appointment", "send_mail"} or slot != "application" else ("", "")
    if phrase.kind("url") and intent in {"navigate_url", "download_file", "extract_table", "fill_form"}:
        return "url", phrase.kind("url").text  # type: ignore[union-attr] - asked in the line above
    return _by_intent(intent, phrase, words, slots)


def _of_mail(intent: str, phrase: Phrase, words: str, slots: dict[str, str]) -> tuple[str, str] | None:
    before = phrase.before
    if before in _TO or (phrase.kind("address") and before not in {"von", "from"}):
        return "recipient", words
    if before in {"fuer", "for"} and "document" not in slots:
        return "recipient", words
    if before in _ABOUT and "document" not in slots:
        return "subject", words
    if phrase.tokens[0].key in {"der", "des"} and "document" in slots and _is_owner(phrase):
        return "+", words
    if not before and phrase.noun("mail") and not phrase.noun("document"):
        return "", ""
    if (
        not before
        and (_is_person(phrase) or not _is_thing(phrase))
        and "recipient" not in slots
        and (intent == "send_mail" or _is_person(phrase))
    ):
        return "recipient", words
    return None


def _by_intent(intent: str, phrase: Phrase, words: str, slots: dict[str, str]) -> tuple[str, str]:  # noqa: PLR0911, C901 - a table
    before = phrase.before
    if intent == "create_appointment":
        if before in {"mit", "with", "bei", "beim", "zwischen", "between"} or (not before and _is_person(phrase)):
            return "participants", words
        if before in _ABOUT | {"for", "on"} and not phrase.noun("appointment", "application"):
            return "title", words
        return "", ""
    if intent in _MAILS:
        found = _of_mail(intent, phrase, words, slots)
        if found is not None:
            return found
    if intent in {"search_mail", "read_mail"}:
        slot = (
            "sender"
            if before in {"von", "vom", "from", "by"}
            else "subject"
            if before in _ABOUT or before == "on"
            else "query"
            if before in {"nach", "for", "mit", "with"}
            else ""
        )
        return (slot, words) if not phrase.noun("mailbox", "mail") else ("", "")
    if intent == "fill_form":
        return ("form", words) if phrase.noun("form") else ("body", words) if before in {"mit", "with"} else ("", "")
    if intent in {"open_app", "close_app"} or (
        phrase.noun("application") and before in {"in", "mit", "with", "im"} and not phrase.noun("document")
    ):
        return ("application", words) if phrase.noun("application") or not before else ("", "")
    if intent == "extract_table" and phrase.noun("table") and not before:
        return "table", words
    if intent == "navigate_url":
        return ("portal", words) if phrase.noun("portal") else ("", "")
    if phrase.tokens[0].key in {"der", "des"} and "document" in slots and not before and not phrase.noun("document"):
        return "+", words
    if before and "document" in slots and before in _STAYS:
        return "+", words
    return (
        ("document", words)
        if _is_thing(phrase) or before in {"nach", "for", "aus", "from", "von", "of", "vom", "out"}
        else ("", "")
    )


def _is_owner(phrase: Phrase) -> bool:
    """Whether a genitive tells whose document it is: "die Rechnung der Firma Müller"."""
    return not phrase.before and (phrase.tokens[0].key == "des" or phrase.tokens[-1].is_name or len(phrase.tokens) > 2)


def _is_person(phrase: Phrase) -> bool:
    return not _is_thing(phrase) and (
        phrase.noun("person_title") or bool(phrase.kind("address")) or any(token.is_name for token in phrase.tokens)
    )


def _is_thing(phrase: Phrase) -> bool:
    return phrase.noun(*_DOCUMENTS) or phrase.kind("file") is not None


def _query(text: str) -> dict[str, str]:
    words = _WEB.sub(" ", text, count=1)
    tokens = tokens_of(words)
    start = next(
        (
            token.end
            for token in tokens
            if token.is_verb and (token.has("verb", "find") or token.has("verb", "lookup") or token.has("verb", "show"))
        ),
        0,
    )
    end = tokens[-1].start if tokens and tokens[-1].is_verb and tokens[-1].end != start else len(words)
    query = words[start:end] if start < end else words[: tokens[-1].start if tokens else None]
    for _ in range(6):
        query = _QUERY_VERB.sub("", " ".join(query.split()), count=1).strip(" ,.!?")
    return {"query": clean("query", query)} if query else {}


def orders_in(sentences: Iterable[str]) -> list[str]:
    """Return the sentences that are orders too."""
    return [one for one in sentences if read(one) is not None and not no_order(one)]
