"""Tokens of plain texts and plain words are found by patterns of their own, which must find what the whole one does."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.phrases import _MAY_BE_MORE, _PLAIN_TOKEN, _TOKEN, _any_tokens
from scheduler.core.slot_tokens import tokens_with_times
from tests.support.examples import examples
from tests.support.routers import the_router

TEXT = (
    "Mai mai, may. Montag! heute um 14 Uhr halb vier half past one quarter kw 12 q3 in zwei Wochen 3. März jan 5 dec. "
    "a@b.de www.x.de localhost x.pdf \"so\" 'so' „so“ € 12 5 dollars mittags Dr. prof. St. e-mail- und #12 it's geht's "
    "AN ſo İ – ... dietags übermorgen the day after tomorrow in einer week "
    "end of May morgenstern this next coming friday sonntags"
)


def _same(text: str) -> bool:
    plain = [(found.lastgroup, found.span()) for found in _PLAIN_TOKEN.finditer(text)]
    return plain == [(found.lastgroup, found.span()) for found in _TOKEN.finditer(text)]


def test_examples_without_signs_of_more_are_read_the_same() -> None:
    texts = [text for one in the_router().intents for many in one.examples.values() for text in many]
    plain = [text for text in texts if not _MAY_BE_MORE.search(text)]

    assert len(plain) > len(texts) / 4
    assert [text for text in plain if not _same(text)] == []


@examples(300)
@given(st.lists(st.sampled_from(TEXT.split()) | st.text(max_size=6), max_size=8))
def test_whatever_is_taken_for_plain_is(words: list[str]) -> None:
    text = " ".join(words)

    assert _MAY_BE_MORE.search(text) or _same(text)


@examples(600)
@given(st.lists(st.sampled_from(TEXT.split()) | st.text(max_size=6), max_size=8))
def test_plain_words_among_others_are_found_as_by_the_whole(words: list[str]) -> None:
    text = " ".join(words)

    found = [(one.kind, one.start, one.end) for one in _any_tokens(text)]

    assert found == [(match.lastgroup, *match.span()) for match in _TOKEN.finditer(text)]


@pytest.mark.parametrize("run", ["1.1.", "a.", "a@", "1 111 ", "\\a", "www.", "1,", "9:00 ", "€1"])
def test_long_run_is_read_in_a_moment(run: str) -> None:
    text = run * (10_000 // len(run))
    began = process_time()

    tokens_with_times(text)

    assert process_time() - began < 4
