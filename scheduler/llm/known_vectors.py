"""Gives the vectors of sentences that come with CPA without making them: making those of all examples takes seconds.

`python -m scheduler.llm.known_vectors` (`make vectors`) writes the file anew after examples were changed. A sentence
that is not in it is encoded, so an old file makes the first start slower and nothing else.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from scheduler.llm.sentence_encoder import SentenceEncoder, UniversalSentenceEncoder, Vectors

DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "intent_examples.npz"
_STEPS: Final = 127.0  # numbers are kept in steps of the largest of their row: cosines change by 0.0001 at most


class KnownVectors:
    """A SentenceEncoder that looks sentences up before it encodes them."""

    def __init__(self, encoder: SentenceEncoder, path: Path = DEFAULT_FILE) -> None:
        """Look up nothing in a file that is not there or of another encoder."""
        self._encoder = encoder
        self._places: dict[int, int] = {}
        if not path.is_file():
            return
        with np.load(path, allow_pickle=False) as arrays:
            if str(arrays["encoder"]) == encoder.name:
                self._places = {key: place for place, key in enumerate(arrays["keys"].tolist())}
                self._rows = arrays["rows"]

    @property
    def name(self) -> str:
        """Return the name of the encoder."""
        return self._encoder.name

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one row for each sentence; see SentenceEncoder."""
        known = [self._places.get(key) for key in _keys(sentences)]
        new = [place for place, row in enumerate(known) if row is None]
        if len(new) == len(known):
            return self._encoder.encode(sentences)
        vectors: Vectors = self._rows[[row or 0 for row in known]].astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        if new:
            vectors[new] = self._encoder.encode([sentences[place] for place in new])
        return vectors

    def knows(self, sentences: Sequence[str]) -> float:
        """Return the share of sentences that need not be encoded."""
        return sum(key in self._places for key in _keys(sentences)) / max(len(sentences), 1)


def write(encoder: SentenceEncoder, sentences: Sequence[str], path: Path = DEFAULT_FILE) -> None:
    """Write the vectors of these sentences."""
    keys = np.array(_keys(sentences), dtype=np.uint64)
    order = np.argsort(keys)
    vectors = encoder.encode(sentences)[order]
    rows = np.rint(vectors * (_STEPS / np.abs(vectors).max(axis=1, keepdims=True))).astype(np.int8)
    np.savez_compressed(path, encoder=np.array(encoder.name), keys=keys[order], rows=rows)


def _keys(sentences: Sequence[str]) -> list[int]:
    return [int.from_bytes(hashlib.sha256(sentence.encode()).digest()[:8]) for sentence in sentences]


def main() -> None:
    from scheduler.core.intent_router import IntentRouter  # noqa: PLC0415 - for this program alone
    from scheduler.llm.intent_examples import examples_of  # noqa: PLC0415

    write(UniversalSentenceEncoder(), [text for text, _ in examples_of(IntentRouter.default().intents)])


if __name__ == "__main__":
    main()
