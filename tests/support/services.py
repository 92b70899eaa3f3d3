"""The API over the real container and a real store, with one scripted executor in place of browser, mail and files."""

import asyncio
import os
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import httpx
import pytest
from fastapi import FastAPI
from pydantic_settings import BaseSettings

from scheduler.api.app import build_app
from scheduler.container import Services, open_services
from scheduler.core.actions import ActionSpec
from scheduler.core.errors import CPAError  # noqa: TC001 - said of a field
from scheduler.core.intent_router import IntentRouter
from scheduler.core.task_executor_interface import AD_HOC, BaseExecutor, ExecutionContext, Performed, Verification
from scheduler.core.todo import ToDo
from scheduler.executors.a2a_actions import A2A_ACTIONS
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.executors.site_actions import SITE_ACTIONS
from scheduler.llm.llm_provider import LLMProvider
from scheduler.settings import (
    AgentsSettings,
    ApiSettings,
    BrowserSettings,
    CalendarSettings,
    FaultSettings,
    GraphSettings,
    GuardSettings,
    HandsSettings,
    LLMSettings,
    LogSettings,
    MailSettings,
    MaintenanceSettings,
    QueueSettings,
    RetentionSettings,
    Settings,
    StoreSettings,
    WebSettings,
    WorkerSettings,
)
from tests.support.routers import the_router
from tests.support.sites import put_sites

SENTENCE = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"
PORTAL = "http://127.0.0.1:8080"
KEY_A, KEY_B = "a-key-for-the-tenant-acme", "a-key-for-the-tenant-globex"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %'"
_Part = TypeVar("_Part", bound=BaseSettings)
TWO_TENANTS = {"acme": KEY_A, "globex": KEY_B}


class ScriptedExecutor(BaseExecutor):
    """Does every action there is by saying so. `failures` says which fail; nothing is done before `gate` is open.

    `busy` is set once a step has begun. `lacking` says for which actions something is not set up.
    """

    actions: ClassVar[tuple[ActionSpec, ...]] = (
        *PlaywrightExecutor.actions,
        *SITE_ACTIONS,
        *MailExecutor.actions,
        *FileExecutor.actions,
    )

    def __init__(self) -> None:
        self.failures: dict[str, CPAError] = {}
        self.lacking: dict[str, CPAError] = {}
        self.done: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.busy = asyncio.Event()

    def require(self, todo: ToDo) -> None:
        if todo.action in self.lacking:
            raise self.lacking[todo.action]

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        self.busy.set()
        await self.gate.wait()
        if todo.action in self.failures:
            raise self.failures[todo.action]
        self.done.append(todo.action)
        return Performed(result={"artifact": f"artifact://{context.job_id}/{context.task_id}/Rechnung.pdf"})

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:  # noqa: ARG002
        return Verification(happened=todo.action in self.done)


