"""One maildir: mails as files that other mail programs may read, move and mark at the same time.

A mail keeps its unique name, which is its id, wherever it lies; what follows it (`:2,FS`) is how it is marked.
"""

import itertools
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from imap_tools.imap_utf7 import utf7_decode, utf7_encode
from imap_tools.message import MailMessage

from scheduler.core.errors import MailNotFoundError
from scheduler.executors.files import flush_folder
from scheduler.executors.mail_folders import no_folder, role_of
from scheduler.executors.mail_reading import Lies, message_id_of, read
from scheduler.executors.mail_transport import INBOX, Folder, FolderRole, ReceivedMail

SENT, DRAFTS = "Sent", "Drafts"

_SEPARATOR = "."
_PARTS = ("tmp", "new", "cur")
_MARKS = ":2,"
_SEEN, _FLAGGED = "S", "F"
_numbers = itertools.count()


class Place(NamedTuple):
    """A mail where it lies now."""

    folder: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.name.partition(_MARKS)[0]

    @property
    def marks(self) -> str:
        return self.path.name.partition(_MARKS)[2]


class Maildir:
    """The maildir at `path`, its folders beside it in Maildir++ form. Everything here blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        return self.path.is_dir()

    def make(self) -> None:
        """Make it with the folders it needs, unless they are there."""
        for folder in (INBOX, SENT, DRAFTS):
            for part in _PARTS:
                (self._folder(folder) / part).mkdir(parents=True, exist_ok=True)

    def make_folder(self, name: str) -> None:
        """Make a folder. Raises InvalidInputError for a name that cannot be one."""
        if not all(part.strip() for part in name.split(_SEPARATOR)) or "/" in name:
            raise no_folder(name)
        for part in _PARTS:
            (self._folder(name) / part).mkdir(parents=True, exist_ok=True)

    def folders(self) -> list[Folder]:
        """Return the inbox and the folders, by name."""
        self.make()
        names = sorted(_decoded(path.name) for path in self.path.glob(".*") if (path / "cur").is_dir())
        inbox = Folder(name=INBOX, role=FolderRole.INBOX, separator=_SEPARATOR)
        return [inbox, *(Folder(name=name, role=role_of(name), separator=_SEPARATOR) for name in names)]

    def take(self, source: Path, key: str, folder: str = INBOX, *, seen: bool = False) -> None:
        """Rename a file into a folder, under a name that ends with `key`; one that is gone was taken already."""
        part = "cur" if seen else "new"
        marks = f"{_MARKS}{_SEEN}" if seen else ""
        target = self._folder(folder) / part
        target.mkdir(parents=True, exist_ok=True)
        try:
            source.rename(target / f"{_unique_name(key)}{marks}")
        except FileNotFoundError:
            if source.exists():
                raise
        flush_folder(target)

    def find(self, key: str, folder: str) -> Place | None:
        """Return the mail that was taken with that key."""
        return next((place for place in self._mails(folder) if place.name.endswith(f".{key}")), None)

    def place(self, mail_id: str) -> Place:
        """Return where a mail lies, by its name or its Message-ID. Raises MailNotFoundError."""
        folders = [folder.name for folder in sorted(self.folders(), key=_likely)]
        for folder in folders:
            for place in self._mails(folder):
                if place.name == mail_id:
                    return place
        if mail_id.startswith("<"):
            for folder in folders:
                for place in self.newest(folder):
                    if message_id_of(self.message(place)) == mail_id:
                        return place
        raise MailNotFoundError(mail_id)

    def newest(self, folder: str) -> list[Place]:
        """Return the mails of a folder, the one that came last first."""
        return sorted(self._mails(folder), key=lambda place: place.name, reverse=True)

    def message(self, place: Place) -> MailMessage:
        """Return what is in the file, wherever it was renamed to meanwhile. Raises MailNotFoundError."""
        try:
            content = place.path.read_bytes()
        except FileNotFoundError:
            content = self.place(place.name).path.read_bytes()
        message: MailMessage = MailMessage.from_bytes(content)
        return message

    def read(self, place: Place, *, whole: bool = False) -> ReceivedMail:
        """Return the mail. What its name begins with is when it came."""
        message = self.message(place)
        received = datetime.fromtimestamp(_seconds(place), UTC)
        marks = place.marks
        lies = Lies(place.name, place.folder, received, seen=_SEEN in marks, flagged=_FLAGGED in marks)
        return read(message, lies, whole=whole)

    def move(self, place: Place, folder: str) -> Place:
        """Rename a mail into another folder; return where it lies now."""
        if place.folder == folder:
            return place
        target = self._folder(folder) / "cur" / f"{place.name}{_MARKS}{place.marks}"
        place.path.rename(target)
        flush_folder(target.parent)
        flush_folder(place.path.parent)
        return Place(folder, target)

    def mark(self, place: Place, *, seen: bool | None = None, flagged: bool | None = None) -> None:
        """Set and take marks; they stand in the order of the alphabet."""
        marks = set(place.marks)
        for mark, wanted in ((_SEEN, seen), (_FLAGGED, flagged)):
            if wanted is not None:
                marks = marks | {mark} if wanted else marks - {mark}
        target = self._folder(place.folder) / "cur" / f"{place.name}{_MARKS}{''.join(sorted(marks))}"
        place.path.rename(target)

    def stamp(self) -> tuple[int, ...]:
        """Return what changes whenever a mail comes or goes in any folder."""
        folders = [self.path, *self.path.glob(".*")]
        parts = [folder / part for folder in folders for part in ("new", "cur")]
        return tuple(part.stat().st_mtime_ns for part in parts if part.is_dir())

    def _mails(self, folder: str) -> Iterator[Place]:
        for part in ("new", "cur"):
            try:
                paths = list((self._folder(folder) / part).iterdir())
            except FileNotFoundError:
                continue
            yield from (Place(folder, path) for path in paths if not path.name.startswith("."))

    def _folder(self, name: str) -> Path:
        return self.path if name == INBOX else self.path / f".{utf7_encode(name).decode()}"


def _decoded(name: str) -> str:
    return utf7_decode(name.removeprefix(".").encode())


def _likely(folder: Folder) -> int:
    return {FolderRole.INBOX: 0, FolderRole.SENT: 1}.get(folder.role or FolderRole.TRASH, 2)


def _unique_name(key: str) -> str:
    """Return a name that sorts by when it was made, as the maildir convention asks for."""
    host = socket.gethostname().replace("/", "_").replace(":", "_")
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{seconds}.N{nanoseconds:09}P{os.getpid()}Q{next(_numbers)}.{host}.{key}"


def _seconds(place: Place) -> float:
    """Return when the mail came, in seconds since 1970: by its name, else by its file."""
    seconds, _, rest = place.name.partition(".")
    if seconds.isdecimal():
        return int(seconds) + (int(rest[1:10]) / 1e9 if rest[:1] == "N" and rest[1:10].isdecimal() else 0)
    return place.path.stat().st_mtime
