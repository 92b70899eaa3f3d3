"""Keeps the tools of MCP servers as they are now: follows the file of servers, and what each says of its own list."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from scheduler.core.errors import ToolServerDownError
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore

if TYPE_CHECKING:
    from scheduler.executors.mcp_executor import McpExecutor
    from scheduler.executors.mcp_servers import McpBook, McpServer, Tool

_LOOK: Final = 2.0  # seconds between two looks at the file
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds until one that is not there is tried again

_Followed = dict[str, tuple["McpServer", asyncio.Task[None]]]

log = structlog.get_logger(__name__)


class McpTools:
    """Registers each tool as an action, and takes it out when it, or its server, is gone. No file: no servers.

    Only who has servers pays for what they need: it is imported with the file.
    """

    def __init__(
        self, *, file: Path, folder: Path, artifacts: ArtifactStore, reveal: Callable[[str], str], to: ExecutorRegistry
    ) -> None:
        self._file = file
        self._folder = folder
        self._artifacts = artifacts
        self._reveal = reveal
        self._registry = to
        self._executor: McpExecutor | None = None
        self._book: McpBook | None = None
        self._read: tuple[int, int] | None = None

    def load(self) -> None:
        """Register the tools that servers listed last. Raises ValueError or OSError for a broken file."""
        self._read = self._stamp()
        if self._read is None and self._book is None:
            return
        from scheduler.executors.mcp_servers import McpBook  # noqa: PLC0415 - only those pay who have servers

        self._book = McpBook.load(self._file)
        self._register()

    async def refresh(self) -> Mapping[str, str]:
        """Ask every server which tools it has; return what is wrong with those that do not answer."""
        wrong: dict[str, str] = {}

        async def ask(name: str, executor: "McpExecutor") -> None:
            try:
                await self._listed(name, await executor.session(name).tools())
            except ToolServerDownError as error:
                log.warning("mcp_server_down", server=name, error=str(error))
                wrong[name] = str(error)

        if self._book is not None and self._executor is not None:
            await asyncio.gather(*(ask(name, self._executor) for name in self._book.servers))
        return wrong

    async def run(self) -> None:
        """Follow the file and its servers until cancelled."""
        following: _Followed = {}
        async with asyncio.TaskGroup() as owner:
            while True:
                servers = {} if self._book is None else self._book.servers
                for name, (server, task) in list(following.items()):
                    if servers.get(name) != server:
                        task.cancel()
                        del following[name]
                for name in servers.keys() - following.keys():
                    following[name] = servers[name], owner.create_task(self._follow(name))
                await asyncio.sleep(_LOOK)
                self._look()

    async def close(self) -> None:
        """End the connections."""
        if self._executor is not None:
            await self._executor.close()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _look(self) -> None:
        if self._stamp() == self._read:
            return
        try:
            self.load()
        except (ValueError, OSError) as error:  # what was known holds until somebody has mended it
            log.warning("mcp_file_broken", error=str(error))
        else:
            log.info("mcp_servers_changed", servers=sorted(self._book.servers if self._book else ()))

    async def _follow(self, name: str) -> None:
        pause = _FIRST_PAUSE
        while self._executor is not None:
            rest = _FIRST_PAUSE
            try:
                async with aclosing(self._executor.session(name).lists()) as lists:
                    async for tools in lists:
                        await self._listed(name, tools)
                        pause = _FIRST_PAUSE
            except ToolServerDownError as error:
                if pause == _FIRST_PAUSE:
                    log.warning("mcp_server_down", server=name, error=str(error))
                rest, pause = pause, min(2 * pause, _LONGEST_PAUSE)
            await asyncio.sleep(rest)

    async def _listed(self, name: str, tools: "list[Tool]") -> None:
        """Take over what a server offers now, if it is something else than before."""
        from scheduler.executors.mcp_servers import ToolList  # noqa: PLC0415 - as above

        lists = ToolList(self._folder)
        before = {tool.name: tool for tool in await asyncio.to_thread(lists.read, name)}
        if before != {tool.name: tool for tool in tools}:
            await asyncio.to_thread(lists.write, name, tools)
            self._register()
            gone = sorted(before.keys() - {tool.name for tool in tools})
            log.info("mcp_tools_changed", server=name, tools=[tool.name for tool in tools], gone=gone)

    def _register(self) -> None:
        from scheduler.executors.mcp_executor import McpExecutor  # noqa: PLC0415 - as above

        assert self._book is not None  # noqa: S101 - only what is in it is listed
        if self._executor is None:
            self._executor = McpExecutor(folder=self._folder, artifacts=self._artifacts, reveal=self._reveal)
        self._executor.take(self._book)
        self._registry.exchange(self._executor, self._executor.specs)
