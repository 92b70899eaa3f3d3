"""Says which thing an order is about: a document, an application, a page, a table, a form."""

import re
from typing import Final

from scheduler.core.slot_mails import unknown_place
from scheduler.core.slot_order import (
    FROM,
    GENITIVE,
    OUT_OF,
    Order,
    Stretch,
    after_verb,
    fill_amount,
    fill_places,
    is_empty,
    is_thing,
    main_thing,
    on_screen,
    place_of,
)
from scheduler.core.slot_tokens import Chunk

_CALLED: Final = re.compile(
    r"(?:call it|name it|nenn(?:e|t|en)? (?:sie |es|das|ihn|sie)|under the name(?: of)?|called|named|namens|genannt|name|namen|as|als|under|unter|in|heißt|heissen|heißen)\s+$",
    re.IGNORECASE,
)
_PUT: Final = re.compile(
    r"\b(?:(?:it|them|sie|es|ihn|das)(?: down| away)? (?:in|into|unter|under)|(?:save|speichere?|ablegen) (?:unter|under|in|into))\s*$",
    re.IGNORECASE,
)
_PDF_WORDS: Final = ("pdf", "version", "datei", "file", "form", "format", "copy", "dokument")
_WHICH: Final = re.compile(r"\b(?:which|what|welche[mnrs]?)\s$", re.IGNORECASE)
_AFTER_APP: Final = frozenset({"running", "going", "open", "up", "started", "offen", "app"})
_KINDS: Final = frozenset(
    {
        "form",
        "format",
        "datei",
        "tabelle",
        "spreadsheet",
        "sheet",
        "file",
        "workbook",
        "table",
        "kalkulationstabelle",
        "arbeitsmappe",
    }
)
_APP_WORD: Final = re.compile(
    r"(?:.*(?:programm|anwendung|applikation|software|verfahren|system)|app|tool|program|application|fenster|window|client|browser)$"
)
_TO_SITE: Final = frozenset({"to", "zu", "auf"})
_IT: Final = re.compile(
    r"\b(?:it|es|ihn|das|den) (?:\w+ ){0,2}?(?:up|down|running|going|open|auf|zu|starten|öffnen|schließen|beenden|hochfahren|again|nochmal|please|bitte|for me)\b|\b(?:it|es|ihn)[.!?]*$",
    re.IGNORECASE,
)


def download_file(order: Order) -> None:
    for one in list(order.free()):
        if one.noun("folder") and one.prep in {"in", "ins", "im", "auf", "nach", "to", "into", "onto", "on", "unter"}:
            order.fill("folder", one)
    fill_places(order, ["folder", "portal", "application", "url"])
    for one in list(order.free()):
        named = not one.det and one.content[0].text[:1].isupper()
        if named and one.prep in {"in", "into", "unter", "under"} and _PUT.search(order.text[: one.start]):
            order.fill("folder", one)
    if not order.filled.keys() & {"portal", "application", "url"}:
        unknown_place(order)
    if "application" in order.filled:  # whatever things are downloaded from is a portal
        order.filled.setdefault("portal", order.filled.pop("application"))
    fill_amount(order)
    main_thing(order, "document")


def find_document(order: Order) -> None:
    for one in list(order.free()):
        if one.noun("folder") and _WHICH.search(order.text, 0, one.start):
            order.take(one)
    fill_places(order, ["folder", "portal", "url"])
    for one in list(order.free()):
        if one.noun("application") and one.prep in {"in", "mit", "with", "im"} and not one.noun("document"):
            order.fill("application", one)
    main_thing(order, "document")


def open_document(order: Order) -> None:
    for one in list(order.free()):
        if (
            (one.prep == "in" or (one.prep in {"mit", "with"} and one.noun("application")))
            and len(one.tokens) == 1
            and one.near
            and not one.noun("folder", "portal", "document", "form")
            and not one.of_kind("file", "url")
        ):
            order.fill("application", one)
    find_document(order)


