"""Keeps on disk what was learned, under the hash of all it was learned from: the next process need not learn it again.

A file is an npz archive, no pickle, with its SHA-256 behind it. One that is damaged, or of another version, is as good
as none. Files are written beside and renamed, so processes that learn at once do not disturb each other.
"""

import contextlib
import hashlib
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import structlog

from scheduler.llm.intent_model import Knowledge, Plane
from scheduler.llm.letter_features import LetterFeatures

_VERSION: Final = "2"  # of this format, and of how is learned
_DIGEST: Final = 32  # bytes
_MOST_FILES: Final = 4
_SEPARATOR: Final = "\n"  # no feature holds one

log = structlog.get_logger(__name__)


def key_of(pairs: Sequence[tuple[str, str]], *learned_with: str) -> str:
    """Return the name of what these (sentence, intent) teach; `learned_with` names encoder and settings."""
    parts = (_VERSION, *learned_with, *(part for pair in pairs for part in pair))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class LearnedCache:
    """Files in one folder, the newest few of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str) -> Knowledge | None:
        """Return what is kept under `key`; None where nothing sound is. Says so of what is damaged."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("learned_intents_unreadable", path=str(path), error=str(error))
            return None
        body, digest = content[:-_DIGEST], content[-_DIGEST:]
        if hashlib.sha256(body).digest() != digest:
            log.warning("learned_intents_damaged", path=str(path))
            return None
        with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
            if str(arrays["key"]) != key:
                log.warning("learned_intents_of_another_key", path=str(path))
                return None
            return _read({name: arrays[name] for name in arrays.files})

    def save(self, key: str, knowledge: Knowledge) -> None:
        """Keep what was learned. A disk that is full or may not be written on is only told of."""
        body = io.BytesIO()
        np.savez(body, allow_pickle=False, key=np.array(key), **_written(knowledge))
        content = body.getvalue()
        path = self._path(key)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", suffix=".part", delete=False) as file:
                beside = Path(file.name)
                try:
                    file.write(content + hashlib.sha256(content).digest())
                    file.close()
                    beside.replace(path)
                except BaseException:
                    beside.unlink(missing_ok=True)
                    raise
            self._forget_oldest()
        except OSError as error:
            log.warning("learned_intents_not_kept", path=str(path), error=str(error))

    def _path(self, key: str) -> Path:
        return self._folder / f"{key[:32]}.npz"

    def _forget_oldest(self) -> None:
        files = []
        for path in self._folder.glob("*.npz"):
            with contextlib.suppress(FileNotFoundError):  # another process forgets, too
                files.append((path.stat().st_mtime_ns, path))
        for _, path in sorted(files)[:-_MOST_FILES]:
            path.unlink(missing_ok=True)


def _written(known: Knowledge) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {
        "classes": known.classes,
        "examples": known.examples,
        "starts": known.starts,
        "rarity": known.features.rarity,
        "meaning": known.meaning.weights,
        "meaning_shift": known.meaning.shift,
        "letters": known.letters.weights,
        "letters_shift": known.letters.shift,
    }
    if known.several is not None:
        arrays |= {"several": known.several.weights, "several_shift": known.several.shift}
    for number, places in enumerate(known.features.places):
        arrays[f"features{number}"] = np.frombuffer(_SEPARATOR.join(places).encode(), dtype=np.uint8)
    return arrays


def _read(arrays: dict[str, npt.NDArray[Any]]) -> Knowledge:
    places, start = list[dict[str, int]](), 0
    while (packed := arrays.get(f"features{len(places)}")) is not None:
        names = packed.tobytes().decode().split(_SEPARATOR) if packed.size else []
        places.append(dict(zip(names, range(start, start + len(names)), strict=True)))
        start += len(names)
    return Knowledge(
        classes=arrays["classes"],
        examples=arrays["examples"],
        starts=arrays["starts"],
        features=LetterFeatures(tuple(places), arrays["rarity"]),
        meaning=Plane(arrays["meaning"], arrays["meaning_shift"]),
        letters=Plane(arrays["letters"], arrays["letters_shift"]),
        several=Plane(arrays["several"], arrays["several_shift"]) if "several" in arrays else None,
    )
