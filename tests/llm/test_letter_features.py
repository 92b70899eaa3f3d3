"""What a sentence has of words, letters and signs does not depend on the sentences that are asked with it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scheduler.llm.letter_features import LetterFeatures

LEARNED = ["Schick die Rechnung an Anna", "send send the invoice to Bob", "öffne Excel", "open the list, the new one"]
FEATURES, ROWS = LetterFeatures.learned(LEARNED, signs=True)
WORDS = st.lists(st.sampled_from(["Rechnung", "send", "the", "öffne", "Bob", "qq", "12.5."]), max_size=6).map(" ".join)


@given(st.lists(WORDS, max_size=5))
def test_rows_of_many_are_those_of_each(sentences: list[str]) -> None:
    together = FEATURES.rows(sentences)

    assert len(together) == len(sentences)
    for sentence, (places, weights) in zip(sentences, together, strict=True):
        ((alone, weighed),) = FEATURES.rows([sentence])
        assert places.tolist() == alone.tolist()
        assert weights.tolist() == weighed.tolist()


def test_rows_are_those_that_were_learned() -> None:
    for (learned, expected), (places, weights) in zip(ROWS, FEATURES.rows(LEARNED), strict=True):
        dense, asked = (np.zeros(len(FEATURES.rarity)) for _ in range(2))
        dense[learned], asked[places] = expected, weights
        np.testing.assert_allclose(asked, dense, atol=1e-6)
