"""Keeps where a job's browser stood, so that another process can carry on, and sessions that later jobs may reuse."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.ids import JobId, TaskId, TenantId
from scheduler.core.targets import Target
from scheduler.core.todo import ToDo
from scheduler.executors.files import append_durably, safe_name, write_durably
from scheduler.security.sealing import SealBrokenError, Sealer

if TYPE_CHECKING:
    from playwright.async_api import StorageState

_LONGEST = 200_000  # bytes

log = structlog.get_logger(__name__)


class FormEntry(BaseModel):
    """What was entered in a form, as the plan says it: a secret stands here by its name only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str
    selector: Target
    text: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(cls, todo: ToDo) -> Self:
        if todo.selector is None:
            raise ValueError("nothing says where it was entered")
        return cls(action=todo.action, selector=todo.selector, text=todo.text, params=todo.params)

    def todo(self) -> ToDo:
        return ToDo(action=self.action, selector=self.selector, text=self.text, params=self.params)


class BasicAuth(BaseModel):
    """The credential with which one site is answered that asks for it by HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: str
    credential: str


class LastStep(BaseModel):
    """The step after which a snapshot was taken: it is done, whatever else is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task_id: TaskId
    result: dict[str, Any] = Field(default_factory=dict)


class SessionSnapshot(BaseModel):
    """Where a run stood: address, cookies and stores, and what was entered since the page was loaded, after `steps`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: int = 1
    steps: int = 0
    url: str
    storage: "dict[str, Any]"
    form: tuple[FormEntry, ...] = ()
    last: LastStep
    basic_auth: BasicAuth | None = None

    @property
    def storage_state(self) -> "StorageState":
        state: Any = self.storage
        return state  # type: ignore[no-any-return]  # it is what Playwright gave


class SessionStore:
    """One file per job, `{root}/{job_id}.sealed`. It holds cookies, so it is sealed and for its owner alone.

    A line is a snapshot and the last whole one counts: to add a line costs a quarter of what a new file does. A file
    that has grown long begins anew.
    """

    def __init__(self, root: Path, sealer: Sealer) -> None:
        self._root = root
        self._sealer = sealer

    @crash_points(CrashPoint.BEFORE_SESSION, CrashPoint.AFTER_SESSION)
    def save(self, job_id: JobId, snapshot: SessionSnapshot) -> None:
        """Keep the snapshot; it is on disk when this returns."""
        path, line = self._path(job_id), self._sealer.seal(snapshot.model_dump_json().encode()) + b"\n"
        if not append_durably(path, line, most=_LONGEST):
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(path, line, mode=0o600)

    def load(self, job_id: JobId, run: int = 1) -> SessionSnapshot | None:
        """Return the last snapshot, None when there is none of this run, or none that this version can read."""
        try:
            lines = self._path(job_id).read_bytes().splitlines()
        except FileNotFoundError:
            return None
        for line in reversed(lines):
            try:
                snapshot = SessionSnapshot.model_validate_json(self._sealer.open(line))
            except (ValidationError, SealBrokenError) as error:  # the process died while it wrote this
                log.warning("session_unreadable", job_id=job_id, why=type(error).__name__)
                continue
            return snapshot if snapshot.run == run else None  # a process that died may have left one of an earlier run
        return None

    def delete(self, job_id: JobId) -> None:
        """Forget a job's session, if there is one."""
        self._path(job_id).unlink(missing_ok=True)

    def _path(self, job_id: JobId) -> Path:
        return self._root / f"{safe_name(job_id)}.sealed"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    storage: dict[str, Any]


class LoginStore:
    """Sessions by tenant, credential and host, one file each. They hold cookies, so they are sealed."""

    def __init__(self, root: Path, sealer: Sealer) -> None:
        self._root = root
        self._sealer = sealer

    @crash_points(CrashPoint.BEFORE_SESSION, CrashPoint.AFTER_SESSION)
    def save(self, tenant: TenantId, credential: str, url: str, storage: dict[str, Any]) -> None:
        """Keep a session; it is on disk when this returns."""
        path = self._path(tenant, credential, url)
        for folder in (self._root, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(path, self._sealer.seal(_Kept(storage=storage).model_dump_json().encode()), mode=0o600)

    def load(self, tenant: TenantId, credential: str, url: str) -> dict[str, Any] | None:
        """Return the last session, None when there is none that this version can read."""
        try:
            sealed = self._path(tenant, credential, url).read_bytes()
            return _Kept.model_validate_json(self._sealer.open(sealed)).storage
        except (FileNotFoundError, ValidationError, SealBrokenError):
            return None

    def delete(self, tenant: TenantId, credential: str, url: str) -> None:
        """Forget a session, if there is one."""
        self._path(tenant, credential, url).unlink(missing_ok=True)

    def _path(self, tenant: TenantId, credential: str, url: str) -> Path:
        return self._root / safe_name(tenant) / f"{safe_name(f'{credential}@{urlsplit(url).netloc}')}.sealed"
