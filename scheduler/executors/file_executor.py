"""Works with files below one folder, and makes them artifacts for later steps."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import (
    ArtifactNotFoundError,
    FileFailedError,
    FileMissingError,
    InvalidInputError,
    PathForbiddenError,
    SeveralFitError,
    UnknownActionError,
)
from scheduler.core.questions import Choice
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.core.todo import ToDo
from scheduler.core.which_ones import without_newest
from scheduler.executors import file_actions as actions
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.data_csv import decode
from scheduler.executors.file_actions import FindFile
from scheduler.executors.file_archives import Archive, pack
from scheduler.executors.file_names import NamePattern
from scheduler.executors.file_root import FileRoot
from scheduler.executors.file_sources import FileSources
from scheduler.executors.files import ARTIFACT, ArtifactStore
from scheduler.executors.which_one import the_one

MAX_TEXT_BYTES = 1_000_000
"""What `file.read` gives at most: results are stored with the job."""
MAX_FILE_BYTES = 256_000_000
MAX_PATHS = 1_000

_Step = Callable[[ToDo, ExecutionContext], dict[str, Any]]
_Check = Callable[[ToDo, ExecutionContext], dict[str, Any] | None]


class FileExecutor(BaseExecutor):
    """Does the `file.*` actions below `root`. Paths in results are relative to it."""

    actions: ClassVar[tuple[ActionSpec, ...]] = actions.FILE_ACTIONS

    def __init__(self, *, root: Path, artifacts: ArtifactStore) -> None:
        self._root = FileRoot(root)
        self._artifacts = artifacts
        self._sources = FileSources(self._root, artifacts)
        self._steps: dict[str, _Step] = {
            actions.FIND.name: self._find,
            actions.COPY.name: self._copy,
            actions.MOVE.name: self._move,
            actions.READ.name: self._read,
            actions.ATTACH.name: self._attach,
            actions.MKDIR.name: self._make_folder,
            actions.ZIP.name: self._zip,
            actions.UNZIP.name: self._unzip,
            actions.DELETE.name: self._delete,
        }
        self._checks: dict[str, _Check] = {
            actions.FIND.name: self._find,
            actions.COPY.name: self._copied,
            actions.MOVE.name: self._moved,
            actions.READ.name: self._read,
            actions.ATTACH.name: self._attached,
            actions.MKDIR.name: self._folder_made,
            actions.ZIP.name: self._zipped,
            actions.UNZIP.name: self._unzipped,
            actions.DELETE.name: self._deleted,
        }

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step. Raises FileMissingError, ArtifactNotFoundError, PathForbiddenError, ArchiveRefusedError,
        FileFailedError, SeveralFitError or InvalidInputError."""
        if todo.action not in self._steps:
            raise UnknownActionError(todo.action, field="action", known=self._steps)
        try:
            return Performed(result=await asyncio.to_thread(self._steps[todo.action], todo, context))
        except OSError as error:
            raise _failed(todo, error) from error

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether what is demanded is there, by content. Finding and reading, without effect, are done again."""
        if todo.action not in self._checks:
            raise UnknownActionError(todo.action, field="action", known=self._checks)
        try:
            result = await asyncio.to_thread(self._checks[todo.action], todo, context)
        except (FileMissingError, ArtifactNotFoundError, SeveralFitError) as error:
            return Verification(happened=False, detail=str(error))
        except OSError as error:
            raise _failed(todo, error) from error
        return Verification(happened=result is not None, result=result)

    def _find(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(FindFile, todo)
        found = list(self._found(params))
        what = params.pattern or params.kind or f"{params.since}–{params.until}"
        if not found:
            raise FileMissingError(what)
        way, paths, sure = next((one for one in found if one[2]), found[0])
        if params.one:
            choices = [Choice(value=path, label=path) for path in (paths if params.newest else way.closest(paths))]
            paths = [the_one(what, choices, context, sure=sure)]
        return {"path": paths[0], "paths": paths[:MAX_PATHS], "count": len(paths)}

    def _found(self, params: FindFile) -> Iterator[tuple[NamePattern, list[str], bool]]:
        """Yield what fits, by the words and then loosely, and whether what is wanted is surely among it: then all."""
        for loosely in (False, True):
            name = without_newest(params.pattern) if params.newest else params.pattern
            way = NamePattern(name, params.kind, loosely=loosely)
            paths = self._newest(params, loosely=loosely) if params.newest else self._fitting(way, params)
            sure = not params.one or any(map(way.is_sure, paths))
            if paths:
                yield way, paths, sure
                if sure:
                    return

    def _fitting(self, way: NamePattern, params: FindFile) -> list[str]:
        return self._root.find(way, params.folder, params.since, params.until)

    def _newest(self, params: FindFile, *, loosely: bool) -> list[str]:
        """Return the newest file, and that which has "the last" in its name: "die letzte Mahnung" may be either."""
        names = (params.pattern, without_newest(params.pattern))
        ways = [NamePattern(name, params.kind, loosely=loosely) for name in names]
        return list(dict.fromkeys(path for way in ways for path in way.surest(self._fitting(way, params))[:1]))

    def _copy(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(actions.CopyFile, todo)
        destination = self._end(params.source, params.destination)
        content = self._sources.read(params.source, MAX_FILE_BYTES, f"{todo.id}.params.source").content
        self._put(destination, content, f"{todo.id}.params.destination", overwrite=params.overwrite)
        return {"path": self._root.name_of(destination)}

    def _copied(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any] | None:
        params = parse_params(actions.CopyFile, todo)
        destination = self._end(params.source, params.destination)
        same = destination.is_file() and _digest(self._sources.place(params.source)) == _digest(destination)
        return {"path": self._root.name_of(destination)} if same else None

    def _move(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        source, destination = self._ends_of_move(todo)
        if not source.exists():
            raise FileMissingError(self._root.name_of(source))
        if destination.is_relative_to(source):
            raise PathForbiddenError(self._root.name_of(destination))
        try:
            self._root.move(source, destination)
        except FileExistsError:
            problem = f"{self._root.name_of(destination)!r} is there already"
            raise InvalidInputError(f"{todo.id}.params.destination", problem) from None
        return {"path": self._root.name_of(destination)}

    def _moved(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any] | None:
        """What nobody else can have done in between: nothing is at the old place, and something is at the new one."""
        source, destination = self._ends_of_move(todo)
        there = destination.exists() and not source.exists()
        return {"path": self._root.name_of(destination)} if there else None

    def _ends_of_move(self, todo: ToDo) -> tuple[Path, Path]:
        params = parse_params(actions.MoveFile, todo)
        source, destination = self._root.locate(params.source), self._root.locate(params.destination)
        if params.destination.endswith("/") or (destination.is_dir() and source.exists()):
            destination = self._root.locate(f"{params.destination}/{source.name}")
        return source, destination

    def _read(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(actions.ReadFile, todo)
        content = self._sources.read(params.path, MAX_TEXT_BYTES, f"{todo.id}.params.path").content
        text = decode(content, params.encoding, f"{todo.id}.params.encoding")
        return {"text": text, "bytes": len(content)}

    def _attach(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        path = parse_params(actions.OneFile, todo).path
        content = self._sources.read(path, MAX_FILE_BYTES, f"{todo.id}.params.path").content
        return self._kept(context, self._root.file(path).name, content)

    def _attached(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any] | None:
        place = self._root.file(parse_params(actions.OneFile, todo).path)
        address = self._artifacts.address_of(context.job_id, context.task_id, place.name)
        if _digest(self._artifacts.path_of(address)) != _digest(place):
            return None
        return {"artifact": address, "name": self._artifacts.name_of(address)}

    def _make_folder(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        place = self._root.locate(parse_params(actions.OneFile, todo).path)
        self._root.make_folder(place)
        return {"path": self._root.name_of(place)}

    def _folder_made(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any] | None:
        place = self._root.locate(parse_params(actions.OneFile, todo).path)
        return {"path": self._root.name_of(place)} if place.is_dir() else None

    def _delete(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        path = parse_params(actions.OneFile, todo).path
        self._root.delete(self._root.locate(path))
        return {"path": path}

    def _deleted(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any] | None:
        path = parse_params(actions.OneFile, todo).path
        return None if self._root.locate(path).exists() else {"path": path}

    def _zip(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(actions.ZipFiles, todo)
        files = list(self._to_pack(params.sources, f"{todo.id}.params.sources"))
        name = params.name if params.name.casefold().endswith(".zip") else f"{params.name}.zip"
        return self._kept(context, name, pack(files)) | {"count": len(files)}

    def _zipped(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any] | None:
        """It is made again: the same files give the same archive."""
        return self._zip(todo, context)

    def _to_pack(self, sources: tuple[str, ...], field: str) -> Iterator[tuple[str, bytes]]:
        left, names = MAX_FILE_BYTES, set[str]()
        for source, place in [(each, place) for each in sources for place in self._files_of(each)]:
            content = (
                self._sources.read(source, left, field).content
                if source.startswith(ARTIFACT)
                else self._root.read(place)
            )
            left -= len(content)
            if left < 0:
                raise InvalidInputError(field, f"together they are larger than {MAX_FILE_BYTES // 1_000_000} MB")
            name = self._name_in_archive(source, place)
            if name in names:
                raise InvalidInputError(field, f"two files would have the name {name!r}")
            names.add(name)
            yield name, content

    def _files_of(self, source: str) -> list[Path]:
        if source.startswith(ARTIFACT):
            return [self._artifacts.path_of(source)]
        place = self._root.locate(source)
        return list(self._root.files_below(place)) if place.is_dir() else [self._root.file(source)]

    def _name_in_archive(self, source: str, place: Path) -> str:
        if source.startswith(ARTIFACT):
            return self._artifacts.name_of(source)
        top = self._root.locate(source)
        return place.relative_to(top.parent).as_posix() if top.is_dir() else place.name

    def _unzip(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        archive, folder, places = self._archive(todo)
        if taken := next((place for place, content in places if self._differs(place, content)), None):
            problem = f"{self._root.name_of(taken)!r} is there already with other content"
            raise InvalidInputError(f"{todo.id}.params.folder", problem)
        self._root.make_folder(folder)
        for place, content in places:
            self._put(place, content, f"{todo.id}.params.folder", overwrite=False)
        return self._unpacked(archive, folder)

    def _unzipped(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any] | None:
        archive, folder, places = self._archive(todo)
        whole = folder.is_dir() and all(
            place.is_file() and not self._differs(place, content) for place, content in places
        )
        return self._unpacked(archive, folder) if whole else None

    def _archive(self, todo: ToDo) -> tuple[Archive, Path, list[tuple[Path, bytes]]]:
        params = parse_params(actions.UnzipFile, todo)
        content = self._sources.read(params.source, MAX_FILE_BYTES, f"{todo.id}.params.source").content
        archive = Archive(self._sources.name(params.source), content)
        folder = self._root.locate(params.folder)
        name = self._root.name_of(folder)
        return archive, folder, [(self._root.locate(f"{name}/{path}"), content) for path, content in archive.files()]

    def _unpacked(self, archive: Archive, folder: Path) -> dict[str, Any]:
        name = self._root.name_of(folder)
        paths = [f"{name}/{path}" for path in archive.paths]
        return {"folder": name, "paths": paths[:MAX_PATHS], "count": len(paths)}

    def _differs(self, place: Path, content: bytes) -> bool:
        return place.exists() and (not place.is_file() or self._root.read(place) != content)

    def _put(self, place: Path, content: bytes, field: str, *, overwrite: bool) -> None:
        try:
            self._root.write(place, content, replace=overwrite)
        except FileExistsError:
            if self._differs(place, content):
                problem = f"{self._root.name_of(place)!r} is there already with other content; set overwrite"
                raise InvalidInputError(field, problem) from None

    def _kept(self, context: ExecutionContext, name: str, content: bytes) -> dict[str, Any]:
        address = self._artifacts.save(context.job_id, context.task_id, name, content)
        return {"artifact": address, "name": self._artifacts.name_of(address)}

    def _end(self, source: str, path: str) -> Path:
        destination = self._root.locate(path)
        if path.endswith("/") or destination.is_dir():
            destination = self._root.locate(f"{path}/{self._sources.name(source)}")
        if destination.is_dir():
            raise PathForbiddenError(path)
        return destination


def _failed(todo: ToDo, error: OSError) -> FileFailedError:
    paths = (todo.params.get(name) for name in ("path", "destination", "folder", "source"))
    return FileFailedError(str(next((path for path in paths if path), todo.id)), error.strerror or str(error))


def _digest(place: Path) -> bytes:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
