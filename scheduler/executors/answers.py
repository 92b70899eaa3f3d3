"""What people answered to steps that run again because of it: one small file for each, for its owner only.

They may be secrets, such as the code of a second factor, so they lie beside the database, not in it, and are used once.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.ids import JobId, TaskId
from scheduler.executors.files import safe_name, write_durably


class Answers:
    """`{root}/{job_id}/{task_id}.json`, by the keys that the step gave its questions."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @crash_points(CrashPoint.BEFORE_SESSION, CrashPoint.AFTER_SESSION)
    def give(self, job_id: JobId, task_id: TaskId, answers: Mapping[str, str]) -> None:
        """Keep answers for the step's next attempt, in place of earlier ones."""
        self._folder(job_id).mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(self._path(job_id, task_id), json.dumps(dict(answers)).encode(), mode=0o600)

    def of(self, job_id: JobId, task_id: TaskId) -> dict[str, str]:
        """Return what was answered to a step and not used yet."""
        try:
            found: dict[str, str] = json.loads(self._path(job_id, task_id).read_bytes())
        except FileNotFoundError:
            return {}
        return found

    def forget(self, job_id: JobId, task_id: TaskId | None = None) -> None:
        """Forget what was answered to a step, or to all steps of a job."""
        if task_id is not None:
            self._path(job_id, task_id).unlink(missing_ok=True)
        else:
            shutil.rmtree(self._folder(job_id), ignore_errors=True)

    def _folder(self, job_id: JobId) -> Path:
        return self._root / safe_name(job_id)

    def _path(self, job_id: JobId, task_id: TaskId) -> Path:
        return self._folder(job_id) / f"{safe_name(task_id)}.json"
