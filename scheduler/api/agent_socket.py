"""The line of an agent that dials in: what waits for it comes by itself, and what it says goes the other way.

The scheduler sends `{"n": …, "message": …}`, which the agent answers with `{"ack": n}` once that is stored. The agent
sends `{"message": …}`, answered by `{"receipt": …}` or `{"problem": …, "id": …}`, and `{"beat": …}`, answered by
`{"standing": …}`. What is none of these closes the line.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final, cast

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect, status
from pydantic import ValidationError

from scheduler.agents.dial_in import DialIn
from scheduler.agents.enrolment import EnrolmentService
from scheduler.api.agents import Caller, caller_of
from scheduler.api.dependencies import SUBPROTOCOL
from scheduler.api.errors import UnauthorizedError, problem_of
from scheduler.core.agent_wire import HeartbeatRequest
from scheduler.core.errors import CPAError
from scheduler.core.ids import AgentId
from scheduler.core.lam_json import MAX_MESSAGE_BYTES, read_object
from scheduler.orchestrator.orchestrator import Orchestrator

router = APIRouter(tags=["lam"])

_QUIET: Final = 20.0
_FRAME: Final = 1_000  # bytes beside the message

log = structlog.get_logger(__name__)


class _Unreadable(Exception):  # noqa: N818 - it ends the line
    """A frame that means nothing."""


@router.websocket("/ws/agents/{agent_id}")
async def talk(websocket: WebSocket, agent_id: AgentId) -> None:
    """Let an agent dial in, by its own token or its tenant's key."""
    services = websocket.app.state.services
    agents = services.agents
    enrolment = cast("EnrolmentService", agents.enrolment)
    try:
        caller = await caller_of(websocket)
        await enrolment.speaking(agent_id, caller.token, caller.tenant)
    except (UnauthorizedError, CPAError) as error:
        await websocket.close(status.WS_1008_POLICY_VIOLATION, error.code)
        return
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in websocket.scope.get("subprotocols", []) else None)
    log.info("agent_dialled_in", agent=agent_id)
    line = _Line(websocket, agent_id, caller, agents.dial_in, services.worker.orchestrator, enrolment)
    with agents.dial_in.line(agent_id):
        ways = {asyncio.create_task(line.give()), asyncio.create_task(line.take())}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            ended = await asyncio.gather(*ways, return_exceptions=True)
    await _close(websocket, ended)
    log.info("agent_hung_up", agent=agent_id)


async def _close(websocket: WebSocket, ended: list[BaseException | None]) -> None:
    for error in ended:
        if isinstance(error, _Unreadable | CPAError):
            with contextlib.suppress(RuntimeError):  # it is closed already
                await websocket.close(status.WS_1008_POLICY_VIOLATION, str(error)[:100])
        elif isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect | RuntimeError):
            raise error


class _Line:
    """Both ways of one connection."""

    def __init__(
        self,
        websocket: WebSocket,
        agent_id: AgentId,
        caller: Caller,
        dial_in: DialIn,
        orchestrator: Orchestrator,
        enrolment: EnrolmentService,
    ) -> None:
        self._websocket = websocket
        self._agent_id = agent_id
        self._caller = caller
        self._dial_in = dial_in
        self._orchestrator = orchestrator
        self._enrolment = enrolment

    async def give(self) -> None:
        """Send what waits, and what comes; each once on this line. Who was removed meanwhile is cut off."""
        after = 0
        while True:
            await self._enrolment.speaking(self._agent_id, self._caller.token, self._caller.tenant)
            for item in await self._dial_in.look(self._agent_id, after, _QUIET):
                await self._websocket.send_text(item.model_dump_json())
                after = item.n

    async def take(self) -> None:
        """Deal with what the agent sends, one after the other."""
        while True:
            text = await self._websocket.receive_text()
            if len(text) > MAX_MESSAGE_BYTES + _FRAME:
                raise _Unreadable("too long")
            answer = await self._dealt_with(read_object(text))
            if answer is not None:
                await self._websocket.send_json(answer)

    async def _dealt_with(self, frame: Mapping[str, Any]) -> dict[str, Any] | None:
        match frame:
            case {"ack": int(n)}:
                await self._dial_in.arrived(self._agent_id, n)
                return None
            case {"beat": dict(said)}:
                return {"standing": await self._beat(said)}
            case {"message": dict(message)}:
                return await self._message(message)
        raise _Unreadable("neither ack, beat nor message")

    async def _beat(self, said: Mapping[str, Any]) -> dict[str, Any]:
        try:
            beat = HeartbeatRequest.model_validate(said)
        except ValidationError as error:
            raise _Unreadable("beat") from error
        entry = await self._enrolment.speaking(self._agent_id, self._caller.token, self._caller.tenant)
        return (await self._enrolment.beat(entry, beat)).model_dump(mode="json")

    async def _message(self, message: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return {"receipt": (await self._orchestrator.handle_agent_response(message)).model_dump(mode="json")}
        except CPAError as error:
            return {"problem": problem_of(self._websocket, error), "id": str(message.get("id", ""))[:128]}
