"""Reads a request by the words in it: which intent its verbs and nouns have, and what its phrases fill.

Where no pattern fits, and where an intent was learned, this finds the slots; it knows no whole sentences.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from scheduler.core.lexicon import FOREIGN, Meaning
from scheduler.core.phrases import Token, acts, phrases_of, tokens_of
from scheduler.core.sentence_form import no_order
from scheduler.core.slot_finder import ASIDE, BODY, TO, is_place, is_source, slots_of
from scheduler.core.slots import clean

_ORDER_END: Final = re.compile(
    r"(?<!\b\w)(?<!\b[ndmhfj]r)(?<!\bno)(?<!\bm[rs]s)(?<!\bprof)(?<!\bst)(?<!\binc)(?<!\babs)(?<!\btel)(?<!\bstr)(?<!\bms)(?<!\bco)(?<!\bltd)(?<!\d)[.!?]+\s+|\n+",
    re.IGNORECASE,
)


_MEANS: Final = frozenset(["per", "via", "by", "als"])
_NOMINAL_AMONG: Final = 4
_CUT: Final = re.compile(r",? (?:und|and|then|dann) |[;,] ", re.IGNORECASE)
_MOST_CUTS: Final = 8
_LONGEST_SENDER: Final = 6
_AS_PDF: Final = re.compile(r"\b(?:als|as an?|in) pdf\b", re.IGNORECASE)
_STATE: Final = re.compile(r"\b(?:kann|soll|muss|darf|bitte|mal|wieder)?,? (auf|zu|weg|aus)[.! ]*$", re.IGNORECASE)
_HEARD: Final = re.compile(
    r"\b(?:was|what)(?:'s)?(?: (?:hat|haben|hatte|did|has|have))? (?P<sender>(?!(?:ich|du|wir|i|you|we|ist|is)\b).+?)"
    r"(?: (?:mir|uns|me|us|dazu|so|denn|da))*(?: (?P<date>heute|gestern|vorgestern|today|yesterday))?"
    r"(?: (?:mir|uns|per mail|by email))*(?: (?:geschrieben|gemailt|gesendet|geschickt|geantwortet|write|written|wrote|"
    r"send|sent|e?mail(?:ed)?|reply|replied|answer(?:ed)?)(?: hat| haben| hatte)?)(?: (?:me|us|to me|to us))?"
    r"(?: (?P<later>today|yesterday|this morning|last week))?[ ?.!]*$",
    re.IGNORECASE,
)
_WRITES: Final = re.compile(
    r"^(?:was|what) (?:schreib(?:t|en)|mailt|antwortet|does|do) (?P<sender>(?!(?:man|ich|wir|du|i|we|you)\b).+?)"
    r"(?: (?:write|mail|email|reply))?(?: (?P<date>heute|today))?(?P<later> ?)[ ?.!]*$",
    re.IGNORECASE,
)
_WHICH_MAILS: Final = re.compile(
    r"^(?:welche|was für|which|what) (?:neuen? |ungelesenen? |new |unread )*(?:e-?)?(?:mails?|nachrichten|messages)\b"
    r"|^(?!.*\b(?:an|to|raus|ge\w+ickt|gesendet|sent|weg)\b)(?:hast du|have you got|gibt'?s|gibt es|sind|ist|kam|hab(?:e)? ich|do (?:i|we) have|are there|is there|have (?:i|we)(?: got)?|did (?:i|we) get|got|any)\b"
    r".*\b(?:posteingang|postfach|inbox|mailbox|(?:e-?)?mails?|messages|nachrichten|post)\b(?!.*\b(?:wie|how)\b)",
    re.IGNORECASE,
)
_WHERE: Final = re.compile(
    r"^(?:wo\b|wohin|where\b|in (?:welche[mn]|which) (?:ordner|verzeichnis|folder|directory)|(?:which|what) (?:folder|drive|directory))",
    re.IGNORECASE,
)
_LOST: Final = re.compile(
    r"^(?:ich|wir|i|we) (?:finden?|find|can'?t find|cannot find|can not find|can'?t locate|have lost|lost|hab(?:en?)?) (?P<what>.+?)"
    r"(?: (?:nicht(?: mehr)?|nirgends|nirgendwo|verloren|verlegt|anywhere|any ?more))?[,.;] (?=.*(?:such|find|look|search|dig))",
    re.IGNORECASE,
)


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


def read_question(text: str) -> Reading | None:
    """Return what a question asks to be shown or found: mails that came, where a document is; None for other questions."""
    heard = _HEARD.search(text) or _WRITES.match(text)
    if heard is not None and len(heard["sender"].split()) <= _LONGEST_SENDER:
        found = {"sender": clean("sender", heard["sender"]), "date": heard["date"] or heard["later"]}
        return Reading("read_mail", {slot: words for slot, words in found.items() if words})
    if _WHICH_MAILS.match(text):
        return Reading("read_mail", slots_of("read_mail", text))
    lost = _LOST.match(text)
    about = f"find {lost['what']}" if lost else text if _WHERE.match(text) else ""
    if about and any(token.has("noun", "document") or token.kind == "file" for token in tokens_of(about)):
        return Reading("search_document", slots_of("search_document", _WHERE.sub("", about).strip()))
    return None


def foreign_verbs(text: str) -> set[str]:
    """Return the verbs that are told here and of which nothing is configured, by their infinitives."""
    tokens = tokens_of(text)
    apart = {token.key for token in tokens}
    nominal = {
        one.sense for token in _bare(tokens) for one in token.meanings if one.kind == "nominal" and one.sense == FOREIGN
    }
    return (
        nominal
        | {
            one.lemma or one.sense
            for place, token in enumerate(tokens)
            for one in token.meanings
            if one.kind == "verb"
            and one.sense in {FOREIGN, "print"}
            and _whole(one, apart)
            and acts(token, tokens, place)
        }
        | ({"book"} if _books_travel(tokens) else set())
    )


def _bare(tokens: list[Token]) -> list[Token]:
    """Return the tokens that no article stands before."""
    return [token for place, token in enumerate(tokens) if not place or not tokens[place - 1].has("determiners")]


def first_order(text: str) -> tuple[str, str]:
    """Return a sentence's first order, and the words of the others; what is fetched to be sent is one."""
    whole = read(text) if _CUT.search(text) else None
    if whole is None or no_order(text) or whole.intent == "fetch_and_send":
        return text, ""
    for cut, _ in zip(_CUT.finditer(text), range(_MOST_CUTS), strict=False):
        left, right = text[: cut.start()], text[cut.end() :]
        if BODY.search(left):
            break
        verb = next((token for token in tokens_of(right) if not token.has("adverbs") and token.kind == "word"), None)
        if verb is None or not any(one.form == "order" for one in verb.meanings) or read(left) is None:
            continue
        if read(right) is not None or foreign_verbs(right):
            return left, right
    return text, ""


