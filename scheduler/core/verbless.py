"""Gives orders to send a verb that have none: "Rechnung 5 an Anna", "Anna braucht das Angebot, bitte mailen"."""

import re
from typing import Final

from scheduler.core.language import detect_locale
from scheduler.core.phrases import tokens_of
from scheduler.core.sent_pairs import BOTH_TO, Part, parts_of

MAY_SEND: Final = re.compile(
    r"(?i)\b(?:schick\w*|send\w*|versend\w*|zusend\w*|e?-?mail\w*|leite?|weiterleit\w*|weiterzuleiten|forward|übermitt\w+|pass)\b"
)
"""What stands in every request to send something that has a verb."""
_TO: Final = re.compile(r"(?i)\b(?:an|to) \S")
_PLEASE: Final = re.compile(r"(?i)^\s*bitte ")
NEEDS: Final = re.compile(
    r"(?i)(?P<who>[^,.;!?]+?) (?:braucht|bräuchte|benötigt|needs)(?: noch| bitte| dringend| still| urgently)?"
    r" (?P<what>[^,.;!?]+)[,.;–-]+ (?:(?:bitte|please|pls|also) )*"
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
    if part.kind != BOTH_TO or part.head.casefold() not in {"", "bitte"} or part.corrects or part.thing is None:
        return False
    tokens = tokens_of(text[part.thing.start : part.thing.end])
    return any(one.has("noun", "document") or one.kind == "file" for one in tokens)
