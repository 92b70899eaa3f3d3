"""Finds the functions that write durably, send, or act on the world, and what stands between them and a crash point."""

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Effect(NamedTuple):
    """A call `receiver.name(...)`, or `name(...)` when the receiver is None; in that module alone, if one is given."""

    name: str
    receiver: str | None
    module: str = ""


EFFECTS = (
    Effect("write", "database"),
    Effect("write_durably", None),
    Effect("data", "smtp", "smtp_imap_transport"),
    *(Effect(name, "box", "imap_mailbox") for name in ("append", "move", "copy", "delete")),
    Effect("move", "box", "imap_mails"),
    *(Effect(name, "os", "file_root") for name in ("link", "rename", "unlink", "mkdir", "rmdir")),
    Effect("Popen", "subprocess", "app_processes"),
    *(Effect(name, "process", "app_processes") for name in ("terminate", "kill")),
    *(Effect(name, "http", "caldav_calendar") for name in ("put", "delete")),
    Effect("execute", "executors", "task_runner"),
)
UNITS = (frozenset({"smtp_imap_transport", "imap_mailbox", "imap_mails"}),)
"""Modules that count as one: the mailbox and its mails are used by the transport alone."""


@dataclass(frozen=True)
class Points:
    """One `@crash_points(before, after)`, by the names of the members."""

    where: str
    before: str
    after: str


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _speaks_of(path: Path, words: Iterable[str]) -> bool:
    """Whether one of the words stands in the file at all; most need not be read as code."""
    text = path.read_text(encoding="utf-8")
    return any(word in text for word in words)


def decorated(paths: Iterable[Path]) -> Iterator[Points]:
    """Yield every function that carries crash points."""
    for path in (path for path in paths if _speaks_of(path, ["crash_points"])):
        for function in _functions(_tree(path)):
            for call in _decorators(function):
                before, after = (ast.unparse(argument).removeprefix("CrashPoint.") for argument in call.args)
                yield Points(f"{path.stem}.{function.name}", before, after)


def unguarded(paths: Iterable[Path]) -> list[str]:
    """Return `module.function` of each that has an effect without a crash point around it, itself or in its callers."""
    units: dict[frozenset[str], dict[str, ast.Module]] = {}
    for path in paths:
        unit = next((unit for unit in UNITS if path.stem in unit), frozenset({str(path)}))
        names = {effect.name for effect in EFFECTS if effect.module in {"", path.stem}}
        if unit in UNITS or _speaks_of(path, names):
            units.setdefault(unit, {})[path.stem] = _tree(path)
    return sorted(name for modules in units.values() for name in _unguarded(modules))


def _unguarded(modules: Mapping[str, ast.Module]) -> Iterator[str]:
    functions = [function for tree in modules.values() for function in _functions(tree)]
    for module, tree in modules.items():
        for function in _functions(tree):
            if _has_effect(function, module) and not _is_guarded(function, functions, frozenset()):
                yield f"{module}.{function.name}"


def _functions(tree: ast.Module) -> Iterator[Function]:
    """Yield functions of a module and methods of its classes; what is nested in them belongs to them."""
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        yield from (member for member in members if isinstance(member, Function))


def _decorators(function: Function) -> list[ast.Call]:
    return [
        call
        for call in function.decorator_list
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"crash_points", "crash_points.crash_points"}
    ]


def _has_effect(function: Function, module: str) -> bool:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    chosen = [
        part
        for func in calls
        for part in ([func.body, func.orelse] if isinstance(func, ast.IfExp) else [func])  # (a if b else c)(...)
    ]
    return any(_is_effect(func, effect, module) for func in chosen for effect in EFFECTS)


def _is_effect(func: ast.expr, effect: Effect, module: str) -> bool:
    if effect.module not in {"", module}:
        return False
    if effect.receiver is None:
        return isinstance(func, ast.Name) and func.id == effect.name
    return (
        isinstance(func, ast.Attribute)
        and func.attr == effect.name
        and ast.unparse(func.value).removesuffix("()").endswith(effect.receiver)
    )


def _is_guarded(function: Function, functions: list[Function], seen: frozenset[str]) -> bool:
    """Say whether the function, or each that mentions it, carries crash points."""
    if _decorators(function):
        return True
    callers = [other for other in functions if other is not function and _mentions(other, function.name)]
    seen |= {function.name}
    return bool(callers) and all(caller.name not in seen and _is_guarded(caller, functions, seen) for caller in callers)


def _mentions(function: Function, name: str) -> bool:
    return name in _names(function)


@functools.cache
def _names(function: Function) -> frozenset[str]:
    nodes = list(ast.walk(function))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return frozenset(names | {node.attr for node in nodes if isinstance(node, ast.Attribute)})
