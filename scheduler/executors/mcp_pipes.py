"""Starts an MCP server as a process and speaks with it over its pipes, in lines of bounded length.

The official transport reads a line however long it is; a server that never ends its line would fill the memory.
"""

import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import anyio
import structlog
from anyio.abc import Process
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

LONGEST_LINE: Final = 8 * 1024 * 1024
"""Bytes."""
_LEAVES: Final = 2.0  # seconds that a server gets to leave when its input ends, and again after SIGTERM
_GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError)

Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]

log = structlog.get_logger(__name__)


@asynccontextmanager
async def server_process(
    command: Sequence[str], env: Mapping[str, str], folder: Path | None, errors: Path
) -> AsyncIterator[Streams]:
    """Run the server for as long as the block lasts; what it says on standard error goes to the file `errors`.

    Its environment is `env` over PATH, HOME and the like: nothing of ours. Raises OSError when it cannot be started.
    """
    errors.parent.mkdir(parents=True, exist_ok=True)
    with errors.open("wb") as said:
        process = await anyio.open_process(
            command, env={**get_default_environment(), **env}, cwd=folder, stderr=said, start_new_session=True
        )
    to_session, from_server = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    to_server, from_session = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as owner:
        owner.start_soon(_read, process, to_session)
        owner.start_soon(_write, process, from_session, to_session)
        try:
            yield from_server, to_server
        finally:
            with anyio.CancelScope(shield=True):
                for stream in (from_server, to_server, to_session, from_session):
                    await stream.aclose()
                await _end(process)
            owner.cancel_scope.cancel()


async def _read(process: Process, session: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    """Hand every line on as a message; the session ends with the output, or with a line that is too long."""
    rest = b""
    async with session:
        with suppress(*_GONE):
            while True:
                assert process.stdout is not None  # noqa: S101 - it was made with a pipe
                *lines, rest = (rest + await process.stdout.receive()).split(b"\n")
                if len(rest) > LONGEST_LINE or any(len(line) > LONGEST_LINE for line in lines):
                    log.warning("mcp_line_too_long", pid=process.pid)
                    return
                for line in lines:
                    if line.strip():
                        await session.send(_message(line))


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error


async def _write(
    process: Process,
    messages: MemoryObjectReceiveStream[SessionMessage],
    session: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    with suppress(*_GONE):
        assert process.stdin is not None  # noqa: S101 - it was made with a pipe
        async for message in messages:
            line = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            await process.stdin.send(line.encode() + b"\n")
        return
    await session.aclose()  # it reads no more: nobody shall wait for its answers


async def _end(process: Process) -> None:
    """Let it leave by itself, then make it: the whole group, since it may have started others."""
    for order in (None, signal.SIGTERM, signal.SIGKILL):
        with suppress(*_GONE):
            if order is None and process.stdin is not None:
                await process.stdin.aclose()
            elif order is not None:
                os.killpg(process.pid, order)
        with anyio.move_on_after(_LEAVES):
            await process.wait()
            break
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # children that stayed
    await process.aclose()
