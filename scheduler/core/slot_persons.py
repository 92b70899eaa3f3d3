"""Says whom a pronoun means: "Frau Kessler hat geschrieben, antworte ihr", "once Greta has written, book a call with her"."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scheduler.core.phrases import Token, tokens_of
from scheduler.core.slot_chunks import chunks_of
from scheduler.core.slot_order import OF_PERSONS, Order, Stretch, is_empty, is_person, is_thing, owner_of
from scheduler.core.slot_tokens import TITLES, Chunk, language_of
from scheduler.core.slot_words import slot_words

_MEN: Final = frozenset({"ihm", "ihn", "him"})
_WOMEN: Final = frozenset({"ihr", "her"})
_MANY: Final = frozenset({"ihnen", "them"})
_INVITED: Final = frozenset({"sie", "ihn"})
_SPEAKS: Final = re.compile(r"\b(?:ih[mnr]|ihnen|denen|him|her|them|sie)\b", re.IGNORECASE)
_TOLD: Final = slot_words("told_whom")
_GIVEN: Final = frozenset({"send", "forward", "give", "hand", "pass"})
_HE: Final = frozenset(
    {"herr", "herrn", "hr", "mr", "mister", "sir", "lord", "monsieur", "kollege", "kollegen", "dem", "den"}
)
_SHE: Final = frozenset({"frau", "fr", "mrs", "ms", "miss", "madam", "madame", "lady", "kollegin", "rechtsanwältin"})
_THEY: Final = slot_words("groups")
_FEMININE: Final = re.compile(r".*(?:ung|heit|keit|schaft|stelle|kasse|bank|firma|zentrale|praxis|leiterin|[^sf]in)")
_YOU_BEFORE: Final = frozenset(
    {
        "koennt",
        "habt",
        "seid",
        "wollt",
        "muesst",
        "sollt",
        "duerft",
        "werdet",
        "koenntet",
        "wuerdet",
        "dass",
        "wenn",
        "ob",
    }
)


def pronoun_of_person(text: str, *, invites: bool = False) -> Token | None:
    """Return the pronoun that stands for whom the order is aimed at; with `invites` for whom it brings together."""
    if _SPEAKS.search(text) is None:
        return None
    tokens = tokens_of(text)
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if _stands_for_person(token, before, after, invites=invites):
            return token
    return None


def _stands_for_person(token: Token, before: Token | None, after: Token | None, *, invites: bool) -> bool:
    key = token.key
    if key in {"ihm", "him"} or (key == "denen" and (after is None or not after.has("noun"))):
        return True
    if key == "ihnen":
        return token.text[:1].islower()
    if key == "ihr":
        you = before is not None and before.key in _YOU_BEFORE
        return token.text[:1].islower() and not you and _no_possessive(after)
    if key == "her":
        return _no_possessive(after) or (before is not None and before.key in {"to", "with"} and _no_possessive(after))
    if key == "them":
        told = before is not None and (before.key in _TOLD or before.key in {"to", "with"})
        given = (
            before is not None
            and before.key in _GIVEN
            and after is not None
            and (after.has("determiners") or (after.has("noun") and not after.has("prepositions")))
        )
        return (told and (after is None or after.key not in {"to", "as", "over", "across"})) or given or invites
    return invites and key in _INVITED and token.text[:1].islower()


def _no_possessive(after: Token | None) -> bool:
    """Whether "ihr" or "her" stands alone: no noun follows that it could belong to."""
    if after is None or after.kind in {"mark", "date", "time"}:
        return True
    if after.text[:1].isupper() or after.kind in {"file", "quoted"} or (after.has("noun") and not after.is_verb):
        return False
    return bool(after.meanings) or after.key in _SMALL


_SMALL: Final = slot_words("particles") | slot_words("relative")


def person_meant(pronoun: str, text: str, known: Sequence[Stretch] = ()) -> Stretch | None:
    """Return the last person spoken of in the text whom the pronoun may mean, or None; `known` are persons found before."""
    spoken = [*known, *(one for one in _persons(text) if not any(_meet(one, other) for other in known))]
    for start, end in sorted(spoken, reverse=True):
        if _agrees(pronoun, text[start:end], text[:start]):
            return start, end
    return None


def _meet(one: Stretch, other: Stretch) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _persons(text: str) -> Iterator[Stretch]:
    order, reached = Order(text, chunks_of(text), german=language_of(text) == "de"), 0
    for chunk in list(order.free()):
        if chunk.start < reached:
            continue
        owner = owner_of(chunk)
        if owner is not None and any(token.is_name for token in chunk.content[:2]):
            yield owner
        elif (
            is_person(chunk)
            and not is_thing(chunk)
            and not is_empty(chunk)
            and not _only_place(chunk, german=order.german)
        ):
            start, reached = order.reach(chunk, OF_PERSONS)
            yield start, reached


def _only_place(chunk: Chunk, *, german: bool) -> bool:
    """Whether words stand after a preposition that no person stands after: "in Fulda", "zum Wasserschaden"."""
    if chunk.noun("person_title") or any(token.key.strip(".") in TITLES for token in chunk.tokens):
        return False
    return bool(chunk.prep) and chunk.prep not in (_BESIDE_PERSONS if german else _BESIDE_PERSONS | {"about", "on"})


_BESIDE_PERSONS: Final = frozenset(
    {"von", "vom", "an", "mit", "bei", "beim", "fuer", "to", "from", "for", "with", "of", "by"}
)


def _agrees(pronoun: str, words: str, before: str) -> bool:
    tokens = tokens_of(words)
    keys, last = {token.key.strip(".") for token in tokens}, tokens[-1].key if tokens else ""
    article = before.rsplit(maxsplit=1)[-1:] if before.strip() else []
    many = bool(keys & _THEY or " und " in words or " and " in words)
    if pronoun in _MANY or pronoun == "denen":
        return many or not keys & (_HE | _SHE)
    if many and pronoun != "sie":
        return bool(keys & {"firma", "team"}) and pronoun in _WOMEN | _MEN
    if pronoun in _MEN:
        return not keys & _SHE and not (article and article[0].casefold() == "die") and not _FEMININE.fullmatch(last)
    if pronoun in _WOMEN:
        return not keys & (_HE - {"dem", "den"}) and not (article and article[0].casefold() in {"dem", "den", "das"})
    return True
