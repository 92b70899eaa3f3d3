"""Which of the choices of a question an answer means, however a person says it."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from scheduler.core.quotation import ALL_MARKS
from scheduler.core.spelling import folded, spellings

_PIECE: Final = re.compile(r"[^\W_]+")
_AROUND: Final = f" \t.,;:!?()<>[]{ALL_MARKS}"
_FILLING: Final = frozenset(
    {"der", "die", "das", "den", "dem", "des", "the", "an", "zu", "zur", "zum", "fuer", "to", "for"}
    | {"herr", "herrn", "frau", "fraeulein", "dr", "prof", "professor", "doktor", "mr", "mrs", "ms", "miss"}
    | {"bitte", "please", "nimm", "nehmen", "take", "ich", "meine", "i", "mean", "also"}
    | {"nummer", "nr", "number", "option", "variante", "wahl", "choice"}
)
"""Folded words that do not tell one choice from another."""
_ORDINALS: Final = {"erste": 1, "zweite": 2, "dritte": 3, "vierte": 4, "fuenfte": 5, "letzte": -1} | {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "last": -1,
}
_ENDING: Final = re.compile(r"(?<=te)[nrsm]$")
_TELLING_DIGITS: Final = 3
"""Fewer digits than that are no name: they count choices, or days."""


class Choosable(Protocol):
    """What may be chosen: `value` is what is answered, `label` what people read."""

    @property
    def value(self) -> str: ...
    @property
    def label(self) -> str: ...


def without_filling(words: str) -> str:
    """Return the words without articles, titles and the like; all of them where nothing else is there."""
    return " ".join(word for word in words.split() if folded(word.strip(_AROUND)) not in _FILLING) or words


def meant(choices: Sequence[Choosable], words: str) -> list[int]:
    """Return the places of the choices that the words may mean; none: they name none of them.

    One may be said by its value, its label, its number from 1 (`2`, `die zweite`), or words of its label that no other
    has.
    """
    said = folded(words.strip(_AROUND))
    exact = [
        place
        for place, choice in enumerate(choices)
        if said in {folded(choice.value.strip(_AROUND)), folded(choice.label.strip(_AROUND))}
    ]
    if exact:
        return exact[:1]
    left = without_filling(words)
    number = _number(folded(left.strip(_AROUND)), len(choices))
    if number is not None:
        return [number]
    return [place for place, choice in enumerate(choices) if _names(left, choice.label)]


def _number(said: str, count: int) -> int | None:
    number = int(said) if said.isdecimal() and len(said) < _TELLING_DIGITS else _ORDINALS.get(_ENDING.sub("", said), 0)
    place = count if number == -1 else number
    return place - 1 if 1 <= place <= count else None


def _names(words: str, label: str) -> bool:
    """Whether all of the words stand in the label, mail addresses as a whole, and they are more than a few digits."""
    addresses = {word for word in _whole(words) if "@" in word}
    if not addresses <= set(_whole(label)):
        return False
    pieces = [piece for word in _whole(words) if "@" not in word for piece in _PIECE.findall(word)]
    known = frozenset(spelt for piece in _PIECE.findall(label) for spelt in spellings(piece))
    telling = addresses or any(not piece.isdecimal() or len(piece) >= _TELLING_DIGITS for piece in pieces)
    return bool(telling) and all(spellings(piece) & known for piece in pieces)


def _whole(text: str) -> Iterable[str]:
    return [folded(word.strip(_AROUND)) for word in text.split()]
