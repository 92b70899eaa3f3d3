"""Reads what a step works on: a file below the allowed folder, or an artifact of an earlier step."""

from dataclasses import dataclass
from pathlib import Path

from scheduler.core.errors import InvalidInputError
from scheduler.executors.file_root import FileRoot
from scheduler.executors.files import ARTIFACT, ArtifactStore


@dataclass(frozen=True)
class Source:
    """A file as it was found: the name people know it by, and what is in it."""

    name: str
    content: bytes


class FileSources:
    """Both places at once; which one is meant, the path says."""

    def __init__(self, root: FileRoot, artifacts: ArtifactStore) -> None:
        self.root = root
        self.artifacts = artifacts

    def place(self, path: str) -> Path:
        """Return where it lies. Raises FileMissingError, ArtifactNotFoundError or PathForbiddenError."""
        return self.artifacts.path_of(path) if path.startswith(ARTIFACT) else self.root.file(path)

    def name(self, path: str) -> str:
        """Return the name people know it by."""
        return self.artifacts.name_of(path) if path.startswith(ARTIFACT) else self.root.file(path).name

    def read(self, path: str, limit: int, field: str) -> Source:
        """Return it whole. Raises InvalidInputError, said of `field`, when it has more than `limit` bytes."""
        place = self.place(path)
        if place.stat().st_size > limit:
            raise InvalidInputError(field, f"the file is larger than {limit // 1_000_000} MB")
        content = place.read_bytes() if path.startswith(ARTIFACT) else self.root.read(place)
        return Source(self.name(path), content)
