"""The right executor gets the step."""

import pytest

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import UnknownActionError
from scheduler.core.ids import JobId
from scheduler.core.task_executor_interface import Verification
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.executor_registry import ExecutorRegistry


class Recorder(BaseExecutor):
    """Says who it is; `fails` makes letting go go wrong."""

    def __init__(self, name: str, *actions: str, fails: bool = False) -> None:
        self.name = name
        self.actions = tuple(ActionSpec(name=action, description=action) for action in actions)  # type: ignore[misc]  # each instance its own
        self.fails = fails
        self.let_go_of: list[tuple[JobId, bool]] = []
        self.closed = False

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        return Performed(result={"by": self.name, "action": todo.action, "job": context.job_id})

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        return Verification(happened=True, detail=f"{self.name} {todo.action} {context.job_id}")

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:
        return (f"{self.name}-{todo.action}-{context.job_id}.png",)

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        if self.fails:
            raise RuntimeError(self.name)
        self.let_go_of.append((job_id, ended))

    async def close(self) -> None:
        if self.fails:
            raise RuntimeError(self.name)
        self.closed = True


CONTEXT = ExecutionContext(job_id=JobId("job-1"))


def test_an_action_wins_over_its_family() -> None:
    family, exact = Recorder("family"), Recorder("exact")
    registry = ExecutorRegistry()
    assert not registry.does("web.click")
    registry.register("web.*", family)
    assert registry.does("web.click")
    registry.register("web.click", exact)

    assert registry.get("web.click") is exact
    assert registry.get("web.goto") is family


@pytest.mark.parametrize(
    ("registered", "asked"),
    [("send_mail", "mail.send"), ("mail.send", "send_mail"), ("playwright", "web.goto"), ("web.*", "playwright")],
)
def test_the_short_names_of_actions_are_understood(registered: str, asked: str) -> None:
    executor, registry = Recorder("any"), ExecutorRegistry()

    registry.register(registered, executor)

    assert registry.get(asked) is executor


def test_an_unknown_action_is_named_with_its_nearest() -> None:
    registry = ExecutorRegistry()
    registry.register_all(Recorder("mail", "mail.send", "mail.read"))
    registry.register("web.*", Recorder("web", "web.goto"))

    with pytest.raises(UnknownActionError) as unknown:
        registry.get("mail.sent")

    assert unknown.value.nearest[0] == "mail.send"
    assert unknown.value.facts["action"] == "mail.sent"


def test_two_executors_for_one_action_are_a_mistake() -> None:
    registry, first = ExecutorRegistry(), Recorder("first")
    registry.register("mail.send", first)
    registry.register("mail.send", first)

    with pytest.raises(ValueError, match=r"mail\.send"):
        registry.register("send_mail", Recorder("second"))


async def test_a_step_goes_to_its_executor() -> None:
    registry, todo = ExecutorRegistry(), ToDo(id="m", action="send_mail")
    registry.register_all(Recorder("mail", "mail.send"))
    registry.register_all(Recorder("files", "file.copy"))

    done = await registry.execute(todo, CONTEXT)

    assert done.result == {"by": "mail", "action": "mail.send", "job": "job-1"}
    assert (await registry.verify(todo, CONTEXT)).detail == "mail mail.send job-1"
    assert await registry.evidence_of_failure(todo, CONTEXT) == ("mail-mail.send-job-1.png",)


async def test_a_step_nobody_can_do_is_not_done() -> None:
    with pytest.raises(UnknownActionError):
        await ExecutorRegistry().execute(ToDo(id="x", action="coffee.make"))


def test_the_catalog_holds_what_would_be_done_by_the_one_who_lists_it() -> None:
    web, special = Recorder("web", "web.goto", "web.click"), Recorder("special", "web.click", "web.dream")
    registry = ExecutorRegistry()
    registry.register("web.*", web)
    registry.register("web.click", special)

    catalog = registry.catalog

    assert {spec.name for spec in catalog} == {"web.goto", "web.click"}
    assert registry.executors == (web, special)


async def test_all_let_go_even_if_one_fails() -> None:
    first, broken, last = Recorder("first", "a.x"), Recorder("broken", "b.x", fails=True), Recorder("last", "c.x")
    registry = ExecutorRegistry()
    for executor in (first, broken, last):
        registry.register_all(executor)

    with pytest.raises(RuntimeError, match="broken"):
        await registry.let_go(JobId("job-1"), ended=True)
    with pytest.raises(RuntimeError, match="broken"):
        await registry.close()

    assert first.let_go_of == last.let_go_of == [(JobId("job-1"), True)]
    assert first.closed
    assert last.closed
