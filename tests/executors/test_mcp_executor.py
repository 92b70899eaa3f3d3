"""Tools of MCP servers as actions, against a real server made with the official SDK, in a process of its own."""

import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from scheduler.core.actions import ActionCatalog, Risk
from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.task_executor_interface import ExecutionContext, ExecutionResult
from scheduler.core.todo import ToDo
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mcp_executor import McpExecutor
from scheduler.executors.mcp_servers import McpBook, Tool, ToolList, actions_of, params_of
from scheduler.executors.mcp_tools import McpTools

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
CONTEXT = ExecutionContext(job_id=JobId("job-1"), task_id=TaskId("step"), effect_key="k" * 64)


@dataclass
class Tools:
    """An executor over a server that counts."""

    executor: McpExecutor
    counts: Path
    artifacts: ArtifactStore
    wrong: dict[str, str]

    async def use(self, tool: str, timeout: float = 10, **params: Any) -> ExecutionResult:  # noqa: ANN401, ASYNC109
        todo = ToDo(id="step", action=f"mcp.books.{tool}", params=params, timeout=timeout)
        return await self.executor.execute(todo, CONTEXT)

    def used(self) -> Counter[str]:
        return Counter(self.counts.read_text().split())


def a_book(folder: Path, **servers: Any) -> McpBook:  # noqa: ANN401 - fields of McpServer
    (folder / "mcp.yaml").write_text(yaml.safe_dump({"servers": servers}))
    return McpBook.load(folder / "mcp.yaml")


