"""What a bench says of its figures."""

import math

import pytest

from bench.report import Floor, judge

pytestmark = pytest.mark.component


@pytest.mark.parametrize(
    ("floor", "said"),
    [
        (Floor("faster", 2.5, 2.5), "ok faster 2.5 2.5"),
        (Floor("faster", 2.4, 2.5), "short faster 2.4 2.5"),
        (Floor("seconds", 0.1, 0.1, at_most=True), "ok seconds 0.1 0.1"),
        (Floor("seconds", 0.2, 0.1, at_most=True), "short seconds 0.2 0.1"),
        (Floor("faster", math.nan, 2), "short faster nan 2"),
        (Floor("seconds", math.nan, 2, at_most=True), "short seconds nan 2"),
        (Floor("seconds", math.inf, 2, at_most=True), "short seconds inf 2"),
    ],
)
def test_a_floor_says_whether_it_is_reached(floor: Floor, said: str) -> None:
    assert str(floor) == said


def test_one_short_figure_makes_the_bench_fail() -> None:
    assert judge([Floor("faster", 3, 2), Floor("seconds", 1, 2, at_most=True)]) == 0
    assert judge([Floor("faster", 3, 2), Floor("seconds", math.nan, 2, at_most=True)]) == 1
