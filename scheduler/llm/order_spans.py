"""Cuts a request where an order may begin or end, and says of each run of pieces what a model may weigh.

What is said of a piece is counted once and holds for every run that it is part of; what is said of a run as a whole
(how it begins, what stands before and after it, how many verbs of orders it has) tells one order from two.
Features are places in a table of 2^17, by hash (K. Weinberger et al., "Feature Hashing for Large Scale Multitask
Learning", 2009).
"""

import functools
import itertools
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler.core.order_cuts import BEFORE_DATE, LOOK_BACK, SHORTENED
from scheduler.llm.letter_features import letters_of, words_of
from scheduler.llm.sentence_signs import signs_of

PLACES: Final = 1 << 17
LONGEST: Final = 8  # pieces of one order
MOST: Final = 17  # pieces of a request; what is more stays with the last
_SHORTEST: Final = 3  # letters
_WORD, _EDGE, _COUNTED = 0.25, 0.5, 0.7  # how much a feature of the kind weighs

_CUT: Final = re.compile(
    r"(?<=[.!?;:])\s+(?=\S)|\s*\n\s*|,\s+|\s+[-–—•/]\s+|\s*(?:→|->|=>)\s*|\s+(?=(?:\d|[a-e])[.)/]\s)|\s+(?=\()"
    r"|\s+(?=(?:und|and|&|u\.|n|\+|dann|then|danach|anschlie(?:ß|ss)end|sodann|nachher|after|also|außerdem|ausserdem|plus"
    r"|sowie|as|before|bevor|ehe|nachdem|once|whilst|while|sobald|ferner|weiters|afterwards|next|finally|zuletzt|zum|oh|or"
    r"|oder|zudem|but|whereupon|followed by|bitte|please|pls)\s)",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_TOLD_BY_COUNT: Final = (
    *("kind:url", "kind:file", "kind:date", "kind:time", "kind:mail"),
    *(f"noun:{kind}" for kind in ("application", "portal", "document", "mail", "form", "table")),
)

Places = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]


class Spans(NamedTuple):
    """A request in `count` pieces and every run [start, end) of them that may be an order.

    The features of run i are `places[starts[i]:starts[i + 1]]`, each with its weight; `lengths` are in pieces.
    """

    pieces: tuple[str, ...]
    runs: tuple[tuple[int, int], ...]
    places: Places
    weights: Weights
    starts: npt.NDArray[np.intp]

    def text(self, start: int, end: int) -> str:
        """Return the words of a run."""
        return "".join(self.pieces[start:end])


def pieces_of(text: str) -> list[str]:
    """Return the pieces between which orders may begin or end, at least one."""
    places = [0]
    for match in _CUT.finditer(text):
        end = match.end()
        if end - places[-1] < _SHORTEST or len(text) - end < _SHORTEST:
            continue
        before = text[max(0, match.start() - LOOK_BACK) : match.start()]
        if before.endswith(".") and SHORTENED.search(before):
            continue
        if text[end].isdigit() and BEFORE_DATE.search(before):
            continue
        places.append(end)
        if len(places) == MOST:
            break
    return [text[start:end] for start, end in itertools.pairwise([*places, len(text)])]


class _Piece(NamedTuple):
    """What is known of a piece: the places of its features, its outer words, its verbs, and the kinds of its things."""

    places: Places
    first: tuple[str, ...]
    last: tuple[str, ...]
    verbs: frozenset[str]
    things: Counter[str]


def spans_of(text: str) -> Spans:
    """Return what a model may weigh of a request."""
    pieces = tuple(pieces_of(text))
    known = [_piece(piece) for piece in pieces]
    count = len(pieces)
    runs = [(start, end) for start in range(count) for end in range(start + 1, min(count, start + LONGEST) + 1)]
    places, weights, starts = list[Places](), list[Weights](), [0]
    for start, end in runs:
        inside = [piece.places for piece in known[start:end]]
        edges, counted = _hashed(_edges(known, pieces, start, end)), _hashed(_counted(known[start:end]))
        words = sum(map(len, inside))
        places += [*inside, edges, counted]
        weights.append(np.full(words, _WORD / (end - start) ** 0.5, np.float32))
        weights.append(np.full(len(edges), _EDGE, np.float32))
        weights.append(np.full(len(counted), _COUNTED, np.float32))
        starts.append(starts[-1] + words + len(edges) + len(counted))
    return Spans(pieces, tuple(runs), np.concatenate(places), np.concatenate(weights), np.array(starts, np.intp))


def _piece(text: str) -> _Piece:
    signs = list(signs_of(text))
    single = [sign for sign in signs if " " not in sign]
    named = {*(f"w:{word}" for word in words_of(text)), *(f"s:{sign}" for sign in signs)}
    letters = {run for word in dict.fromkeys(text.lower().split()) for run in letters_of(word)}
    tokens = _TOKEN.findall(text.lower()) or [""]
    return _Piece(
        np.concatenate([_hashed(named), np.fromiter(map(_letters_place, letters), np.int32, len(letters))]),
        tuple(tokens[:2]),
        tuple(tokens[-2:]),
        frozenset(sign for sign in single if sign.startswith("verb:") and "|" not in sign),
        Counter(sign for sign in single if sign.startswith(("kind:", "noun:"))),
    )


def _edges(known: Sequence[_Piece], pieces: Sequence[str], start: int, end: int) -> Iterator[str]:
    """Yield how a run begins and ends, how it is joined inside, and what stands beside it."""
    count = len(known)
    yield "first" if start == 0 else "nf"
    yield "last" if end == count else "nl"
    yield f"np{min(end - start, 4)}"
    yield f"n{min(count, 6)}"
    yield f"st:{known[start].first[0]}"
    yield f"st2:{' '.join(known[start].first)}"
    yield f"en:{known[end - 1].last[-1]}"
    yield f"len{min(sum(map(len, pieces[start:end])) // 20, 8)}"
    if count == 1:
        yield "only"
    for left, right in itertools.pairwise(known[start:end]):
        yield f"in:{right.first[0]}"
        yield f"sep:{left.last[-1]}"
        yield f"js:{left.last[-1]}{right.first[0]}"
    if start:
        yield from (f"pv:{word}" for word in known[start - 1].last)
        yield from (f"ps:{verb}" for verb in known[start - 1].verbs)
    if end < count:
        yield from (f"nx:{word}" for word in known[end].first)
        yield from (f"ns:{verb}" for verb in known[end].verbs)


def _counted(known: Sequence[_Piece]) -> Iterator[str]:
    """Yield how many pieces of a run have verbs of orders, whether these are alike, and what there are several of."""
    verbs = [piece.verbs for piece in known if piece.verbs]
    many = min(len(verbs), 3)
    yield f"vp{many}"
    things = sum((piece.things for piece in known), Counter[str]())
    for kind in _TOLD_BY_COUNT:
        if things[kind]:
            yield f"k:{kind}/vp{many}"
        if things[kind] > 1:
            yield f"2:{kind}"
    if len(verbs) > 1:
        yield "vsame" if frozenset.intersection(*verbs) else "vdiff"
        yield from (f"v2:{verb}" for more in verbs[1:] for verb in more)


def _hashed(features: Iterable[str]) -> Places:
    return np.fromiter(map(_place, features), np.int32)


def _place(feature: str) -> int:
    return zlib.crc32(feature.encode()) % PLACES


@functools.lru_cache(maxsize=65536)
def _letters_place(run: str) -> int:
    return _place(f"l:{run}")
