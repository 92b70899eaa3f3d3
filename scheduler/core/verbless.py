"""Gives orders to send a verb that have none: "Rechnung 5 an Anna", "Anna braucht das Angebot, bitte mailen"."""

import re
from typing import Final

from scheduler.core.language import detect_locale
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.sent_pairs import BOTH_TO, Part, parts_of

MAY_SEND: Final = re.compile(
    r"(?i)\b(?:schick\w*|send\w*|versend\w*|zusend\w*|e?-?mail\w*|leite?|weiterleit\w*|weiterzuleiten|forward|übermitt\w+|pass)\b"
)
"""What stands in every request to send something that has a verb."""
_TO: Final = re.compile(r"(?i)\b(?:an|to) \S")
_PLEASE: Final = re.compile(r"(?i)^\s*bitte ")
NEEDS: Final = re.compile(
    r"(?i)(?P<who>(?:(?:herr|frau|mr|ms|mrs|dr)\.? )?(?-i:(?!Vielleicht|Maybe|Perhaps)[A-ZÄÖÜ])[\w-]+"
    r"(?: (?-i:[A-ZÄÖÜ])[\w-]+)?) (?:braucht|bräuchte|benötigt|needs)(?: noch| bitte| dringend| still| urgently)?"
    r" (?P<what>(?![^,.;!?]*\b(?:und|and|aber|but|nicht|not|kein\w*)\b)[^,.;!?]+)[,.;–-]+ "
    r"(?:(?:bitte|please|pls|also) )*"
    r"(?:(?:zu)?(?:mailen|schicken|senden)|(?:schick|mail|maile|send|sende|email)(?: (?:es|ihn|sie|it|them))?"
    r"(?: (?:to )?(?:ihr|ihm|ihnen|her|him|them))?)(?: bitte| please)?[\s.!]*"
)


def with_verb(text: str) -> str:
    """Return words that order to send a document without a verb, or with it last, with one; empty for all others."""
    needed = NEEDS.fullmatch(text)
    if needed is None and (_TO.search(text) is None or MAY_SEND.search(text) or text.rstrip().endswith("?")):
        return ""
    verb = "Send" if detect_locale(text) == "en" else "Schick"
    if needed is not None:
        return f"{verb} {needed['who']} {needed['what']}"
    parts = parts_of(text)
    return f"{verb} {_PLEASE.sub('', text)}" if parts and all(_names_document(text, one) for one in parts) else ""


def _names_document(text: str, part: Part) -> bool:
    """Whether a part without a verb says to whom a document goes."""
    if part.kind != BOTH_TO or part.head.casefold() not in {"", "bitte"} or part.corrects:
        return False
    if part.thing is None or part.person is None:
        return False
    thing, person = (tokens_of(text[one.start : one.end]) for one in (part.thing, part.person))
    named = any(one.is_name or one.kind == "address" for one in person)
    clear = bool(part.head) or any(map(_tells_one, thing)) or (named and not any(map(_tells_one, person)))
    return clear and any(one.has("noun", "document") or one.kind == "file" for one in thing)


def _tells_one(token: Token) -> bool:
    """Whether a word tells a certain thing from all others like it: "die", "4711", "plan.pdf"."""
    return token.has("determiners") or token.kind == "file" or any(map(str.isdigit, token.text))
