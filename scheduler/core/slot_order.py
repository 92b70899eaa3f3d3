"""An order as chunks, what was filled of it so far, and what a chunk names: a person, a thing, a place."""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from scheduler.core.phrases import Token
from scheduler.core.slot_times import is_period
from scheduler.core.slot_tokens import TITLES, Chunk
from scheduler.core.slot_words import slot_words

Stretch = tuple[int, int]
Filled = dict[str, list[Stretch]]

TO: Final = frozenset({"an", "to"})
FOR: Final = frozenset({"fuer", "fuers", "for"})
FROM: Final = frozenset({"von", "vom", "vo", "from", "by", "off"})
OUT_OF: Final = slot_words("out_of") | {"out of", "vo"}
ABOUT: Final = slot_words("about")
WITH: Final = frozenset({"mit", "with", "w/", "w", "zwischen", "between", "bei", "beim"})
_STAYS: Final = slot_words("stays")
OF_PERSONS: Final = frozenset({"von", "vom", "of", "from", "at"})
_STAYING: Final = {
    "form": _STAYS | {"w/"}, "recipient": OF_PERSONS, "participants": OF_PERSONS, "sender": OF_PERSONS, "cc": OF_PERSONS, "portal": OF_PERSONS, "folder": frozenset({"von", "vom", "of"}),
    "application": frozenset[str](), "url": frozenset[str](), "date": frozenset[str](), "time": frozenset[str](), "amount": frozenset[str](),
}  # fmt: skip
GENITIVE: Final = slot_words("genitive")
_SCREENS: Final = slot_words("screens")
_NO_PAGE: Final = frozenset({"seite", "page", "blatt", "sheet", "folie", "slide"})
_ANY_PLACE: Final = slot_words("any_place")
_EMPTY: Final = slot_words("empty")
_PLAIN_ADJECTIVES: Final = slot_words("plain_adjectives")
_ADJECTIVE: Final = re.compile(r"[a-zäöüß]{2,}e[nrms]?")
_MAIL_WORDS: Final = slot_words("mail_words")
_ROLES: Final = slot_words("roles")
_ROLE: Final = re.compile(
    r".*(?:leiter|berater|meister|verwalter|anwalt|anwaelt|aerzt|arzt|haendler|lieferant|makler|gaertner|fahrer|trainer|lehrer|schreiner|pruefer|planer|betreuer|sprecher|"
    r"referent|assistent|vermieter|mieter|inhaber|besitzer|eigentuemer|nehmer|geber|schreiber|pfleger|halter|bearbeiter|beauftragte|kollege|chef)(?:in|innen|s|n|en|r)?"
    r"|.*(?:verwaltung|abteilung|kanzlei|agentur|behoerde|versicherung|sparkasse|krankenkasse|verein|verband|redaktion|spedition|druckerei|werkstatt|kammer|direktion|gesellschaft|amts?|amtes|gericht|notariat|vorstand|betriebsrat|elternrat|beirat|gemeinde|ministerium|dienst)"
)
_IT: Final = re.compile(
    r"\b(?:it|them|her|ihn|sie|es|(?:die|den|das)(?=[ ,.!?]*(?:mir|mal|bitte|ums?|mu(?:ss|esst|sst)\\w*|müsst\\w*|kann|soll\\w*|$)))\b",
    re.IGNORECASE,
)
_DOES: Final = re.compile(r"(?i)[.;!?,] (?:ich|(?:my|the|our) \w+ (?:is|are)) $")
"""What stands before a verb that tells what somebody does, behind an order: "Word zumachen. ich mach Feierabend"."""
_LISTS: Final = frozenset({",", "und", "and", "sowie", "&"})
_NOTES: Final = frozenset({"note", "line", "memo", "response", "post"})
_KINDS_OF_NOTE: Final = slot_words("kinds_of_note")
_GERMAN_ARTICLES: Final = slot_words("german_articles")


