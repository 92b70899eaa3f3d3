"""Patterns that are asked together give what each of them would give alone."""

import pytest

from scheduler.core.patterns import Pattern, PatternSet
from tests.support.routers import the_router

PATTERNS = [
    Pattern(one) for one in (r"^(?P<a>öffne|open) \w+", r"(?-i:[A-Z]{3})\b", r"\p{Lu}x", r"close", r"straße (?P<n>\d+)")
]


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        ("Oeffne Acrobat", [0]),
        ("ÖFFNE das", [0, 1]),
        ("close ABC", [1, 3]),
        ("CLOSE abc", [1, 3]),
        ("Ax", [2]),
        ("STRASSE 7", [1, 4]),
        ("nothing", []),
    ],
)
def test_only_patterns_that_fit_are_left(text: str, fitting: list[int]) -> None:
    candidates = PatternSet(PATTERNS).candidates(text)

    assert [place for place in candidates if PATTERNS[place].fits(text)] == fitting
    assert {*candidates} - {*fitting} <= {1, 2}  # which tell capitals from small letters


def test_none_that_fits_is_left_out() -> None:
    intents = the_router().intents
    patterns = [Pattern(one) for intent in intents for one in (*intent.patterns, *intent.fallbacks)]
    together = PatternSet(patterns)
    examples = [text for intent in intents for many in intent.examples.values() for text in many][::10]

    for text in (*examples, *map(str.upper, examples), *(f"{one} İ" for one in examples)):
        alone = [place for place, pattern in enumerate(patterns) if pattern.fits(text)]

        assert {*alone} <= {*together.candidates(text)}


def test_a_set_of_none_leaves_none() -> None:
    assert list(PatternSet([]).candidates("open Excel")) == []
