"""Compares words that people spell differently: in any case, umlauts in either German way, accents or none."""

import unicodedata
from typing import Final

_GERMAN: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def folded(text: str) -> str:
    """Return the text as it is compared: `Müller`, `MÜLLER` and `mueller` are the same."""
    return unicodedata.normalize("NFC", text).casefold().translate(_GERMAN)


def bare(text: str) -> str:
    """Return the text without accents and other marks on its letters."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def spellings(word: str) -> frozenset[str]:
    """Return how a name may be spelt without umlauts: `Müller` as `mueller` and as `muller`."""
    return frozenset({bare(folded(word)), bare(unicodedata.normalize("NFC", word).casefold())})