class Order:
    """The chunks of an order, and what was filled so far."""

    def __init__(
        self, text: str, chunks: Sequence[Chunk], *, german: bool, whole: str = "", doing: Sequence[str] = ()
    ) -> None:
        self.text = text
        self.whole = whole or text
        """The text before anything was blanked out of it."""
        self.chunks = list(chunks)
        self.told = self._told(doing)
        """The chunk of the verb that orders, by the senses of `doing`, the first the surest; None where nobody knows, and where
        a pronoun stands beside it for what was told of before."""
        self.german = german
        self.filled: Filled = {}
        self._taken: set[int] = set()
        self._places = {id(one): place for place, one in enumerate(self.chunks)}
        self.plain_table = False

    def place_of(self, chunk: Chunk) -> int:
        """Return which of the chunks this one is."""
        return self._places[id(chunk)]

    def free(self) -> Iterable[Chunk]:
        """Return the phrases that fill nothing yet, those first that stand in the sentence that orders."""
        return self._nearest([one for one in self.chunks if id(one) not in self._taken and one.kind == "np"])

    def is_free(self, chunk: Chunk) -> bool:
        """Whether a phrase fills nothing yet."""
        return id(chunk) not in self._taken

    def times(self, kind: str) -> list[Chunk]:
        return self._nearest([one for one in self.chunks if one.kind == kind and id(one) not in self._taken])

    def _nearest(self, chunks: list[Chunk]) -> list[Chunk]:
        told = self.told
        if told is None or all(one.sentence == told.sentence for one in chunks):
            return chunks
        return sorted(chunks, key=lambda one: abs(one.sentence - told.sentence))

    def told_of(self, chunks: list[Chunk]) -> list[Chunk]:
        """Return those that stand in the sentence that orders; all where none stands bare there."""
        if self.told is None:
            return chunks
        near = [one for one in chunks if one.sentence == self.told.sentence]
        return near if any(not one.prep for one in near) else chunks

    def _told(self, doing: Sequence[str]) -> Chunk | None:
        for sense in doing:
            verbs = [one for one in self.chunks if one.kind == "verb" and one.tokens[0].has("verb", sense)]
            verbs = [one for one in verbs if not _DOES.search(self.text, 0, one.start)] or verbs
            orders = [one for one in verbs if any(m.orders and m.sense == sense for m in one.tokens[0].meanings)]
            if verbs:
                told = (orders or verbs)[-1]
                sentence = [one for one in self.chunks if one.sentence == told.sentence]
                said = self.text[sentence[0].start : sentence[-1].end]
                return None if _IT.search(said) else told
        return None

    def take(self, chunk: Chunk) -> None:
        """Have a chunk fill nothing."""
        self._taken.add(id(chunk))

    def fill(
        self, slot: str, chunk: Chunk, *, more: bool = False, whole: bool = True, staying: frozenset[str] | None = None
    ) -> None:
        """Have a chunk fill a slot, with what belongs to it; a second one only where there may be `more`."""
        self.take(chunk)
        if slot in self.filled and not more:
            return
        last = self._last_of(chunk, staying or _STAYING.get(slot, _STAYS)) if whole else chunk
        self.filled.setdefault(slot, []).append((chunk.start, last.end))

    def reach(self, chunk: Chunk, staying: frozenset[str]) -> Stretch:
        """Return from where to where a chunk reaches with what belongs to it."""
        return chunk.start, self._last_of(chunk, staying).end

    def _last_of(self, chunk: Chunk, staying: frozenset[str]) -> Chunk:
        """Return the last chunk that belongs to this one: "die Rechnung der Firma Roth vom 3. Mai"."""
        last = chunk
        for place in range(self.place_of(chunk) + 1, len(self.chunks)):
            after = self.chunks[place]
            if id(after) in self._taken or not after.near or not belongs(last, after, staying):
                break
            self.take(after)
            last = after
        return last

    def verbs(self, *senses: str) -> bool:
        return any(
            one.kind == "verb" and token.has("verb", sense)
            for one in self.chunks
            for token in one.tokens
            for sense in senses
        )

    def said(self, words: Iterable[str]) -> bool:
        """Whether one of these words stands in the order."""
        return any(token.key in words for one in self.chunks for token in one.tokens)


