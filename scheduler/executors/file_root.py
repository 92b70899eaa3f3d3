"""Keeps file steps inside one folder, and finds files there as people name them."""

import fnmatch
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from scheduler.core.errors import FileMissingError, PathForbiddenError


class FileRoot:
    """A folder that is not left: neither by `..`, nor by an absolute path, nor by a symbolic link."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def locate(self, path: str) -> Path:
        """Return where `path` lies, whether it is there or not; an umlaut fits in either of its Unicode forms.

        Raises PathForbiddenError when that is outside.
        """
        if "\0" in path or ".." in PurePosixPath(path).parts:
            raise PathForbiddenError(path)
        place = self._folder
        for part in (self._folder / path).parts:
            place = _child(place, part)
        place = place.resolve()
        if not place.is_relative_to(self._folder):
            raise PathForbiddenError(path)
        return place

    def file(self, path: str) -> Path:
        """Return an existing file. Raises FileMissingError or PathForbiddenError."""
        place = self.locate(path)
        if not place.is_file():
            raise FileMissingError(path)
        return place

    def name_of(self, place: Path) -> str:
        """Return a place inside as a path relative to the folder."""
        return place.relative_to(self._folder).as_posix()

    def find(self, pattern: str, folder: str = "") -> list[str]:
        """Return the files that fit, the most recently changed first.

        A pattern with `*`, `?` or `[` is compared with the name and with the path below `folder`; any other text is
        words that must all occur in that path. Case does not count. Raises PathForbiddenError.
        """
        start = self.locate(folder)
        wanted = _folded(pattern)
        is_glob = any(sign in wanted for sign in "*?[")
        found = []
        for place in self._files_below(start):
            path = _folded(place.relative_to(start).as_posix())
            if _fits_glob(path, wanted) if is_glob else all(word in path for word in wanted.split()):
                found.append(place)
        found.sort(key=lambda place: (-place.stat().st_mtime_ns, place.as_posix()))
        return [self.name_of(place) for place in found]

    def _files_below(self, start: Path) -> Iterator[Path]:
        for folder, _, names in os.walk(start):
            for name in names:
                place = Path(folder, name)
                if place.is_file() and place.resolve().is_relative_to(self._folder):
                    yield place


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _fits_glob(path: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path.rpartition("/")[2], pattern)


def _child(place: Path, part: str) -> Path:
    """Return `place / part`, or the entry whose name differs from it only in its Unicode form."""
    child = place / part
    if part.isascii() or child.exists() or not place.is_dir():
        return child
    name = unicodedata.normalize("NFC", part)
    same = (entry for entry in place.iterdir() if unicodedata.normalize("NFC", entry.name) == name)
    return next(same, child)
