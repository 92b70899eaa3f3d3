"""A step at an agent needs to know something: a person is asked, and the same agent goes on with the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from examples.office import PORTAL_PASSWORD, PORTAL_USER
from examples.portal import PortalServer
from scheduler.core.actions import ActionSpec
from scheduler.core.intent_router import IntentRouter
from scheduler.core.questions import AskingError, Question
from scheduler.core.task_executor_interface import AD_HOC, BaseExecutor, ExecutionContext, Performed, Verification
from scheduler.core.todo import ToDo
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.executors.site_executor import SiteExecutor
from scheduler.executors.web_guard import GuardRails
from scheduler.security.secrets_manager import SecretsManager
from tests.agents.runtime.test_agent_files import an_agent, there_are
from tests.support.agent_processes import neighbourhood
from tests.support.services import Api, clean_environment, router, running_api, some_settings
from tests.support.sites import FakeSites
from tests.support.web import HERE

pytestmark = pytest.mark.integration

__all__ = ["clean_environment", "router"]

CODE = "471108-zwei"
SECRETS = SecretsManager(
    environment={"CPA_SECRET_PORTAL_USERNAME": PORTAL_USER, "CPA_SECRET_PORTAL_PASSWORD": PORTAL_PASSWORD}
)


class Printer(BaseExecutor):
    """Prints once it knows where."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(name="data.print", description="print something", result=frozenset({"printer"})),
    )

    def __init__(self) -> None:
        self.printed: list[str] = []

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:  # noqa: ARG002
        if "printer" not in context.answers:
            asked = Question(key="printer", about="step", text="Welcher Drucker?")
            raise AskingError("the printer is not known", [asked])
        self.printed.append(context.answers["printer"])
        return Performed(result={"printer": context.answers["printer"]})

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:  # noqa: ARG002
        return Verification(happened=bool(self.printed))


@pytest.mark.usefixtures("clean_environment")
async def test_what_a_step_at_an_agent_asks_is_asked_of_a_person(
    tmp_path: Path, store_path: Path, router: IntentRouter
) -> None:
    settings, printer = some_settings(tmp_path / "data", store_path, hosts=("testserver", "127.0.0.1")), Printer()
    async with running_api(settings, router, worker=True) as api, neighbourhood(api, tmp_path) as near:
        token = await near.enrolment()
        async with an_agent(tmp_path / "agent", near.url, token, "data.print", executor=printer):
            await there_are(api, 1)
            job = await asks(api, {"id": "print", "action": "data.print"})
            answered = await api.client.post(f"/jobs/{job['job_id']}/answer", json={"text": "blau"})
            ended = await api.ended(job["job_id"])

    assert [one["text"] for one in job["questions"]] == ["Welcher Drucker?"]
    assert (answered.status_code, ended["status"], ended["tasks"][0]["result"]) == (202, "done", {"printer": "blau"})
    assert printer.printed == ["blau"]


async def asks(api: Api, step: dict[str, Any]) -> dict[str, Any]:
    """Order a step, and return its job once that waits for an answer."""
    job_id = (await api.client.post("/jobs", json={"task_graph": {"tasks": [step]}})).json()["job_id"]
    async with asyncio.timeout(60):
        while (job := (await api.client.get(f"/jobs/{job_id}")).json())["status"] != "waiting":
            assert job["status"] not in {"done", "failed"}, job
            await asyncio.sleep(0.05)
    return dict(job["job"])


@pytest.mark.usefixtures("clean_environment")
async def test_the_code_of_a_second_factor_reaches_an_agent_and_stands_nowhere(
    tmp_path: Path, store_path: Path, router: IntentRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    settings = some_settings(tmp_path / "data", store_path, hosts=("testserver", "127.0.0.1"))
    with PortalServer({PORTAL_USER: PORTAL_PASSWORD}) as portal:
        portal.faults.code = CODE
        async with (
            running_api(settings, router, worker=True) as api,
            neighbourhood(api, tmp_path) as near,
            a_browser(tmp_path / "agent") as browser,
        ):
            token, sites = await near.enrolment(), FakeSites({"Portal": portal.url})
            executor = SiteExecutor(browser=browser, sites=sites, secrets=SECRETS)
            async with an_agent(tmp_path / "agent", near.url, token, "site.login", executor=executor):
                await there_are(api, 1)
                job = await asks(api, {"id": "login", "action": "site.login", "params": {"site": "portal"}})
                answered = await api.client.post(f"/jobs/{job['job_id']}/answer", json={"text": CODE})
                ended = await api.ended(job["job_id"])
                timeline = (await api.client.get(f"/jobs/{job['job_id']}/timeline")).text

    assert [(one["key"], one["secret"]) for one in job["questions"]] == [("login.second_factor", True)]
    assert (answered.status_code, ended["status"]) == (202, "done"), ended
    assert list((tmp_path / "agent" / "screenshots").rglob("*.page.txt"))
    for text in (timeline, repr(ended), repr(job), caplog.text):
        assert CODE not in text
    assert files_with(CODE, tmp_path, store_path.parent) == []


def files_with(text: str, *folders: Path) -> list[Path]:
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


@asynccontextmanager
async def a_browser(folder: Path) -> AsyncIterator[PlaywrightExecutor]:
    """Return a browser that keeps all the evidence it can in the folder."""
    async with PlaywrightExecutor(
        artifacts=ArtifactStore(folder / "artifacts"),
        screenshots=ScreenshotStore(folder / "screenshots"),
        secrets=SECRETS,
        sessions=folder / "sessions",
        evidence="all",
        rails=GuardRails(allowance=HERE),
    ) as browser:
        yield browser