def belongs(last: Chunk, after: Chunk, staying: frozenset[str] = _STAYS) -> bool:
    """Whether a chunk goes on what stands before it; `staying` are the prepositions that may stand between."""
    if not staying:
        return False
    if after.kind == "date":
        return (staying is _STAYS and after.prep in {"von", "vom", "fuer", "fuers", "for", "from", "of", "aus"}) or (
            not after.prep and is_period(after.tokens[0].text)
        )
    if after.kind == "np":
        if after.prep:
            lives = (
                (after.prep in {"in", "aus"} or (after.prep == "am" and last.det != ""))
                and staying is OF_PERSONS
                and not after.det
                and after.content[0].text[:1].isupper()
                and not place_of(after)
            )
            return (after.prep in staying or lives) and not on_screen(after)
        return (after.det in GENITIVE and last.kind == "np") or (staying is OF_PERSONS and _says_who(last, after))
    return after.kind == "amount" and after.prep in {"ueber", "von", "for", "of", "over"}


def _says_who(last: Chunk, after: Chunk) -> bool:
    """Whether what stands behind a name says what that person does: "Becky the surveyor"."""
    does = len(after.content) == 1 and (after.noun("person_title") or has_role(after.content[0]))
    return after.det == "the" and does and not is_thing(after) and not last.det and not is_thing(last)


def on_screen(chunk: Chunk) -> bool:
    """Whether it says how or where to, which fills nothing: "auf den Bildschirm", "per Mail", "als Anhang"."""
    words = [token.key for token in chunk.content]
    return bool(words) and (words[-1] in _SCREENS or words[0] in _NO_PAGE) and chunk.prep not in {"von", "vom", "of"}


def is_mail(chunk: Chunk) -> bool:
    """Whether it is the mail itself, whatever adjectives it has."""
    words = [token.key for token in chunk.content]
    if len(words) > 1 and words[-1] in _NOTES and chunk.noun("document") and words[0] not in _KINDS_OF_NOTE:
        return False
    return (
        bool(words)
        and not chunk.of_kind("file")
        and (words[-1] in _MAIL_WORDS or words[-1].endswith(("mail", "mails", "nachricht")))
    )


def is_empty(chunk: Chunk) -> bool:
    """Whether it names nothing in particular."""
    words = [token.key for token in chunk.content if not token.has("adverbs")]
    return all(word in _EMPTY or word in _PLAIN_ADJECTIVES for word in words) or (
        words[-1] in _EMPTY and bool(_ADJECTIVE.fullmatch(" ".join(words[:-1])))
    )


def is_person(chunk: Chunk) -> bool:
    if any(token.key.strip(".") in TITLES for token in chunk.tokens) or chunk.of_kind("address"):
        return True
    if any(token.text[-1:].isdigit() for token in chunk.content):
        return False
    if chunk.noun("document", "folder", "portal", "form", "table"):
        return chunk.noun("person_title") and not chunk.noun("document")
    last = next(
        (before for before, after in itertools.pairwise(chunk.content) if after.key in _LISTS), chunk.content[-1]
    )
    if (
        last.text.islower()
        and not last.has("noun", "person_title")
        and last.text.isascii()
        and len(chunk.content) > 1
        and chunk.content[0].text[:1].isupper()
    ):
        return False
    named = any(token.is_name for token in chunk.content) and chunk.det not in _GERMAN_ARTICLES
    return chunk.noun("person_title") or named


def has_role(token: Token) -> bool:
    """Whether a word says what somebody does: "plumber", "Hausmeisterin", "Bauamt"."""
    key = token.key.removesuffix("s") if token.key not in _ROLES else token.key
    return key in _ROLES or _ROLE.fullmatch(token.key) is not None


def is_thing(chunk: Chunk) -> bool:
    return (
        chunk.noun("document") and not (chunk.noun("person_title") and chunk.content[0].has("noun", "person_title"))
    ) or chunk.of_kind("file")


def place_of(chunk: Chunk) -> str:
    """Return folder, portal, application or url where a chunk names such a place; else nothing."""
    if chunk.of_kind("url"):
        return "url"
    if chunk.noun("folder"):
        return "folder"
    if chunk.noun("portal"):
        return "portal"
    if chunk.noun("application") and not chunk.noun("document", "format"):
        return "application"
    return ""


def _senses(token: Token) -> set[str]:
    """Return what a noun names."""
    return {one.sense for one in token.meanings if one.kind == "noun"}


