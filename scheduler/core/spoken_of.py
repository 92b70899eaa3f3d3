"""What a request speaks of, so that a pronoun can stand for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scheduler.core.letters import word_set
from scheduler.core.phrases import Phrase, Token, phrases_of
from scheduler.core.words import Words


@dataclass
class Thing:
    words: str
    kinds: frozenset[str]
    place: str = ""
    ordered: bool = False
    """An order before names it; what that is about becomes clear there."""
    told_later: bool = False
    """Its place was told after it: "It's in the portal"."""


_BELONGS: Final = word_set(
    """
    von vom mit fuer fuers der des of for with from zum zur zu about
    """
)


def end_of(phrase: Phrase, phrases: Sequence[Phrase], place: Phrase | None) -> int:
    """Return where a thing ends with what belongs to it: "der Vertrag mit Müller"."""
    end = phrase.tokens[-1].end
    for one in sorted(phrases, key=lambda each: each.start):
        if one is not place and one.before in _BELONGS and 0 <= one.start - end <= 1:
            end = one.tokens[-1].end
    return end


def plain_phrases(words: Words) -> list[Phrase]:
    """Return the phrases between auxiliaries and verbs, without subjects that are pronouns."""
    found, run = list[Phrase](), list[Token]()
    for token in words.tokens:
        if (
            token.has("auxiliary")
            or token.has("modal")
            or token.key.partition("'")[0] in {"there", "that", "it", "i", "we", "he", "she"}
        ):
            found += phrases_of(run)
            run = []
        else:
            run.append(token)
    return found + phrases_of(run)


def names_nothing(words: Words) -> bool:
    """Whether an order has verbs only, and leaves out what it is about: "bitte suchen"."""
    return bool(words.verbs) and all(
        one.is_verb
        or one.has("adverbs")
        or one.has("modal")
        or one.kind == "mark"
        or one.key
        in {
            "du",
            "sie",
            "you",
            "bitte",
            "please",
            "einmal",
            "mir",
            "me",
            "for",
            "für",
            "fuer",
            "a",
            "look",
            "have",
            "take",
            "will",
            "ya",
            "einen",
            "blick",
            "werfen",
            "wirf",
        }
        or (one.has("prepositions") and len(words.content) < 4)
        for one in words.content
    )


def kinds(phrase: Phrase) -> frozenset[str]:
    found = {m.sense for t in phrase.tokens for m in t.meanings if m.kind == "noun"} - {
        "person_title",
        "format",
        "generic",
        "web",
    }
    if "document" in found and all(t.has("noun", "document") for t in phrase.tokens if t.has("noun", "mail")):
        found.discard("mail")
    if phrase.kind("file"):
        found.add("document")
    if phrase.kind("url"):
        found.add("portal")
    if (
        not found
        and not phrase.before
        and phrase.tokens[0].kind == "word"
        and not phrase.tokens[0].meanings
        and len(phrase.tokens) <= 2
    ):
        found.add("name")
    if not found and not phrase.before and phrase.tokens[0].has("determiners") and len(phrase.tokens) > 1:
        found.add("document")
    return frozenset(found)


NOT_FOUND: Final = re.compile(r"(?i) (?:nicht(?: mehr)?|nirgends|anywhere|any ?more|again)$")
_PLAIN: Final = frozenset({"it", "them", "ihn", "es", "dies", "beides", "dieses", "das"})
_ARTICLES: Final = frozenset({"sie", "die", "den", "der", "this", "that", "diese", "diesen", "those", "er"})
_AFTER_PRONOUN: Final = frozenset({"ihm", "ihr", "ihnen", "muss", "gehoert", "braeuchte", "ich"})


def pronoun(words: Words) -> Token | None:
    """Return the pronoun that stands for what the clause is about."""
    for place, token in enumerate(words.content):
        before = words.content[place - 1] if place else None
        after = words.content[place + 1] if place + 1 < len(words.content) else None
        if token.key in _PLAIN and token.kind == "word" and _stands_plainly(token, after):
            return token
        if token.key in _ARTICLES and _stands_for_a_thing(token, before, after):
            return token
    return None


def _stands_plainly(token: Token, after: Token | None) -> bool:
    if token.key not in {"das", "dieses", "es"} or after is None:
        return True
    return not after.has("noun") and _ends_phrase(after, verb=True)


def _ends_phrase(after: Token, *, verb: bool) -> bool:
    """Whether no noun can belong to a word before this one."""
    small = any(after.has(kind) for kind in ("adverbs", "modal", "auxiliary", "self"))
    return small or after.kind == "mark" or after.has("prepositions") or (verb and after.is_verb)


def _stands_for_a_thing(token: Token, before: Token | None, after: Token | None) -> bool:
    """Whether what may be an article or "you" is a pronoun here."""
    if token.key == "sie" and (before is None or before.has("modal") or (before.is_verb and before.key.endswith("en"))):
        return False
    if before is not None and before.has("prepositions"):
        return False
    if after is None:
        return True
    if after.is_name and token.key in {"die", "den", "der"} and token.text[:1].islower():
        return False
    small = any(after.has(kind) for kind in ("adverbs", "modal", "auxiliary", "self")) or after.kind == "mark"
    stands = after.has("prepositions") and not after.has("determiners")
    verb = after.is_verb and not after.has("noun")
    return small or stands or verb or after.key in _AFTER_PRONOUN or after.is_name


def with_place(said: str, thing: Thing) -> str:
    return said.replace(thing.words, f"{thing.words} {thing.place}", 1) if thing.words in said else said
