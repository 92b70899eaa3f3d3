"""Checks an executor against the promises all executors give: `python -m scheduler.executors.conformance module:Class`.

What can be said without doing anything is checked for every class. Give examples (a class attribute `examples`, or the
argument) of steps that may really be done, and they are done, verified and judged too.
"""

import asyncio
import importlib
import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import CPAError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import BaseExecutor, ExecutionContext
from scheduler.executors.entry_points import ExecutorLoadError, ExecutorSupport, make_executor
from scheduler.executors.files import ArtifactStore
from scheduler.security.secrets_manager import SecretsManager

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_STRANGE: Final = "no_such_parameter"
CONTEXT: Final = ExecutionContext(job_id=JobId("conformance"), task_id=TaskId("step"), effect_key="conformance-1")


async def check(executor: BaseExecutor, examples: Sequence[ToDo] = ()) -> list[str]:
    """Return what the executor does not keep of its promises; nothing if it keeps them all. It is closed afterwards."""
    problems = list(_declared(executor.actions))
    try:
        problems += [problem async for problem in _refuses(executor)]
        for number, todo in enumerate(examples):
            context = CONTEXT._replace(task_id=TaskId(todo.id or "step"), effect_key=f"{number}-example")
            try:
                problems += [f"{todo.action}: {problem}" async for problem in _does(executor, todo, context)]
            except CPAError as error:
                problems.append(f"{todo.action}: verify raises {error.code} instead of saying what it knows: {error}")
        await executor.let_go(CONTEXT.job_id, ended=False)
        await executor.let_go(CONTEXT.job_id, ended=True)
    finally:
        await executor.close()
        await executor.close()
    return problems


def _declared(actions: Iterable[ActionSpec]) -> Iterator[str]:
    seen: set[str] = set()
    for spec in actions:
        if not _NAME.fullmatch(spec.name):
            yield f"{spec.name}: a name is dotted, family first, in small letters: coffee.make"
        if spec.name in seen:
            yield f"{spec.name}: is listed twice"
        seen.add(spec.name)
        if not spec.description.strip():
            yield f"{spec.name}: needs a description, which people read"
        if spec.params.model_config.get("extra") != "forbid":
            yield f'{spec.name}: its params model must refuse unknown fields (extra="forbid")'
        if spec.result is None:
            yield f"{spec.name}: says nothing of its result; list the fields, or plans cannot be checked"
    if not seen:
        yield "it lists no actions"


async def _refuses(executor: BaseExecutor) -> AsyncIterator[str]:
    """What it must not do: an action it does not list, and one with parameters it does not know."""
    strange = await _tried(executor, ToDo(id="step", action="nobody.does_this"))
    if strange != "unknown_action":
        yield f"an action it does not list must end as unknown_action, not {strange}"
    for spec in executor.actions:
        todo = ToDo.model_validate({"id": "step", "action": spec.name, "params": {_STRANGE: 1}})
        code = await _tried(executor, todo)
        if code != "invalid_input":
            yield f"{spec.name}: parameters that do not fit must end as invalid_input, not {code}; use parse_params"


async def _does(executor: BaseExecutor, todo: ToDo, context: ExecutionContext) -> AsyncIterator[str]:
    spec = next((spec for spec in executor.actions if spec.name == todo.action), None)
    if spec is None:
        yield "the example's action is not listed"
        return
    before = await executor.verify(todo, context)
    if before.happened and not spec.repeatable:
        yield "verify says it happened before it was done"
    done = await executor.execute(todo, context)
    if done.error is not None:
        yield f"the example failed: {done.error.code}: {done.error.message}"
        return
    if spec.result is not None and not spec.result >= done.result.keys():
        yield f"its result has fields it does not list: {', '.join(sorted(done.result.keys() - spec.result))}"
    try:
        json.dumps(done.result, allow_nan=False)
    except (TypeError, ValueError) as error:
        yield f"its result is no JSON: {error}"
    after = [await executor.verify(todo, context) for _ in range(2)]
    if any(one.happened is False for one in after):
        yield "verify says it did not happen, though it did"
    if after[0].happened != after[1].happened:
        yield "verify changes its mind when it is asked twice"
    if after[0].happened and after[0].result is None and spec.result:
        yield "verify says it happened, but not what it gave; later steps need that"


async def _tried(executor: BaseExecutor, todo: ToDo) -> str:
    """Return the code with which a step that cannot be done ends."""
    try:
        done = await executor.execute(todo, CONTEXT)
    except CPAError as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong with this executor
        return f"{type(error).__name__}: {error}"
    return done.error.code if done.error else "success"


def load(place: str, folder: Path) -> BaseExecutor:
    """Return the executor `module:Class`. Raises ExecutorLoadError or ImportError."""
    module, _, name = place.partition(":")
    kind = getattr(importlib.import_module(module), name or "-", None)
    if kind is None:
        raise ExecutorLoadError(f"there is no {place!r}; say module:Class")
    support = ExecutorSupport(
        artifacts=ArtifactStore(folder / "artifacts"),
        secrets=SecretsManager(folder / "secrets.yaml"),
        folder=folder / "own",
    )
    return make_executor(kind, support)


def main(arguments: Sequence[str]) -> int:
    """Print what is wrong; return 0 if nothing is."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m scheduler.executors.conformance module:Class\n")
        return 2
    sys.path.insert(0, str(Path.cwd()))
    with tempfile.TemporaryDirectory(prefix="cpa-conformance-") as folder:
        try:
            executor = load(arguments[0], Path(folder))
        except (ImportError, ExecutorLoadError) as error:
            sys.stderr.write(f"{error}\n")
            return 2
        examples = tuple(getattr(executor, "examples", ()))
        problems = asyncio.run(check(executor, examples))
    for problem in problems:
        sys.stdout.write(f"✘ {problem}\n")
    if not problems:
        sys.stdout.write(f"✔ {arguments[0]}: {len(executor.actions)} actions, {len(examples)} examples done\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
