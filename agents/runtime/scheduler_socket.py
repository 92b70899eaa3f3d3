"""The agent's WebSocket to the scheduler: what waits comes by itself, and what is said goes the other way."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from scheduler.core.agent_wire import OutboxItem
from scheduler.core.lam_json import MAX_MESSAGE_BYTES

_SUBPROTOCOL: Final = "cpa"
_PATIENCE: Final = 15.0
_PING: Final = 10.0

log = structlog.get_logger(__name__)


class SocketRefusedError(Exception):
    """There is no WebSocket at this address, or somebody in between does not let it through."""


class SchedulerSocket:
    """One connection at a time. `run` keeps it; `post` uses it while it stands."""

    def __init__(self) -> None:
        self._connection: ClientConnection | None = None
        self._receipts: dict[str, asyncio.Future[dict[str, Any]]] = {}

    @property
    def stands(self) -> bool:
        return self._connection is not None

    async def run(
        self, url: str, token: str, take: Callable[[OutboxItem], Awaitable[None]], begun: Callable[[], None]
    ) -> None:
        """Connect, which `begun` is told, and have everything that comes taken, in order, until the connection ends.

        Raises SocketRefusedError, and OSError when nobody is reached.
        """
        headers = {"Authorization": f"Bearer {token}"}
        options: dict[str, Any] = {"additional_headers": headers, "subprotocols": [_SUBPROTOCOL], "proxy": None}
        try:
            async with connect(
                url, max_size=2 * MAX_MESSAGE_BYTES, ping_interval=_PING, ping_timeout=_PING, **options
            ) as connection:
                self._connection = connection
                begun()
                await self._both_ways(connection, take)
        except InvalidHandshake as error:
            raise SocketRefusedError(str(error)) from error
        except ConnectionClosed as error:
            raise ConnectionError(str(error)) from error
        finally:
            self._connection = None
            for receipt in self._receipts.values():
                receipt.cancel()
            self._receipts.clear()

    async def _both_ways(self, connection: ClientConnection, take: Callable[[OutboxItem], Awaitable[None]]) -> None:
        came: asyncio.Queue[OutboxItem] = asyncio.Queue()
        ways = {
            asyncio.create_task(self._read(connection, came)),
            asyncio.create_task(self._take(connection, came, take)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            ended = await asyncio.gather(*ways, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def post(self, document: dict[str, Any]) -> dict[str, Any]:
        """Say something; return the receipt, or the problem. Raises ConnectionError when that does not come."""
        connection, message_id = self._connection, str(document["id"])
        if connection is None:
            raise ConnectionError("the line is down")
        receipt = self._receipts.setdefault(message_id, asyncio.get_running_loop().create_future())
        try:
            await connection.send(json.dumps({"message": document}))
            async with asyncio.timeout(_PATIENCE):
                return await asyncio.shield(receipt)
        except (ConnectionClosed, TimeoutError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and not receipt.cancelled():
                raise
            raise ConnectionError("no receipt came") from error
        finally:
            self._receipts.pop(message_id, None)

    async def _read(self, connection: ClientConnection, came: "asyncio.Queue[OutboxItem]") -> None:
        async for text in connection:
            try:
                frame = json.loads(text)
                if "n" in frame:
                    came.put_nowait(OutboxItem.model_validate(frame))
                    continue
            except (ValueError, ValidationError):
                log.warning("frame_not_understood", frame=str(text)[:100])
                continue
            told = frame.get("receipt") or {"id": frame.get("id"), "problem": frame.get("problem")}
            receipt = self._receipts.get(str(told.get("id")))
            if receipt is not None and not receipt.done():
                receipt.set_result(told)

    @staticmethod
    async def _take(
        connection: ClientConnection,
        came: "asyncio.Queue[OutboxItem]",
        take: Callable[[OutboxItem], Awaitable[None]],
    ) -> None:
        while True:
            item = await came.get()
            await take(item)
            await connection.send(json.dumps({"ack": item.n}))
