"""The office requests that understanding is measured on, and how an answer about them is scored.

What was said and what was found are compared as words: case, white space and the punctuation around them do not count.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from scheduler.core.intents import UNKNOWN
from scheduler.core.job import Locale

FILE: Final = Path(__file__).parents[1] / "tests" / "language" / "office_requests.yaml"
Words = str | list[str]
Slots = dict[str, Words]
Pair = tuple[str, str]
_PERSONS: Final = frozenset({"recipient", "cc", "participants"})
_BETWEEN_PERSONS = re.compile(r"\s*[,;&+]\s*|\s+(?:und|and|sowie)\s+")
_AROUND: Final = " \t\n.,;:!?\"'„“”‚‘’«»‹›`"


class Understood(NamedTuple):
    """One order found in a request; `slots` hold the words as written, several ones as a list.

    `waits` holds the places, from 0, of the orders that must be done first or whose result it takes.
    """

    intent: str
    slots: Slots
    waits: frozenset[int] = frozenset()


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Order(_Model):
    """One order as labelled. `may` holds slots that may be filled with these words (None: any) or left empty."""

    intent: str
    slots: Slots = Field(default_factory=dict)
    may: dict[str, Words | None] = Field(default_factory=dict)


class Follows(_Model):
    """What an order waits for, and which slots take the result of another; orders count from 1."""

    order: int
    after: tuple[int, ...] = Field(min_length=1)
    takes: dict[str, int] = Field(default_factory=dict)


class Request(_Model):
    """A request with its orders in the order of doing."""

    id: str
    locale: Locale
    text: str
    orders: tuple[Order, ...] = Field(min_length=1)
    plan: tuple[Follows, ...] | None = None

    @model_validator(mode="after")
    def _plan_fits(self) -> "Request":
        if (len(self.orders) > 1) != (self.plan is not None):
            raise ValueError(f"{self.id}: requests of several orders have a plan, and only those")
        for one in self.plan or ():
            earlier = range(1, one.order)
            if one.order > len(self.orders) or not {*one.after, *one.takes.values()} <= {*earlier}:
                raise ValueError(f"{self.id}: order {one.order} may follow and take only from earlier orders")
        return self

    @property
    def compound(self) -> bool:
        return len(self.orders) > 1

    @property
    def waits(self) -> list[frozenset[int]]:
        """For each order the places, from 0, of those that it waits for or takes the result of."""
        follows = {one.order: {*one.after, *one.takes.values()} for one in self.plan or ()}
        return [frozenset(n - 1 for n in follows.get(order, ())) for order in range(1, len(self.orders) + 1)]


class NoRequest(_Model):
    """A sentence about which nothing may be done; `kind` says why."""

    id: str
    locale: Locale
    kind: str
    text: str


class OfficeRequests(_Model):
    requests: tuple[Request, ...]
    no_requests: tuple[NoRequest, ...]


def load(path: Path = FILE) -> OfficeRequests:
    """Read the set. Raises ValidationError that names the place."""
    return OfficeRequests.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def fold(words: str) -> str:
    """Return the words as they are compared."""
    return " ".join(words.casefold().split()).strip(_AROUND)


def pairs(slots: Slots) -> set[Pair]:
    """Return each slot with each of its values, folded; persons named in one string are several."""
    found: set[Pair] = set()
    for slot, words in slots.items():
        values = [words] if isinstance(words, str) else words
        parts = [part for one in values for part in (_BETWEEN_PERSONS.split(one) if slot in _PERSONS else [one])]
        found |= {(slot, fold(part)) for part in parts if fold(part)}
    return found


@dataclass
class Score:
    """How one request was understood; `missed` and `false` are the slots that were not found, or wrongly filled.

    `planned`: its orders are the right ones, and each waits, at once or over others, for those that it should.
    """

    intents: tuple[str, ...]
    right: bool
    planned: bool = False
    hits: int = 0
    missed: list[Pair] = field(default_factory=list)
    false: list[Pair] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return self.right and not self.missed and not self.false


def score(request: Request, found: Sequence[Understood]) -> Score:
    """Compare what was found with the labels.

    Orders are held against each other one by one where their number is right, by their intents where it is not.
    """
    wanted, got = [one.intent for one in request.orders], [one.intent for one in found]
    right = got == wanted
    result = Score(tuple(got), right, right and _all_waits(request.waits) == _all_waits([one.waits for one in found]))
    partners = _partners(wanted, got)
    for place, order in enumerate(request.orders):
        partner = partners.get(place)
        _compare(result, order, found[partner].slots if partner is not None else {})
    for place in {*range(len(found))} - {*partners.values()}:
        result.false += pairs(found[place].slots)
    return result


def acts(found: Sequence[Understood]) -> bool:
    """Whether anything would be done."""
    return any(one.intent != UNKNOWN for one in found)


def _all_waits(waits: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """Return for each order all that must be done before it, at once or over others; none waits for a later one."""
    found: list[frozenset[int]] = []
    for before in waits:
        found.append(before.union(*(found[place] for place in before)))
    return found


def _partners(wanted: Sequence[str], got: Sequence[str]) -> dict[int, int]:
    if len(wanted) == len(got):
        return {place: place for place in range(len(wanted))}
    blocks = SequenceMatcher(a=wanted, b=got, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _compare(result: Score, order: Order, slots: Slots) -> None:
    wanted, got = pairs(order.slots), pairs(slots)
    result.hits += len(wanted & got)
    result.missed += wanted - got
    any_words = {slot for slot, words in order.may.items() if words is None}
    allowed = pairs({slot: words for slot, words in order.may.items() if words is not None})
    result.false += [pair for pair in got - wanted - allowed if pair[0] not in any_words]
