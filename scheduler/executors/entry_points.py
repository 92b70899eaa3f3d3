"""Loads executors that others wrote: installed packages name them under the entry point group `cpa.executors`."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final, Protocol, cast, runtime_checkable

from scheduler.executors.base_executor import BaseExecutor
from scheduler.executors.files import ArtifactStore
from scheduler.security.secrets_manager import SecretsManager

GROUP: Final = "cpa.executors"


class ExecutorLoadError(ValueError):
    """An executor that is installed cannot be used; the message names it and the package it comes with."""


@dataclass(frozen=True, kw_only=True)
class ExecutorSupport:
    """What an executor may use of the house: files of jobs, secrets by name, and a folder for what it keeps itself."""

    artifacts: ArtifactStore
    secrets: SecretsManager
    folder: Path


@runtime_checkable
class SetUp(Protocol):
    """An executor class that needs something of the house."""

    def set_up(self, support: ExecutorSupport) -> BaseExecutor:
        """Make the executor (a class method). One without it is made without arguments."""


def load_executors(support: ExecutorSupport, found: Iterable[EntryPoint] | None = None) -> list[BaseExecutor]:
    """Return an executor of every entry point, in the order of their names. Raises ExecutorLoadError."""
    points = entry_points(group=GROUP) if found is None else found
    return [_loaded(point, support) for point in sorted(points, key=lambda point: point.name)]


def make_executor(kind: object, support: ExecutorSupport) -> BaseExecutor:
    """Make an executor of a class. Raises ExecutorLoadError when it is no class of executors."""
    if not (isinstance(kind, type) and issubclass(kind, BaseExecutor)):
        raise ExecutorLoadError(f"{kind!r} is no class derived from BaseExecutor")
    if not kind.actions:
        raise ExecutorLoadError(f"{kind.__name__} lists no actions")
    return cast("SetUp", kind).set_up(support) if isinstance(kind, SetUp) else kind()


def _loaded(point: EntryPoint, support: ExecutorSupport) -> BaseExecutor:
    package = f"{point.dist.name} {point.dist.version}" if point.dist else "an unnamed package"
    try:
        return make_executor(point.load(), support)
    except Exception as error:
        raise ExecutorLoadError(
            f"Executor {point.name!r} = {point.value!r} of {package} cannot be used: {error}; mend or uninstall it"
        ) from error
