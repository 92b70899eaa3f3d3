"""What is found by a list of words can be read by it; patterns of such lists take time in proportion to the text."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

import scheduler
from scheduler.core import (
    calendar_words,
    hesitation,
    instead,
    money_words,
    quotation,
    taken_back,
    told_words,
)
from scheduler.core.address_book import nobody_known
from scheduler.core.calendar_words import MONTH_NUMBERS, WEEKDAY_NAMES, WEEKDAY_NUMBERS, usual_weekday
from scheduler.core.money_words import LONGER
from scheduler.core.phrases import tokens_of
from scheduler.core.quotation import CLOSING, OPENING
from scheduler.core.slot_times import times_in
from scheduler.core.when_dates import day_of
from scheduler.executors.typed_text import typed
from scheduler.orchestrator.slot_values import typed_slots

TODAY = date(2026, 3, 2)
_constants, _parser = import_module("re._constants"), import_module("re._parser")
SHARED = (calendar_words, hesitation, instead, money_words, quotation, taken_back, told_words)


@pytest.mark.parametrize(("name", "number"), MONTH_NUMBERS.items())
def test_every_month_that_is_found_is_read(name: str, number: int) -> None:
    ((found),) = times_in(f"am 3. {name}")
    (token,) = [one for one in tokens_of(f"3. {name}") if one.kind == "date"]

    assert (found.kind, token.text.startswith("3")) == ("date", True)
    assert day_of(f"3. {name}", TODAY)[0].month == number
    assert typed(f"3. {name} 2026", "date", "de") == f"2026-{number:02}-03"


@pytest.mark.parametrize("name", WEEKDAY_NAMES)
def test_every_day_of_the_week_that_is_found_is_read(name: str) -> None:
    assert [one.kind for one in times_in(f"am {name}")] == ["date"]
    assert [one.kind for one in tokens_of(name)] == ["date"]
    assert day_of(f"this {name}", TODAY)[0].weekday() == WEEKDAY_NUMBERS[name]


def test_patterns_of_intents_name_no_other_days_and_months() -> None:
    parts = yaml.safe_load((Path(scheduler.__file__).parent / "config" / "intents.yaml").read_text())["parts"]

    assert {*parts["weekday"].strip("(?:)").split("|")} == {*WEEKDAY_NAMES}
    assert {*parts["month"].strip("(?:)").split("|")} <= {*MONTH_NUMBERS}


def test_days_have_a_usual_name_in_both_languages() -> None:
    assert usual_weekday(5) == ("samstag", "saturday")


@pytest.mark.parametrize(("word", "digits"), LONGER.items())
def test_every_word_that_makes_a_number_longer_is_read(word: str, digits: int | None) -> None:
    text = f"3 {word} Euro"
    (found,) = times_in(text)
    (slot,) = typed_slots({"amount": text}, (), datetime(2026, 3, 2, tzinfo=UTC), nobody_known)

    assert text[found.start : found.end] == text
    assert slot.value == (None if digits is None else {"value": f"3{'0' * digits}", "currency": "EUR"})


@pytest.mark.parametrize(("before", "after"), [("„", "“"), ("“", "”"), ('"', '"'), ("»", "«"), ("«", "»")])
def test_quotations_of_both_languages_are_one_token(before: str, after: str) -> None:
    assert (before in OPENING, after in CLOSING) == (True, True)
    assert [one.kind for one in tokens_of(f"{before}Rechnung 5{after}")] == ["quoted"]
    assert told_words.tells(f"Schreib Tom {before}ja{after}")


def _sources() -> Iterator[str]:
    for module in SHARED:
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield value.pattern
            elif name.isupper() and isinstance(value, str):
                yield value


def _nested(tree: Sequence[Any], *, inside: bool = False) -> Iterator[Any]:
    """Yield what may be repeated without end within what may be, so that one text can be read in many ways."""
    for kind, what in tree:
        repeats = kind in {_constants.MAX_REPEAT, _constants.MIN_REPEAT} and what[1] == _constants.MAXREPEAT
        if repeats and inside:
            yield what
        for part in what if isinstance(what, tuple) else (what,):
            for branch in part if isinstance(part, list) else (part,):
                if isinstance(branch, _parser.SubPattern):
                    yield from _nested(branch.data, inside=inside or repeats)


@pytest.mark.parametrize("source", sorted({*_sources()}))
def test_nothing_shared_repeats_what_repeats(source: str) -> None:
    try:
        tree = _parser.parse(source, re.IGNORECASE)
    except re.error:  # a text that is no pattern
        return

    assert [*_nested(tree.data)] == []
