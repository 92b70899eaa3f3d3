"""What was sent to A2A agents: written before it is sent, so that nothing is ever sent twice without knowing."""

import asyncio
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.executors.files import safe_name, write_durably


class Sent(BaseModel):
    """The last message sent for an effect. Without a task nobody knows whether it has arrived."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message_id: str
    task_id: str | None = None
    asked: str = ""
    """The id of the message in which the task has asked back."""


class A2aLedger:
    """`{folder}/{effect key}.json`, one small file each, seen by every process on the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def last(self, effect_key: str) -> Sent | None:
        """Return what was sent last for the effect; None: nothing."""
        return await asyncio.to_thread(self._read, effect_key)

    @crash_points(CrashPoint.BEFORE_A2A_NOTE, CrashPoint.AFTER_A2A_NOTE)
    async def note(self, effect_key: str, sent: Sent) -> None:
        """Keep it; on disk when this returns."""
        content = sent.model_dump_json().encode()
        await asyncio.to_thread(write_durably, self._path(effect_key), content, 0o600)

    async def forget(self, effect_key: str) -> None:
        """Take back what was noted: it did not arrive."""
        await asyncio.to_thread(self._path(effect_key).unlink, missing_ok=True)

    def _read(self, effect_key: str) -> Sent | None:
        try:
            return Sent.model_validate_json(self._path(effect_key).read_bytes())
        except FileNotFoundError:
            return None

    def _path(self, effect_key: str) -> Path:
        return self._folder / f"{safe_name(effect_key)}.json"
