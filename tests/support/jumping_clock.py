"""A clock that several processes share and a test moves: the machine's own, and what the test adds to it."""

import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class JumpingClock:
    """Keeps the promise of `Clock`. The shift lies in a file, so that it is the same for all processes of a test."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        shift = self._path.read_bytes() if self._path.exists() else b""
        return datetime.now(UTC) + timedelta(seconds=struct.unpack("d", shift)[0] if len(shift) == 8 else 0)

    def monotonic(self) -> float:
        return time.monotonic()

    def set(self, shift: timedelta) -> None:
        """Let the clock show the machine's time and `shift` from now on; other processes see the old or the new."""
        other = self._path.with_suffix(".new")
        other.write_bytes(struct.pack("d", shift.total_seconds()))
        other.replace(self._path)
