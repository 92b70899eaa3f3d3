"""Spells words one way: without case, with umlauts in ASCII."""

from typing import Final

_FOLD: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "’": "'"})
_BARE: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "s"})


def fold(word: str) -> str:
    """Return the word without case, its umlauts in ASCII."""
    return word.casefold().translate(_FOLD)


def bare(word: str) -> str:
    """Return the word without case and without its dots, as on a keyboard that has none."""
    return word.casefold().translate(_BARE)


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text, for tables that are easier read as text."""
    return frozenset(words.split())
