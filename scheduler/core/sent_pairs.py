"""Reads the parts of a request to send things: who is named in each, and what, with or without a verb of its own.

A part lies between two marks or conjunctions: "Schick Anna das Angebot", "Tom den Vertrag", "die Liste an Eva". What is
no such part is none, however much it is like one.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

from scheduler.core.letters import word_set
from scheduler.core.persons_named import (
    ALL_OF_IT,
    FILLERS,
    FOREIGN_TO_THINGS,
    JOINS,
    NO_PERSON,
    is_named,
    owns,
    person_end,
)
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.provisos import HELD, NICELY
from scheduler.core.slot_tokens import ABBREVIATED
from scheduler.core.taken_back import calls_off, correcting, says_instead
from scheduler.core.word_forms import GERUND, PARTICIPLE, PAST_OR_PARTICIPLE

PERSONS, THINGS, BOTH, BOTH_TO, NEITHER = "persons", "things", "persons, things", "things to persons", ""
"""What a part names, and how: "Anna", "das Angebot", "Anna das Angebot", "das Angebot an Anna"."""
_ENDS: Final = frozenset(".!?")
_TO: Final = frozenset({"an", "to"})
_ALSO: Final = word_set("auch too also ebenfalls ebenso likewise genauso")
_OWN: Final = word_set("his hers theirs mine yours seinen seine seins ihren ihre ihres meinen deinen unseren")
"""What stands alone for a thing of one's own: "and Ben his"."""
_IN_ORDER: Final = frozenset({"dann", "then", "danach", "zuletzt", "finally", "lastly"})
_BEFORE_VERB: Final = word_set(
    """
    bitte please pls kindly mal could can would will you u i need want to like i'd we we'd have must should just ok okay
    hey hi hallo koenntest kannst wuerdest koennten koennen wuerden magst willst du sie ihr
    """
)
_MODAL_FRAME: Final = word_set(
    """
    kannst koenntest wuerdest koennten koennen wuerden magst willst du sie ihr ich wir moechte moechten will muss sollst
    soll bitte mal jetzt
    """
)
_OTHERS: Final = frozenset({"sie", "ihr", "soll"})
"""What begins a report of what others are to do: "sie soll Tom das Angebot schicken"."""
_IT: Final = word_set("ihn sie es it them das this that diesen diese dieses")
_ANOTHER: Final = word_set(
    """
    one ones other second first third last zweite zweiten erste ersten dritte dritten andere anderen letzte letzten
    copy kopie
    """
)
_OF: Final = word_set("vom von of from for fuer aus nr")
_MAYBE: Final = word_set("vielleicht eventuell evtl eventl possibly perhaps maybe")
_PARTICLES: Final = word_set("weiter zu rueber raus over across through out along on")


class Span(NamedTuple):
    """A stretch of the text."""

    start: int
    end: int


@dataclass(frozen=True)
class Part:
    """Words between two marks or conjunctions. `head` are the verb and what stands before it, `tail` what ends them."""

    start: int
    end: int
    kind: str
    head: str = ""
    tail: str = ""
    person: Span | None = None
    thing: Span | None = None
    conjunction: str = ""
    new_sentence: bool = False
    in_order: bool = False
    refers: bool = False
    """A pronoun stands for the thing."""
    to: str = ""
    """The preposition before the person."""
    behind: Span | None = None
    """Who may be to get it, named behind it: "sie Tom", "den Vertrag Eva"."""
    bare: bool = False
    """The thing has no article: "Anna Rechnung 5"."""
    names: bool = False
    """It has a name in it, if it is held."""
    also: bool = False
    """Who is named gets what others get, too."""
    corrects: bool = False
    """It is said instead of what was said before."""
    calls_off: bool = False
    """It takes back what was said before."""
    held: bool = False
    """It is to be done on a condition only, or perhaps; nothing else is known of it."""


