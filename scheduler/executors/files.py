"""Keeps what jobs produce: artifacts for later steps, pictures as evidence.

A file is complete under its name or not there at all: written beside it, flushed to disk, then renamed.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from glob import escape
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import ArtifactNotFoundError
from scheduler.core.ids import JobId, TaskId

ARTIFACT = "artifact://"
"""How the address of an artifact begins."""
_LONGEST_NAME = 200  # bytes; file systems take 255
UNFINISHED = ".part-"  # no safe name starts with a dot
_NOT_IN_NAMES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Kinds of letters that break lines or are none."""


def write_durably(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write the whole file or nothing; it is on disk when this returns, and so are the folders it made."""
    _make_folder(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def append_durably(path: Path, line: bytes, *, most: int) -> bool:
    """Add a line to a file of at most `most` bytes; it is on disk when this returns. False when there is no such file.

    What a process that died has left of its line is ended first, so that it spoils no other.
    """
    try:
        with path.open("r+b", buffering=0) as file:
            if not 0 < file.seek(0, os.SEEK_END) <= most:
                return False
            file.seek(-1, os.SEEK_END)
            file.write(line if file.read(1) == b"\n" else b"\n" + line)
            os.fdatasync(file.fileno())
    except FileNotFoundError:
        return False
    return True


def _make_folder(folder: Path) -> None:
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for parent in made:
        flush_folder(parent.parent)


def flush_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def safe_name(name: str) -> str:
    """Return a file name that keeps every letter but cannot leave its folder; an empty one becomes `file`."""
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join(" " if unicodedata.category(letter) in _NOT_IN_NAMES else letter for letter in text)
    return text.rstrip().lstrip(". ") or "file"


def _name_on_disk(name: str) -> str:
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix.encode()) <= 20 else ""
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    stem = name.encode()[: _LONGEST_NAME - 10 - len(suffix.encode())].decode(errors="ignore")
    return f"{stem}~{digest}{suffix}"


class ArtifactStore:
    """Files that travel between steps, addressed as `artifact://job/task/name`; names keep their letters and length."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @crash_points(CrashPoint.BEFORE_ARTIFACT, CrashPoint.AFTER_ARTIFACT)
    def save(self, job_id: JobId, task_id: TaskId, name: str, content: bytes) -> str:
        """Keep a file and return its address. The same name of the same task is replaced."""
        name = safe_name(name)
        write_durably(self._path(job_id, task_id, name), content)
        return self.address_of(job_id, task_id, name)

    @staticmethod
    def address_of(job_id: JobId, task_id: TaskId, name: str) -> str:
        """Return the address a file has, or would have."""
        return f"artifact://{job_id}/{task_id}/{quote(safe_name(name), safe='')}"

    def path_of(self, address: str) -> Path:
        """Return where an artifact lies. Raises ArtifactNotFoundError."""
        job_id, task_id, name = _parts(address)
        path = self._path(JobId(job_id), TaskId(task_id), name)
        if not path.is_file():
            raise ArtifactNotFoundError(address)
        return path

    @staticmethod
    def step_of(address: str) -> tuple[JobId, TaskId]:
        """Return whose file it is. Raises ArtifactNotFoundError when it is no address of an artifact."""
        job_id, task_id, _ = _parts(address)
        return JobId(job_id), TaskId(task_id)

    def name_of(self, address: str) -> str:
        """Return the name a person would see. Raises ArtifactNotFoundError when it is no address of an artifact."""
        return _parts(address)[2]

    def list(self, job_id: JobId) -> tuple[Path, ...]:
        """Return the files of a job, sorted."""
        files = (path for path in (self._root / safe_name(job_id)).glob("*/*") if path.is_file())
        return tuple(sorted(path for path in files if not path.name.startswith(UNFINISHED)))

    def remove(self, job_id: JobId) -> None:
        """Remove all files of a job; those that are gone already are no matter."""
        _remove_folder(self._root / safe_name(job_id))

    def jobs_before(self, moment: datetime) -> Iterator[JobId]:
        """Yield the jobs that have files, none of which was added since `moment`."""
        return _folders_before(self._root, moment)

    def _path(self, job_id: JobId, task_id: TaskId, name: str) -> Path:
        return self._root / safe_name(job_id) / safe_name(task_id) / _name_on_disk(name)


def addresses_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON in
    """Yield the addresses of artifacts that stand anywhere in a document."""
    if isinstance(value, str):
        if value.startswith(ARTIFACT):
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from addresses_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from addresses_in(part)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parts(address: str) -> tuple[str, str, str]:
    pieces = address.removeprefix(ARTIFACT).split("/")
    if not address.startswith(ARTIFACT) or len(pieces) != 3 or not all(pieces):
        raise ArtifactNotFoundError(address)
    return pieces[0], pieces[1], safe_name(unquote(pieces[2]))


class ScreenshotStore:
    """Evidence at `{root}/{job_id}/{task_id}{kind}`: the last of a kind has that name, earlier ones are numbered.

    Kinds are `.png`, `.before.png`, `.page.txt` and `.trace.zip`. A trace holds cookies, so nobody else may read it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @crash_points(CrashPoint.BEFORE_EVIDENCE, CrashPoint.AFTER_EVIDENCE)
    def save(self, job_id: JobId, task_id: TaskId, content: bytes, kind: str = ".png") -> str:
        """Keep a picture, a page or a trace and return its path."""
        path = self.path_of(job_id, task_id, kind)
        mode = 0o600 if kind == ".trace.zip" else 0o644
        if path.exists():
            earlier = len(list(path.parent.glob(f"{escape(safe_name(task_id))}.[0-9]*{kind}"))) + 1
            write_durably(path.with_name(f"{safe_name(task_id)}.{earlier}{kind}"), path.read_bytes(), mode)
        write_durably(path, content, mode)
        return str(path)

    def list(self, job_id: JobId) -> tuple[Path, ...]:
        """Return what is kept of a job, sorted."""
        files = (path for path in (self._root / safe_name(job_id)).glob("*") if path.is_file())
        return tuple(sorted(path for path in files if not path.name.startswith(UNFINISHED)))

    def path_of(self, job_id: JobId, task_id: TaskId, kind: str = ".png") -> Path:
        """Return where the last of a kind lies for a task, whether there is one or not."""
        return self._root / safe_name(job_id) / f"{safe_name(task_id)}{kind}"

    def remove(self, job_id: JobId) -> None:
        """Remove all pictures of a job; those that are gone already are no matter."""
        _remove_folder(self._root / safe_name(job_id))

    def jobs_before(self, moment: datetime) -> Iterator[JobId]:
        """Yield the jobs that have pictures, none of which was added since `moment`."""
        return _folders_before(self._root, moment)


def _remove_folder(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _folders_before(root: Path, moment: datetime) -> Iterator[JobId]:
    try:
        entries = os.scandir(root)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # somebody else has removed it
                if entry.is_dir() and entry.stat().st_mtime < moment.timestamp():
                    yield JobId(entry.name)
