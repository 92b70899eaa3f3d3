"""Whole requests with all the orders they hold, from which reading is learned: the development sets of the source tree.

A set is YAML: `de` and `en` list requests, `t` the words and `i` an intent or several in the sequence of doing;
`no_order` (in old sets `refused`) lists what orders nothing. As authors write few of the plainest sentences, sets of
these stand beside theirs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from scheduler.core.intents import UNKNOWN
from scheduler.core.language import normalise
from scheduler.core.strict_yaml import read_strictly

SETS: Final = Path(__file__).parents[2] / "tests" / "language"


class Example(NamedTuple):
    """A request and the intents it has, in the sequence of doing; none: it is no request."""

    text: str
    intents: tuple[str, ...]


def requests_of(document: Mapping[str, Any]) -> Iterator[Example]:
    """Yield the requests of a set."""
    for one in (*document["de"], *document["en"]):
        wanted = one["i"] if isinstance(one["i"], list) else [one["i"]]
        yield Example(one["t"], tuple(name for name in wanted if name != UNKNOWN))
    for one in (*document.get("no_order", ()), *document.get("refused", ())):
        yield Example(one if isinstance(one, str) else one["t"], ())


def sets(folder: Path = SETS) -> dict[str, list[Example]]:
    """Return the development sets and those of plain orders by name."""
    paths = sorted([*folder.glob("dev_requests*.yaml"), *folder.glob("plain_requests*.yaml")])
    return {path.stem: list(requests_of(read_strictly(path.read_text(encoding="utf-8")))) for path in paths}


def together(requests: Iterable[Example], pairs: Sequence[tuple[str, str]]) -> list[Example]:
    """Return requests as they are read, and of the examples (sentence, intent) those that are none of them."""
    whole = [Example(normalise(one.text), one.intents) for one in requests]
    known = {one.text for one in whole}
    more = ((text, () if name == UNKNOWN else (name,)) for text, name in pairs if text not in known)
    return [*whole, *(Example(text, intents) for text, intents in more)]


def intents_of(examples: Iterable[Example]) -> tuple[str, ...]:
    """Return all intents there are, in the order of the alphabet."""
    return tuple(sorted({name for one in examples for name in one.intents}))
