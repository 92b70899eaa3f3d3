"""The agent that sends and reads mail."""

from agents.runtime.command_line import AgentKind
from scheduler.core.agent import AgentType
from scheduler.executors.contact_file import ContactFile
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_executor import MailExecutor
from scheduler.mail_wiring import make_mail_transport
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import Settings


def make_executors(settings: Settings, secrets: SecretsManager) -> ExecutorRegistry:
    """Return what does steps in a mailbox."""
    artifacts = ArtifactStore(settings.store.data_dir / "artifacts")
    contacts = ContactFile(settings.store.contacts_file)
    registry = ExecutorRegistry()
    registry.register_all(
        MailExecutor(transport=make_mail_transport(settings, secrets), artifacts=artifacts, addresses=contacts.resolve)
    )
    return registry


KIND = AgentKind(type=AgentType.EMAIL, make_executors=make_executors)
