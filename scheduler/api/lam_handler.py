"""LAM messages over HTTP, and what waits for agents that dial in: by long poll, or by WebSocket."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, status

from scheduler.agents.dial_in import DialIn
from scheduler.agents.lam_gateway import LamGateway
from scheduler.api.agents import CallerDep, EnrolmentDep, Id
from scheduler.api.models import Problem
from scheduler.core.agent_wire import LamReceipt, OutboxResponse
from scheduler.orchestrator.orchestrator import Orchestrator

router = APIRouter(tags=["lam"])

_REFUSED: Final = {"model": Problem, "description": "The message is not from whom it says, or not from now."}
_NOT_ALLOWED: Final = {"model": Problem, "description": "Its sender has no say in that."}
_LATE: Final = {"model": Problem, "description": "It is recorded and changes nothing."}
_BODY: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}


async def gateway_of(request: Request) -> LamGateway:
    gateway: LamGateway = request.app.state.services.agents.gateway
    return gateway


async def orchestrator_of(request: Request) -> Orchestrator:
    orchestrator: Orchestrator = request.app.state.services.worker.orchestrator
    return orchestrator


async def dial_in_of(request: Request) -> DialIn:
    dial_in: DialIn = request.app.state.services.agents.dial_in
    return dial_in


GatewayDep = Annotated[LamGateway, Depends(gateway_of)]
OrchestratorDep = Annotated[Orchestrator, Depends(orchestrator_of)]
DialInDep = Annotated[DialIn, Depends(dial_in_of)]


@router.post(
    "/lam/message",
    status_code=status.HTTP_202_ACCEPTED,
    responses={401: _REFUSED, 403: _NOT_ALLOWED, 409: _LATE},
    openapi_extra=_BODY,
)
async def receive_message(request: Request, orchestrator: OrchestratorDep) -> LamReceipt:
    """Take a signed LAM message of any type (docs/LAM_PROTOCOL.md); its signature is the credential."""
    return await orchestrator.handle_agent_response(await request.body())


@router.get("/agents/{agent_id}/messages", responses={404: _NOT_ALLOWED})
async def fetch_messages(
    agent_id: Id,
    caller: CallerDep,
    enrolment: EnrolmentDep,
    dial_in: DialInDep,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    wait: Annotated[float, Query(ge=0, le=30)] = 0,
) -> OutboxResponse:
    """Fetch what waits for the agent behind `after`, waiting up to `wait` seconds; what lies before has arrived."""
    await enrolment.speaking(agent_id, caller.token, caller.tenant)
    try:
        async with asyncio.timeout(wait + 5):
            return OutboxResponse(messages=await dial_in.fetch(agent_id, after, wait))
    except TimeoutError:
        return OutboxResponse(messages=[])
