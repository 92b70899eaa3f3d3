"""A step at an agent needs to know something: a person is asked, and the same agent goes on with the answer."""

import asyncio
from pathlib import Path
from typing import ClassVar

import pytest

from scheduler.core.actions import ActionSpec
from scheduler.core.intent_router import IntentRouter
from scheduler.core.questions import AskingError, Question
from scheduler.core.task_executor_interface import AD_HOC, BaseExecutor, ExecutionContext, Performed, Verification
from scheduler.core.todo import ToDo
from tests.agents.runtime.test_agent_files import an_agent, there_are
from tests.support.agent_processes import neighbourhood
from tests.support.services import clean_environment, router, running_api, some_settings

__all__ = ["clean_environment", "router"]


class Printer(BaseExecutor):
    """Prints once it knows where; what is secret it may not ask from afar."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(name="data.print", description="print something", result=frozenset({"printer"})),
    )

    def __init__(self) -> None:
        self.printed: list[str] = []

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        if "printer" not in context.answers:
            asked = Question(key="printer", about="step", text="Welcher Drucker?", secret=todo.text == "secret")
            raise AskingError("the printer is not known", [asked])
        self.printed.append(context.answers["printer"])
        return Performed(result={"printer": context.answers["printer"]})

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:  # noqa: ARG002
        return Verification(happened=bool(self.printed))


@pytest.mark.integration
@pytest.mark.usefixtures("clean_environment")
async def test_what_a_step_at_an_agent_asks_is_asked_of_a_person(
    tmp_path: Path, store_path: Path, router: IntentRouter
) -> None:
    settings, printer = some_settings(tmp_path / "data", store_path, hosts=("testserver", "127.0.0.1")), Printer()
    async with running_api(settings, router, worker=True) as api, neighbourhood(api, tmp_path) as near:
        token = await near.enrolment()
        async with an_agent(tmp_path / "agent", near.url, token, "data.print", executor=printer):
            await there_are(api, 1)
            ids = []
            for text in ("open", "secret"):
                plan = {"tasks": [{"id": "print", "action": "data.print", "text": text}]}
                ids.append((await api.client.post("/jobs", json={"task_graph": plan})).json()["job_id"])
            refused = await api.ended(ids[1])
            async with asyncio.timeout(10):
                while (job := (await api.client.get(f"/jobs/{ids[0]}")).json())["status"] != "waiting":  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            answered = await api.client.post(f"/jobs/{ids[0]}/answer", json={"text": "blau"})
            ended = await api.ended(ids[0])

    assert [one["text"] for one in job["job"]["questions"]] == ["Welcher Drucker?"]
    assert (answered.status_code, ended["status"], ended["tasks"][0]["result"]) == (202, "done", {"printer": "blau"})
    assert printer.printed == ["blau"]
    assert (refused["status"], refused["job"]["error_code"]) == ("failed", "not_answered")
