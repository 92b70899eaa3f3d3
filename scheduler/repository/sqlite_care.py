"""Care for the SQLite file from outside: back it up while the service runs, restore, check and compact it.

These calls block, and open connections of their own: they never migrate the file, and meet a running service only
through SQLite's own locks.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.ids import TenantId
from scheduler.core.sentences import Sentence
from scheduler.repository.migrations import HEAD
from scheduler.repository.sqlite_audit import broken_link

Progress = Callable[[int, int], None]
"""Is told the pages that are done and those there are in all."""

_PAGES_A_STEP: Final = 2_000
_PATIENCE: Final = 5.0  # seconds a lock of somebody else is waited for
_PRIMARY: Final = 0xFF  # the low byte of an error code is its kind
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class CareError(Exception):
    """The file cannot be cared for as asked; `said` tells a person why, and what to do. Nothing was changed."""

    def __init__(self, de: str, en: str) -> None:
        super().__init__(en)
        self.said = Sentence(de, en)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `detail` tells what is wrong with it, or what it is."""

    name: Sentence
    good: bool
    detail: str = ""


def backup(source: Path, target: Path, progress: Progress, *, replace: bool = False) -> None:
    """Write a checked copy of one moment of the store, also while a service writes to it.

    The copy appears under its name when it is whole, or not at all. Raises CareError.
    """
    if target.exists() and (not replace or target.samefile(source)):
        raise CareError(
            f"{target} gibt es schon; mit --replace wird es ersetzt.", f"{target} exists; --replace replaces it."
        )
    if not target.parent.is_dir():
        raise CareError(f"Den Ordner {target.parent} gibt es nicht.", f"There is no folder {target.parent}.")
    with _opened(source) as store, _beside(target) as unfinished:
        store.execute("BEGIN")  # one snapshot: writers go on, and the copy does not begin anew when they do
        store.execute("SELECT 1 FROM sqlite_master").fetchone()
        with contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as copy:
            _copy(store, copy, progress)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        _refuse_unsound(unfinished)
        _publish(unfinished, target)


