"""Lets a test drive the web executor in a line per step."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from scheduler.core.ids import JobId, TaskId
from scheduler.core.task_executor_interface import ExecutionContext, ExecutionResult, Verification
from scheduler.core.todo import ToDo
from scheduler.executors.browser_pool import BrowserLimits
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.executors.web_actions import WEB_ACTIONS
from scheduler.executors.web_allowance import Allowance
from scheduler.executors.web_guard import GuardRails
from scheduler.executors.web_keeper import Level
from scheduler.security.secrets_manager import SecretsManager
from tests.support.site import PASSWORD, USER

HERE = Allowance(domains=("127.0.0.1:*",))
_JOBS = count(1)
_RESULTS = {spec.name: spec.result or frozenset() for spec in WEB_ACTIONS}


def a_step(action: str, selector: object = None, **fields: Any) -> ToDo:  # noqa: ANN401 - whatever a plan may say
    """Build a web step; what is no field of ToDo goes to its params."""
    own = {name: value for name, value in fields.items() if name in ToDo.model_fields}
    params = {name: value for name, value in fields.items() if name not in ToDo.model_fields}
    document = {"id": "step", "timeout": 4, "action": f"web.{action}", "selector": selector, "params": params}
    return ToDo.model_validate({**document, **own})


class Desk:
    """A folder with everything an executor keeps; several executors may use it one after another."""

    def __init__(self, root: Path, rails: GuardRails | None = None) -> None:
        self.root = root
        self.artifacts = ArtifactStore(root / "artifacts")
        self.sessions = root / "sessions"
        self.rails = rails or GuardRails(allowance=HERE)
        self.secrets = SecretsManager(
            root / "secrets.yaml",
            environment={
                "CPA_SECRET_PORTAL_USERNAME": USER,
                "CPA_SECRET_PORTAL_PASSWORD": PASSWORD,
                "CPA_SECRET_PORTAL_PIN": "0815-4711",
                "CPA_SECRET_WRONG_USERNAME": USER,
                "CPA_SECRET_WRONG_PASSWORD": "falsch-geraten",
            },
        )

    def executor(
        self, *, evidence: Level = "changes", trace: bool = False, limits: BrowserLimits | None = None
    ) -> PlaywrightExecutor:
        return PlaywrightExecutor(
            evidence=evidence,
            trace=trace,
            artifacts=self.artifacts,
            screenshots=ScreenshotStore(self.root / "screenshots"),
            secrets=self.secrets,
            sessions=self.sessions,
            rails=self.rails,
            limits=limits,
        )


class WebJob:
    """One job's steps."""

    def __init__(self, desk: Desk, executor: PlaywrightExecutor, job_id: JobId | None = None) -> None:
        self.desk = desk
        self.executor = executor
        self.id = job_id or JobId(f"job-{next(_JOBS)}")
        self.answers: Mapping[str, str] = {}
        """What people have said to the questions of steps."""

    async def attempt(self, action: str, selector: object = None, **fields: Any) -> ExecutionResult:  # noqa: ANN401
        todo = a_step(action, selector, **fields)
        ended = await self.executor.execute(todo, self.context(todo))
        if (page := self.executor._jobs.get(self.id)) is not None:
            await page.saved()  # a worker verifies what it has done, which waits for this as well
        return ended

    async def do(self, action: str, selector: object = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
        """Do a step that must succeed and return its result."""
        ended = await self.attempt(action, selector, **{"timeout": 20, **fields})  # a browser may have to start first
        assert ended.error is None, ended.error
        assert ended.result.keys() <= _RESULTS[f"web.{action}"], (
            "what it gives is declared, so that plans may refer to it"
        )
        return ended.result

    async def refused(self, action: str, selector: object = None, **fields: Any) -> str:  # noqa: ANN401
        """Do a step that must fail and return the code of its failure."""
        ended = await self.attempt(action, selector, **fields)
        assert ended.error is not None, ended.result
        return ended.error.code

    async def verify(self, action: str, selector: object = None, **fields: Any) -> Verification:  # noqa: ANN401
        todo = a_step(action, selector, **fields)
        return await self.executor.verify(todo, self.context(todo))

    def context(self, todo: ToDo) -> ExecutionContext:
        return ExecutionContext(job_id=self.id, task_id=TaskId(todo.id or ""), answers=self.answers)


@asynccontextmanager
async def another_worker(job: WebJob) -> AsyncIterator[WebJob]:
    """The same job in the hands of a second executor, which has never seen its page."""
    async with job.desk.executor() as executor:
        yield WebJob(job.desk, executor, job.id)
