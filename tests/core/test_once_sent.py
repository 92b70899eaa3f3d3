"""What a clause tells to be sent first is an order; a long text is left as it is, at once."""

import time

import pytest

from scheduler.core.once_sent import once_sent


def test_an_order_told_in_a_clause_comes_first() -> None:
    assert once_sent("Once you've sent Anna the list, close Word") == "Send Anna the list, then close Word"


@pytest.mark.parametrize("text", ["Once you have sent it, " + "x" * 400, "Tell me once you have sent it", "Send it"])
def test_other_texts_are_left_as_they_are(text: str) -> None:
    assert once_sent(text) == text


@pytest.mark.parametrize("mark", [",", "!", "–", " ,", "Once you have sent ", "a, "])
def test_long_runs_take_no_time(mark: str) -> None:
    started = time.process_time()
    once_sent((mark * 4_000)[:4_000])
    once_sent((mark * 400)[:400])

    assert time.process_time() - started < 0.02
