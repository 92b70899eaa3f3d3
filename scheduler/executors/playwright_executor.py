"""Does `web.*` in a real browser: a context per job, every element the only one of its kind, no secret shown."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import structlog

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import CPAError, TaskFailedError, UnavailableError, UnknownActionError
from scheduler.core.ids import JobId
from scheduler.core.targets import Target
from scheduler.core.task_executor_interface import Verification
from scheduler.core.todo import ToDo
from scheduler.executors import web_actions as actions
from scheduler.executors import web_files, web_operations, web_reading
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.browser_pool import BrowserPool
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.web_errors import browser_error, is_dead, reason_of, safe_url, translated, unknown
from scheduler.executors.web_page import JobPage
from scheduler.executors.web_session import LastStep, SessionSnapshot, SessionStore
from scheduler.executors.web_step import Step, Tools
from scheduler.executors.web_targets import any_match
from scheduler.executors.web_verification import verified
from scheduler.security.secrets_manager import SecretsManager

_RESERVE = 2.0  # seconds
_LOOKING = 5.0  # seconds that a page may take to show what a step has done
_REFILLING = 2.0  # seconds to find a field again
_PICTURED = frozenset({actions.CLICK.name, actions.PRESS.name, actions.DOWNLOAD.name})
_LOOKS_ONLY = frozenset({actions.EXTRACT.name, actions.SCREENSHOT.name})

_OPERATIONS: Mapping[str, Callable[[Step], Awaitable[dict[str, Any]]]] = {
    actions.GOTO.name: web_operations.goto,
    actions.CLICK.name: web_operations.click,
    actions.FILL.name: web_operations.fill,
    actions.SELECT.name: web_operations.select,
    actions.CHECK.name: web_operations.check,
    actions.PRESS.name: web_operations.press,
    actions.WAIT_FOR.name: web_reading.wait_for,
    actions.EXTRACT.name: web_reading.extract,
    actions.SCREENSHOT.name: web_reading.screenshot,
    actions.DOWNLOAD.name: web_files.download,
    actions.UPLOAD.name: web_files.upload,
}
_REPEATABLE: Mapping[str, bool] = {spec.name: spec.repeatable for spec in actions.WEB_ACTIONS}

log = structlog.get_logger(__name__)


class PlaywrightExecutor(BaseExecutor):
    """Steps of one job run one after another on its page; jobs run side by side in contexts of one browser.

    Where a job stands is kept in `sessions` after each step, so another process can carry on. `executable` is the
    browser; without it Debian's headless shell or Chromium is taken.
    """

    actions: ClassVar[tuple[ActionSpec, ...]] = actions.WEB_ACTIONS

    def __init__(
        self,
        *,
        headless: bool = True,
        executable: Path | None = None,
        artifacts: ArtifactStore,
        screenshots: ScreenshotStore,
        secrets: SecretsManager,
        sessions: Path,
    ) -> None:
        self._pool = BrowserPool(headless=headless, executable=executable)
        self._tools = Tools(artifacts=artifacts, screenshots=screenshots, secrets=secrets)
        self._sessions = SessionStore(sessions)
        self._jobs: dict[JobId, JobPage] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step once.

        Raises what its operation names, InvalidInputError, SecretMissingError, StepTimeoutError,
        BrowserUnavailableError, and OutcomeUnknownError when a step broke off that may not be repeated.
        """
        if todo.action not in _OPERATIONS:
            raise UnknownActionError(todo.action, field="action", known=_OPERATIONS)
        step = self._step(todo, context)
        async with self._at_page(step):
            if step.job.broken:
                await self._reopen(step)
            result = await _OPERATIONS[todo.action](step)
            if step.fitted is not None:
                result["fitted"] = step.fitted
            if step.job.dialogs:
                result["dialogs"] = [{name: step.clean(text) for name, text in one.items()} for one in step.job.dialogs]
                step.job.dialogs.clear()
            evidence = await self._pictures(step, result)
            await self._keep_session(step, result)
            step.job.finished.add(step.task_id)
        return Performed(result=result, evidence=evidence)

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether the step has happened. Raises an UnavailableError when nobody can look now."""
        step = self._step(todo, context)
        async with self._at_page(step):
            step.until = min(step.until, asyncio.get_running_loop().time() + _LOOKING)
            return await verified(step)

    async def address(self, context: ExecutionContext) -> str:
        """Return the address of the job's page; `about:blank` when nothing was opened yet."""
        step = self._look(context)
        async with self._at_page(step):
            return step.page.url

    async def shows(self, target: Target, context: ExecutionContext) -> bool:
        """Whether the job's page shows something that fits, now; nothing is waited for."""
        step = self._look(context, target)
        async with self._at_page(step):
            return bool(await any_match(step.page, target))

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:  # noqa: ARG002
        """Return the path of a picture of the page as it is now; nothing when there is none."""
        job = self._jobs.get(context.job_id)
        if job is None or not job.alive:
            return ()
        try:
            async with asyncio.timeout(_RESERVE), job.lock:
                return (await web_reading.keep_picture(job, self._tools.screenshots, context.job_id, context.task_id),)
        except (browser_error(), TimeoutError, UnavailableError) as error:
            log.warning("no_picture", job_id=context.job_id, task_id=context.task_id, reason=reason_of(error))
            return ()

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        """Close the job's context; forget where it stood when it has ended."""
        job = self._jobs.pop(job_id, None)
        if job is not None:
            await job.close()
        if ended:
            await asyncio.to_thread(self._sessions.delete, job_id)

    async def close(self) -> None:
        """Close all contexts and the browser. Jobs can be carried on by another executor."""
        for job_id in list(self._jobs):
            await self.let_go(job_id, ended=False)
        await self._pool.close()

    def _look(self, context: ExecutionContext, target: Target | None = None) -> Step:
        return self._step(ToDo(id=context.task_id, action=actions.WAIT_FOR.name, selector=target), context)

    def _step(self, todo: ToDo, context: ExecutionContext) -> Step:
        return Step(
            todo=todo,
            job_id=context.job_id,
            task_id=context.task_id,
            run=context.run,
            job=self._jobs.setdefault(context.job_id, JobPage()),
            tools=self._tools,
            until=asyncio.get_running_loop().time() + todo.timeout - _spare(todo),
            repeatable=_REPEATABLE.get(todo.action, False) if todo.repeatable is None else todo.repeatable,
        )

    @asynccontextmanager
    async def _at_page(self, step: Step) -> AsyncIterator[None]:
        """Hold the job's page for a step, opened where the job stood. What Playwright raises inside becomes ours."""
        try:
            async with asyncio.timeout_at(step.until + _grace(step.todo)), step.job.lock:
                step.job.before_step()
                if step.job.alive:
                    await step.job.follow_new_tab(step.until)
                else:
                    await self._reopen(step)
                yield
        except (browser_error(), TimeoutError, UnavailableError) as error:
            if is_dead(error):
                await step.job.close()
            shown = step.clean(str(error)) == str(error)
            raise _cleaned(self._judged(step, error), step) from (error if shown else None)
        except CPAError as error:
            _cleaned(error, step)
            raise

    def _judged(self, step: Step, error: Exception) -> CPAError:
        if step.begun and not step.repeatable:
            return unknown(step.what, error)
        if isinstance(error, CPAError):
            return error
        url = step.page.url if step.job.alive else ""
        return translated(error, what=step.what, limit=f"{step.todo.timeout:g} s", url=url)

    async def _reopen(self, step: Step) -> None:
        """Give the job a page: empty, or where the snapshot says it stood."""
        await step.job.close()
        snapshot = await asyncio.to_thread(self._sessions.load, step.job_id, step.run)
        await step.job.attach(await self._pool.new_context(snapshot.storage_state if snapshot else None))
        if snapshot is None:
            return
        step.job.last = snapshot.last
        if step.todo.action == actions.GOTO.name and not step.job.finished:
            return
        try:
            await self._return_to(snapshot, step)
        except BaseException:
            await step.job.close()
            raise

    async def _return_to(self, snapshot: SessionSnapshot, step: Step) -> None:
        """Load the page again and enter again what was entered. What cannot be had again the step will miss."""
        try:
            await web_operations.visit(step, snapshot.url)
            for entry in snapshot.form:
                until = min(step.until, asyncio.get_running_loop().time() + _REFILLING)
                await _OPERATIONS[entry.action](replace(step, todo=entry.todo(), until=until))
        except (TaskFailedError, browser_error()) as error:
            if is_dead(error):
                raise
            log.warning("session_not_restored", job_id=step.job_id, reason=step.clean(reason_of(error)))

    async def _keep_session(self, step: Step, result: dict[str, Any]) -> None:
        """Note where the job stands. The step is done, so a page that dies just now is the next step's concern."""
        if step.todo.action in _LOOKS_ONLY:
            return
        step.job.last = LastStep(task_id=step.task_id, result=result)
        try:
            storage = await step.job.context.storage_state()
            url = step.page.url
        except (browser_error(), UnavailableError) as error:
            log.warning("session_not_kept", job_id=step.job_id, reason=reason_of(error))
            return
        snapshot = SessionSnapshot(
            run=step.run,
            url=safe_url(url, self._tools.secrets),
            storage=dict(storage),
            form=tuple(step.job.form),
            last=step.job.last,
        )
        await asyncio.to_thread(self._sessions.save, step.job_id, snapshot)

    async def _pictures(self, step: Step, result: dict[str, Any]) -> tuple[str, ...]:
        if step.todo.action == actions.SCREENSHOT.name:
            return (result["path"],)
        if step.todo.action not in _PICTURED:
            return ()
        try:
            picture = await web_reading.keep_picture(step.job, self._tools.screenshots, step.job_id, step.task_id)
        except (browser_error(), UnavailableError) as error:
            log.warning("no_picture", job_id=step.job_id, task_id=step.task_id, reason=reason_of(error))
            return ()
        return (picture,)


def _spare(todo: ToDo) -> float:
    """Seconds of a step's time that are kept for its picture and its report."""
    return min(_RESERVE, todo.timeout / 4)


def _grace(todo: ToDo) -> float:
    """Seconds a step may overrun while it finds out why it failed. The orchestrator waits longer than that."""
    return _spare(todo) + min(_RESERVE, todo.timeout) / 2


def _cleaned(error: CPAError, step: Step) -> CPAError:
    """Take every known secret out of what the error says."""
    error.facts = {name: step.clean(text) for name, text in error.facts.items()}
    error.args = tuple(step.clean(part) if isinstance(part, str) else part for part in error.args)
    return error
