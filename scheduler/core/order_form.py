"""Tells whether words begin like an order: a verb that orders, a polite question, an invitation."""

from typing import Protocol

from scheduler.core.lexicon import Meaning
from scheduler.core.phrases import Token
from scheduler.core.word_forms import (
    PARTICIPLE,
    PAST_OR_PARTICIPLE,
    SECOND,
)
from scheduler.core.word_kinds import (
    ADDRESS,
    NEVER_FIRST,
    POLITE,
    SUBJECTS,
    YOU,
)


def _fits(meaning: Meaning, keys: frozenset[str]) -> bool:
    return meaning.kind == "verb" and (not meaning.apart or meaning.apart in keys)


class Run(Protocol):
    """A run of words; see Words."""

    tokens: list[Token]

    @property
    def content(self) -> list[Token]:
        """The words without what they begin with beside the clause."""

    @property
    def keys(self) -> frozenset[str]:
        """The words, folded."""

    def has_part(self, meaning: Meaning, place: int) -> bool:
        """Whether the part of a verb stands here as that."""


def order_verb(words: Run) -> Token | None:
    """Return the verb an order begins with, or the modal of a polite question; None where the words do not begin so."""
    if not words.content:
        return None
    first = words.content[0]
    after = words.content[1] if len(words.content) > 1 else None
    if first.key in NEVER_FIRST:
        return None
    if first.key in ADDRESS:
        return first if len(words.content) > 1 else None
    if first.key in POLITE and after is not None:
        return first if _is_addressed(words, first) else None
    if (
        first.key in {"haetten", "haettest", "haette"}
        and after is not None
        and after.key in {"sie", "du", "wer", "jemand"}
    ):
        return first
    if (
        first.key == "ob"
        and after is not None
        and after.key in {"sie", "du", "wer", "jemand"}
        and any(one.has("modal") for one in words.content[2:])
    ):
        return first
    if first.key == "to" and after is not None and after.is_verb and len(words.tokens) > len(words.content):
        return after
    if first.key in {"lass", "lasst", "lassen", "let's", "lets", "let"} and after is not None:
        return first
    if (
        first.key in {"waerst", "waeren", "waere", "sei", "seien"}
        and after is not None
        and after.key in {"du", "sie", "so", "bitte"}
    ):
        return first
    if first.key in {"do", "have"} and after is not None:
        passive = after.key in {"it", "them", "this", "that"} and any(
            one.form in {PARTICIPLE, PAST_OR_PARTICIPLE} for t in words.content[2:4] for one in t.meanings
        )
        return (
            first
            if passive or ((after.has("determiners") or after.has("noun")) and after.key not in SUBJECTS)
            else None
        )
    if first.key == "copy" and after is not None and after.key in {"in", "to"}:
        return first
    return first if _orders(words, first, after) else None


def _is_addressed(words: Run, first: Token) -> bool:
    near = [one.key for one in words.content[1:6] if not one.has("self") and not one.has("adverbs")]
    subject = near[0] if near else ""
    if subject in YOU:
        return True
    if first.key in {"kann", "koennte", "can", "could", "may", "darf"} and subject in {
        "man",
        "we",
        "wir",
        "ich",
        "i",
    }:
        return bool(words.keys & {"haben", "bekommen", "kriegen", "have", "get", "sehen", "see"}) or (
            subject in {"we", "wir"} and bool(words.keys & {"get"})
        )
    return False


def _orders(words: Run, first: Token, after: Token | None) -> bool:
    meanings = [one for one in first.meanings if one.kind == "verb" and (not one.apart or words.has_part(one, 0))]
    if not meanings or first.has("modal") or first.has("determiners"):
        return False
    key = after.key if after is not None else ""
    if any(one.form == SECOND for one in meanings) and not any(one.orders for one in meanings):
        return all(one.form == SECOND for one in first.meanings if one.kind == "verb") or key in {
            "du",
            "mir",
            "uns",
            "mal",
            "bitte",
            "das",
            "den",
            "die",
        }
    ordering = [one for one in meanings if one.orders]
    if not ordering:
        return False
    if key in {"er", "wir", "man", "ich"} and all(one.language == "de" for one in ordering):
        return False
    if first.has("noun"):
        return _is_verb_not_noun(words, first, after, ordering)
    return True


def _is_verb_not_noun(words: Run, first: Token, after: Token | None, ordering: list[Meaning]) -> bool:
    if after is None or after.kind == "mark":
        return False
    if first.key in {"mail", "email", "e-mail"} and after.key in {"an", "to"}:
        return not any(one.has("auxiliary") for one in words.content)
    english = any(one.language == "en" for one in ordering)
    if (
        after.has("determiners")
        or after.has("self")
        or after.key
        in {"es", "ihn", "sie", "it", "them", "him", "her", "ihm", "ihr", "that", "this", "everything", "alles"}
        or after.has("adverbs")
    ):
        return True
    if not english:
        return first.text[:1].islower()
    if after.is_name or after.kind in {"address", "file", "quoted", "url"} or after.has("noun", "person_title"):
        return True
    if not after.meanings and after.kind == "word" and not first.has("noun", "document"):
        return True
    return (
        after.has("noun") and not any(one.sense == "foreign" for one in ordering) and not first.has("noun", "document")
    )
