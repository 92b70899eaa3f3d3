"""The simulator finds what it is made to find: every mistake made on purpose breaks an invariant in some history."""

import itertools

import pytest

from tests.simulation.history import History
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.violations import ViolationError

pytestmark = pytest.mark.component
MOST_HISTORIES = 1_000


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mistake_breaks_an_invariant(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation.make(monkeypatch)

    with pytest.raises(ViolationError) as caught:  # noqa: PT012 - which history finds it is not known before
        for seed in itertools.islice(itertools.count(), MOST_HISTORIES):
            History(seed).live()

    assert caught.value.invariant in mutation.breaks, str(caught.value)
