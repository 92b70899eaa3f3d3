"""The confidence that is shown is how often such answers were right, not what rules or models call their score."""

import pytest

from scheduler.core.confidence import BINS, RIGHT, bin_of, confidence_of
from scheduler.core.intents import RoutedIntent


@pytest.mark.parametrize(
    ("way", "by_words", "score", "row"),
    [
        ("rules", False, 1.0, ("pattern", 0)),
        ("rules", True, 0.9, ("words", 2)),
        ("rules", True, 0.75, ("words", 1)),
        ("rules", True, 0.5, ("words", 0)),
        ("learned", False, 0.46, ("learned", 0)),
        ("learned", False, 1.0, ("learned", 2)),
    ],
)
def test_confidence_is_the_share_of_such_answers_that_was_right(
    way: str, by_words: bool, score: float, row: tuple[str, int]
) -> None:
    routed = RoutedIntent.model_validate({"name": "send_mail", "way": way, "by_words": by_words, "score": score})

    assert confidence_of(routed) == RIGHT[row[0]][row[1]]


@pytest.mark.parametrize(("name", "way", "score"), [("send_mail", "llm", 0.77), ("unknown", "rules", 0.0)])
def test_what_the_table_does_not_count_keeps_its_score(name: str, way: str, score: float) -> None:
    assert confidence_of(RoutedIntent.model_validate({"name": name, "way": way, "score": score})) == score


def test_every_score_has_a_bin_and_a_better_one_is_not_believed_less() -> None:
    for way, row in RIGHT.items():
        assert len(row) == len(BINS[way])
        assert list(row) == sorted(row)
        assert [bin_of(way, score) for score in (-1.0, 0.0, 1.0, 2.0)] == [0, 0, len(row) - 1, len(row) - 1]
