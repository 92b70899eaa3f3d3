"""Reads a request by the words in it: which intent its verbs and nouns have, and what its phrases fill.

Where no pattern fits, and where an intent was learned, this finds the slots; it knows no whole sentences.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from scheduler.core.lexicon import Meaning
from scheduler.core.phrases import Token, acts, phrases_of, tokens_of
from scheduler.core.sentence_form import no_order
from scheduler.core.slot_finder import ASIDE, BODY, TO, is_place, slots_of

_ORDER_END: Final = re.compile(r"(?<!\b\w)(?<!\bnr)(?<!\bdr)(?<!\bno)(?<!\d)[.!?]+\s+|\n+", re.IGNORECASE)


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
    tokens = tokens_of(ASIDE.sub("", text))
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
    place = any(is_place(phrase) for phrase in phrases)
    to = any(phrase.before in TO and not is_place(phrase) and phrase.tokens for phrase in phrases) or "address" in kinds
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
    if verbs & {"write", "reply"} or ("tell" in verbs and (BODY.search(text) or "mail" in nouns)):
        return "send_mail" if verbs & {"reply"} or to or "mail" in nouns or BODY.search(text) else None
    return _of_things(_Signs(verbs, nouns, kinds, text, document, place, to))


def wants_what_cannot_be_done(text: str) -> bool:
    """Whether a verb orders what no intent does (delete, pay, translate), outside of what a mail is to say."""
    verbs = _senses(tokens_of(BODY.sub("", ASIDE.sub("", text))))
    return "foreign" in verbs and not verbs & {"write", "reply"}


class _Signs(NamedTuple):
    """What a request speaks of."""

    verbs: set[str]
    nouns: set[str]
    kinds: set[str]
    text: str
    document: bool
    place: bool
    to: bool


def _of_things(said: _Signs) -> str | None:
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


def orders_in(sentences: Iterable[str]) -> list[str]:
    """Return the sentences that are orders too."""
    return [one for one in sentences if read(one) is not None and not no_order(one)]
