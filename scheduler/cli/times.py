"""Reads times as people type them: 09:30, 2026-03-02 09:30, +2h, 15m. Without a zone they are those of this machine."""

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from scheduler.core.sentences import Sentence

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION: Final = re.compile(r"(\d+[smhdw])+")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})")
_ZONES: Final = "zoneinfo/"


class UnreadableTimeError(ValueError):
    """What was typed is no time; `said` tells what would be one."""

    def __init__(self, text: str, de: str, en: str) -> None:
        self.said = Sentence(f"„{text}“ {de}", f"“{text}” {en}")
        super().__init__(self.said.en)


def duration_of(text: str) -> timedelta:
    """Read a duration: `90s`, `15m`, `1h30m`, `2d`, `1w`. Raises UnreadableTimeError."""
    if not _DURATION.fullmatch(text):
        raise UnreadableTimeError(text, "ist keine Dauer wie 90s, 15m, 1h30m, 2d.", "is no duration like 90s, 15m, 2d.")
    try:
        return sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in _parts(text)), timedelta())
    except OverflowError:
        raise UnreadableTimeError(text, "ist zu lang.", "is too long.") from None


def _parts(text: str) -> list[tuple[str, str]]:
    return re.findall(r"(\d+)([smhdw])", text)


def moment_of(text: str, now: datetime) -> datetime:
    """Read a moment, seen from `now`: a time of day is the next one of that kind. Raises UnreadableTimeError."""
    if text.startswith("+"):
        return now + duration_of(text[1:])
    clock = _CLOCK.fullmatch(text)
    try:
        if clock:
            today = now.replace(tzinfo=None, hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
            first = today.astimezone()
            return first if first > now else (today + timedelta(days=1)).astimezone()
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UnreadableTimeError(
            text,
            "ist kein Zeitpunkt wie 09:30, 2026-03-02 09:30 oder +2h.",
            "is no time like 09:30, 2026-03-02 09:30 or +2h.",
        ) from None
    return moment if moment.tzinfo else moment.astimezone()


def local_zone(clock: Path = Path("/etc/localtime")) -> str:
    """Return the name of this machine's time zone; UTC if it cannot be told."""
    given = os.environ.get("TZ", "").removeprefix(":")
    if given:
        return given
    target = str(clock.resolve())
    return target.rpartition(_ZONES)[2] if _ZONES in target else "UTC"
