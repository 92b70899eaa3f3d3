"""Finds, copies and reads files below one folder, and makes them artifacts for later steps."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from scheduler.core.actions import ActionSpec, Risk
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import (
    ArtifactNotFoundError,
    FileMissingError,
    InvalidInputError,
    PathForbiddenError,
    UnknownActionError,
)
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.file_root import FileRoot
from scheduler.executors.files import ArtifactStore, write_durably

MAX_TEXT_BYTES = 1_000_000
"""What `file.read` gives at most: results are stored with the job."""
MAX_FILE_BYTES = 256_000_000
MAX_PATHS = 1_000

_ARTIFACT = "artifact://"
_Path = Annotated[str, Field(min_length=1, max_length=4_096)]


class FindFile(BaseModel):
    """`pattern` is a glob or words; `folder` is where to look, everywhere if empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: Annotated[str, Field(min_length=1, max_length=500)]
    folder: str = ""


class CopyFile(BaseModel):
    """`source` is a path or an artifact; a `destination` that ends with `/` or is a folder keeps the name.

    Another file at the destination is left alone unless `overwrite` is set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: _Path
    destination: _Path
    overwrite: StrictBool = False


class ReadFile(BaseModel):
    """`path` may be an artifact. Without `encoding` UTF-8 is tried, then the Windows code page of Western Europe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: _Path
    encoding: str | None = None


class AttachFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: _Path


_Step = Callable[[ToDo, ExecutionContext], dict[str, Any]]


class FileExecutor(BaseExecutor):
    """Does the `file.*` actions below `root`. Paths in results are relative to it."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(
            name="file.find",
            description="Find files by name",
            params=FindFile,
            repeatable=True,
            result=frozenset({"path", "paths", "count"}),
        ),
        ActionSpec(
            name="file.copy",
            description="Copy a file or an artifact to a place",
            params=CopyFile,
            risk=Risk.MEDIUM,
            repeatable=True,
            result=frozenset({"path"}),
        ),
        ActionSpec(
            name="file.read",
            description="Read a text file",
            params=ReadFile,
            repeatable=True,
            result=frozenset({"text", "bytes"}),
        ),
        ActionSpec(
            name="file.attach",
            description="Make a file an artifact",
            params=AttachFile,
            repeatable=True,
            result=frozenset({"artifact", "name"}),
        ),
    )

    def __init__(self, *, root: Path, artifacts: ArtifactStore) -> None:
        self._root = FileRoot(root)
        self._artifacts = artifacts
        self._steps: dict[str, _Step] = {
            "file.find": self._find,
            "file.copy": self._copy,
            "file.read": self._read,
            "file.attach": self._attach,
        }
        self._checks: dict[str, Callable[[ToDo, ExecutionContext], dict[str, Any] | None]] = {
            **self._steps,
            "file.copy": self._copied,
            "file.attach": self._attached,
        }

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step. Raises FileMissingError, ArtifactNotFoundError, PathForbiddenError or InvalidInputError."""
        if todo.action not in self._steps:
            raise UnknownActionError(todo.action, field="action", known=self._steps)
        return Performed(result=await asyncio.to_thread(self._steps[todo.action], todo, context))

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether the copy is there with the same content. Finding and reading, without effect, are done again."""
        if todo.action not in self._checks:
            raise UnknownActionError(todo.action, field="action", known=self._checks)
        try:
            result = await asyncio.to_thread(self._checks[todo.action], todo, context)
        except (FileMissingError, ArtifactNotFoundError) as error:
            return Verification(happened=False, detail=str(error))
        return Verification(happened=result is not None, result=result)

    def _find(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(FindFile, todo)
        paths = self._root.find(params.pattern, params.folder)
        if not paths:
            raise FileMissingError(params.pattern)
        return {"path": paths[0], "paths": paths[:MAX_PATHS], "count": len(paths)}

    def _copy(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(CopyFile, todo)
        source, destination = self._ends(params)
        if destination.exists() and not params.overwrite and _digest(source) != _digest(destination):
            problem = f"{self._root.name_of(destination)!r} is there already with other content; set overwrite"
            raise InvalidInputError(f"{todo.id}.params.destination", problem)
        _write(destination, _content(source, MAX_FILE_BYTES, f"{todo.id}.params.source"))
        return {"path": self._root.name_of(destination)}

    def _copied(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any] | None:
        source, destination = self._ends(parse_params(CopyFile, todo))
        same = destination.is_file() and _digest(source) == _digest(destination)
        return {"path": self._root.name_of(destination)} if same else None

    def _read(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(ReadFile, todo)
        place, _ = self._source(params.path)
        content = _content(place, MAX_TEXT_BYTES, f"{todo.id}.params.path")
        text = _decode(content, params.encoding, f"{todo.id}.params.encoding")
        return {"text": text, "bytes": len(content)}

    def _attach(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        place = self._root.file(parse_params(AttachFile, todo).path)
        content = _content(place, MAX_FILE_BYTES, f"{todo.id}.params.path")
        address = self._artifacts.save(context.job_id, context.task_id, place.name, content)
        return {"artifact": address, "name": self._artifacts.name_of(address)}

    def _attached(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any] | None:
        place = self._root.file(parse_params(AttachFile, todo).path)
        address = self._artifacts.address_of(context.job_id, context.task_id, place.name)
        if _digest(self._artifacts.path_of(address)) != _digest(place):
            return None
        return {"artifact": address, "name": self._artifacts.name_of(address)}

    def _source(self, path: str) -> tuple[Path, str]:
        """Return where a file or an artifact lies, and its name."""
        if path.startswith(_ARTIFACT):
            return self._artifacts.path_of(path), self._artifacts.name_of(path)
        place = self._root.file(path)
        return place, place.name

    def _ends(self, params: CopyFile) -> tuple[Path, Path]:
        source, name = self._source(params.source)
        destination = self._root.locate(params.destination)
        if params.destination.endswith("/") or destination.is_dir():
            destination = self._root.locate(f"{params.destination}/{name}")
        if destination.is_dir():
            raise PathForbiddenError(params.destination)
        return source, destination


@crash_points(CrashPoint.BEFORE_ARTIFACT, CrashPoint.AFTER_ARTIFACT)
def _write(place: Path, content: bytes) -> None:
    write_durably(place, content)


def _content(place: Path, limit: int, field: str) -> bytes:
    if place.stat().st_size > limit:
        raise InvalidInputError(field, f"the file is larger than {limit // 1_000_000} MB")
    return place.read_bytes()


def _digest(place: Path) -> bytes:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _decode(content: bytes, encoding: str | None, field: str) -> str:
    for candidate in (encoding,) if encoding else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(candidate)
        except UnicodeDecodeError:
            continue
        except LookupError as error:
            raise InvalidInputError(field, f"there is no encoding {candidate!r}") from error
    raise InvalidInputError(field, f"the file is not text in {encoding or 'UTF-8 or Windows-1252'}")
