"""What a job asks a person while it waits, and what the person answers: one small file each, for its owner only."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.ids import JobId
from scheduler.core.site_errors import NotWaitingError
from scheduler.executors.files import safe_name, write_durably


class Answers:
    """`{root}/{job_id}.question.json` and `{root}/{job_id}.answer.json`; both go when the question is settled."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @crash_points(CrashPoint.BEFORE_SESSION, CrashPoint.AFTER_SESSION)
    def ask(self, job_id: JobId, question: Mapping[str, str]) -> None:
        """Put a question; an older answer does not count for it."""
        self._answer(job_id).unlink(missing_ok=True)
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(self._question(job_id), json.dumps(dict(question)).encode(), mode=0o600)

    def question(self, job_id: JobId) -> dict[str, str] | None:
        """Return what a job asks now, None when it asks nothing."""
        return _read(self._question(job_id))

    @crash_points(CrashPoint.BEFORE_SESSION, CrashPoint.AFTER_SESSION)
    def give(self, job_id: JobId, answer: str) -> None:
        """Answer a job's question. Raises NotWaitingError when it asks none."""
        if self.question(job_id) is None:
            raise NotWaitingError(job_id)
        write_durably(self._answer(job_id), json.dumps({"answer": answer}).encode(), mode=0o600)

    def answer(self, job_id: JobId) -> str | None:
        """Return what was answered, None while nobody has."""
        found = _read(self._answer(job_id))
        return None if found is None else found["answer"]

    def settle(self, job_id: JobId) -> None:
        """Forget question and answer, if there are any."""
        self._question(job_id).unlink(missing_ok=True)
        self._answer(job_id).unlink(missing_ok=True)

    def _question(self, job_id: JobId) -> Path:
        return self._root / f"{safe_name(job_id)}.question.json"

    def _answer(self, job_id: JobId) -> Path:
        return self._root / f"{safe_name(job_id)}.answer.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return document
