"""What a request names: the one vocabulary of slots, and how the words of a match become their values."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from scheduler.core.file_endings import FILE_ENDING
from scheduler.core.quotation import ALL_MARKS

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
FILES: Final = frozenset({"document", "document_id", "file_name"})
THINGS: Final = FILES | {"table", "form"}
"""What is sent, got or looked at."""
PLACES: Final = frozenset({"folder", "portal", "application", "url"})
"""Where things are."""
PERSONS: Final = frozenset({"recipient", "cc", "participants"})
"""Who is to get or to meet something."""


class Said(NamedTuple):
    """The words that fill a slot, and where they stand in the request as it was read (`normalise`); -1: they do not."""

    slot: str
    words: str
    start: int
    end: int


FREE_TEXT: Final = frozenset({"subject", "body", "query", "url", "title"})
"""Slots that hold words for other people or programs; nothing in them is read as part of the order."""

_SMALL_WORDS = (
    r"(?:der|die|das|dem|den|des|teh|d\.|ein|eine|einen|einem|einer|eines|ne|nen|nem|'n|this|that|these|those|diese[mnrs]?|"
    r"(?:mein|dein|sein|ihr|unser|euer|eure?)(?:e[nmrs]?)?|the|an?|my|your|our|his|her|their|its|"
    r"(?:aller)?neue?ste[nmrs]?|latest|newest|most recent|mal|ma|bitte|please|pls|eben|kurz|doch|up)"
)
_LEADING = re.compile(rf"(?:{_SMALL_WORDS}\s+)+", re.IGNORECASE)
_TRAILING = re.compile(
    r"(?:\s+(?:bitte|mal|noch|gleich|please|for (?:me|us)|f(?:ü|ue)r (?:mich|uns)))+$", re.IGNORECASE
)
_ONLY_SMALL = re.compile(rf"{_SMALL_WORDS}(?:\s+{_SMALL_WORDS})*", re.IGNORECASE)
FILE_NAME: Final = re.compile(rf"[^\s/\\][^/\\]*\.{FILE_ENDING}", re.IGNORECASE)
_MARKED_ID = re.compile(r"(?:#|\b(?:nr|no|num|nummer|number|id)\b\.?)\s*:?\s*#?([\w/-]*\d[\w/-]*)", re.IGNORECASE)
_LETTERED_ID = re.compile(r"(?:^|\s)([^\W\d_]{1,5}(?:[-/]?\d[\d/-]*\d{2}|-\d{2}))(?=$|\s)")
_ID_AFTER_NOUN = re.compile(
    r"^(?:[^\W\d_][\w'’&.-]* ){0,3}?(?P<noun>[^\W\d_][^\W\d_-]*(?:-[^\W\d_]+)*)\s+[\"„“]?((?:\d{1,6}[-/])*\d[\w/-]*)(?=$|[\s\"“”])"
)
_SEVERAL_IDS = re.compile(r"^[^\W\d_]+ ((?:\d[\w/-]*, )*\d[\w/-]* (?:und|and) \d[\w/-]*)$")
_OF = re.compile(r" (?:for|of|von|vom|für|der|des|zu|zum|zur|im|in) ", re.IGNORECASE)
_COUNTED = re.compile(
    r"(?:haus|klasse|klassenliste|los|unit|zimmer|raum|etage|kw|q|seite|page|teil|part|band|version|v|year|jahr|jahrgang|gruppe|group|team|phase|stufe|level|bauabschnitt|"
    r"abschnitt|section|block|top|patient|patientin|wohnung|flat|apartment|suite|room|floor|quartal|quarter|week|woche|straße|strasse|street|road|halle|hall|gate|tor|"
    r"platz|site|plot|linie|line|route|tour|kapitel|chapter|anlage|annex|appendix|windows|office|form|formular|model|modell|typ|type|\w+straße|\w+strasse|\w+weg)",
    re.IGNORECASE,
)
_FOLDER_WORD = re.compile(
    r"^(?:[\w-]+ ){0,3}?(?:ordner|verzeichnis|folder|directory)\s+(?:namens\s+|called\s+)?|\s+(?:folder|directory)$",
    re.IGNORECASE,
)
_FILE_WORD = re.compile(r"^(?:datei|file)\s+(?=\S)", re.IGNORECASE)
_BEFORE_TIME = re.compile(r"^(?:(?:den|dem|der|the|am|um|at|on|a(?= quarter\b))\s+)+", re.IGNORECASE)
_ROLE_IN_LETTER = re.compile(
    r"^(?:(?:in )?(?:cc|kopie)(?: an)?:?|absender:?|sender:|empfänger:?|name(?:['’]?s| is| ist|:))\s+(?=\S)",
    re.IGNORECASE,
)
_PARTS_OF_LETTER = frozenset(
    {"text", "betreff", "inhalt", "nachricht", "anhang", "subject", "body", "message", "attachment", "cc"}
)
"""What names a part of a letter, and nobody whom it goes to."""
_OWNS = re.compile(r"(?<=\w)['’]s$")
_ROLE_BEFORE_TITLE = re.compile(r"^[^\W\d_]+(?:in|e|er)? (?=(?:herrn?|frau|mr|mrs|ms)\.? )", re.IGNORECASE)
_FORM_WORD = re.compile(r"^(?:formular|vordruck)\s+(?=\S)", re.IGNORECASE)
_FOR_WHOM = re.compile(
    r"\s+(?:für|fuer|for)\s+(?:(?:frau|herrn?|fr|hr|mr|mrs|ms|miss|dr|prof|professor(?:in)?)\b"
    r"|(?:zimmer|raum|suite|apartment|room|flat|unit)\s+\d)",
    re.IGNORECASE,
)
"""Whom a form is for stands behind its name, and is no part of it."""
_THEME = re.compile(r"^(?:thema|betreff|subject|topic)\s+(?=\S)", re.IGNORECASE)
_TITLE = re.compile(rf"^[Tt]it(?:el|le)\s+(?=[A-ZÄÖÜ{ALL_MARKS}])")
_GENERIC = frozenset({"datei", "file", "termin", "meeting", "appointment"})
_SENTENCE_INSIDE = re.compile(r"[.!?]\s")
_YEAR = re.compile(r"(?:19|20)\d\d")


def clean(slot: str, words: str) -> str:
    """Return the words of a slot without quotes, article, possessive and "latest"; empty when nothing is left."""
    text = words.strip(" ,;")
    if slot in {"date", "time"}:
        return _BEFORE_TIME.sub("", text.rstrip(" ,;:!?…"))
    if slot == "body":
        text = text[:-1] if text.endswith(".") and not _SENTENCE_INSIDE.search(text) else text
        return _unquote(text)
    if text[:1] in ALL_MARKS and text[-1:] in ALL_MARKS:
        return _unquote(text)
    text = _TRAILING.sub("", text.rstrip(" ,;:.!?…"))
    if _ONLY_SMALL.fullmatch(text):
        return ""
    text = _unquote(_LEADING.sub("", text, count=1) if _LEADING.match(text) else text)
    if slot in {"recipient", "cc", "participants", "sender"}:
        text = _ROLE_IN_LETTER.sub("", text)
        if text.casefold() in _PARTS_OF_LETTER:
            return ""
        return _OWNS.sub("", text) if slot == "sender" else _ROLE_BEFORE_TITLE.sub("", text)
    if slot == "form":
        return _FORM_WORD.sub("", _FOR_WHOM.split(text, maxsplit=1)[0])
    if slot in {"subject", "title"}:
        text = _THEME.sub("", text)
        return _unquote(_TITLE.sub("", text) if slot == "title" else text)
    if slot == "folder":
        return _FOLDER_WORD.sub("", text)
    return _FILE_WORD.sub("", text) if slot == "document" else text


def derive(slots: Mapping[str, str]) -> dict[str, str]:
    """Return the slots with what their words say besides: the number of a document, or that it is a file by name.

    Words that fit anything ("Datei", "Termin") fill no slot.
    """
    found = {slot: words for slot, words in slots.items() if words.casefold() not in _GENERIC}
    document = found.get("document", "")
    if FILE_NAME.fullmatch(document):
        found.setdefault("file_name", found.pop("document"))
    elif document and "document_id" not in found:
        number = document_number(document)
        if number:
            found["document_id"] = number
    return found


def document_number(document: str) -> str | None:
    """Return the number in the name of a document ("Rechnung 4711", "RE-2024-0815"), or None. A bare year is none."""
    many = _SEVERAL_IDS.search(document)
    if many is not None:
        return many[1]
    for pattern in (_MARKED_ID, _LETTERED_ID, _ID_AFTER_NOUN):
        match = pattern.search(document)
        if match is None:
            continue
        number = match[match.lastindex or 1]
        if pattern is _ID_AFTER_NOUN and (len(number) == 1 or (len(number) < 4 and _OF.search(match[0]))):
            continue
        if pattern is _ID_AFTER_NOUN and (
            _YEAR.fullmatch(number)
            or (_COUNTED.fullmatch(match["noun"]) and not re.search("[-/]", number))
            or re.search(r"\d[a-z]$", number)
        ):
            continue
        return number.rstrip("-/")
    return None


def _unquote(text: str) -> str:
    if len(text) > 1 and text[0] in ALL_MARKS and text[-1] in ALL_MARKS:
        return text[1:-1].strip()
    return text
