"""One way through a site as its profile describes it: every step on the job's page, inside the site's domains."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog

from scheduler.core.errors import (
    AmbiguousTargetError,
    CPAError,
    ElementNotFoundError,
    PageRefusedError,
    SiteUnreachableError,
    StepTimeoutError,
    TaskFailedError,
)
from scheduler.core.questions import Question
from scheduler.core.site_book import Site
from scheduler.core.site_errors import (
    DocumentNotFoundError,
    LoginIncompleteError,
    LoginRejectedError,
    OutsideSiteError,
    SecondFactorNeededError,
    SecondFactorRejectedError,
    SiteHasNoError,
)
from scheduler.core.sites import SecondFactor, SiteLogin, SiteProfile, SiteStep, target_for
from scheduler.core.targets import Target
from scheduler.core.task_executor_interface import ExecutionContext, Performed
from scheduler.core.todo import ToDo
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.executors.web_errors import public_url

_POLL: Final = 0.2  # seconds
_JUDGED: Final = 20.0  # seconds that a page may take after the last step of a login to show what became of it
_BLANK: Final = "about:"
_NO_ANSWER: Final = "chrome-error:"  # what the browser shows in place of a page it did not get
CODE: Final = "second_factor"
"""The key of the question for the code of a second factor."""

Tell = Callable[[str, str], None]
"""Is told each step before it is done: the operation, and what it is done to."""

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class SiteVisit:
    """The pictures taken on the way gather in `evidence`."""

    site: Site
    browser: PlaywrightExecutor
    context: ExecutionContext
    tell: Tell = lambda *_: None
    evidence: list[str] = field(default_factory=list)
    code_used: bool = False

    @property
    def profile(self) -> SiteProfile:
        return self.site.profile

    async def log_in(self) -> dict[str, Any]:
        """Log in unless somebody is logged in. A site without a login is opened.

        Raises LoginRejectedError, LoginIncompleteError, SecondFactorNeededError, SecondFactorRejectedError,
        OutsideSiteError, and what the steps raise.
        """
        login = self.profile.login
        if login is None:
            await self._do(SiteStep(open=self.profile.url), {})
        elif not await self.logged_in():
            await self._log_in(login)
        return {"site": self.site.key, "url": public_url(await self.browser.address(self.context))}

    async def logged_in(self) -> bool:
        """Whether the page that is open shows it."""
        login = self.profile.login
        address = await self.browser.address(self.context)
        return login is not None and self.profile.allows(address) and await self._sees(login.logged_in)

    async def download(self, slots: Mapping[str, str]) -> dict[str, Any]:
        """Find and fetch a document; a session that ended on the way is renewed once.

        Raises DocumentNotFoundError, SiteHasNoError, what `log_in` raises, and what the steps raise.
        """
        if self.profile.document is None:
            raise SiteHasNoError(self.profile.name, "document")
        await self.log_in()
        try:
            return await self._fetch(slots)
        except TaskFailedError as error:
            if self.profile.login is None or await self._missing(slots) or await self.logged_in():
                raise await self._judged(error, slots) from error
            log.info("site_session_ended", site=self.site.key, job_id=self.context.job_id, reason=error.code)
        await self._log_in(self.profile.login)
        try:
            return await self._fetch(slots)
        except TaskFailedError as error:
            raise await self._judged(error, slots) from error

    async def _fetch(self, slots: Mapping[str, str]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for step in self.profile.document.steps if self.profile.document else ():
            if result:
                await self._look_around(slots)
            result = await self._do(step, slots)
        kept = ("artifact", "name", "bytes", "sha256", "media_type")
        return {"site": self.site.key} | {name: result[name] for name in kept}

    async def _look_around(self, slots: Mapping[str, str]) -> None:
        """Raise at once for what the next step would only wait in vain for."""
        if await self._missing(slots):
            raise DocumentNotFoundError(self.profile.name, slots.get("document_id") or slots.get("document", "–"))
        if await self._signed_out():
            raise LoginIncompleteError(self.profile.name, str(self.profile.login and self.profile.login.logged_in))

    async def _signed_out(self) -> bool:
        """Whether the site shows its login instead of what was asked for."""
        login = self.profile.login
        form = next((step.fill for step in login.steps if step.fill is not None), None) if login else None
        return form is not None and await self._sees(form) and not await self.logged_in()

    async def _judged(self, error: TaskFailedError, slots: Mapping[str, str]) -> TaskFailedError:
        """Return what a failed search means: no such document, or a page that is not as the profile says.

        A profile that does not say what a missing document looks like leaves only the first reading.
        """
        document = self.profile.document
        told = document is not None and document.missing is not None
        gone = isinstance(error, PageRefusedError) and error.status in {404, 410}
        absent = isinstance(error, ElementNotFoundError) and not told
        if gone or absent or await self._missing(slots):
            return DocumentNotFoundError(self.profile.name, slots.get("document_id") or slots.get("document", "–"))
        return error

    async def _missing(self, slots: Mapping[str, str]) -> bool:
        document = self.profile.document
        if document is None or document.missing is None:
            return False
        return await self._sees(target_for(document.missing, slots, self.context.task_id))

    async def _log_in(self, login: SiteLogin) -> None:
        factor, code = login.second_factor, None if self.code_used else self.context.answers.get(CODE)
        anew = factor is None or code is None or not await self._still_asked(factor)
        if anew:
            for step in login.steps:
                await self._do(step, {})
            if await self._settled(login) is login.logged_in:
                return
            if factor is None or not await self._sees(factor.field):
                raise LoginRejectedError(self.profile.name, self.profile.secret_names)
        if factor is None:
            return
        if code is None:
            raise self._asks(factor)
        await self._enter(factor, code)
        if await self._settled(login, after_code=True) is not login.logged_in:
            raise self._asks(factor) if anew else SecondFactorRejectedError(self.profile.name)

    async def _still_asked(self, factor: SecondFactor) -> bool:
        """Whether the page, or what was restored of it, is the one where the code was asked for."""
        return self.profile.allows(await self.browser.address(self.context)) and await self._sees(factor.field)

    async def _settled(self, login: SiteLogin, *, after_code: bool = False) -> Target:
        """Wait until the page shows how the login ended; return what shows it. Raises LoginIncompleteError.

        The form, shown again, is a refusal where the profile knows no other sign of one.
        """
        factor = None if after_code or login.second_factor is None else login.second_factor.field
        form = next((step.fill for step in login.steps if step.fill is not None), None)
        again = login.second_factor.field if after_code and login.second_factor else form
        signs = [login.logged_in, *filter(None, (login.refused, factor))]
        now = asyncio.get_running_loop().time
        end, patience = now() + _JUDGED, now() + _JUDGED / 4
        while now() < end:
            for sign in signs:
                if await self._sees(sign):
                    return sign
            if (
                (after_code or login.refused is None)
                and again is not None
                and now() > patience
                and await self._sees(again)
            ):
                return again
            await asyncio.sleep(_POLL)
        raise LoginIncompleteError(self.profile.name, str(login.logged_in))

    def _asks(self, factor: SecondFactor) -> SecondFactorNeededError:
        name, job_id = self.profile.name, self.context.job_id
        log.info("second_factor_awaited", site=self.site.key, job_id=job_id)
        new = self.code_used
        german = f"Das Portal {name} verlangt einen {'neuen ' if new else ''}Code (zweiter Faktor). Wie lautet er?"
        english = f"The portal {name} asks for a {'new ' if new else ''}code (second factor). What is it?"
        question = Question(
            key=CODE,
            about="step",
            text=english if self.context.locale == "en" else german,
            locale=self.context.locale,
            secret=True,
            patience=timedelta(seconds=factor.wait_seconds),
        )
        return SecondFactorNeededError(name, job_id, f"{factor.wait_seconds:g} s", [question])

    async def _enter(self, factor: SecondFactor, code: str) -> None:
        task_id, self.code_used = self.context.task_id, True
        await self._perform(self.profile.todo(SiteStep(fill=factor.field, text=code), {}, task_id), hidden=True)
        submit = SiteStep(press="Enter") if factor.submit is None else SiteStep(click=factor.submit)
        await self._perform(self.profile.todo(submit, {}, task_id))

    async def _do(self, step: SiteStep, slots: Mapping[str, str]) -> dict[str, Any]:
        """Do a step; what covers the page is clicked away, also when it came just then."""
        todo = self.profile.todo(step, slots, self.context.task_id)
        self.tell(step.operation, str(todo.params.get("url") or todo.selector or todo.params.get("key", "")))
        if step.optional and todo.selector is not None and not await self._appears(todo.selector):
            return {}
        await self._clear()
        try:
            return await self._perform(todo)
        except (StepTimeoutError, ElementNotFoundError, AmbiguousTargetError):
            if not await self._clear():
                raise
            return await self._perform(todo)

    async def _perform(self, todo: ToDo, *, hidden: bool = False) -> dict[str, Any]:
        """Do a step inside the site. Raises OutsideSiteError before anything is entered elsewhere."""
        if todo.action != "web.goto":
            await self._stay_inside()
        performed: Performed = await self.browser.follow(todo, self.context, hidden=hidden)
        self.evidence += performed.evidence
        await self._stay_inside()
        return performed.result

    async def _stay_inside(self) -> None:
        address = await self.browser.address(self.context)
        if address.startswith(_NO_ANSWER):
            raise SiteUnreachableError(public_url(self.profile.url), "it did not answer")
        if not address.startswith(_BLANK) and not self.profile.allows(address):
            raise OutsideSiteError(self.profile.name, public_url(address), self.profile.hosts)

    async def _clear(self) -> bool:
        """Click away what the profile calls pop-ups; say whether there was one."""
        cleared = False
        for target in self.profile.popups:
            if await self._sees(target):
                todo = ToDo(id=self.context.task_id, action="web.click", selector=target, timeout=5, repeatable=True)
                cleared = await _done(self._perform(todo)) or cleared
        return cleared

    async def _appears(self, target: Target) -> bool:
        """Whether an optional element is there, or comes within a moment."""
        for _ in range(5):
            if await self._sees(target):
                return True
            await asyncio.sleep(_POLL)
        return False

    async def _sees(self, target: Target) -> bool:
        return await self.browser.shows(target, self.context)


async def _done(step: Awaitable[object]) -> bool:
    """Whether a step that does not matter by itself could be done. Raises what says that the site is gone."""
    try:
        await step
    except (SiteUnreachableError, OutsideSiteError):
        raise
    except CPAError:
        return False
    return True
