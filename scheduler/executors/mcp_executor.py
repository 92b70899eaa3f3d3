"""Lets steps use the tools of MCP servers: `mcp.SERVER.TOOL`."""

import asyncio
import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import ToolFailedError, UnknownActionError
from scheduler.core.task_executor_interface import (
    AD_HOC,
    BaseExecutor,
    ExecutionContext,
    Performed,
    Verification,
    parse_params,
)
from scheduler.core.todo import ToDo
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mcp_servers import McpBook, Tool, ToolList, actions_of, params_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from scheduler.executors.mcp_session import McpSession, Reveal

_MOST_TEXT: Final = 100_000  # characters of text, and of data as JSON
_MOST_FILES: Final = 20


class McpExecutor(BaseExecutor):
    """One tool is one action, known from the list that its server gave last; `take` says which servers there are.

    Whether a tool has done its work nobody but the tool knows: after an unknown outcome one that is not declared
    repeatable is not used again.
    """

    def __init__(self, *, folder: Path, artifacts: ArtifactStore, reveal: "Reveal") -> None:
        self._book = McpBook()
        self._folder = folder
        self._artifacts = artifacts
        self._reveal = reveal
        self._tools: Mapping[str, tuple[str, Tool, ActionSpec]] = {}
        self._params: Mapping[str, type[BaseModel]] = {}
        self._sessions: dict[str, McpSession] = {}
        self._worn: list[McpSession] = []

    def take(self, book: McpBook) -> None:
        """Use these servers, with the tools that they listed last. Sessions with others end when they are idle."""
        gone = [name for name in self._sessions if book.servers.get(name) != self._book.servers[name]]
        self._worn = [session for session in self._worn if not session.ended]
        for name in gone:
            self._worn.append(session := self._sessions.pop(name))
            session.retire()
        self._book = book
        self._tools = actions_of(book, ToolList(self._folder))
        self._params = {
            action: params_of(tool.input_schema, resolved=True) for action, (_, tool, _) in self._tools.items()
        }

    @property
    def specs(self) -> tuple[ActionSpec, ...]:
        """The actions, which depend on the servers and not on the class."""
        return tuple(spec for _, _, spec in self._tools.values())

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        if todo.action not in self._tools:  # it has gone since the step was given to us
            raise UnknownActionError(todo.action, field="action", known=self._tools)
        server, tool, _ = self._tools[todo.action]
        parse_params(self._params[todo.action], todo)
        result = await self.session(server).call(tool.name, todo.params, todo.timeout)
        told = await asyncio.to_thread(self._told, result, context)
        if result.is_error:
            raise ToolFailedError(f"{server}.{tool.name}", told["text"][:1000] or "?")
        return Performed(result=told)

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:  # noqa: ARG002
        return Verification(happened=None, detail="only the tool knows what it has done")

    async def close(self) -> None:
        sessions, self._sessions, self._worn = [*self._sessions.values(), *self._worn], {}, []
        await asyncio.gather(*(session.close() for session in sessions))

    def session(self, server: str) -> "McpSession":
        """Return the connection to a server, which may still have to be made."""
        from scheduler.executors.mcp_session import McpSession  # noqa: PLC0415 - takes a second to import

        session = self._sessions.get(server)
        if session is None or not session.usable:
            self._worn = [worn for worn in (*self._worn, session) if worn is not None and not worn.ended]
            errors = self._folder / f"{server}.log"
            session = self._sessions[server] = McpSession(server, self._book.servers[server], self._reveal, errors)
        return session

    def _told(self, result: Any, context: ExecutionContext) -> dict[str, Any]:  # noqa: ANN401 - CallToolResult
        """Return what later steps may refer to, within bounds; what is no text becomes a file of the job."""
        texts: list[str] = []
        files: list[str] = []
        for number, block in enumerate(result.content):
            content = getattr(getattr(block, "resource", None), "blob", None) or getattr(block, "data", None)
            if content is None:
                texts.append(
                    str(getattr(block, "text", None) or getattr(getattr(block, "resource", block), "text", ""))
                )
            elif len(files) < _MOST_FILES:
                kind = str(getattr(getattr(block, "resource", block), "mime_type", None) or "bin").rpartition("/")[2]
                name = f"{number + 1}.{kind.partition('+')[0][:10]}"
                raw = base64.b64decode(content)
                files.append(self._artifacts.save(context.job_id, context.task_id, name, raw))
        text, data = "\n".join(texts), result.structured_content
        fits = len(json.dumps(data, default=str)) <= _MOST_TEXT
        return {
            "text": text[:_MOST_TEXT],
            "data": data if fits else None,
            "files": files,
            "shortened": not fits or len(text) > _MOST_TEXT,
        }
