"""What is reckoned of all ways to read a request is what comes out by going through them one by one."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from scheduler.llm.order_lattice import Array, Lattice, Run
from scheduler.llm.order_spans import Spans, spans_of

LABELS = 3  # two intents and "no order"
NONE = LABELS - 1


@pytest.fixture(scope="module")
def spans() -> Spans:
    return spans_of("Excel bitte starten, danke dir, und Teams zu")


@pytest.fixture(scope="module")
def numbers(spans: Spans) -> tuple[Array, Array]:
    chance = np.random.default_rng(7)
    return chance.normal(size=(len(spans.runs), LABELS)), chance.normal(size=(LABELS + 1, LABELS))


@pytest.fixture(scope="module")
def lattice(spans: Spans, numbers: tuple[Array, Array]) -> Lattice:
    return Lattice(spans, numbers[0].copy(), numbers[1])


def ways(spans: Spans) -> Iterator[tuple[Run, ...]]:
    """Yield every way to read the request."""
    count = len(spans.pieces)
    for cuts in itertools.product((False, True), repeat=count - 1):
        ends = [place for place, cut in enumerate(cuts, 1) if cut] + [count]
        parts = list(zip([0, *ends], ends, strict=False))
        for labels in itertools.product(range(LABELS), repeat=len(parts)):
            way = tuple(Run(*part, label) for part, label in zip(parts, labels, strict=True))
            if all(run.label != NONE or run.end - run.start == 1 for run in way):
                yield way


def weight(way: tuple[Run, ...], spans: Spans, numbers: tuple[Array, Array]) -> float:
    scores, follow = numbers
    before, found = LABELS, 0.0
    for run in way:
        found += scores[spans.runs.index((run.start, run.end)), run.label] + follow[before, run.label]
        before = run.label
    return found


def orders(way: tuple[Run, ...]) -> tuple[int, ...]:
    return tuple(run.label for run in way if run.label != NONE)


def test_the_best_way_has_the_most_weight(lattice: Lattice, spans: Spans, numbers: tuple[Array, Array]) -> None:
    assert lattice.best() == max(ways(spans), key=lambda way: weight(way, spans, numbers))


def test_likelier_orders_are_found_where_there_are_some(lattice: Lattice) -> None:
    assert len(orders(lattice.best(50.0))) == len(lattice.best(50.0)) > len(orders(lattice.best(-50.0))) == 0


@pytest.mark.parametrize("wanted", [(), (0,), (1, 0), (0, 0)])
def test_the_share_of_intents_is_that_of_their_ways(
    lattice: Lattice, spans: Spans, numbers: tuple[Array, Array], wanted: tuple[int, ...]
) -> None:
    every = {way: math.exp(weight(way, spans, numbers)) for way in ways(spans)}

    share = math.exp(lattice.totals_of([(1, 1, 0), wanted])[1] - lattice.total())

    assert share == pytest.approx(sum(v for way, v in every.items() if orders(way) == wanted) / sum(every.values()))


@pytest.mark.parametrize("wanted", [None, (), (0,), (1, 0)])
def test_what_is_expected_of_runs_and_pairs_is_the_mean_over_the_ways(
    lattice: Lattice, spans: Spans, numbers: tuple[Array, Array], wanted: tuple[int, ...] | None
) -> None:
    chosen = [way for way in ways(spans) if wanted is None or orders(way) == wanted]
    total = sum(math.exp(weight(way, spans, numbers)) for way in chosen)
    runs, pairs = np.zeros((len(spans.runs), LABELS)), np.zeros((LABELS + 1, LABELS))
    for way in chosen:
        share = math.exp(weight(way, spans, numbers)) / total
        for before, run in zip((None, *way), way, strict=False):
            runs[spans.runs.index((run.start, run.end)), run.label] += share
            pairs[LABELS if before is None else before.label, run.label] += share

    found = lattice.shares() if wanted is None else lattice.shares_of(wanted)

    assert found is not None
    assert found.total == pytest.approx(math.log(total))
    np.testing.assert_allclose(found.runs, runs, atol=1e-9)
    np.testing.assert_allclose(found.pairs, pairs, atol=1e-9)


def test_more_orders_than_pieces_are_no_way(lattice: Lattice, spans: Spans) -> None:
    assert lattice.shares_of([0] * (len(spans.pieces) + 1)) is None
