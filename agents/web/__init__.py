"""The agent that works in a browser."""

from agents.runtime.command_line import AgentKind
from scheduler.core.agent import AgentType
from scheduler.executor_wiring import make_browser, make_sites
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.site_executor import SiteExecutor
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import Settings


def make_executors(settings: Settings, secrets: SecretsManager) -> ExecutorRegistry:
    """Return what does steps on web pages and in portals."""
    artifacts = ArtifactStore(settings.store.data_dir / "artifacts")
    screenshots = ScreenshotStore(settings.store.data_dir / "screenshots")
    sites = make_sites(settings)
    browser = make_browser(settings, secrets, artifacts, screenshots, sites)
    registry = ExecutorRegistry()
    registry.register_all(browser)
    registry.register_all(SiteExecutor(browser=browser, sites=sites, secrets=secrets))
    return registry


KIND = AgentKind(type=AgentType.WEB, make_executors=make_executors)
