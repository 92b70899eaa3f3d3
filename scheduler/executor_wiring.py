"""Makes the executors of this machine. For the container alone: like it, this module knows every adapter."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta

from scheduler.core.references import SECRET_SCHEME
from scheduler.core.site_book import SiteBook
from scheduler.core.spelling import folded
from scheduler.executors.a2a_actions import A2A_ACTIONS
from scheduler.executors.answers import Answers
from scheduler.executors.app_catalog import AppCatalog
from scheduler.executors.app_executor import AppExecutor
from scheduler.executors.app_processes import AppProcesses
from scheduler.executors.browser_pool import BrowserLimits, turns_by_cores
from scheduler.executors.caldav_calendar import CaldavCalendar
from scheduler.executors.calendar_events import Organiser
from scheduler.executors.calendar_executor import CalendarExecutor
from scheduler.executors.contact_file import ContactFile
from scheduler.executors.data_executor import DataExecutor
from scheduler.executors.document_executor import DocumentExecutor
from scheduler.executors.entry_points import ExecutorSupport, load_executors
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.file_root import FileRoot
from scheduler.executors.file_sources import FileSources
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.libreoffice import LibreOffice
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.mail_transport import MailTransport
from scheduler.executors.mcp_tools import McpTools
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.executors.site_executor import SiteExecutor
from scheduler.executors.web_allowance import Allowance
from scheduler.executors.web_guard import PROGRAMS, GuardRails
from scheduler.executors.web_proxy import OutsideProxy
from scheduler.mail_wiring import make_mail_transport
from scheduler.security.policies import DEFAULT_POLICIES, PolicyEngine
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import BrowserSettings, Settings


def make_registry(
    settings: Settings,
    secrets: SecretsManager,
    artifacts: ArtifactStore,
    screenshots: ScreenshotStore,
    sites: SiteBook,
) -> ExecutorRegistry:
    """Return everything this machine can do itself, but for the tools of MCP servers."""
    registry = ExecutorRegistry()
    browser = make_browser(settings, secrets, artifacts, screenshots, sites)
    registry.register_all(browser)
    registry.register_all(SiteExecutor(browser=browser, sites=sites, secrets=secrets))
    contacts = ContactFile(settings.store.contacts_file)
    transport = make_mail_transport(settings, secrets)
    registry.register_all(MailExecutor(transport=transport, artifacts=artifacts, addresses=contacts.resolve))
    register_hands(registry, settings, secrets=secrets, artifacts=artifacts, transport=transport)
    registry.bring(A2A_ACTIONS)
    return registry


def make_tools(
    settings: Settings, secrets: SecretsManager, artifacts: ArtifactStore, registry: ExecutorRegistry
) -> McpTools:
    """Return what keeps the tools of MCP servers registered, with those that were listed last.

    Raises ValueError or OSError for a broken file.
    """
    tools = McpTools(
        file=settings.hands.mcp_file,
        folder=settings.store.data_dir / "mcp",
        artifacts=artifacts,
        reveal=revealing(secrets),
        to=registry,
    )
    tools.load()
    return tools


async def opened_tools(
    stack: AsyncExitStack,
    settings: Settings,
    secrets: SecretsManager,
    artifacts: ArtifactStore,
    registry: ExecutorRegistry,
) -> McpTools:
    """Return what `make_tools` does, after every server was asked which tools it has; it is closed with the stack."""
    tools = make_tools(settings, secrets, artifacts, registry)
    stack.push_async_callback(tools.close)
    await tools.refresh()
    return tools


def revealing(secrets: SecretsManager) -> Callable[[str], str]:
    """Return what gives the secret of `secret://name`, and anything else as it is."""
    return lambda value: secrets.get_secret(value) if value.startswith(SECRET_SCHEME) else value


def make_sites(settings: Settings) -> SiteBook:
    """Return the portals that are set up: by an administrator, and by `cpa site`, whose profiles count more."""
    return SiteBook((settings.web.sites_dir, settings.store.data_dir / "sites"))


def make_answers(settings: Settings) -> Answers:
    """Return where steps find what people have answered."""
    return Answers(settings.store.data_dir / "answers")


def make_browser(
    settings: Settings,
    secrets: SecretsManager,
    artifacts: ArtifactStore,
    screenshots: ScreenshotStore,
    sites: SiteBook,
) -> PlaywrightExecutor:
    """Return what does steps in a browser."""
    return PlaywrightExecutor(
        executable=settings.web.browser_path,
        artifacts=artifacts,
        screenshots=screenshots,
        secrets=secrets,
        sessions=settings.store.data_dir / "sessions",
        evidence=settings.web.web_evidence,
        trace=settings.web.web_trace,
        limits=make_browser_limits(settings.browser),
        rails=make_guard_rails(settings, sites),
    )


def make_browser_limits(browser: BrowserSettings) -> BrowserLimits:
    """Return when the browser is replaced, and how many jobs act in it at once."""
    return BrowserLimits(
        at_once=browser.at_once or turns_by_cores(),
        contexts=browser.contexts,
        age=timedelta(minutes=browser.minutes),
        memory=int(browser.megabytes * 1_000_000),
    )


def make_guard_rails(settings: Settings, sites: SiteBook) -> GuardRails:
    """Return where the browser may go: to the portals as they are set up at that moment, and to what else is listed."""
    guard = settings.guard
    proxy = guard.proxy.get_secret_value() if guard.proxy is not None else None
    return GuardRails(
        allowance=Allowance(
            sites=lambda: [site.profile for site in sites.sites.values()],
            domains=guard.domains,
            networks=guard.networks,
            engine=settings.hands.search_url,
        ),
        outside=OutsideProxy.parse(proxy, guard.proxy_spares) if proxy is not None else None,
        most_bytes=int(guard.download_megabytes * 1_000_000),
        refused_files=PROGRAMS if guard.refused_files is None else guard.refused_files,
        steps=guard.steps,
    )


def register_hands(
    registry: ExecutorRegistry,
    settings: Settings,
    *,
    secrets: SecretsManager,
    artifacts: ArtifactStore,
    transport: MailTransport,
) -> None:
    """Register what works with files, tables, documents, applications and calendars, and what others wrote."""
    root = settings.store.files_root or settings.store.data_dir / "files"
    sources = FileSources(FileRoot(root), artifacts)
    registry.register_all(FileExecutor(root=root, artifacts=artifacts))
    registry.register_all(DataExecutor(root=root, artifacts=artifacts))
    registry.register_all(DocumentExecutor(sources=sources, office=LibreOffice()))
    registry.register_all(make_app_executor(settings, sources))
    registry.register_all(make_calendar_executor(settings, secrets, transport))
    folder = settings.store.data_dir / "executors"
    for executor in load_executors(ExecutorSupport(artifacts=artifacts, secrets=secrets, folder=folder)):
        registry.register_all(executor)


def make_app_executor(settings: Settings, sources: FileSources) -> AppExecutor:
    """Return what starts applications: those of the table of rules and those of CPA_APPS."""
    policy, own = make_policy(settings), {folded(name) for name in settings.hands.apps}

    def decide(app: str) -> tuple[bool, str]:
        decision = policy.decide_app(app)
        return (True, "CPA_APPS") if app in own else (decision.allowed, decision.rule)

    return AppExecutor(
        catalog=AppCatalog.load(settings.hands.apps),
        decide=decide,
        processes=AppProcesses(str(settings.store.data_dir.resolve())),
        sources=sources,
    )


def make_calendar_executor(settings: Settings, secrets: SecretsManager, transport: MailTransport) -> CalendarExecutor:
    """Return what makes appointments; without a calendar it invites only."""
    calendar = settings.calendar
    store = calendar.url and CaldavCalendar(
        url=calendar.url, username=calendar.username, password=lambda: secrets.get_secret("calendar.password")
    )
    return CalendarExecutor(
        store=store or None,
        missing=["CPA_CALENDAR_URL"],
        transport=transport,
        organiser=Organiser(settings.mail.address, settings.mail.name),
    )


def make_policy(settings: Settings) -> PolicyEngine:
    """Return the table of rules of the house. Raises ValueError or OSError when it cannot be read."""
    return PolicyEngine.load(settings.hands.policies_file or DEFAULT_POLICIES)