def parts_of(text: str) -> list[Part]:
    """Return the parts of a request as they stand, marks and conjunctions between them left out."""
    return [
        _part(text, tokens, conjunction, new_sentence=new)
        for tokens, conjunction, new in runs_of(text, tokens_of(text))
        if tokens
    ]


def runs_of(text: str, tokens: Sequence[Token]) -> Iterator[tuple[list[Token], str, bool]]:
    """Yield the words between two marks or conjunctions, the conjunction before them, whether they begin a sentence."""
    run, conjunction, new, end = list[Token](), "", True, 0
    for place, token in enumerate(tokens):
        between = text[end : token.start]
        end = token.end
        mark = token.kind == "mark" and not _inside(tokens, place)
        joins = token.key in JOINS and not _hangs(token, tokens, place)
        if not (mark or joins or "&" in between or " / " in between or "\n" in between):
            run.append(token)
            continue
        if run:
            yield run, conjunction, new
            run, conjunction, new = [], "", False
        if mark and token.text in _ENDS:
            new = True
        if mark:
            continue
        conjunction = token.key if joins else "&"
        if not joins:
            run.append(token)
    if run:
        yield run, conjunction, new


def _inside(tokens: Sequence[Token], place: int) -> bool:
    """Whether a mark ends nothing: it belongs to an abbreviation or a word."""
    token, before = tokens[place], tokens[place - 1] if place else None
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if before is None or before.end != token.start:
        return False
    if token.text == ".":
        return before.key in ABBREVIATED or (before.text.isdigit() and after is not None and after.text[:1].islower())
    return token.text in "-–" and after is not None and after.start == token.end


def _hangs(token: Token, tokens: Sequence[Token], place: int) -> bool:
    """Whether "und" stands within a name: "Lieferungs- und Zahlungsbedingungen"."""
    before = tokens[place - 1] if place else token
    return before.kind != "mark" and before.text.endswith("-") and token.key in JOINS


def _part(text: str, tokens: list[Token], conjunction: str, *, new_sentence: bool) -> Part:
    whole = Part(tokens[0].start, tokens[-1].end, NEITHER, conjunction=conjunction, new_sentence=new_sentence)
    said = text[whole.start : whole.end]
    nicely, mark = NICELY.match(said), correcting(said)
    if HELD.search(said, nicely.end() if nicely else 0):
        return replace(whole, held=True, names=any(is_named(tokens, at, first=True) for at in range(len(tokens))))
    if nicely:
        frame = [one for one in tokens if one.start - whole.start < nicely.end() and one.key not in _MAYBE]
        tokens = [*frame, *(one for one in tokens if one.start - whole.start >= nicely.end())]
    if mark is None:
        return replace(whole, corrects=says_instead(said), **_read(text, tokens))
    rest = [one for one in tokens if one.start - whole.start >= mark.end()]
    found = _read(text, rest) if rest else {}
    corrects = not rest or bool(found.get("kind"))
    return replace(whole, corrects=corrects, calls_off=calls_off(said), **found)


def _read(text: str, tokens: list[Token]) -> dict[str, Any]:
    """Return what a part says beside what it hangs on."""
    in_order = any(one.key in _IN_ORDER for one in tokens[:2])
    also = any(one.key in _ALSO for one in tokens) or [one.key for one in tokens[-2:]] == ["as", "well"]
    if tokens[-1:] and tokens[-1].key == "well" and also:
        tokens = tokens[:-2]
    head, rest = _head(tokens)
    rest, tail = _without_end(rest)
    while rest and rest[0].key in FILLERS:
        rest = rest[1:]
    found = {"head": _text(text, head), "tail": _text(text, tail), "in_order": in_order, "also": also}
    return {**found, **(_named(rest) if rest and not _does_more(text, rest) else {})}


def _does_more(text: str, tokens: Sequence[Token]) -> bool:
    """Whether a word that looks like a name written small is what else is to be done: "… to Anna and hide the prices".

    Nobody is written small beside names that are not.
    """
    first = tokens[0]
    unknown = not first.meanings and first.kind == "word" and first.text.islower()
    thing = len(tokens) > 1 and tokens[1].has("determiners")
    return unknown and thing and any(one.is_name for one in tokens_of(text)[1:])


