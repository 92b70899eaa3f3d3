"""The world that jobs of the fault tests act upon: a file of lines that outlives every process that writes to it.

An effect is a line, appended and on disk before its step reports success. That a step was begun, and by whom, is a line
as well, so that a test can tell whether anything was done twice.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from scheduler.core.actions import ActionSpec
from scheduler.core.ids import JobId, new_id
from scheduler.core.questions import Question
from scheduler.core.site_errors import SecondFactorNeededError
from scheduler.core.task_executor_interface import (
    AD_HOC,
    BaseExecutor,
    ExecutionContext,
    Performed,
    Verification,
    parse_params,
)
from scheduler.core.todo import ToDo

MARK, LOOK, ASK = "web.mark", "web.look", "web.ask"
"""Names that the policy of the house allows: the first must not be done twice, the second may, the third asks first."""
BEGUN, EFFECT = "begun", "effect"
ITEMS = 5
"""How many a look finds."""


class Line(NamedTuple):
    """Something that happened to the step with this effect key."""

    what: str
    key: str
    job_id: JobId
    pid: int


class World:
    """The file. Many processes may append; a line is written with one call, so lines never mix."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._effects: set[str] = set()

    def note(self, what: str, context: ExecutionContext) -> None:
        """Append a line; an effect is on disk when this returns."""
        line = f"{what} {context.effect_key} {context.job_id} {os.getpid()}\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
            if what == EFFECT:
                os.fsync(handle)
        finally:
            os.close(handle)

    def lines(self) -> Iterator[Line]:
        for line in self._path.read_text().splitlines() if self._path.exists() else ():
            what, key, job_id, pid = line.split()
            yield Line(what, key, JobId(job_id), int(pid))

    def count(self, what: str) -> Counter[str]:
        """Return how often it happened to each step, by effect key."""
        return Counter(line.key for line in self.lines() if line.what == what)

    def begun(self, job_id: JobId) -> list[Line]:
        """Return who began steps of a job."""
        return [line for line in self.lines() if line.what == BEGUN and line.job_id == job_id]

    def has(self, key: str) -> bool:
        """Whether the effect is there; reads only what was added since it was asked last."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                added = file.read()
            whole = added[: added.rfind(b"\n") + 1]
            self._read += len(whole)
            self._effects.update(line.split()[1] for line in whole.decode().splitlines() if line.startswith(EFFECT))
        return key in self._effects


_QUESTION = Question(key="code", about="step", text="Wie lautet der Code?", secret=True)


class Pause(BaseModel):
    """How long a step takes before its effect comes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = 0.0
    item: str = ""
    """For what of a list the step is done; nothing but an input of it."""


class WorldExecutor(BaseExecutor):
    """Leaves marks in the world, and looks at it."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(name=MARK, description="Leaves a mark that must not be left twice", params=Pause),
        ActionSpec(name=ASK, description="Leaves a mark, once somebody has given a code", params=Pause),
        ActionSpec(name=LOOK, description="Finds some items, others each time", params=Pause, repeatable=True),
    )

    def __init__(self, world: World) -> None:
        self._world = world

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        self._world.note(BEGUN, context)
        if todo.action == ASK and "code" not in context.answers:
            raise SecondFactorNeededError("Portal", context.job_id, "600 s", [_QUESTION])
        await asyncio.sleep(parse_params(Pause, todo).seconds)
        if todo.action == LOOK:
            return Performed(result={"items": [new_id() for _ in range(ITEMS)]})
        self._world.note(EFFECT, context)
        return Performed()

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        if todo.action == LOOK:
            return Verification(happened=None)
        happened = self._world.has(context.effect_key)
        return Verification(happened=happened, result={} if happened else None)
