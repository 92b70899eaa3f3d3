"""Tools of MCP servers that come and go while the service runs, told by real servers made with the official SDK."""

import asyncio
import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import mcp
import pytest
import yaml

from scheduler.core.errors import UnknownActionError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.task_executor_interface import ExecutionContext, ExecutionResult
from scheduler.core.todo import ToDo
from scheduler.executors import mcp_session, mcp_tools
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mcp_tools import McpTools
from tests.executors.test_mcp_executor import counting

pytestmark = pytest.mark.integration

CONTEXT = ExecutionContext(job_id=JobId("job-1"), task_id=TaskId("step"), effect_key="k" * 64)
LIMIT = 30.0  # seconds


class House:
    """A file of servers, and the actions that come of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry = ExecutorRegistry()
        self.catalog = self.registry.catalog  # whoever got it once sees what changes
        self.tools = McpTools(
            file=folder / "mcp.yaml", folder=folder / "mcp", artifacts=ArtifactStore(folder / "artifacts"),
            reveal=str, to=self.registry,
        )  # fmt: skip

    def write(self, **servers: Any) -> None:  # noqa: ANN401 - fields of McpServer
        new = self.folder / "new.yaml"
        new.write_text(yaml.safe_dump({"servers": servers}))
        new.replace(self.folder / "mcp.yaml")

    async def use(self, tool: str, **params: str) -> ExecutionResult:
        return await self.registry.execute(ToDo(id="step", action=tool, params=params, timeout=20), CONTEXT)

    async def until(self, *, known: str = "", gone: str = "") -> None:
        async with asyncio.timeout(LIMIT):
            while (known and known not in self.catalog) or (gone and gone in self.catalog):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def followed(house: House) -> AsyncIterator[House]:
    house.tools.load()
    running = asyncio.create_task(house.tools.run())
    try:
        yield house
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await house.tools.close()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_tools_come_and_go_as_the_server_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setattr(mcp_session, "Client", functools.partial(mcp.Client, mode=mode))
    house = House(tmp_path)
    house.write(books=counting(tmp_path / "counts"))
    async with followed(house):
        await house.until(known="mcp.books.learn")
        assert (await house.use("mcp.books.learn", name="browse")).success
        await house.until(known="mcp.books.browse")
        found = await house.use("mcp.books.browse", isbn="978")
        assert found.result["data"] == {"title": "Book 978", "pages": 1}

        assert (await house.use("mcp.books.unlearn", name="browse")).success
        await house.until(gone="mcp.books.browse")
        with pytest.raises(UnknownActionError, match="browse"):
            await house.use("mcp.books.browse", isbn="978")
        assert "mcp.books.order" in house.catalog


async def test_servers_come_and_go_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_tools, "_LOOK", 0.05)
    house = House(tmp_path)
    async with followed(house):
        assert "mcp.books.order" not in house.catalog
        house.write(books=counting(tmp_path / "counts"))
        await house.until(known="mcp.books.order")
        (tmp_path / "mcp.yaml").write_text("servers: {books: {}}")
        await asyncio.sleep(0.2)
        assert (await house.use("mcp.books.look_up", isbn="1")).success, "a broken file changes nothing"
        version = house.catalog.version

        house.write(books=counting(tmp_path / "counts", only=["order"]))
        await house.until(gone="mcp.books.look_up")
        assert "mcp.books.order" in house.catalog
        house.write()
        await house.until(gone="mcp.books.order")

    assert house.catalog.version > version
    assert [spec.name for spec in house.catalog] == []


async def test_a_server_that_dies_is_followed_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write(books=counting(tmp_path / "counts"))
    async with followed(house):
        await house.until(known="mcp.books.learn")
        assert not (await house.use("mcp.books.die")).success
        assert (await house.use("mcp.books.learn", name="browse")).success, "the next call gets another"
        await house.until(known="mcp.books.browse")
