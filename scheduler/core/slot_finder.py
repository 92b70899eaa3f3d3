"""Finds what fills the slots of an intent in the phrases of a request, whatever the sentence is like."""

import re
from typing import Final

from scheduler.core.phrases import Phrase, phrases_of, tokens_of
from scheduler.core.slots import clean, derive

_MAILS: Final = frozenset({"send_mail", "fetch_and_send"})
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
BODY: Final = re.compile(
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
ASIDE: Final = re.compile(
    r",? (?:weil|damit|obwohl|denn|because|since|although|so that|so (?:he|she|they|i|we)|da (?:ich|er|sie|wir))\b[^.!?]*",
    re.IGNORECASE,
)
_WEB: Final = re.compile(
    r"(?:im |in |auf |bei |mit |on |the |über )*\b(?:internet|web|netz|online|google|wikipedia|bing)\b", re.IGNORECASE
)
_QUERY_VERB: Final = re.compile(
    r"^(?:nach|for|up|out|mal|bitte|mir|me|uns|us|heraus|raus|was|zu|about)\b[ ,]*|[ ,]*(?:\bnach|heraus|raus|bitte|please)?[.!?]*$",
    re.IGNORECASE,
)
_SHARES: Final = re.compile(r"\bshar(?:e|ing)\b|\bteil\w*\b", re.IGNORECASE)
_NOTED: Final = re.compile(r"\b(?:ein|eintragen|kalender|calendar|enter|note|notier\w*):\s", re.IGNORECASE)
_PLAIN_APPOINTMENTS: Final = frozenset(
    ["termin", "meeting", "besprechung", "treffen", "gespräch", "sitzung", "call", "appointment", "event", "telefonat"]
)
_DOCUMENTS: Final = ("document",)


def is_place(phrase: Phrase) -> bool:
    """Whether it names a portal, a folder or an application that something is in."""
    return phrase.before in _PLACE and (
        phrase.noun("portal", "folder")
        or (phrase.noun("application") and not phrase.noun("document") and not phrase.noun("format"))
    )


def is_source(phrase: Phrase) -> bool:
    """Whether it names whom something is got from ("vom Steuerberater", "from our vendor")."""
    return phrase.before in {"vom", "from", "off"} and phrase.noun("person_title")


def slots_of(intent: str, text: str) -> dict[str, str]:
    """Return what the words of a request fill, for an intent that is known."""
    rest, slots = ASIDE.sub("", text.strip()), {}
    if intent == "web_search":
        return _query(rest)
    if intent in _MAILS:
        for slot, pattern in (("body", BODY), ("subject", _SUBJECT), ("cc", _CC)):
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
    aimed = any(phrase.before in TO and phrase.tokens for phrase in phrases)
    named: tuple[list[str], list[str]] = [], []
    for place, phrase in enumerate(phrases):
        slot, words = _fills(intent, phrase, rest, slots)
        if aimed and slot == "recipient" and not phrase.before and not phrase.kind("address"):
            slot = "document" if phrase.tokens[0].has("determiners") else ""
        if slot == "+" and place and (phrase.before or len(phrase.tokens) > 1):
            slots["document"] = (
                f"{slots['document']} {rest[phrase.start : phrase.tokens[-1].end]}" if "document" in slots else words
            )
        elif slot == "recipient" and phrase.before in TO | {"self"}:
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
    if intent in {"fetch_and_send", "download_file"} and is_source(phrase) and not is_place(phrase):
        return "portal", words
    if before and _is_page(phrase):
        return "", ""
    if is_place(phrase) and not (intent in {"search_mail", "read_mail"} and before in {"von", "vom", "from"}):
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
        return "url", words
    return _by_intent(intent, phrase, words, slots, text)


def _of_mail(intent: str, phrase: Phrase, words: str, slots: dict[str, str], text: str) -> tuple[str, str] | None:
    before = phrase.before
    if before in TO or (phrase.kind("address") and before not in {"von", "from"}):
        return "recipient", words
    if before in {"fuer", "for"} and "document" not in slots:
        return "recipient", words
    if before == "with" and "document" in slots and any(token.is_name for token in phrase.tokens):
        return ("recipient", words) if _SHARES.search(text) else None
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


def _by_intent(intent: str, phrase: Phrase, words: str, slots: dict[str, str], text: str) -> tuple[str, str]:
    before = phrase.before
    if intent == "create_appointment":
        if not before and _NOTED.search(text) and phrase.start >= text.index(":"):
            return "title", words
        if before in {"mit", "with", "bei", "beim", "zwischen", "between"} or (
            not before and _is_person(phrase) and phrase.start
        ):
            return "participants", words
        if before in {"zum", "zur", "to"} and phrase.noun("appointment"):
            return ("title", words) if clean("title", words).casefold() not in _PLAIN_APPOINTMENTS else ("", "")
        if before in _ABOUT | {"for", "on"} and not phrase.noun("appointment", "application"):
            return "title", words
        return "", ""
    if intent in _MAILS:
        found = _of_mail(intent, phrase, words, slots, text)
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
        if phrase.noun("application"):
            slots["application"] = words
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


def _is_page(phrase: Phrase) -> bool:
    """Whether it is a page of a document ("auf Seite 3"), not of the web."""
    words = [token.key for token in phrase.tokens]
    return bool(words) and words[0] in {"seite", "page", "blatt", "sheet"} and words[-1].isdigit()


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
