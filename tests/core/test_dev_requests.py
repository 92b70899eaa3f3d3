"""Requests of many trades are understood as well as when they were last counted, and what is no order never acts."""

from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from scheduler.core.compound import split_orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.strict_yaml import read_strictly
from tests.support.routers import the_router

pytestmark = pytest.mark.component
_FOLDER = Path(__file__).parents[1] / "language"
_SETS: Final[list[dict[str, Any]]] = [
    read_strictly((_FOLDER / name).read_text(encoding="utf-8"))
    for name in ("dev_requests.yaml", "dev_requests_2.yaml", "dev_requests_3.yaml")
]
NO_ORDERS: Final = [text for one in _SETS for text in (*one.get("no_order", ()), *one.get("refused", ()))]
ROUTER = the_router()


@pytest.mark.parametrize("language", ["de", "en"])
def test_most_requests_find_their_intent_and_their_slots(language: str) -> None:
    wanted = [request for one in _SETS for request in one[language]]
    routed = [split_orders(one["t"], ROUTER).parts for one in wanted]
    intents = [
        one["t"] for one, got in zip(wanted, routed, strict=True)
        if [part.routed.name for part in got] != _intents(one)
    ]  # fmt: skip
    said = [
        (slot, words, got[0].routed.slots.get(slot))
        for one, got in zip(wanted, routed, strict=True)
        for slot, words in one["s"].items()
    ]
    missed = [one for one in said if one[1] != one[2]]

    assert len(intents) <= 0.10 * len(wanted), intents
    assert len(missed) <= 0.10 * len(said), missed


def _intents(request: dict[str, Any]) -> list[str]:
    found = request["i"]
    return found if isinstance(found, list) else [found]


class Counted(NamedTuple):
    """How many requests of a set rules understand, how many with several orders, and how many acts are too many."""

    right: int
    split: int
    acts: int


FLOORS: Final = {
    4: Counted(right=112, split=18, acts=0),
    5: Counted(right=99, split=17, acts=0),
    6: Counted(right=93, split=15, acts=1),
    7: Counted(right=83, split=15, acts=0),
    8: Counted(right=69, split=13, acts=1),
    9: Counted(right=74, split=12, acts=1),
    10: Counted(right=96, split=16, acts=0),
    11: Counted(right=91, split=15, acts=0),
    12: Counted(right=114, split=38, acts=0),
    13: Counted(right=98, split=35, acts=0),
    14: Counted(right=92, split=31, acts=0),
    15: Counted(right=89, split=30, acts=0),
    16: Counted(right=144, split=52, acts=1),
    17: Counted(right=141, split=46, acts=1),
}
"""What rules alone reached when they were last counted; sets 7 to 9 speak in dialects and fragments as well."""


@pytest.mark.parametrize("number", FLOORS)
def test_fresh_sets_are_understood_as_well_as_when_they_were_counted(number: int) -> None:
    one = read_strictly((_FOLDER / f"dev_requests_{number}.yaml").read_text(encoding="utf-8"))
    requests = [*one["de"], *one["en"]]
    found = [[part.routed.name for part in split_orders(request["t"], ROUTER).parts] for request in requests]
    right = [names == _intents(request) for request, names in zip(requests, found, strict=True)]
    acts = [
        text
        for text in one["no_order"]
        if any(part.routed.name != UNKNOWN for part in split_orders(text, ROUTER).parts)
    ]

    floor = FLOORS[number]
    assert sum(right) >= floor.right
    assert (
        sum(hit for hit, request in zip(right, requests, strict=True) if isinstance(request["i"], list)) >= floor.split
    )
    assert len(acts) <= floor.acts, acts


@pytest.mark.parametrize("text", NO_ORDERS)
def test_what_is_no_order_never_acts(text: str) -> None:
    assert ROUTER.route(text).name == "unknown"


@pytest.mark.parametrize("text", [text for one in _SETS for text in one.get("refused", ())])
def test_what_is_refused_is_not_left_to_what_was_learned(text: str) -> None:
    assert ROUTER.route(text).refused
