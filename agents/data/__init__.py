"""The agent that works with files and tables."""

from agents.runtime.command_line import AgentKind
from scheduler.core.agent import AgentType
from scheduler.executors.data_executor import DataExecutor
from scheduler.executors.document_executor import DocumentExecutor
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.file_root import FileRoot
from scheduler.executors.file_sources import FileSources
from scheduler.executors.files import ArtifactStore
from scheduler.executors.libreoffice import LibreOffice
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import Settings


def make_executors(settings: Settings, secrets: SecretsManager) -> ExecutorRegistry:  # noqa: ARG001 - needs no secrets
    """Return what does steps with files, tables and documents."""
    root = settings.store.files_root or settings.store.data_dir / "files"
    artifacts = ArtifactStore(settings.store.data_dir / "artifacts")
    registry = ExecutorRegistry()
    registry.register_all(FileExecutor(root=root, artifacts=artifacts))
    registry.register_all(DataExecutor(root=root, artifacts=artifacts))
    registry.register_all(DocumentExecutor(sources=FileSources(FileRoot(root), artifacts), office=LibreOffice()))
    return registry


KIND = AgentKind(type=AgentType.DATA, make_executors=make_executors)
