"""An agent for tests as a process of its own: its only effect is a line in a file.

It takes the options of every agent. The step `data.note` is such an effect; `params.wait` keeps it busy for that long
before, `params.linger` after it; `params.tell` reports progress.
"""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from agents.runtime import report_progress
from agents.runtime.command_line import AgentKind, main
from scheduler.core.actions import ActionSpec, SessionUse
from scheduler.core.agent import AgentType
from scheduler.core.ids import JobId
from scheduler.core.task_executor_interface import (
    AD_HOC,
    BaseExecutor,
    ExecutionContext,
    Performed,
    Verification,
    parse_params,
)
from scheduler.core.todo import ToDo
from scheduler.executors.executor_registry import ExecutorRegistry


class NoteParams(BaseModel):
    wait: float = 0.0
    linger: float = 0.0
    tell: int = 0
    die: str = ""
    blind: bool = False


class Counter(BaseExecutor):
    """Appends effect keys to a file. `die` kills the process `before` or `after` that, `blind` hides it from verify."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(name="data.note", description="write a line", params=NoteParams, result=frozenset({"line"})),
        ActionSpec(name="data.scribble", description="the same, harmless", params=NoteParams, repeatable=True),
        ActionSpec(name="data.hold", description="keep it", params=NoteParams, session=SessionUse.CHANGES),
    )

    def __init__(self, effects: Path) -> None:
        self._effects = effects

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        asked = parse_params(NoteParams, todo)
        for step in range(asked.tell):
            report_progress((step + 1) / asked.tell)
            await asyncio.sleep(asked.wait / asked.tell)
        if not asked.tell:
            await asyncio.sleep(asked.wait)
        if asked.die == "before":
            await self.die()
        with self._effects.open("a", encoding="utf-8") as file:
            file.write(f"{context.effect_key}\n")
        if asked.die == "after":
            await self.die()
        await asyncio.sleep(asked.linger)
        return Performed(result={"line": todo.text or ""})

    async def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        if parse_params(NoteParams, todo).blind:
            return Verification(happened=None, detail="it cannot be seen")
        seen = self._effects.exists() and context.effect_key in self._effects.read_text(encoding="utf-8").split()
        return Verification(happened=seen, result={"line": todo.text or ""} if seen else None)

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        with self._effects.with_suffix(".let_go").open("a", encoding="utf-8") as file:
            file.write(f"{job_id} {ended}\n")


def kind(effects: Path) -> AgentKind:
    def make(*_: Any) -> ExecutorRegistry:  # noqa: ANN401 - settings and secrets are not needed
        registry = ExecutorRegistry()
        registry.register_all(Counter(effects))
        return registry

    return AgentKind(type=AgentType.DATA, make_executors=make)


def live(effects: Path, arguments: Sequence[str], variables: Mapping[str, str], log: Path) -> None:
    """The body of the process: what `python -m agents.data` does, with this environment and no other."""
    os.environ.clear()
    os.environ.update(variables)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    main(kind(effects), arguments)
