"""What an MCP server sends over HTTP is bounded, whether it says how long it is or never ends."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from scheduler.executors.mcp_pipes import LONGEST_LINE
from scheduler.executors.mcp_session import _Bounded

MIB = 1024 * 1024


class _Endless(httpx2.AsyncBaseTransport):
    """Answers with the same part again and again, thirty times."""

    def __init__(self, part: bytes, kind: str) -> None:
        self._part = part
        self._kind = kind

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:  # noqa: ARG002
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(30):
                yield self._part

        return httpx2.Response(200, headers={"content-type": self._kind}, content=parts())


async def read(part: bytes, kind: str) -> int:
    """Return how much came, until an error ended it."""
    size = 0
    async with httpx2.AsyncClient(transport=_Bounded(_Endless(part, kind))) as client:
        try:
            async with client.stream("GET", "http://server") as answer:
                async for one in answer.aiter_bytes():
                    size += len(one)
        except httpx2.ReadError:
            return -size
    return size


@pytest.mark.parametrize(
    ("part", "kind", "ends"),
    [
        (b"x" * MIB, "application/json", True),
        (b"x" * MIB, "text/event-stream", True),
        (b"data: " + b"x" * MIB + b"\n\n", "text/event-stream", False),
        (b"x" * (LONGEST_LINE // 40), "application/json", False),
    ],
    ids=["a document without end", "an event without end", "many events", "a document within bounds"],
)
async def test_no_more_is_read_than_is_taken(part: bytes, kind: str, ends: bool) -> None:
    size = await read(part, kind)

    assert size == (-LONGEST_LINE // MIB * MIB if ends else 30 * len(part))
