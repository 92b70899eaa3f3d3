"""Reads the lists of words that say where the words of a slot begin and end: `config/slot_words.yaml`."""

import functools
from pathlib import Path
from typing import Final

from scheduler.core.letters import fold
from scheduler.core.strict_yaml import read_strictly

JOINS: Final = frozenset({"und", "and", "sowie", "&", "u", "plus", "or", "oder"})
"""What may stand between several words of one slot."""
_FILE: Final = Path(__file__).parents[1] / "config" / "slot_words.yaml"


def slot_words(name: str) -> frozenset[str]:
    """Return the words of one list."""
    return _lists()[name]


@functools.cache
def _lists() -> dict[str, frozenset[str]]:
    document = read_strictly(_FILE.read_text(encoding="utf-8"))
    return {
        name: frozenset(form for word in words for form in (str(word), fold(str(word))))
        for name, words in document.items()
    }
