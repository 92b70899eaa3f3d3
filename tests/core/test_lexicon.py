"""Typos of known words are read as those, everyday words that only look like them are not."""

import pytest

from scheduler.core.lexicon import lexicon


@pytest.mark.parametrize(
    ("typo", "sense"),
    [("herunterlden", "download"), ("donwload", "download"), ("öfnen", "open"), ("exportire", "convert")],
)
def test_a_typo_is_read_as_the_word_meant(typo: str, sense: str) -> None:
    assert sense in {one.sense for one in lexicon().meanings(typo)}


@pytest.mark.parametrize("word", ["winter", "felling", "registry", "sure", "than", "zeit", "recht", "warten", "Mutter"])
def test_an_everyday_word_is_no_typo(word: str) -> None:
    assert lexicon().meanings(word) == ()