def export_pdf(order: Order) -> None:
    for one in list(order.free()):
        token = next((token for token in one.content if token.kind == "file"), None)
        if (
            token is not None
            and token.key.endswith(".pdf")
            and (_CALLED.search(order.text[: token.start]) or one.prep in {"als", "as", "unter", "under"})
        ):
            order.filled["file_name"] = [(token.start, token.end)]
            order.take(one)
    for one in list(order.free()):
        words = [token.key for token in one.content]
        if (
            any(word.startswith("pdf") for word in words)
            and not one.of_kind("file")
            and (not one.noun("document") or all(word.startswith(_PDF_WORDS) for word in words))
        ):
            order.take(one)
    for one in list(order.free()):
        if one.noun("folder") and one.prep in {"in", "ins", "im", "auf", "to", "into", "onto", "on", "unter"}:
            order.fill("folder", one)
    main_thing(order, "document")


def application(order: Order) -> None:
    free = _in_its_clause(order, [one for one in order.free() if not is_empty(one)])
    known = [one for one in free if one.noun("application")]
    named = [one for one in free if any(_APP_WORD.match(token.key) for token in one.content) and not _only_app(one)]
    bare = [one for one in free if not one.prep]
    bare = [one for one in bare if not _only_app(one)] or bare
    objects = [] if _IT.search(order.text) else [one for one in bare if after_verb(order, one)]
    proper = [one for one in bare if one.content[-1].text[:1].isupper() and not one.det] if not order.german else []
    for rank in (known, named, objects if not proper or objects[:1] == proper[:1] else proper, bare, free):
        if rank:
            for one in rank if rank is known else rank[:1]:
                if one is rank[0] or one.joined:
                    order.take(one)
                    order.filled.setdefault("application", []).extend(_apps(one))
            return


def _in_its_clause(order: Order, free: list[Chunk]) -> list[Chunk]:
    """Return what stands beside the verb that orders, with what is listed before it; all where nothing bare does."""
    told = order.told
    if told is None:
        return free
    near = [
        one for one in free if one.clause == told.clause and not one.prep and not _only_app(one) and not on_screen(one)
    ]
    if not near or near[0].noun("person_title"):
        return order.told_of(free)
    place = order.place_of(near[0])
    while (
        place
        and order.text[order.chunks[place - 1].end : near[0].start].strip() == ","
        and order.chunks[place - 1] in free
    ):
        place -= 1
        near.insert(0, order.chunks[place])
    return near


def _only_app(chunk: Chunk) -> bool:
    """Whether it says only that it is an application: "die App"."""
    return len(chunk.content) == 1 and chunk.content[0].has("noun", "app_word")


def _apps(chunk: Chunk) -> list[Stretch]:
    """Return the names in a chunk: without the word for what they are, one for each of "Excel und Word"."""
    tokens, found, run = chunk.content, list[Stretch](), list[int]()
    while len(tokens) > 1 and tokens[-1].text in _AFTER_APP and not tokens[-1].text[:1].isupper():
        tokens = tokens[:-1]
    for place, token in enumerate(tokens):
        if token.key in {"und", "and", "&"} or token.kind == "mark":
            if run:
                found.append((tokens[run[0]].start, tokens[run[-1]].end))
            run = []
        elif _APP_WORD.match(token.key) and not token.has("noun", "application") and place + 1 < len(tokens):
            run = []
        elif (
            _APP_WORD.match(token.key)
            and run
            and all(tokens[one].has("noun", "application") for one in run)
            and not token.has("noun", "application")
        ):
            continue
        else:
            run.append(place)
    if run:
        found.append((tokens[run[0]].start, tokens[run[-1]].end))
    return found


def navigate_url(order: Order) -> None:
    fill_places(order, ["url"])
    for one in list(order.free()):
        if (
            one.noun("application")
            and one.prep in {"in", "im", "mit", "with"}
            and not any(token.key.endswith("browser") for token in one.tokens)
        ):
            order.fill("application", one)
    for one in list(order.free()):
        if "url" not in order.filled and any("/" in token.text[1:-1] for token in one.content):
            order.fill("url", one)
    if "url" in order.filled:
        return
    for one in list(order.free()):
        if one.noun("portal"):
            order.fill("portal", one)
            return
    named = [one for one in order.free() if one.prep in _TO_SITE and not one.det and not is_empty(one)]
    if named:
        order.fill("portal", named[0])
    else:
        main_thing(order, "portal", lambda one: one.noun("portal"))


