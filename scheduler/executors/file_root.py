"""Keeps file steps inside one folder: neither `..`, nor an absolute path, nor a symbolic link leads out of it.

A path is resolved and judged first. Then its folder is opened part by part from the root, following no link, and the
work is done relative to what was opened (openat): who swaps a folder for a link in between gets an error, not our file.
"""

import errno
import os
import secrets
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path, PurePosixPath

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import FileMissingError, PathForbiddenError
from scheduler.executors.file_names import NamePattern
from scheduler.executors.files import UNFINISHED

_TOO_MANY_LINKS = errno.ELOOP  # what O_NOFOLLOW says of a link
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
_OF_OPEN_ONES = (".~lock.", "~$")
"""How files begin that LibreOffice and Word keep beside a document while it is open."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class FileRoot:
    """The folder that is not left."""

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

    def find(
        self, pattern: NamePattern, folder: str = "", since: date | None = None, until: date | None = None
    ) -> list[str]:
        """Return the files that fit, the most recently changed first. Raises PathForbiddenError."""
        start = self.locate(folder)
        found = []
        for place in (one for one in self.files_below(start) if not one.name.startswith(_OF_OPEN_ONES)):
            changed = place.stat().st_mtime_ns
            day = datetime.fromtimestamp(changed / 1e9).astimezone().date()
            in_time = (since is None or day >= since) and (until is None or day <= until)
            if in_time and pattern.fits(place.relative_to(start).as_posix()):
                found.append((-changed, place.as_posix(), place))
        return [self.name_of(place) for *_, place in sorted(found)]

    def files_below(self, start: Path) -> Iterator[Path]:
        """Yield the files in a folder and in those below it; links that lead out are passed over."""
        for folder, _, names in os.walk(start):
            for name in sorted(names):
                place = Path(folder, name)
                if not name.startswith(UNFINISHED) and place.is_file() and self._holds(place.resolve()):
                    yield place

    def read(self, place: Path) -> bytes:
        """Return the content of a file. Raises FileMissingError or PathForbiddenError."""
        with self._opened(place.parent) as folder, _no_links(place):
            handle = os.open(place.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise FileMissingError(self.name_of(place))
                return file.read()

    @crash_points(CrashPoint.BEFORE_FILE, CrashPoint.AFTER_FILE)
    def write(self, place: Path, content: bytes, *, replace: bool) -> None:
        """Write the whole file or nothing; it is on disk when this returns.

        Raises FileExistsError when it is there and may not be replaced, and PathForbiddenError.
        """
        self.make_folder(place.parent)
        with self._opened(place.parent) as folder, _no_links(place):
            beside = f"{UNFINISHED}{secrets.token_hex(8)}"
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(handle)
                if replace:
                    os.rename(beside, place.name, src_dir_fd=folder, dst_dir_fd=folder)
                else:
                    _link(beside, place.name, folder, folder)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(beside, dir_fd=folder)
            os.fsync(folder)

    @crash_points(CrashPoint.BEFORE_FILE, CrashPoint.AFTER_FILE)
    def move(self, source: Path, destination: Path) -> None:
        """Move a file or a folder. Raises FileExistsError, FileMissingError or PathForbiddenError."""
        self.make_folder(destination.parent)
        with self._opened(source.parent) as old, self._opened(destination.parent) as new, _no_links(source):
            if stat.S_ISDIR(os.stat(source.name, dir_fd=old, follow_symlinks=False).st_mode):
                os.mkdir(destination.name, dir_fd=new)  # fails when something is there; an empty folder is replaced
                os.rename(source.name, destination.name, src_dir_fd=old, dst_dir_fd=new)
            else:
                if not _same(source, destination):  # both names were there when somebody died in between
                    _link(source.name, destination.name, old, new)
                with suppress(FileNotFoundError):
                    os.unlink(source.name, dir_fd=old)
            os.fsync(new)
            os.fsync(old)

    @crash_points(CrashPoint.BEFORE_FILE, CrashPoint.AFTER_FILE)
    def make_folder(self, place: Path) -> None:
        """Make a folder and those above it. Raises PathForbiddenError when something else is in the way."""
        if not place.is_relative_to(self._folder):
            raise PathForbiddenError(place.as_posix())
        self._folder.mkdir(parents=True, exist_ok=True)
        done = self._folder
        for part in place.relative_to(self._folder).parts:
            with self._opened(done) as folder, _no_links(place), suppress(FileExistsError):
                os.mkdir(part, dir_fd=folder)
                os.fsync(folder)
            done /= part
        with self._opened(place):
            pass

    @crash_points(CrashPoint.BEFORE_FILE, CrashPoint.AFTER_FILE)
    def delete(self, place: Path) -> None:
        """Delete a file or an empty folder. Raises OSError for a folder that is not empty, and PathForbiddenError."""
        if place == self._folder:
            raise PathForbiddenError(".")
        with self._opened(place.parent) as folder, _no_links(place):
            if stat.S_ISDIR(os.stat(place.name, dir_fd=folder, follow_symlinks=False).st_mode):
                os.rmdir(place.name, dir_fd=folder)
            else:
                os.unlink(place.name, dir_fd=folder)
            os.fsync(folder)

    def _holds(self, place: Path) -> bool:
        return place.is_relative_to(self._folder)

    @contextmanager
    def _opened(self, place: Path) -> Iterator[int]:
        """Give a handle of a folder inside, reached without following any link."""
        with _no_links(place):
            handle = os.open(self._folder, _FOLDER)
        try:
            for part in place.relative_to(self._folder).parts:
                with _no_links(place):
                    below = os.open(part, _FOLDER, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)


@contextmanager
def _no_links(place: Path) -> Iterator[None]:
    """Turn what the system says of a link, or of something in the way, into our errors."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileMissingError(place.name) from error
    except (NotADirectoryError, IsADirectoryError) as error:
        raise PathForbiddenError(place.name) from error
    except OSError as error:
        if error.errno == _TOO_MANY_LINKS:
            raise PathForbiddenError(place.name) from error
        raise


def _link(old: str, new: str, old_folder: int, new_folder: int) -> None:
    """Give a file another name. Raises FileExistsError; where there are no hard links it loses the old name."""
    try:
        os.link(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if _is_there(new, new_folder):
            raise FileExistsError(new) from error
        os.rename(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder)


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except FileNotFoundError:
        return False


def _child(place: Path, part: str) -> Path:
    """Return `place / part`, or the entry whose name differs from it only in its Unicode form."""
    child = place / part
    if part.isascii() or child.exists() or not place.is_dir():
        return child
    name = unicodedata.normalize("NFC", part)
    same = (entry for entry in place.iterdir() if unicodedata.normalize("NFC", entry.name) == name)
    return next(same, child)
