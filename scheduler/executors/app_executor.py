"""Starts and ends applications of a list, and opens documents with them."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.actions import ActionSpec, Risk
from scheduler.core.errors import AppForbiddenError, AppNotRunningError, NoDisplayError, UnknownActionError
from scheduler.core.ids import new_id
from scheduler.core.references import REFERENCE
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.core.todo import ToDo
from scheduler.executors.app_catalog import App, AppCatalog
from scheduler.executors.app_processes import AppProcesses
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.file_actions import PathText
from scheduler.executors.file_sources import FileSources

_Name = Annotated[str, Field(min_length=1, max_length=100)]


class AppParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    application: _Name


class OpenDocument(BaseModel):
    """`path` may be an artifact; without `application` the kind of the file decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: PathText
    application: _Name | None = None


OPEN_APP = ActionSpec(
    name="app.open",
    description="Start an application of the list",
    params=AppParams,
    risk=Risk.MEDIUM,
    repeatable=True,
    result=frozenset({"application", "pid", "running"}),
)
CLOSE_APP = ActionSpec(
    name="app.close",
    description="End an application that CPA started",
    params=AppParams,
    risk=Risk.MEDIUM,
    result=frozenset({"application", "ended", "killed"}),
)
OPEN_DOCUMENT = ActionSpec(
    name="document.open",
    description="Open a document with an application of the list",
    params=OpenDocument,
    risk=Risk.MEDIUM,
    repeatable=True,
    result=frozenset({"application", "pid", "running", "path"}),
)

Decide = Callable[[str], tuple[bool, str]]
"""Whether an application may be used, and the rule that says so."""


class AppExecutor(BaseExecutor):
    """Does `app.open`, `app.close` and `document.open` on this machine. A start that happened is not repeated."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (OPEN_APP, CLOSE_APP, OPEN_DOCUMENT)

    def __init__(self, *, catalog: AppCatalog, decide: Decide, processes: AppProcesses, sources: FileSources) -> None:
        self._catalog = catalog
        self._decide = decide
        self._processes = processes
        self._sources = sources
        self._steps: Mapping[str, Callable[[ToDo, ExecutionContext], dict[str, Any]]] = {
            OPEN_APP.name: self._open,
            CLOSE_APP.name: self._close,
            OPEN_DOCUMENT.name: self._open_document,
        }

    def require(self, todo: ToDo) -> None:
        """Raise what starting the application would: it is unknown, forbidden or not installed, or has no screen."""
        name = todo.params.get("application")
        if todo.action == CLOSE_APP.name or not isinstance(name, str) or REFERENCE.search(name):
            return
        _refuse_without_screen(self._allowed(self._catalog.get(name)))

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step. Raises AppUnknownError, AppForbiddenError, ProgramMissingError, NoDisplayError, AppFailedError,
        AppNotRunningError, FileMissingError or PathForbiddenError."""
        if todo.action not in self._steps:
            raise UnknownActionError(todo.action, field="action", known=self._steps)
        return Performed(result=await asyncio.to_thread(self._steps[todo.action], todo, context))

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether what the step started is running, or nothing is left of what it was to end."""
        if todo.action not in self._steps:
            raise UnknownActionError(todo.action, field="action", known=self._steps)
        return await asyncio.to_thread(self._verify, todo, context)

    def _verify(self, todo: ToDo, context: ExecutionContext) -> Verification:
        if todo.action == CLOSE_APP.name:
            app = self._catalog.get(parse_params(AppParams, todo).application)
            ended = not self._processes.running(app.name)
            return Verification(
                happened=ended, result={"application": app.name, "ended": 0, "killed": 0} if ended else None
            )
        app, path = self._what(todo)
        found = self._processes.running(app.name, context.effect_key) if context.effect_key else []
        return Verification(happened=bool(found), result=_opened(app, found[0].pid, True, path) if found else None)

    def _open(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        app, _ = self._what(todo)
        return self._start(app, context, None)

    def _open_document(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        app, path = self._what(todo)
        return self._start(app, context, path)

    def _what(self, todo: ToDo) -> tuple[App, Path | None]:
        if todo.action == OPEN_APP.name:
            return self._allowed(self._catalog.get(parse_params(AppParams, todo).application)), None
        params = parse_params(OpenDocument, todo)
        place = self._sources.place(params.path)
        app = self._catalog.get(params.application) if params.application else self._catalog.for_file(place.name)
        return self._allowed(app), place

    def _allowed(self, app: App) -> App:
        allowed, rule = self._decide(app.name)
        if not allowed:
            raise AppForbiddenError(app.name, rule)
        return app

    def _start(self, app: App, context: ExecutionContext, path: Path | None) -> dict[str, Any]:
        key = context.effect_key or new_id()
        if found := self._processes.running(app.name, key):
            return _opened(app, found[0].pid, True, path)
        command = _refuse_without_screen(app)
        pid = self._processes.start(app.name, [*command, *([str(path)] if path else [])], key)
        return _opened(app, pid, bool(self._processes.running(app.name, key)), path)

    def _close(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        app = self._catalog.get(parse_params(AppParams, todo).application)
        if not self._processes.running(app.name):
            raise AppNotRunningError(app.name)
        return {"application": app.name, **self._processes.stop(app.name)}


def _refuse_without_screen(app: App) -> list[str]:
    """Return its command. Raises ProgramMissingError and NoDisplayError."""
    command = app.command()
    if app.screen and not has_screen():
        raise NoDisplayError(app.name)
    return command


def has_screen() -> bool:
    """Whether a window can be shown."""
    return sys.platform in {"win32", "darwin"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _opened(app: App, pid: int, running: bool, path: Path | None) -> dict[str, Any]:
    """Not `running`: the program handed over to an instance that somebody else had started."""
    shown = {"application": app.name, "pid": pid, "running": running}
    return shown if path is None else shown | {"path": path.name}
