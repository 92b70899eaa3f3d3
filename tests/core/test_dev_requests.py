"""Requests of many trades are understood as well as when they were last counted, and what is no order never acts."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from scheduler.core.intent_router import IntentRouter
from scheduler.core.intents import RoutedIntent

_FOLDER = Path(__file__).parents[1] / "language"
_SETS: Final[list[dict[str, Any]]] = [
    yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))
    for name in ("dev_requests.yaml", "dev_requests_2.yaml", "dev_requests_3.yaml")
]
NO_ORDERS: Final = [text for one in _SETS for text in (*one.get("no_order", ()), *one.get("refused", ()))]
ROUTER = IntentRouter.default()


@pytest.mark.parametrize("language", ["de", "en"])
def test_most_requests_find_their_intent_and_their_slots(language: str) -> None:
    wanted = [request for one in _SETS for request in one[language]]
    routed = [ROUTER.route(one["t"]) for one in wanted]
    intents = [
        one["t"] for one, got in zip(wanted, routed, strict=True)
        if _orders(got) != (one["i"] if isinstance(one["i"], list) else [one["i"]])
    ]  # fmt: skip
    said = [
        (slot, words, got.slots.get(slot))
        for one, got in zip(wanted, routed, strict=True)
        for slot, words in one["s"].items()
    ]
    missed = [one for one in said if one[1] != one[2]]

    assert len(intents) <= 0.10 * len(wanted), intents
    assert len(missed) <= 0.10 * len(said), missed


def _orders(first: RoutedIntent) -> list[str]:
    """Return the intents of all orders of a request."""
    found = [first]
    while found[-1].rest and len(found) < 6:
        found.append(ROUTER.route(found[-1].rest))
    return [one.name for one in found]


@pytest.mark.parametrize("text", NO_ORDERS)
def test_what_is_no_order_never_acts(text: str) -> None:
    assert ROUTER.route(text).name == "unknown"


@pytest.mark.parametrize("text", [text for one in _SETS for text in one.get("refused", ())])
def test_what_is_refused_is_not_left_to_what_was_learned(text: str) -> None:
    assert ROUTER.route(text).refused
