"""Where a request holds what is only told, quoted or dictated."""

import time

import pytest

from scheduler.core.all_but import without_excepted
from scheduler.core.compound import Orders
from scheduler.core.told_words import tells, without_reports


@pytest.mark.parametrize(
    "text",
    ["Schreib Anna, dass Tom kommt", 'Anna said "open Word"', "Write to Tom: open Word", "Frag Eva, ob Tom da ist"],
)
def test_what_is_told_quoted_or_dictated_is_found(text: str) -> None:
    assert tells(text)


@pytest.mark.parametrize("text", ["Schick Anna das Angebot", "Open Word, not Excel", "Öffne Word: schnell"])
def test_plain_orders_tell_nothing(text: str) -> None:
    assert not tells(text)


@pytest.mark.parametrize("mark", [",", "!", "–", '"', "alle außer "])
@pytest.mark.parametrize("begins", ["", 'Tom sagte "x"', "Schick alle außer "])
@pytest.mark.parametrize("length", [390, 4_000])
def test_runs_of_marks_take_no_time(mark: str, begins: str, length: int) -> None:
    text = (begins + mark * length)[:length]
    took = list[float]()
    for _ in range(3):
        started = time.process_time()
        without_reports(text)
        without_excepted(text, Orders(()))
        took.append(time.process_time() - started)

    assert min(took) < 0.02
