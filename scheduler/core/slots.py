"""What a request names: the one vocabulary of slots, and how the words of a match become their values."""

import re
from collections.abc import Mapping
from typing import Final

SLOTS: Final = frozenset(
    {
        "recipient",
        "cc",
        "subject",
        "body",
        "document",
        "document_id",
        "file_name",
        "file_format",
        "application",
        "url",
        "query",
        "sender",
        "date",
        "time",
        "amount",
        "folder",
        "portal",
        "form",
        "submit",
        "table",
        "participants",
        "title",
    }
)
FREE_TEXT: Final = frozenset({"subject", "body", "query", "url", "title"})
"""Slots that hold words for other people or programs; nothing in them is read as part of the order."""

_QUOTES = "\"'„“”‚‘’«»‹›`"
_SMALL_WORDS = (
    r"(?:der|die|das|dem|den|des|ein|eine|einen|einem|einer|eines|"
    r"(?:mein|dein|sein|ihr|unser|euer|eure?)(?:e[nmrs]?)?|the|an?|my|your|our|his|her|their|its|"
    r"(?:aller)?neue?ste[nmrs]?|latest|newest|most recent|mal|ma|bitte|please|pls|eben|kurz|doch|up)"
)
_LEADING = re.compile(rf"(?:{_SMALL_WORDS}\s+)+", re.IGNORECASE)
_TRAILING = re.compile(
    r"(?:\s+(?:bitte|mal|noch|gleich|please|for (?:me|us)|f(?:ü|ue)r (?:mich|uns)))+$", re.IGNORECASE
)
_ONLY_SMALL = re.compile(rf"{_SMALL_WORDS}(?:\s+{_SMALL_WORDS})*", re.IGNORECASE)
_FILE_NAME = re.compile(
    r"[^\s/\\][^/\\]*\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|csv|txt|zip|xml|json|png|jpe?g|eml|md)", re.IGNORECASE
)
_MARKED_ID = re.compile(r"(?:#|\b(?:nr|no|num|nummer|number|id)\b\.?)\s*:?\s*#?([\w/-]*\d[\w/-]*)", re.IGNORECASE)
_LETTERED_ID = re.compile(r"(?:^|\s)([^\W\d_]{1,5}[-/]?\d[\d/-]*\d{2})(?=$|\s)")
_ID_AFTER_NOUN = re.compile(r"^[^\W\d_][^\W\d_-]*(?:-[^\W\d_]+)*\s+[\"„“]?(\d[\w/-]*)(?=$|[\s\"“”])")
_FOLDER_WORD = re.compile(
    r"^(?:ordner|verzeichnis|folder|directory)\s+(?:namens\s+|called\s+)?|\s+(?:folder|directory)$", re.IGNORECASE
)
_FILE_WORD = re.compile(r"^(?:datei|file)\s+(?=\S)", re.IGNORECASE)
_GENERIC = frozenset({"datei", "file", "termin", "meeting", "appointment"})
_SENTENCE_INSIDE = re.compile(r"[.!?]\s")
_YEAR = re.compile(r"(?:19|20)\d\d")


def clean(slot: str, words: str) -> str:
    """Return the words of a slot without quotes, article, possessive and "latest"; empty when nothing is left."""
    text = words.strip(" ,;")
    if slot == "body":
        text = text[:-1] if text.endswith(".") and not _SENTENCE_INSIDE.search(text) else text
        return _unquote(text)
    if text[:1] in _QUOTES and text[-1:] in _QUOTES:
        return _unquote(text)
    text = _TRAILING.sub("", text.rstrip(" ,;:.!?…"))
    if _ONLY_SMALL.fullmatch(text):
        return ""
    text = _unquote(_LEADING.sub("", text, count=1) if _LEADING.match(text) else text)
    if slot == "folder":
        return _FOLDER_WORD.sub("", text)
    return _FILE_WORD.sub("", text) if slot == "document" else text


def derive(slots: Mapping[str, str]) -> dict[str, str]:
    """Return the slots with what their words say besides: the number of a document, or that it is a file by name.

    Words that fit anything ("Datei", "Termin") fill no slot.
    """
    found = {slot: words for slot, words in slots.items() if words.casefold() not in _GENERIC}
    document = found.get("document", "")
    if _FILE_NAME.fullmatch(document):
        found.setdefault("file_name", found.pop("document"))
    elif document and "document_id" not in found:
        number = document_number(document)
        if number:
            found["document_id"] = number
    return found


def document_number(document: str) -> str | None:
    """Return the number in the name of a document ("Rechnung 4711", "RE-2024-0815"), or None. A bare year is none."""
    for pattern in (_MARKED_ID, _LETTERED_ID, _ID_AFTER_NOUN):
        match = pattern.search(document)
        if match and not (pattern is _ID_AFTER_NOUN and _YEAR.fullmatch(match[1])):
            return match[1].rstrip("-/")
    return None


def _unquote(text: str) -> str:
    if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        return text[1:-1].strip()
    return text