def fill_places(order: Order, slots: Sequence[str]) -> None:
    """Fill folder, portal, application and url with the places that are named as such."""
    for chunk in list(order.free()):
        token = next((token for token in chunk.tokens if token.kind == "url"), None)
        if token is not None and "url" in slots:
            order.take(chunk)
            order.filled.setdefault("url", [(token.start, token.end)])
    for chunk in list(order.free()):
        kind = place_of(chunk)
        if kind and chunk.prep and all(token.key in _ANY_PLACE for token in chunk.content):
            order.take(chunk)
        elif (
            kind in slots
            and chunk.prep in OUT_OF | FROM
            and not on_screen(chunk)
            and not (
                chunk.prep in FROM and chunk.noun("person_title") and kind not in {"url", *_senses(chunk.content[-1])}
            )
        ):
            if (
                kind == "portal"
                and chunk.noun("form", "document")
                and chunk.prep in {"auf", "on", "im", "in"}
                and not chunk.noun("application")
            ):
                pass
            order.fill(kind, chunk)
    for chunk in list(order.free()):
        bare = not chunk.prep and not order.filled.keys() & {"folder", "portal", "application", "url"}
        if (
            bare
            and "folder" in slots
            and chunk.content[0].key in {"ordner", "folder", "verzeichnis"}
            and len(chunk.content) > 1
        ):
            order.fill("folder", chunk)
        elif (
            bare
            and "portal" in slots
            and chunk.clause
            and len(chunk.tokens) == 1
            and chunk.noun("portal")
            and not chunk.noun("person_title")
        ):
            order.fill("portal", chunk)


def fill_path(order: Order) -> None:
    """Fill folder with the path before the name of a file, where no other folder is named."""
    if "folder" in order.filled or "\\" not in order.text:
        return
    tokens = [token for chunk in order.chunks for token in chunk.tokens]
    for path, file in itertools.pairwise(tokens):
        if file.kind == "file" and order.text[path.end : file.start] == "\\":
            order.filled["folder"] = [(path.start, path.end)]


def fill_amount(order: Order) -> None:
    for chunk in order.times("amount"):
        order.fill("amount", chunk)


def main_thing(
    order: Order, slot: str, good: Callable[[Chunk], bool] = is_thing, *, any_other: bool = True
) -> Chunk | None:
    """Fill a slot with what the order is about: a file, what surely is such a thing, or what stands as an object."""
    free = [one for one in order.free() if not is_empty(one) and not on_screen(one) and not is_mail(one)]
    told = order.told_of(free)
    free = told if any(map(good, told)) or not any(map(good, free)) else free
    bare = [one for one in free if not one.prep]
    ranks: list[list[Chunk]] = [
        [one for one in free if one.of_kind("file")],
        [one for one in bare if good(one)],
        [one for one in free if good(one) and one.prep not in WITH],
    ]
    ranks.insert(2, [one for one in bare if good(next_belonging(order, one))])
    if any_other:
        ranks += [
            [one for one in bare if after_verb(order, one) and one.det],
            [one for one in bare if not is_person(one) or after_verb(order, one)],
            [
                one
                for one in free
                if one.prep in {"von", "vom", "aus", "of", "from", "in", "nach", "for", "auf", "fuer", "out of"}
            ],
            bare,
        ]
    for rank in ranks:
        if rank:
            order.fill(slot, rank[0])
            return rank[0]
    return None


def next_belonging(order: Order, chunk: Chunk) -> Chunk:
    place = order.place_of(chunk)
    after = order.chunks[place + 1] if place + 1 < len(order.chunks) else chunk
    return after if after.kind == "np" and after.near and belongs(chunk, after) and not is_mail(after) else chunk


def after_verb(order: Order, chunk: Chunk) -> bool:
    place = order.place_of(chunk)
    return (
        place > 0
        and order.chunks[place - 1].kind in {"verb", "self"}
        and order.chunks[place - 1].clause == chunk.clause
    )


def owner_of(chunk: Chunk) -> Stretch | None:
    """Return who stands in the possessive: "Nina's email"."""
    for token in chunk.content[:-1]:
        if token.text.endswith(("'s", "’s", "s'", "s’")):
            return chunk.content[0].start, token.end - (2 if token.text[-2:] in {"'s", "’s"} else 1)
    return None
