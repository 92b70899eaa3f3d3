"""Gives what the examples that come with CPA teach without learning it, so that the first request waits for nothing.

`python -m scheduler.llm.shipping` (`make vectors`) writes the file anew after examples or words were changed.
An old file makes the first start slower and nothing else: then it is learned. Vectors of the examples stand in the file
of `known_vectors`, numbers in half precision.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from scheduler.llm.intent_model import Knowledge, places_by_class
from scheduler.llm.learned_cache import arrays_of, knowledge_of
from scheduler.llm.sentence_encoder import SentenceEncoder

DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "intents_learned.npz"


def load(key: str, encoder: SentenceEncoder, pairs: Sequence[tuple[str, str]], path: Path) -> Knowledge | None:
    """Return what these (sentence, intent) teach; None where the file holds something else.

    `encoder` gives the vectors of the sentences.
    """
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        if str(file["key"]) != key:
            return None
        arrays = {name: file[name] for name in file.files if name != "key"}
    whole = {name: one.astype(np.float32) if one.dtype == np.float16 else one for name, one in arrays.items()}
    vectors = encoder.encode([sentence for sentence, _ in pairs])
    order = places_by_class([intent for _, intent in pairs])
    return knowledge_of({**whole, "examples": vectors[order]})


def write(key: str, known: Knowledge, path: Path) -> None:
    """Write what was learned, vectors left out."""
    arrays = {name: one for name, one in arrays_of(known).items() if name != "examples"}
    small: dict[str, Any] = {
        name: one.astype(np.float16) if one.dtype == np.float32 else one for name, one in arrays.items()
    }
    np.savez_compressed(path, key=np.array(key), **small)