def restore(source: Path, target: Path, progress: Progress, now: datetime) -> Path | None:
    """Put the content of a backup into the store; return where what was there before is kept.

    The store is replaced in one transaction: whoever dies in between leaves it as it was. Raises CareError, also while
    any service holds the store: what it does would mix with what is restored.
    """
    if not source.is_file():
        raise CareError(f"Die Datei {source} gibt es nicht.", f"There is no file {source}.")
    _refuse_unsound(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = target.with_name(f"{target.name}.before-restore-{now:%Y%m%d-%H%M%S}")
    if not target.exists() or _is_no_database(target):
        kept_broken = _set_aside(target, kept)
        _fill(source, target, progress)
        return kept_broken
    with _alone(target) as store:
        _copied_elsewhere(target, kept)
        _flush(kept)
        with _opened(source) as saved:
            _put_in(saved, store, progress)
    return kept


def _copied_elsewhere(source: Path, target: Path) -> None:
    """Copy a store that this process holds, damaged or not, in a process of its own: POSIX takes all locks on a file
    from the process that closes any handle of it, and let a service in. Raises CareError."""
    copy = [sys.executable, "-I", "-c", "import shutil, sys; shutil.copy2(*sys.argv[1:])", str(source), str(target)]
    done = subprocess.run(copy, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        target.unlink(missing_ok=True)
        why = (done.stderr.strip().splitlines() or [""])[-1]
        raise CareError(f"{source} ließ sich nicht aufheben: {why}", f"{source} could not be kept: {why}")


def check(path: Path) -> Iterator[Finding]:
    """Look at everything that can be wrong with a store, also while a service runs. Raises CareError if it is none."""
    with _opened(path) as store:
        store.execute("BEGIN")
        yield _integrity(store)
        rows = store.execute("PRAGMA foreign_key_check").fetchall()
        detail = ", ".join(sorted({str(row[0]) for row in rows}))
        yield Finding(Sentence("Verweise zwischen Tabellen", "references between tables"), not rows, detail)
        revision = revision_of(store)
        yield Finding(Sentence("Stand des Schemas", "revision of the schema"), revision == HEAD, revision or "-")
        if revision is not None:
            yield from _audit_chains(store)


def vacuum(path: Path) -> tuple[int, int]:
    """Give unused space back; return the bytes before and after. Raises CareError, also while a service runs."""
    before = path.stat().st_size if path.exists() else 0
    free = shutil.disk_usage(path.parent).free if path.parent.is_dir() else 0
    if free < 2 * before:
        raise CareError(
            f"Zum Verdichten werden {2 * before} Bytes frei gebraucht, es sind {free}.",
            f"Compacting needs {2 * before} bytes free, there are {free}.",
        )
    with _alone(path) as store:
        store.execute("VACUUM")
    return before, path.stat().st_size


def checkpoint(path: Path, patience: float) -> bool:
    """Move the write-ahead log into the store and empty it; return whether that worked.

    Writers wait meanwhile, but never longer than `patience` seconds for readers of what is old.
    """
    with contextlib.closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as store:
        try:
            busy, _, _ = store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY in _LOCKED:
                return False
            raise
        return not busy


def refuse_other_revision(path: Path) -> None:
    """Raise CareError unless the store has the schema of this version; only a service that starts changes it."""
    with _opened(path) as store:
        revision = revision_of(store)
    if revision != HEAD:
        raise CareError(
            f"{path} hat den Stand {revision}, gebraucht wird {HEAD}. Bitte zuerst den Dienst einmal starten.",
            f"{path} has revision {revision}, needed is {HEAD}. Please start the service once.",
        )


def log_size(path: Path) -> int:
    """Return the bytes of the write-ahead log."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def revision_of(store: sqlite3.Connection) -> str | None:
    """Return the revision of the schema; None: this is no store of ours."""
    if store.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
        return None
    row = store.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a store that is there, to read it. Raises CareError for what is none."""
    if not path.is_file():
        raise CareError(f"Die Datei {path} gibt es nicht.", f"There is no file {path}.")
    store = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    store.row_factory = sqlite3.Row
    try:
        store.execute("PRAGMA query_only = ON")
        yield store
    except sqlite3.DatabaseError as error:
        raise _in_words(path, error) from error
    finally:
        store.close()


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a store that nobody else has open. Raises CareError.

    Leaving the write-ahead log needs every other connection to be gone, which is exactly the question.
    """
    if not path.is_file():
        raise CareError(f"Die Datei {path} gibt es nicht.", f"There is no file {path}.")
    store = sqlite3.connect(path, timeout=0.2, isolation_level=None)
    try:
        store.execute("PRAGMA locking_mode = EXCLUSIVE")  # and nobody comes in before this is closed
        store.execute("PRAGMA journal_mode = DELETE")
        store.execute("BEGIN EXCLUSIVE")
        store.execute("COMMIT")
        yield store
    except sqlite3.DatabaseError as error:
        raise _in_words(path, error) from error
    finally:
        store.close()


def _in_words(path: Path, error: sqlite3.DatabaseError) -> CareError:
    kind = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if kind in _LOCKED:
        return CareError(
            f"Ein laufender Dienst hält {path}. Bitte zuerst beenden.",
            f"A running service holds {path}. Stop it first.",
        )
    if kind == sqlite3.SQLITE_FULL:
        return CareError(f"Kein Platz für {path}: {error}.", f"No room for {path}: {error}.")
    return CareError(f"{path} ist keine brauchbare Datenbank: {error}.", f"{path} is no sound database: {error}.")


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, progress: Progress) -> None:
    source.backup(target, pages=_PAGES_A_STEP, progress=lambda _status, left, total: progress(total - left, total))


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.part-")
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            Path(f"{name}{ending}").unlink(missing_ok=True)


@crash_points(CrashPoint.BEFORE_BACKUP, CrashPoint.AFTER_BACKUP)
def _publish(unfinished: Path, target: Path) -> None:
    """Give the copy its name once it is on disk."""
    _flush(unfinished)
    unfinished.replace(target)
    _flush(target.parent)


@crash_points(CrashPoint.BEFORE_RESTORE, CrashPoint.AFTER_RESTORE)
def _put_in(saved: sqlite3.Connection, store: sqlite3.Connection, progress: Progress) -> None:
    _copy(saved, store, progress)


def _fill(source: Path, target: Path, progress: Progress) -> None:
    """Make the store anew from a backup, whole or not at all."""
    with _opened(source) as saved, _beside(target) as unfinished:
        with contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as copy:
            _put_in(saved, copy, progress)
        _publish(unfinished, target)


def _set_aside(target: Path, kept: Path) -> Path | None:
    """Move what is no database, and any log of it, out of the way."""
    for ending in ("", "-wal", "-shm", "-journal"):
        stale = Path(f"{target}{ending}")
        if stale.exists():
            stale.replace(f"{kept}{ending}")
    return kept if kept.exists() else None


def _is_no_database(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as store:
        try:
            store.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError as error:
            return error.sqlite_errorcode & _PRIMARY == sqlite3.SQLITE_NOTADB
    return False


def _refuse_unsound(path: Path) -> None:
    """Raise CareError unless this is a whole store of ours, of this version or an earlier one."""
    with _opened(path) as store:
        found, revision = _integrity(store), revision_of(store)
    if not found.good or revision is None or revision > HEAD:
        why = found.detail if not found.good else f"revision {revision}"
        raise CareError(f"{path} lässt sich nicht verwenden: {why}.", f"{path} cannot be used: {why}.")


def _integrity(store: sqlite3.Connection) -> Finding:
    lines = [str(row[0]) for row in store.execute("PRAGMA integrity_check(10)")]
    good = lines == ["ok"]
    return Finding(Sentence("Aufbau der Datei", "structure of the file"), good, "" if good else "; ".join(lines)[:500])


def _audit_chains(store: sqlite3.Connection) -> Iterator[Finding]:
    for row in store.execute("SELECT tenant FROM audit_heads ORDER BY tenant").fetchall():
        tenant = row["tenant"]
        broken = broken_link(store, TenantId(tenant))
        name = Sentence(f"Prüfkette des Mandanten {tenant}", f"audit chain of tenant {tenant}")
        yield Finding(name, broken is None, "" if broken is None else f"block {broken}")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
