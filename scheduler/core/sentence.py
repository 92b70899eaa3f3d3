"""Words for people, in both languages of the house."""

from collections.abc import Mapping
from typing import Final, NamedTuple

GERMAN: Final = "_de"
"""Ends the name of a fact that is words: the German beside the English one of the plain name."""


class Sentence(NamedTuple):
    """The same thing in both languages."""

    de: str
    en: str


def spelled_out(facts: Mapping[str, str | Sentence]) -> dict[str, str]:
    """Return the facts as texts; one in both languages becomes two, which `sentence` picks from."""
    texts = {name: in_english(fact) for name, fact in facts.items()}
    return texts | {f"{name}{GERMAN}": fact.de for name, fact in facts.items() if isinstance(fact, Sentence)}


def in_english(words: str | Sentence) -> str:
    """Return the words for logs."""
    return words.en if isinstance(words, Sentence) else words
