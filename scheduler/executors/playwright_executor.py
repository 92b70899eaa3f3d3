"""Does `web.*` in a real browser: a context per job, every element the only one of its kind, no secret shown."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import structlog

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import (
    BrowserUnavailableError,
    CPAError,
    Effect,
    StepBudgetError,
    TaskFailedError,
    UnavailableError,
    UnknownActionError,
    VerificationFailedError,
)
from scheduler.core.ids import JobId
from scheduler.core.references import REFERENCE, SECRET_SCHEME
from scheduler.core.targets import Target
from scheduler.core.task_executor_interface import Verification
from scheduler.core.todo import ToDo
from scheduler.executors import web_actions as actions
from scheduler.executors import web_extract, web_files, web_gestures, web_login, web_operations, web_reading
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.browser_pool import BrowserLimits, BrowserPool
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.web_errors import browser_error, is_dead, reason_of, translated, unknown
from scheduler.executors.web_guard import GuardRails, hindrance, refuse_outside
from scheduler.executors.web_keeper import CHANGING, EvidenceKeeper, Level
from scheduler.executors.web_page import JobPage
from scheduler.executors.web_session import LastStep, LoginStore, SessionSnapshot, SessionStore
from scheduler.executors.web_session_keeper import ENTERS, LOOKS_ONLY, SessionKeeper
from scheduler.executors.web_step import Step, Tools, cleaned
from scheduler.executors.web_targets import any_match
from scheduler.executors.web_verification import verified
from scheduler.security.sealing import Sealer
from scheduler.security.secrets_manager import SecretsManager

if TYPE_CHECKING:
    from playwright.async_api import HttpCredentials

_RESERVE = 2.0  # seconds
_PARTS = ("username", "password")  # of a credential
_LOOKING = 5.0  # seconds that a page may take to show what a step has done
_REFILLING = 2.0  # seconds to find a field again
_OPENS = frozenset({actions.GOTO.name, actions.LOGIN.name})

_OPERATIONS: Mapping[str, Callable[[Step], Awaitable[dict[str, Any]]]] = {
    actions.GOTO.name: web_operations.goto,
    actions.CLICK.name: web_operations.click,
    actions.FILL.name: web_operations.fill,
    actions.SELECT.name: web_operations.select,
    actions.CHECK.name: web_operations.check,
    actions.PRESS.name: web_operations.press,
    actions.HOVER.name: web_gestures.hover,
    actions.DRAG.name: web_gestures.drag,
    actions.SCROLL.name: web_gestures.scroll,
    actions.TAB.name: web_gestures.tab,
    actions.WAIT_FOR.name: web_reading.wait_for,
    actions.EXTRACT.name: web_extract.extract,
    actions.SCREENSHOT.name: web_reading.screenshot,
    actions.SNAPSHOT.name: web_reading.snapshot,
    actions.LOGIN.name: web_login.login,
    actions.DOWNLOAD.name: web_files.download,
    actions.UPLOAD.name: web_files.upload,
}
_REPEATABLE: Mapping[str, bool] = {spec.name: spec.repeatable for spec in actions.WEB_ACTIONS}

log = structlog.get_logger(__name__)


class PlaywrightExecutor(BaseExecutor):
    """Steps of one job run one after another on its page; jobs run side by side in contexts of one browser.

    Where a job stands is kept in `sessions` after each step, so another process can carry on. `executable` is the
    browser; without it Debian's headless shell or Chromium is taken. `trace` records every step that uses no secret.
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
        evidence: Level = "changes",
        trace: bool = False,
        limits: BrowserLimits | None = None,
        rails: GuardRails | None = None,
    ) -> None:
        rails, sealer = rails or GuardRails(), Sealer(secrets)
        self._pool = BrowserPool(headless=headless, executable=executable, limits=limits, rules=rails.of_gate)
        self._tools = Tools(
            artifacts=artifacts,
            screenshots=screenshots,
            secrets=secrets,
            logins=LoginStore(sessions / "logins", sealer),
            renew=self._renew,
            rails=rails,
        )
        self._keeper = EvidenceKeeper(level=evidence, trace=trace)
        self._sessions = SessionStore(sessions, sealer)
        self._session_keeper = SessionKeeper(self._sessions)
        self._jobs: dict[JobId, JobPage] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def require(self, todo: ToDo) -> None:
        """Raise AddressForbiddenError for a page that is not on the list, SecretMissingError for a secret not set, and
        ProgramMissingError without a browser."""
        url = todo.params.get("url")
        if isinstance(url, str) and not REFERENCE.search(url):
            self._tools.rails.allowance.refuse(url)
        if todo.text is not None and todo.text.startswith(SECRET_SCHEME):
            self._tools.secrets.get_secret(todo.text)
        self._pool.program()

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step once.

        Raises what its operation names, InvalidInputError, SecretMissingError, StepTimeoutError,
        BrowserUnavailableError, and OutcomeUnknownError when a step broke off that may not be repeated.
        """
        if todo.action not in _OPERATIONS:
            raise UnknownActionError(todo.action, field="action", known=_OPERATIONS)
        return await self._perform(self._step(todo, context))

    async def follow(self, todo: ToDo, context: ExecutionContext, *, hidden: bool = False) -> Performed:
        """Do a step of a site profile once; its locators are alternatives that count alike. Raises like `perform`.

        It needs no proof of its own when another than the first fits: the way it belongs to is proven by its end. What
        it fills in `hidden` is seen in no evidence and kept nowhere.
        """
        return await self._perform(replace(self._step(todo, context), alternatives=True, hidden=hidden))

    async def _perform(self, step: Step) -> Performed:
        async with self._at_page(step):
            step.job.new_attempt()
            if step.job.broken:
                await self._reopen(step)
            await self._keeper.before(step)
            await _wait_for_looks(step)
            if not step.repeatable:
                await step.job.placed()
            async with self._keeper.traced(step):
                result = await self._operate(step)
            result |= step.about_element()
            if step.healed:
                await self._prove(step, result)
            if step.job.dialogs:
                result["dialogs"] = [{name: step.clean(text) for name, text in one.items()} for one in step.job.dialogs]
                step.job.dialogs.clear()
            await self._session_keeper.begin(step, result)
            evidence = await self._keeper.after(step, result)
            step.job.finished.add(step.task_id)
        return Performed(result=result, evidence=evidence)

    async def _prove(self, step: Step, result: dict[str, Any]) -> None:
        """Let what was done to an element that had moved stand only if it shows. Raises VerificationFailedError."""
        if step.todo.action in LOOKS_ONLY:
            return
        step.job.finished.add(step.task_id)
        step.job.last = LastStep(task_id=step.task_id, result=result)
        seen = await verified(replace(step, until=min(step.until, asyncio.get_running_loop().time() + _LOOKING)))
        if seen.happened is not True:
            wanted = step.todo.verify or step.target()
            error = VerificationFailedError(str(wanted), seen.detail or "-")
            error.effect = Effect.DONE
            raise error

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether the step has happened. Raises an UnavailableError when nobody can look now."""
        step = self._step(todo, context)
        async with self._at_page(step):
            step.until = min(step.until, asyncio.get_running_loop().time() + _LOOKING)
            step.recording = False
            seen = await verified(step)
            await step.job.saved()
            return seen

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

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:
        """Return what was kept of the step, the page as it is now as text with its errors, and a picture of it."""
        job = self._jobs.get(context.job_id)
        if job is None:
            return ()
        step = self._step(todo, context)
        if job.alive:
            step.until = asyncio.get_running_loop().time() + _RESERVE
            try:
                async with asyncio.timeout(2 * _RESERVE), job.lock:
                    await self._keeper.of_failure(step)
                    await job.saved()
            except TimeoutError:
                log.warning("no_evidence", job_id=context.job_id, task_id=context.task_id, reason="it took too long")
        return tuple(job.kept)

    async def keeps_session(self, context: ExecutionContext) -> bool:
        job = self._jobs.get(context.job_id)
        if job is not None and job.alive:
            return True
        return await asyncio.to_thread(self._sessions.load, context.job_id, context.run) is not None

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        """Close the job's context; forget where it stood when it has ended."""
        job = self._jobs.pop(job_id, None)
        if job is not None:
            await job.saved()
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
            tenant=context.tenant,
            locale=context.locale,
            answers=context.answers,
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
            async with asyncio.timeout_at(step.until + _grace(step.todo)), step.job.lock, self._pool.turn():
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
            raise cleaned(self._judged(step, error), step) from (error if shown else None)
        except CPAError as error:
            cleaned(error, step)
            raise

    def _judged(self, step: Step, error: Exception) -> CPAError:
        if step.begun and not step.repeatable:
            return unknown(step.what, error)
        if isinstance(error, CPAError):
            return error
        url = step.page.url if step.job.alive else ""
        return translated(error, what=step.what, limit=f"{step.todo.timeout:g} s", url=url)

    async def _operate(self, step: Step) -> dict[str, Any]:
        """Do it within the guard rails. What the gate refused or could not reach is said instead of what came of it."""
        job, rails = step.job, self._tools.rails
        job.steps += 1
        if job.steps > rails.steps:
            raise StepBudgetError(step.job_id, rails.steps)
        gate = self._pool.gate_of(job.context)
        if gate is None:
            raise BrowserUnavailableError("the page of this job is closed")
        gate.begin_step()
        try:
            result = await _OPERATIONS[step.todo.action](step)
            gate = self._pool.gate_of(job.context) or gate  # a login may have changed the context
            refuse_outside(gate, job)
        except (browser_error(), TimeoutError, CPAError) as error:
            if job.alive:
                gate = self._pool.gate_of(job.context) or gate
            past = step.todo.action == actions.DOWNLOAD.name and "url" in step.todo.params
            reason = hindrance(gate, job, rails, past_the_page=past)
            if reason is None or is_dead(error):
                raise
            if step.begun:
                reason.effect = Effect.DONE  # what it led to was held back, it itself was not
            raise reason from error
        finally:
            gate.end_step()
        return result

    async def _reopen(self, step: Step) -> None:
        """Give the job a page: empty, or where the snapshot says it stood."""
        await step.job.saved()
        await step.job.close()
        snapshot = await asyncio.to_thread(self._sessions.load, step.job_id, step.run)
        if snapshot is not None:
            step.job.basic_auth = snapshot.basic_auth
        state, credentials = (snapshot.storage_state if snapshot else None), self._http_credentials(step.job)
        await step.job.attach(await self._pool.new_context(state, credentials))
        if snapshot is None:
            return
        step.job.last, step.job.steps = snapshot.last, max(step.job.steps, snapshot.steps)
        if step.todo.action in _OPENS and not step.job.finished:
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

    async def _renew(self, job: JobPage, storage: dict[str, Any]) -> None:
        """Give the job a new context that holds these cookies and stores."""
        await job.close()
        state: Any = storage
        await job.attach(await self._pool.new_context(state, self._http_credentials(job)))
        if (gate := self._pool.gate_of(job.context)) is not None:
            gate.begin_step()

    def _http_credentials(self, job: JobPage) -> "HttpCredentials | None":
        asked = job.basic_auth
        if asked is None:
            return None
        user, password = (self._tools.secrets.get_secret(f"{asked.credential}.{part}") for part in _PARTS)
        job.secret_values.add(password)
        return {"username": user, "password": password, "origin": asked.origin, "send": "unauthorized"}


async def _wait_for_looks(step: Step) -> None:
    """Wait for looks at the page; not if it only looks itself, waits before it acts, or follows the last of them."""
    if step.todo.action in CHANGING | {actions.EXTRACT.name}:
        return
    if step.todo.action in ENTERS and not step.uses_secret and "keys" not in step.todo.params:
        await step.job.watched(noting=False)
        if step.job.note is not None:
            return
    await step.job.watched()


def _spare(todo: ToDo) -> float:
    """Seconds of a step's time that are kept for its picture and its report."""
    return min(_RESERVE, todo.timeout / 4)


def _grace(todo: ToDo) -> float:
    """Seconds a step may overrun while it finds out why it failed. The orchestrator waits longer than that."""
    return _spare(todo) + min(_RESERVE, todo.timeout) / 2