def _text(text: str, tokens: Sequence[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end] if tokens else ""


def _sends(tokens: Sequence[Token], keys: Collection[str] = ()) -> bool:
    """Whether one of these is a verb of sending, with its part among the `keys` where it has one that stands apart."""
    return any(
        one.kind == "verb" and one.sense in {"send", "forward"} and (not one.apart or one.apart in keys)
        for token in tokens
        for one in token.meanings
    )


def _head(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """Return the words with the verb that sends, or with what asks for it where that verb stands last, and the rest."""
    place = 0
    while place < len(tokens) and tokens[place].key in FILLERS:
        place += 1
    start = place
    while place < len(tokens) and tokens[place].key in _BEFORE_VERB and not _is_sending(tokens, place):
        place += 1
    if place < len(tokens) and _is_sending(tokens, place) and tokens[start].key not in _OTHERS:
        polite = tokens[place].text.endswith("en") and tokens[place + 1].text == "Sie"
        end = place + 2 if polite else place + 1
        return tokens[start:end], tokens[end:]
    place = start
    while place < len(tokens) and tokens[place].key in _MODAL_FRAME:
        place += 1
    framed = any(one.has("modal") or one.key == "bitte" for one in tokens[:place])
    first = next((one.key for one in tokens[:place] if one.key not in FILLERS), "")
    return (tokens[:place], tokens[place:]) if framed and first not in _OTHERS else ([], tokens)


def _is_sending(tokens: Sequence[Token], place: int) -> bool:
    """Whether the verb of an order to send stands here, and goes on to whom or what."""
    token, keys = tokens[place], {one.key for one in tokens}
    if place + 1 >= len(tokens) or not _sends([token], keys) or not any(one.orders for one in token.meanings):
        return False
    return not (token.has("noun") and tokens[place + 1].has("prepositions"))


def _without_end(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """Return words without the verb, the particle and the courtesies that end them, and that verb and particle."""
    end = len(tokens)
    while end and tokens[end - 1].key in FILLERS:
        end -= 1
    last = end
    if end > 1 and _sends(tokens[end - 1 : end]) and tokens[end - 1].text.endswith("en"):
        end -= 2 if tokens[end - 2].key == "zu" else 1
    elif end > 1 and tokens[end - 1].key in _PARTICLES:
        end -= 1
    tail = tokens[end:last]
    while end and tokens[end - 1].key in FILLERS:
        end -= 1
    return tokens[:end], tail


def _named(tokens: list[Token]) -> dict[str, Any]:
    """Return who and what the words of a part name, if they name nothing else."""
    count = len(tokens)
    to = tokens[0].key if tokens[0].key in _TO else ""
    first = 1 if to else 0
    end = person_end(tokens, first)
    if end == count:
        return {"kind": PERSONS, "person": _span(tokens[first:end]), "to": to}
    if end:
        after = end
        while after < count - 1 and tokens[after].key in FILLERS:
            after += 1
        rest, who = tokens[after:], _span(tokens[first:end])
        numbered = rest[0].has("noun", "document") and rest[-1].text.isdigit()
        bare = numbered or (len(rest) == 1 and rest[0].has("noun", "document"))
        if (rest[0].has("determiners") or rest[0].kind == "file" or bare) and _is_thing(_undated(rest)):
            return {"kind": BOTH, "person": who, "thing": _span(rest), "to": to, "bare": bare}
        if rest[0].key in ALL_OF_IT or _means_another(rest):
            return {"kind": NEITHER, "person": who}
    if tokens[0].key in _IT and count > 1 and person_end(tokens, 1) == count:
        who = _span(tokens[1:])
        return {"kind": PERSONS, "refers": True, "thing": _span(tokens[:1]), "person": who, "behind": who}
    if found := _thing_to(tokens):
        return found
    return {"kind": THINGS, "thing": _span(tokens), "behind": _name_behind(tokens)} if _is_thing(tokens) else {}


def _name_behind(tokens: Sequence[Token]) -> Span | None:
    """Return the name behind a thing, who may be whom it is for: "den Vertrag Eva"."""
    named = len(tokens) > 2 and tokens[-1].is_name and tokens[-2].has("noun", "document")
    return _span(tokens[-1:]) if named and tokens[0].has("determiners") else None


def _thing_to(tokens: list[Token]) -> dict[str, Any]:
    """Return who and what is named in "das Angebot an Anna", "it to Anna"."""
    count = len(tokens)
    place = next((at for at in range(count - 2, 0, -1) if tokens[at].key in _TO), 0)
    if not place or person_end(tokens, place + 1) != count:
        return {}
    found = {"person": _span(tokens[place + 1 :]), "to": tokens[place].key}
    front = tokens[:place]
    while len(front) > 1 and front[-1].key in FILLERS:
        front = front[:-1]
    if len(front) == 1 and front[0].key in _IT:
        return {"kind": PERSONS, "refers": True, "thing": _span(front), **found}
    if _means_another(front):
        return {"person": found["person"]}  # "die von Eva an Bob", "Eva's to Bob"
    if _is_thing(front) or (len(front) == 1 and front[0].is_name):
        return {"kind": BOTH_TO, "thing": _span(front), **found}
    return {}


def _means_another(tokens: Sequence[Token]) -> bool:
    """Whether words mean a thing by another one before: "die von Eva", "Eva's", "the second", "6"."""
    if len(tokens) == 1:
        return owns(tokens[0]) or tokens[0].text.isdigit() or tokens[0].key in _OWN
    hangs = tokens[0].has("determiners") and (tokens[1].has("prepositions") or tokens[1].has("determiners"))
    return hangs or tokens[-1].key in _ANOTHER


def _span(tokens: Sequence[Token]) -> Span:
    return Span(tokens[0].start, tokens[-1].end)


def _undated(tokens: list[Token]) -> list[Token]:
    """Return the words of a thing without the day that ends them: "the plan tomorrow"."""
    end = len(tokens)
    while end > 1 and _is_when(tokens[end - 1], tokens[end - 2]):
        end -= 1
    return tokens[:end]


def _is_thing(tokens: Sequence[Token]) -> bool:
    """Whether words name a thing and nothing else: an article and nouns, a document, a file."""
    first, last = tokens[0], tokens[-1]
    named_after = first.is_name and first.key.endswith("s") and len(tokens) > 1 and tokens[1].has("noun")
    if first.has("determiners") or first.key in NO_PERSON or owns(first) or named_after:
        if len(tokens) == 1 or _means_another(tokens):
            return False
    elif not (first.kind == "file" or first.has("noun", "document")):
        return False
    if last.has("noun", "person_title") and not any(one.has("noun", "document") for one in tokens):
        return False
    if any(
        one.has("determiners") and one.key.endswith("em") and not before.has("prepositions")
        for before, one in pairwise(tokens)
    ):
        return False  # "die Statuten dem Präsidenten"
    if any(_is_when(one, before) for before, one in pairwise(tokens)):
        return False
    return not any(
        one.key in FOREIGN_TO_THINGS or one.kind in {"mark", "quoted"} or one.has("modal") or one.has("auxiliary")
        for one in tokens
    ) and not any(_acts(one) for one in tokens)


def _is_when(token: Token, before: Token) -> bool:
    """Whether a day says when it is to be done, and not which thing is meant: "die Liste vom Montag"."""
    return token.kind in {"date", "time"} and not (before.key in _OF or before.has("determiners"))


def _acts(token: Token) -> bool:
    if not token.is_verb or token.has("noun"):
        return False
    describes = {GERUND, PARTICIPLE, PAST_OR_PARTICIPLE}
    return token.text[:1].islower() and not any(one.form in describes for one in token.meanings)