@dataclass(frozen=True)
class Api:
    """A running API, a client of it, and what lies behind it."""

    app: FastAPI
    client: httpx.AsyncClient
    services: Services
    executor: ScriptedExecutor
    database: Path

    async def submit(self, text: str = SENTENCE, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's options
        answer = await self.client.post("/schedule", json={"text": text}, **options)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def ended(self, job_id: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's options
        """Return the job once its run is over. Raises TimeoutError for one that still waits after a minute."""
        async with asyncio.timeout(60):
            await self.client.get(f"/jobs/{job_id}/events", **options)
        return dict((await self.client.get(f"/jobs/{job_id}", **options)).json())

    async def run_sql(self, statement: str) -> None:
        """Change the store behind the back of the service."""
        with sqlite3.connect(self.database) as connection:
            connection.execute(statement)

    def query(self, statement: str) -> list[Any]:
        """Return rows of the store."""
        with sqlite3.connect(self.database) as connection:
            return connection.execute(statement).fetchall()

    def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""
        with sqlite3.connect(self.database) as connection:
            tables = [name for (name,) in connection.execute(_TABLES)]
            return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@cache
def _by_default(part: type[_Part]) -> _Part:
    """Return settings that nobody has set; reading where they might have been takes as long as opening the store."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith("CPA_")]:
            patch.delenv(name)
        return part()


def some_settings(
    data: Path,
    database: Path,
    *,
    sites: dict[str, str] | None = None,
    queue: QueueSettings | None = None,
    llm: LLMSettings | None = None,
    **api: Any,  # noqa: ANN401 - fields of ApiSettings
) -> Settings:
    """Return settings for a service that keeps everything in `data`; `api` holds fields of ApiSettings."""
    put_sites(data / "sites", {"Portal": PORTAL} if sites is None else sites)
    return Settings(
        api=ApiSettings(**{"hosts": ("testserver",), **api}),
        mail=_by_default(MailSettings),
        graph=_by_default(GraphSettings),
        worker=_by_default(WorkerSettings),
        store=StoreSettings(
            data_dir=data, database_url=f"sqlite:///{database}", secrets_file=data / "secrets.yaml", queue_url=""
        ),
        queue=queue or _by_default(QueueSettings),
        retention=_by_default(RetentionSettings),
        maintenance=_by_default(MaintenanceSettings),
        web=WebSettings(sites_dir=data / "config"),
        calendar=_by_default(CalendarSettings),
        hands=_by_default(HandsSettings),
        browser=_by_default(BrowserSettings),
        guard=_by_default(GuardSettings),
        llm=llm or _by_default(LLMSettings),
        agents=_by_default(AgentsSettings),
        log=_by_default(LogSettings),
        fault=_by_default(FaultSettings),
    )


_AT_REST: defaultdict[str, list[FastAPI]] = defaultdict(list)


@contextmanager
def lent_app(settings: ApiSettings) -> Iterator[FastAPI]:
    """Lend an application that nobody uses now: making its routes takes FastAPI longer than most tests.

    What it does is in its services; only its bridges (`/mcp`, `/a2a`) keep something, so those who use them make one.
    """
    resting = _AT_REST[str(settings)]
    app = resting.pop() if resting else build_app(settings)
    yield app
    del app.state.services
    resting.append(app)


@asynccontextmanager
async def running_api(
    settings: Settings,
    router: IntentRouter,
    *,
    worker: bool,
    provider: LLMProvider | None = None,
    app: FastAPI | None = None,
) -> AsyncIterator[Api]:
    executor, registry = ScriptedExecutor(), ExecutorRegistry()
    registry.register_all(executor)
    registry.bring(A2A_ACTIONS)
    app = app or build_app(settings.api)
    transport = httpx.ASGITransport(app)
    database = Path(settings.store.database_url.removeprefix("sqlite:///"))
    async with (
        open_services(settings, executors=registry, router=router, provider=provider) as services,
        httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=10) as client,
        asyncio.TaskGroup() as owner,
    ):
        app.state.services = services
        if worker:
            owner.create_task(services.worker.run())
        try:
            yield Api(app, client, services, executor, database)
        finally:
            executor.gate.set()
            services.worker.drain()


OpenApi = Callable[..., AbstractAsyncContextManager[Api]]


@pytest.fixture(scope="session")
def router() -> IntentRouter:
    return the_router()


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of CPA comes from outside."""
    for name in [name for name in os.environ if name.upper().startswith("CPA_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def open_api(store_path: Path, tmp_path: Path, router: IntentRouter, clean_environment: None) -> OpenApi:  # noqa: ARG001
    """Opens an API; takes `worker`, a `provider` of language models, and the fields of ApiSettings."""

    @asynccontextmanager
    async def open_one(
        *,
        worker: bool = False,
        provider: LLMProvider | None = None,
        **settings: Any,  # noqa: ANN401 - fields of ApiSettings
    ) -> AsyncIterator[Api]:
        given = some_settings(tmp_path / "data", store_path, **settings)
        with lent_app(given.api) as app:
            async with running_api(given, router, worker=worker, provider=provider, app=app) as api:
                yield api

    return open_one


@pytest.fixture
async def api(open_api: OpenApi) -> AsyncIterator[Api]:
    """An API without a key and without a worker: jobs wait."""
    async with open_api() as one:
        yield one


@pytest.fixture
async def working_api(open_api: OpenApi) -> AsyncIterator[Api]:
    """An API without a key, with a worker: jobs are done."""
    async with open_api(worker=True) as one:
        yield one
