"""The agent that works with the applications of its machine: starts, ends and opens documents with those allowed."""

from agents.runtime.command_line import AgentKind
from scheduler.core.agent import AgentType
from scheduler.executor_wiring import make_app_executor
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.file_root import FileRoot
from scheduler.executors.file_sources import FileSources
from scheduler.executors.files import ArtifactStore
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import Settings


def make_executors(settings: Settings, secrets: SecretsManager) -> ExecutorRegistry:  # noqa: ARG001 - needs no secrets
    """Return what does steps with applications."""
    root = settings.store.files_root or settings.store.data_dir / "files"
    sources = FileSources(FileRoot(root), ArtifactStore(settings.store.data_dir / "artifacts"))
    registry = ExecutorRegistry()
    registry.register_all(make_app_executor(settings, sources))
    return registry


KIND = AgentKind(
    type=AgentType.DESKTOP_RPA,
    make_executors=make_executors,
    lacks="It starts and ends programs and opens documents. It does no steps on screens yet (desktop.*): "
    "no clicking, typing or reading in the windows of programs.",
)
