"""Files of steps go from machine to machine: three folders, real HTTP; only to whom an order names them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from agents.runtime.agent_files import AgentFiles
from agents.runtime.agent_options import AgentOptions
from agents.runtime.agent_process import serve_agent
from scheduler.core.agent import AgentType
from scheduler.core.agent_wire import digest_header, digest_of
from scheduler.core.errors import ArtifactNotFoundError, CPAError, FileNotFetchedError, TooMuchDataError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.lam_protocol import MessageFactory
from scheduler.core.task_executor_interface import BaseExecutor, ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.executors.data_executor import DataExecutor
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore
from tests.agents.test_remote_tasks import in_process
from tests.support.agent_processes import neighbourhood
from tests.support.agents import PlayedAgent, join
from tests.support.services import Api, api, clean_environment, open_api, router, running_api, some_settings

__all__ = ["api", "clean_environment", "open_api", "router"]

ROWS = [{"Kunde": "Müller", "Betrag": "42"}]
ADDRESS = "artifact://job-1/write/B%C3%BCcher.csv"
CONTENT = b"Titel;Preis\n"
CONTEXT = ExecutionContext(job_id=JobId("job-1"), task_id=TaskId("read"), effect_key="k" * 64, lease_epoch=1)


@asynccontextmanager
async def an_agent(
    folder: Path, url: str, token: str, action: str, *, new_key: bool = False, executor: BaseExecutor | None = None
) -> AsyncIterator[None]:
    """Be an agent with a folder of its own, in this process, that does one action."""
    executors, ready = ExecutorRegistry(), asyncio.Event()
    tables = DataExecutor(root=folder / "files", artifacts=ArtifactStore(folder / "artifacts"))
    executors.register(action, executor or tables)
    options = AgentOptions(
        type=AgentType.DATA,
        name=action,
        url=url,
        token=token,
        folder=folder / "agent",
        artifacts=folder / "artifacts",
        dial="poll",
        new_key=new_key,
    )
    work = asyncio.create_task(serve_agent(options, executors, redact=str, started=lambda _: ready.set()))
    try:
        await ready.wait()
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def there_are(api: Api, count: int) -> None:
    """Wait until so many agents are at work."""
    while len((await api.client.get("/agents", params={"status": "online"})).json()["agents"]) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


@pytest.mark.integration
@pytest.mark.usefixtures("clean_environment")
async def test_a_file_goes_from_one_machine_to_another(tmp_path: Path, store_path: Path, router: IntentRouter) -> None:
    writes, reads = tmp_path / "writes", tmp_path / "reads"
    settings = some_settings(tmp_path / "data", store_path, hosts=("testserver", "127.0.0.1"))
    plan = [
        {"id": "write", "action": "data.write_table", "params": {"name": "Kunden Süd.csv", "rows": ROWS}},
        {
            "id": "read",
            "action": "data.read_table",
            "params": {"source": "${write.artifact}"},
            "depends_on": ["write"],
        },
    ]
    async with running_api(settings, router, worker=True) as api, neighbourhood(api, tmp_path) as near:
        token = await near.enrolment(uses=2)
        async with (
            an_agent(writes, near.url, token, "data.write_table"),
            an_agent(reads, near.url, token, "data.read_table"),
        ):
            await there_are(api, 2)
            accepted = await api.client.post("/jobs", json={"task_graph": {"tasks": plan}})
            job = await api.ended(accepted.json()["job_id"])

    assert job["status"] == "done", job
    assert job["tasks"][1]["result"]["rows"] == [{"Kunde": "Müller", "Betrag": 42}]
    kept = [list((folder / "artifacts").rglob("*.csv")) for folder in (tmp_path / "data", writes, reads)]
    assert [[path.name for path in paths] for paths in kept] == [["Kunden Süd.csv"]] * 3
    assert len({path.read_bytes() for paths in kept for path in paths}) == 1


async def ordered(api: Api, agent: PlayedAgent, todo: ToDo) -> dict[str, Any]:
    """Give the agent a step; return the order."""
    seen = in_process(api, agent, lambda _: [("agree", {})])
    found = await api.services.agents.registry.get_agent(agent.id)  # type: ignore[arg-type]
    assert found is not None
    await api.services.agents.remote.assign(todo, found, CONTEXT._replace(task_id=TaskId(todo.id or "")))
    return seen[0]


@pytest.mark.component  # a whole service
async def test_a_file_is_given_only_to_whom_an_order_names_it_and_taken_only_for_a_task_given(api: Api) -> None:
    maker, reader = await join(api.client), await join(api.client, name="web-2")
    digest = hashlib.sha256(CONTENT).hexdigest()
    path = "artifacts/job-1/write/B%C3%BCcher.csv"

    async def put(agent: PlayedAgent, content: bytes = CONTENT, digest: str = digest_header(digest)) -> int:
        headers = agent.bearer | {"Repr-Digest": digest}
        return (await api.client.put(f"/agents/{agent.id}/{path}", content=content, headers=headers)).status_code

    async def get(agent: PlayedAgent, credential: PlayedAgent | None = None) -> httpx.Response:
        return await api.client.get(f"/agents/{agent.id}/{path}", headers=(credential or agent).bearer)

    not_asked = await put(maker)
    await ordered(api, maker, ToDo(id="write", action="web.download", selector="#x"))
    put_so_far = [
        await put(maker, b"x" * 33 * 1024 * 1024),
        await put(maker, b"other"),
        await put(maker, digest="md5=:x:"),
        await put(maker),
        await put(maker),
    ]
    own, foreign, pretended = await get(maker), await get(reader), await get(maker, reader)
    order = await ordered(api, reader, ToDo(id="read", action="web.upload", selector="#f", params={"files": [ADDRESS]}))
    named = await get(reader)
    (told,) = order["payload"]["artifacts"]

    assert not_asked == 403
    assert put_so_far == [413, 422, 422, 201, 204]
    assert (own.status_code, own.content, digest_of(own.headers["Repr-Digest"])) == (200, CONTENT, digest)
    assert (foreign.status_code, pretended.status_code) == (403, 401)
    assert (named.status_code, named.content) == (200, CONTENT)
    assert (told["url"], told["sha256"], told["bytes"], told["mediaType"]) == (
        ADDRESS,
        digest,
        len(CONTENT),
        "text/csv",
    )
    await api.client.post(f"/agents/{reader.id}/quarantine")
    assert (await get(reader)).status_code == 403


class _Link:
    """The scheduler as `AgentFiles` sees it."""

    me = SimpleNamespace(artifact_bytes=1000)

    def __init__(self, given: bytes | int = CONTENT) -> None:
        self.given = given
        self.asked: list[str] = []

    async def fetch_file(self, path: str, size: int) -> bytes:
        self.asked.append(f"GET {path} {size}")
        if isinstance(self.given, bytes):
            return self.given
        request = httpx.Request("GET", "http://scheduler")
        raise httpx.HTTPStatusError("", request=request, response=httpx.Response(self.given, request=request))


def an_order(content: bytes = CONTENT, size: int | None = None) -> Any:  # noqa: ANN401 - a RequestMessage
    file = {"url": ADDRESS, "sha256": hashlib.sha256(content).hexdigest(), "mediaType": "text/csv"}
    file |= {"bytes": len(content) if size is None else size}  # type: ignore[dict-item]
    todo = {"id": "read", "action": "data.read_table", "params": {"source": ADDRESS}}
    return MessageFactory.create(
        "request",
        sender="agent://scheduler/main",
        to="agent://data/1",
        payload={"todo": todo, "artifacts": [file]},
        correlation={"conversationId": "job-1", "taskId": "read"},
    )


async def test_a_file_is_fetched_once_and_again_only_when_it_has_changed(tmp_path: Path) -> None:
    store, link = ArtifactStore(tmp_path), _Link()
    files = AgentFiles(store, link)  # type: ignore[arg-type]

    await files.fetch(an_order())
    await files.fetch(an_order())
    link.given = b"new"
    await files.fetch(an_order(b"new"))

    assert link.asked == ["GET job-1/write/B%C3%BCcher.csv 12", "GET job-1/write/B%C3%BCcher.csv 3"]
    assert store.path_of(ADDRESS).read_bytes() == b"new"


@pytest.mark.parametrize(
    ("given", "order", "error"),
    [
        (b"something else", an_order(), FileNotFetchedError),
        (503, an_order(), FileNotFetchedError),
        (404, an_order(), ArtifactNotFoundError),
        (CONTENT, an_order(size=1001), TooMuchDataError),
    ],
    ids=["other content", "not now", "not there", "too large"],
)
async def test_a_step_is_not_begun_without_its_files(
    given: bytes | int,
    order: Any,  # noqa: ANN401 - see an_order
    error: type[CPAError],
    tmp_path: Path,
) -> None:
    files = AgentFiles(ArtifactStore(tmp_path), _Link(given))  # type: ignore[arg-type]

    with pytest.raises(error) as raised:
        await files.fetch(order)

    assert raised.value.retryable is (error is FileNotFetchedError)
    assert not (tmp_path / "job-1").exists()


def test_a_result_names_no_file_that_the_scheduler_would_not_take(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    files = AgentFiles(store, _Link())  # type: ignore[arg-type]
    small, large = (store.save(JobId("job-1"), TaskId("w"), f"{size}.bin", b"x" * size) for size in (1000, 1001))

    files.check_sizes({"result": {"artifact": small, "other": "artifact://job-1/w/absent"}})
    with pytest.raises(TooMuchDataError):
        files.check_sizes({"result": {"files": [small, large]}})