def _books_travel(tokens: list[Token]) -> bool:
    return any(token.has("noun", "travel") for token in tokens) and "make" in _senses(tokens)


def names_place(words: str) -> bool:
    """Whether words tell of a portal, a folder or an application by their own meaning."""
    return any(token.has("noun", kind) for token in tokens_of(words) for kind in ("portal", "folder", "application"))


def _senses(tokens: list[Token]) -> set[str]:
    apart = {token.key for token in tokens}
    acting = [token for place, token in enumerate(tokens) if token.is_verb and acts(token, tokens, place)]
    known = [one for token in acting for one in token.meanings if one.kind == "verb" and _whole(one, apart)]
    divided = {one.sense for one in known if one.apart}
    done = {one.sense for token in _bare(tokens[:_NOMINAL_AMONG]) for one in token.meanings if one.kind == "nominal"}
    return divided | done | {one.sense for one in known if not one.apart and not (divided and _is_light(one.sense))}


def _whole(one: Meaning, apart: set[str]) -> bool:
    return not one.apart or one.apart in apart


def _is_light(sense: str) -> bool:
    return sense in {"make", "tell", "show", "go", "download", "fetch", "save", "send"}


def _intent(tokens: list[Token], text: str) -> str | None:
    verbs = _senses(tokens)
    phrases = phrases_of(tokens)
    means = {token.start for phrase in phrases if phrase.before in _MEANS for token in phrase.tokens}
    nouns = {one.sense for token in tokens for one in token.meanings if one.kind == "noun" and token.start not in means}
    if not any(token.has("noun", "mail") and not token.has("noun", "document") for token in tokens):
        nouns -= set() if verbs & {"write", "send"} else {"mail"}
    by_mail = any(phrase.before in _MEANS and phrase.noun("mail") for phrase in phrases)
    kinds = {token.kind for token in tokens}
    document = "document" in nouns or "file" in kinds
    place = any(is_place(phrase) for phrase in phrases)
    sourced = bool(verbs & {"fetch", "download"}) and any(is_source(phrase) for phrase in phrases)
    place = place or (sourced and document)
    to = any(phrase.before in TO and not is_place(phrase) and phrase.tokens for phrase in phrases) or "address" in kinds
    self = any(phrase.before == "self" for phrase in phrases)
    goes = verbs == {"go"} and not tokens[0].is_verb
    sends = bool(verbs & {"send", "forward"}) or (document and to and goes)
    sends = (
        sends or (by_mail and bool(verbs & {"need", "fetch"})) or (to and document and not place and "fetch" in verbs)
    )
    if "invite" in verbs or (
        ("appointment" in nouns or (kinds & {"time"} and verbs == {"enter"}))
        and verbs & {"make", "enter", "save", "need"}
        and FOREIGN not in verbs
    ):
        return "create_appointment"
    if sends or (to and verbs & {"fetch", "download", "need"} and place):
        return (
            "fetch_and_send"
            if document and place and (to or self or verbs & {"fetch", "download"})
            else "send_mail"
            if to
            or self
            or document
            or "mail" in nouns
            or len([one for one in phrases if one.tokens]) > 1
            or "person_title" in nouns
            else None
        )
    if FOREIGN in verbs and not verbs & {"write", "reply"}:
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
    fetched = said.verbs & {"download", "fetch", "save"} and "portal" in said.nouns
    if fetched and said.document and not said.nouns & {"mailbox"}:
        return "download_file"
    if said.nouns & {"mail", "mailbox"} and "find" in said.verbs:
        return "search_mail"
    if said.nouns & {"mail", "mailbox"} and said.verbs & {"show", "open", "fetch", "need"}:
        return "read_mail"
    if "find" in said.verbs and said.document:
        return "search_document"
    if (
        said.verbs & {"download", "fetch", "save", "need"}
        and ("url" in said.kinds or "portal" in said.nouns or said.place)
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
    if not said.verbs and "application" in said.nouns and (state := _STATE.search(said.text)):
        return "open_app" if state[1].casefold() == "auf" else "close_app"
    if not said.verbs and said.document and not said.to and _AS_PDF.search(said.text):
        return "export_pdf"
    if not said.verbs and said.document and said.to:
        return "fetch_and_send" if said.place else "send_mail"
    if not said.verbs and "appointment" in said.nouns and said.kinds & {"date", "time"}:
        return "create_appointment"
    return None


def orders_in(sentences: Iterable[str]) -> list[str]:
    """Return the sentences that are orders too."""
    return [one for one in sentences if read(one) is not None and not no_order(one)]