def counting(counts: Path, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of McpServer
    command = [sys.executable, "-m", "tests.support.mcp_tools"]
    return {"command": command, "env": {"COUNTS": str(counts)}, "folder": str(ROOT), "seconds": 60, **more}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tools(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tools]:
    folder = tmp_path_factory.mktemp("mcp")
    counts = folder / "counts"
    counts.touch()
    missing = {"command": ["there-is-no-such-program"]}
    terms = {"look_up": {"risk": "low", "repeatable": True}}
    a_book(folder, books=counting(counts, tools=terms), missing=missing)
    artifacts, registry = ArtifactStore(folder / "artifacts"), ExecutorRegistry()
    file = folder / "mcp.yaml"
    known = McpTools(file=file, folder=folder / "mcp", artifacts=artifacts, reveal=str, to=registry)
    known.load()
    wrong = dict(await known.refresh())
    executor = registry.get("mcp.books.order")
    assert isinstance(executor, McpExecutor)
    yield Tools(executor, counts, artifacts, wrong)
    await known.close()


@pytest.mark.integration
async def test_the_tools_of_a_server_are_in_the_catalog_and_are_used(tools: Tools) -> None:
    specs = {spec.name: spec for spec in tools.executor.specs}
    assert set(tools.wrong) == {"missing"}
    assert "mcp.books.cover_picture" in specs
    assert (specs["mcp.books.look_up"].risk, specs["mcp.books.look_up"].repeatable) == (Risk.LOW, True)
    assert (specs["mcp.books.order"].risk, specs["mcp.books.order"].repeatable) == (Risk.HIGH, False)
    catalog = ActionCatalog(tools.executor.specs)
    with pytest.raises(InvalidFieldError, match=r"task_graph.params.pages"):
        catalog.check_params("mcp.books.look_up", {"isbn": "1", "pages": [2]}, "task_graph")
    with pytest.raises(InvalidFieldError, match="isbn"):
        catalog.check_params("mcp.books.look_up", {}, "task_graph")
    catalog.check_params("mcp.books.look_up", {"isbn": "1", "pages": "${count.pages}"}, "task_graph")

    found = await tools.use("look_up", isbn="978", pages=3)

    assert found.success, found.error
    assert found.result["data"] == {"title": "Book 978", "pages": 3}
    wrong = await tools.use("look_up", isbn="978", pages="${left}")
    assert wrong.error is not None
    assert wrong.error.code == "invalid_input"
    assert tools.used() == {"look_up": 1}


@pytest.mark.integration
async def test_what_a_tool_says_of_its_failure_is_told_and_pictures_become_files(tools: Tools) -> None:
    failed = await tools.use("order", isbn="978")
    assert failed.error is not None
    assert (failed.error.code, failed.error.retryable) == ("tool_failed", False)
    assert "978 is sold out" in failed.error.message
    shown = await tools.use("cover_picture")
    (address,) = shown.result["files"]
    assert tools.artifacts.path_of(address).read_bytes() == b"\x89PNG\r\n"
    named = (await tools.use("surroundings")).result["text"]
    assert "COUNTS" in named
    assert "CPA_" not in named, "nothing of ours gets there"


@pytest.mark.integration
async def test_what_is_huge_is_cut_and_what_never_ends_is_not_read(tools: Tools) -> None:
    much = await tools.use("flood", size=200_000)
    assert (len(much.result["text"]), much.result["shortened"]) == (100_000, True)
    too_much = await tools.use("flood", size=9_000_000)
    assert too_much.error is not None
    assert (too_much.error.code, too_much.error.effect) == ("outcome_unknown", "unknown")


@pytest.mark.integration
async def test_a_server_that_hangs_or_dies_leaves_the_outcome_unknown_and_the_next_call_gets_another(
    tools: Tools,
) -> None:
    before = tools.used()
    hung = await tools.use("hang", timeout=0.5, seconds=30)
    died = await tools.use("die")
    for ended in (hung, died):
        assert ended.error is not None
        assert (ended.error.code, ended.error.effect) == ("outcome_unknown", "unknown")
    assert (await tools.executor.verify(ToDo(id="step", action="mcp.books.die"))).happened is None
    assert (await tools.use("look_up", isbn="1")).success
    assert tools.used() - before == {"hang": 1, "die": 1, "look_up": 1}


async def test_hints_count_only_where_the_operator_says_so(tmp_path: Path) -> None:
    lists = ToolList(tmp_path)
    listed = [Tool(name="see", read_only=True), Tool(name="set", destructive=False, idempotent=True), Tool(name="zap")]
    lists.write("books", listed)
    for believed, expected in (
        (False, {"see": (Risk.HIGH, False), "set": (Risk.HIGH, False), "zap": (Risk.HIGH, False)}),
        (True, {"see": (Risk.LOW, True), "set": (Risk.MEDIUM, True), "zap": (Risk.HIGH, False)}),
    ):
        book = a_book(tmp_path, books={"url": "http://127.0.0.1:9/mcp", "believe_hints": believed})
        found = {tool.name: (spec.risk, spec.repeatable) for _, tool, spec in actions_of(book, lists).values()}
        assert found == expected


async def test_one_that_cannot_be_reached_was_asked_nothing(tmp_path: Path) -> None:
    lists = ToolList(tmp_path)
    lists.write("books", [Tool(name="see")])
    book = a_book(tmp_path, books={"url": "http://127.0.0.1:9/mcp", "seconds": 5})
    executor = McpExecutor(folder=tmp_path, artifacts=ArtifactStore(tmp_path), reveal=str)
    executor.take(book)

    ended = await executor.execute(ToDo(id="step", action="mcp.books.see"), CONTEXT)
    await executor.close()

    assert ended.error is not None
    assert (ended.error.code, ended.error.effect, ended.error.retryable) == ("tool_server_down", "none", True)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"servers": {"a": {}}}, "either command or url"),
        ({"servers": {"Bad Name": {"url": "http://x"}}}, "Bad Name"),
        ({"servers": {"a": {"url": "ftp://x"}}}, "url"),
        ({"servers": {"a": {"command": ["x"], "risk": "low"}}}, "risk"),
    ],
)
async def test_a_file_that_says_nonsense_is_refused(tmp_path: Path, written: dict[str, Any], problem: str) -> None:
    path = tmp_path / "mcp.yaml"
    path.write_text(yaml.safe_dump(written))
    with pytest.raises(ValueError, match=problem):
        McpBook.load(path)


async def test_a_schema_that_refers_elsewhere_fetches_nothing() -> None:
    catalog_of = params_of({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}})
    with pytest.raises(ValueError, match="not in it"):
        catalog_of.model_validate({"a": 1})
