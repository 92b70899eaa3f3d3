"""Packs and unpacks zip archives. An archive is judged as a whole before anything is taken out of it."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from scheduler.core.errors import ArchiveRefusedError
from scheduler.core.sentences import Sentence

MAX_ENTRIES: Final = 10_000
MAX_UNPACKED_BYTES: Final = 500_000_000
MAX_RATIO: Final = 200
"""Unpacked to packed size, of the whole archive; what people pack stays far below, a bomb far above."""
_SMALL: Final = 10_000_000  # bytes; below that the ratio does not matter
_CHUNK: Final = 1 << 20
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_LINK_KINDS: Final = frozenset({0, stat.S_IFREG, stat.S_IFDIR})


def pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return an archive of (name, content), the same for the same files whenever it is made."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)
    return target.getvalue()


class Archive:
    """A zip archive that was read through and found harmless. Raises ArchiveRefusedError when it is not."""

    def __init__(self, name: str, content: bytes) -> None:
        self._name = name
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            self._entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
            self._judge_names()
            self._judge_size(len(content))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
            raise ArchiveRefusedError(name, _BROKEN) from error

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield (path, content) of each file."""
        for entry in self._entries:
            yield entry.filename, self._zip.read(entry)

    @property
    def paths(self) -> list[str]:
        return [entry.filename for entry in self._entries]

    def _judge_names(self) -> None:
        if len(self._entries) > MAX_ENTRIES:
            raise self._refused(
                Sentence(f"es enthält mehr als {MAX_ENTRIES} Dateien", f"it holds more than {MAX_ENTRIES} files")
            )
        seen: set[str] = set()
        for entry in self._entries:
            if _leads_out(entry.filename):
                raise self._refused(
                    Sentence(
                        f"„{entry.filename[:100]}“ läge außerhalb des Ordners",
                        f"“{entry.filename[:100]}” would lie outside the folder",
                    )
                )
            if stat.S_IFMT(entry.external_attr >> 16) not in _LINK_KINDS:
                raise self._refused(
                    Sentence(f"„{entry.filename[:100]}“ ist ein Verweis", f"“{entry.filename[:100]}” is a link")
                )
            if entry.flag_bits & 1:
                raise self._refused(Sentence("es ist verschlüsselt", "it is encrypted"))
            if entry.filename in seen:
                raise self._refused(
                    Sentence(f"„{entry.filename}“ steht zweimal darin", f"“{entry.filename}” is in it twice")
                )
            seen.add(entry.filename)

    def _judge_size(self, packed: int) -> None:
        """Read everything once, counting: what an archive says of its sizes may be a lie."""
        unpacked = 0
        for entry in self._entries:
            with self._zip.open(entry) as file:
                while chunk := file.read(_CHUNK):
                    unpacked += len(chunk)
                    if unpacked > MAX_UNPACKED_BYTES or unpacked > max(_SMALL, packed * MAX_RATIO):
                        raise self._refused(_TOO_BIG)

    def _refused(self, problem: Sentence) -> ArchiveRefusedError:
        return ArchiveRefusedError(self._name, problem)


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    windows = PureWindowsPath(name)
    return (
        path.is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in path.parts
        or ".." in windows.parts
        or any(ord(letter) < 32 for letter in name)
        or not path.parts
    )


_BROKEN = Sentence("es ist beschädigt oder kein Zip-Archiv", "it is damaged or no zip archive")
_TOO_BIG = Sentence("ausgepackt wäre es zu groß", "it would be too large once unpacked")
