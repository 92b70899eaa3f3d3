"""The nearest example of each class is found exactly, though few of them are looked at in full."""

import numpy as np
import pytest

from scheduler.llm.nearest_examples import NearestExamples


def vectors_of(count: int, dimensions: int, *, seed: int, lengths: float = 1.0) -> np.ndarray:
    """Return vectors that differ more in some directions than in others, as those of sentences do."""
    chance = np.random.default_rng(seed)
    found = chance.standard_normal((count, dimensions)) * np.exp(-np.arange(dimensions) / 80)
    vectors: np.ndarray = (found * (lengths / np.linalg.norm(found, axis=1, keepdims=True))).astype(np.float32)
    return vectors


@pytest.mark.parametrize(
    ("count", "dimensions", "length"), [(3000, 512, 1.0), (40, 512, 1.0), (5, 8, 1.0), (900, 300, 3.0)]
)
def test_products_are_those_of_looking_at_all_in_full(count: int, dimensions: int, length: float) -> None:
    examples = vectors_of(count, dimensions, seed=1, lengths=length)
    starts = np.array([0, 1, count // 2, count - 2])
    asked = np.concatenate([vectors_of(50, dimensions, seed=2), examples[::7]])

    nearest = NearestExamples(examples, starts)
    found = [nearest.products(asked), nearest.products(asked[:1])]

    in_full = np.maximum.reduceat(asked @ examples.T, starts, axis=1)
    np.testing.assert_allclose(found[0], in_full, atol=2e-6 * length**2)
    np.testing.assert_allclose(found[1], in_full[:1], atol=2e-6 * length**2)


def test_a_process_that_asks_little_turns_nothing() -> None:
    examples = vectors_of(3000, 512, seed=1)
    nearest, asked = NearestExamples(examples, np.array([0, 1500])), vectors_of(5, 512, seed=2)

    found = nearest.products(asked)

    assert "_turned" not in vars(nearest)
    np.testing.assert_allclose(found, np.maximum.reduceat(asked @ examples.T, [0, 1500], axis=1), atol=2e-6)


def test_few_examples_are_looked_at_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = vectors_of(3000, 512, seed=1)
    nearest, looked_at = NearestExamples(examples, np.array([0, 1500])), list[int]()
    in_full = nearest._in_full

    def counted(places: np.ndarray, vector: np.ndarray) -> np.ndarray:
        looked_at.append(len(places))
        return in_full(places, vector)

    monkeypatch.setattr(nearest, "_in_full", counted)

    nearest.products(vectors_of(20, 512, seed=2))

    assert sum(looked_at) < 20 * 300
