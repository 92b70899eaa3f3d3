"""Times are sought where one may begin only; nothing may be overlooked for that."""

from collections.abc import Iterable
from re import _constants, _parser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core import slot_times
from scheduler.core.slot_times import times_in
from tests.support.examples import examples

_Any = Any  # what the standard library's parser of patterns makes is typed nowhere
LETTERS = 3
PARTS = """
    am 3. Mai um 10:30 Uhr bis at half past nine quarter past eight next Tuesday übermorgen früh KW 12 Q3 2026 in two
    weeks in einer Woche vom 1. bis 5. Juni an hour and a half 12,50 € EUR 30 viertel nach zwei the day after tomorrow
    im März Ende des Monats letzten Freitag w/c 3 March zwischen 9 und 11 Uhr Rechnung schick the report heute's Anna,
    (morgen) a couple of days ago
"""


@examples(600)
@given(st.lists(st.sampled_from(PARTS.split()), max_size=12))
def test_what_begins_nowhere_else_is_found_as_by_asking_everywhere(words: list[str]) -> None:
    text = " ".join(words)

    first, found = slot_times._all().search(text), next(times_in(text), None)

    assert (first is None) == (found is None)
    assert first is None or found is None or found.start == first.start()


def test_every_word_that_a_time_may_begin_with_is_asked() -> None:
    tree = _parser.parse(slot_times._all().pattern, slot_times._all().flags)
    begun = {one.replace("#", "3") for one in _begun(tree, {""})}

    assert [one for one in begun if not slot_times._may_begin(one) or not slot_times._BEGINS.match(one)] == []
    assert {one for one in slot_times._WORDS if one not in {many.strip() for many in begun}} == set()


def _begun(items: Iterable[_Any], before: set[str]) -> set[str]:
    """Return how a match of a parsed pattern may begin after `before`, up to so many letters; digits are "#"."""
    for what, more in items:
        before = _step(what, more, before)
    return before


def _step(what: object, more: _Any, before: set[str]) -> set[str]:
    if what is _constants.LITERAL:
        return _longer(before, [chr(more).lower()])
    if what is _constants.IN:
        return _longer(before, [letter for one, many in more for letter in _letters(one, many)])
    if what is _constants.SUBPATTERN:
        return _begun(more[3], before)
    if what is _constants.BRANCH:
        return set().union(*(_begun(way, before) for way in more[1]))
    if what in {_constants.MAX_REPEAT, _constants.MIN_REPEAT}:
        least, most, inner = more
        found = [before]
        for _ in range(min(int(most), LETTERS)):
            found.append(_begun(inner, found[-1]))
        return set().union(*found[min(least, LETTERS) :])
    return before if what in {_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT} else _longer(before, "?")


def _letters(what: object, more: _Any) -> list[str]:
    if what is _constants.RANGE:
        return sorted({"#" if chr(one).isdigit() else chr(one).lower() for one in range(more[0], more[1] + 1)})
    if what is _constants.LITERAL:
        return ["#" if chr(more).isdigit() else chr(more).lower()]
    return ["#" if what is _constants.CATEGORY and more is _constants.CATEGORY_DIGIT else "?"]


def _longer(before: set[str], letters: Iterable[str]) -> set[str]:
    return {one if len(one) >= LETTERS else one + letter for one in before for letter in letters}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("einen Termin am dritten Mai um 14 Uhr", ["dritten Mai"]),
        ("a meeting on the second of June at ten", ["second of June"]),
        ("a call on the ninth at noon", ["ninth"]),
        ("open the second March report", ["March"]),
        ("Schick Tom die zweite Rechnung", []),
        ("the lamp on the second from the left", []),
        ("am ersten von drei Tagen", []),
    ],
)
def test_a_day_in_words_is_one_only_where_no_thing_is_counted(text: str, days: list[str]) -> None:
    assert [text[one.start : one.end] for one in times_in(text) if one.kind == "date"] == days


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Taxi, 38 Euro fuffzig, und zwar gestern", ["38 Euro fuffzig", "gestern"]),
        ("Ich hab 412 Euro 50 ausgelegt", ["412 Euro 50"]),
        ("mit 1.250,- und EUR 7.950,-", ["1.250,-", "EUR 7.950,-"]),
        ("Warenwert 4tsd EUR oder £240k", ["4tsd EUR", "£240k"]),
        ("purchase price 312k, turnover 1.2m.", ["312k", "1.2m"]),
        ("parking, eleven pounds forty.", ["eleven pounds forty"]),
        ("38 Euro 50 Stück", ["38 Euro"]),
        ("120 Euro 12 Belege, 20 quid 30 copies", ["120 Euro", "20 quid"]),
        ("5 Euro und 20 Briefmarken, 5 Euro und 20 Cent", ["5 Euro", "5 Euro und 20 Cent"]),
        ("CHF 1'234.50 und 5 pounds 50p", ["CHF 1'234.50", "5 pounds 50p"]),
        ("total 50m cable", []),
        ("Trag im Spesenformular 412 Euro 50 ein", ["412 Euro 50"]),
        ("3 Euro 10 Uhr", ["3 Euro", "10 Uhr"]),
        ("5 Euro 20% auf alles, 300k Zeilen", ["5 Euro"]),
        ("aus dem Feber, den 5. XI., am 12.ten", ["Feber", "5. XI.", "12.ten"]),
        ("am Mi. gegen halb drei", ["Mi.", "halb drei"]),
    ],
)
def test_amounts_and_days_are_found_as_they_are_written(text: str, found: list[str]) -> None:
    assert [text[one.start : one.end] for one in times_in(text)] == found