def extract_table(order: Order) -> None:
    fill_places(order, ["url", "folder"])
    for one in list(order.free()):
        if one.noun("table") and not one.of_kind("file") and (not one.prep or not one.noun("document")):
            _table(order, one)
            break
    for one in list(order.free()):
        if one.of_kind("file"):
            order.fill("document", one)
    for one in list(order.free()):
        if (
            one.prep in {"in", "into", "als", "as", "to"}
            and one.det in {"eine", "ein", "einer", "einem", "a", "an", "ne"}
            and one.content[-1].key in _KINDS
        ):
            order.take(one)
    if "document" not in order.filled and "url" not in order.filled:
        sources = [
            one
            for one in order.free()
            if one.prep in {"aus", "ausm", "von", "vom", "in", "im", "from", "out of", "of", "on", "off", "auf"}
            and not on_screen(one)
        ]
        if sources:
            source = next((one for one in sources if is_thing(one)), sources[0])
            order.fill("document", source)
    if "table" not in order.filled and order.plain_table:
        for one in list(order.free()):
            if not one.prep and not is_empty(one) and not on_screen(one) and not one.of_kind("file", "url"):
                order.fill("table", one)
                break
    if "table" not in order.filled and not order.plain_table:
        main_thing(order, "table", lambda one: one.noun("table"))


def _table(order: Order, chunk: Chunk) -> None:
    """Fill table with its own words, or with what the table is of."""
    words = [token.key for token in chunk.content]
    place = order.place_of(chunk)
    after = order.chunks[place + 1] if place + 1 < len(order.chunks) else None
    order.take(chunk)
    order.plain_table = len(words) == 1
    if len(words) == 1 and words[0] in {"tabelle", "table", "tabellen", "tables"}:
        if (
            after is not None
            and after.near
            and after.kind == "np"
            and (after.prep in {"mit", "with", "of", "zu", "zur", "zum", "ueber", "about"} or after.det in GENITIVE)
            and not on_screen(after)
        ):
            order.fill("table", after, whole=False)
        return
    if words[0] in {"tabelle", "table"} and not words[1][:1].isdigit():
        order.filled.setdefault("table", [(chunk.content[1].start, chunk.end)])
        return
    order.fill("table", chunk, whole=False)


def fill_form(order: Order) -> None:
    fill_amount(order)
    for one in list(order.free()):
        if one.prep in {"bei", "beim"} and one.noun("application"):
            order.fill("portal", one)
    for one in list(order.free()):
        kind = place_of(one)
        if kind in {"portal", "url", "application"} and one.prep in OUT_OF | FROM and not one.noun("form"):
            order.fill(kind, one)
    for one in list(order.free()):
        if (
            one.prep in {"bei", "beim", "at"}
            and not one.noun("form")
            and not order.filled.keys() & {"portal", "url", "application"}
        ):
            order.fill("portal", one)
    for one in list(order.free()):
        if (
            one.prep in {"in", "im"}
            and not one.noun("form", "document")
            and not one.det
            and len(one.tokens) == 1
            and not order.filled.keys() & {"portal", "url", "application"}
        ):
            order.fill("application", one)
    entered = order.verbs("enter") or order.verbs("save")
    for one in list(order.free()):
        if entered and one.noun("form") and one.prep in {"in", "ins", "im", "into", "on", "to"}:
            order.fill("form", one)
            body = [other for other in order.free() if not other.prep and not is_empty(other)]
            if body:
                order.fill("body", body[0], whole=False)
    main_thing(order, "form", lambda one: one.noun("form") and not _plain_form(one), any_other=False)
    if "form" not in order.filled:
        main_thing(order, "form", any_other=False)
    if "form" not in order.filled:
        main_thing(order, "form")
    for one in order.times("date"):
        order.fill("date", one, more=True)
    for one in order.times("time"):
        order.fill("time", one)
    for one in list(order.free()):
        if one.prep in {"mit", "with"} and not is_empty(one):
            order.fill("body", one)


def _plain_form(chunk: Chunk) -> bool:
    words = [token.key for token in chunk.content]
    return words[-1:] in (["formular"], ["form"]) and len(words) == 1
