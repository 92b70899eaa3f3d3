"""Names things: identifiers sort by the time they were made, so indexes and listings stay in order."""

import hashlib
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NewType
from uuid import NAMESPACE_OID, UUID, uuid5

JobId = NewType("JobId", str)
TaskId = NewType("TaskId", str)
TenantId = NewType("TenantId", str)
AgentId = NewType("AgentId", str)
LeaseToken = NewType("LeaseToken", str)
ScheduleId = NewType("ScheduleId", str)

IdFactory = Callable[[], str]
"""Makes a new identifier at every call; tests pass a counter."""

DEFAULT_TENANT = TenantId("default")


def new_id() -> str:
    """Return a UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, 12 of the fraction, 62 random.

    The fraction (section 6.2, method 3) keeps ids of one process in order to a quarter of a microsecond.
    """
    beginning = _beginning()
    try:
        end = _ends.pop()
    except IndexError:
        end = _more_ends()
    return beginning + end


def ids_of(new: IdFactory, count: int) -> list[str]:
    """Return new ids; those of `new_id` are made for the same moment, so chance orders them."""
    if new is not new_id:
        return [new() for _ in range(count)]
    beginning, end = _beginning(), _ends.pop
    try:
        return [beginning + end() for _ in range(count)]
    except IndexError:
        return [new_id() for _ in range(count)]


def _beginning() -> str:
    """Return what ids of this moment begin with: all that is not left to chance."""
    global _latest  # noqa: PLW0603 - a pair that is replaced whole, from any thread
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    known, beginning = _latest
    if milliseconds != known:
        digits = f"{milliseconds:012x}"
        beginning = f"{digits[:8]}-{digits[8:]}"
        _latest = milliseconds, beginning
    return beginning + _FRACTIONS[rest * 4096 // 1_000_000]


_FRACTIONS: Final = tuple(f"-{0x7000 | fraction:x}-" for fraction in range(4096))
"""The version, and the 12 bits of the fraction, as they stand between the beginning and the end."""
_latest: tuple[int, str] = (0, "")
"""How the ids of the last millisecond begin."""


def moment_in(identifier: str) -> datetime | None:
    """Return when an id of `new_id` was made; None for any other text."""
    try:
        uuid = UUID(identifier)
    except ValueError:
        return None
    return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC) if uuid.version == 7 else None


def first_id_of(moment: datetime) -> str:
    """Return what no id of `new_id` made before a moment sorts behind, and none made later before."""
    digits = f"{int(moment.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}"


_VARIANT = bytes(0b10000000 | chance & 0b00111111 for chance in range(256))
"""The byte that begins with the bits 10 and keeps the last six of a random one."""


_FRESH: Final = 4096
_ends: list[str] = []
"""The random ends of ids to come, made for many at once: asking the kernel for each costs more than the rest."""


def _more_ends() -> str:
    """Make more of them; return one: 62 random bits behind the two of the variant, as 4 and 12 hex digits."""
    first, last = bytearray(os.urandom(2 * _FRESH)), os.urandom(6 * _FRESH)
    first[::2] = first[::2].translate(_VARIANT)
    ends = list(map("-".join, zip(first.hex(" ", 2).split(), last.hex(" ", 6).split(), strict=True)))
    end = ends.pop()
    _ends.extend(ends)
    return end


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ends.clear)  # a process that was forked would hand out the same


def fired_job_id(schedule_id: ScheduleId, moment: datetime) -> JobId:
    """Name the job of one firing: whoever fires the same schedule for the same moment again finds it accepted."""
    return JobId(str(uuid5(NAMESPACE_OID, f"{schedule_id} {moment.astimezone(UTC).isoformat()}")))


def effect_key(job_id: JobId, task_id: TaskId, inputs: str, number: int = 0) -> str:
    """Name one effect in the world: equal over attempts, agents and runs, different when the inputs were corrected.

    `inputs` is the canonical JSON of the resolved task; `number` counts the effects of one task. Returns 64 hex digits.
    """
    return hashlib.sha256("\x1f".join((job_id, task_id, str(number), inputs)).encode()).hexdigest()
