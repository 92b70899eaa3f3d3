"""Requests of many trades are understood as well as when they were last counted, and what is no order never acts."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from scheduler.core.intent_router import IntentRouter

_FILE = Path(__file__).parents[1] / "language" / "dev_requests.yaml"
REQUESTS: Final[dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
ROUTER = IntentRouter.default()


@pytest.mark.parametrize("language", ["de", "en"])
def test_most_requests_find_their_intent_and_their_slots(language: str) -> None:
    wanted = REQUESTS[language]
    routed = [ROUTER.route(one["t"]) for one in wanted]
    intents = [one["t"] for one, got in zip(wanted, routed, strict=True) if got.name != one["i"]]
    said = [
        (slot, words, got.slots.get(slot))
        for one, got in zip(wanted, routed, strict=True)
        for slot, words in one["s"].items()
    ]
    missed = [one for one in said if one[1] != one[2]]

    assert len(intents) <= 0.10 * len(wanted), intents
    assert len(missed) <= 0.10 * len(said), missed


@pytest.mark.parametrize("text", REQUESTS["no_order"])
def test_what_is_no_order_never_acts(text: str) -> None:
    assert ROUTER.route(text).name == "unknown"
