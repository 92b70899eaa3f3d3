"""Agents over HTTP: join, give signs of life, look, and what operators do with them."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, status
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from scheduler.agents.a2a_agents import A2aAgents, AddA2aRequest
from scheduler.agents.agent_index import Entry
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.enrolment import AGENT_TOKEN, ENROLMENT_TOKEN, EnrolmentService
from scheduler.api.dependencies import AuditDep, TenantDep, tenant_of
from scheduler.api.models import Problem
from scheduler.core.agent import Agent, AgentStatus, AgentType
from scheduler.core.agent_wire import (
    AgentDetailResponse,
    AgentListResponse,
    AgentResponse,
    EnrolmentRequest,
    EnrolmentResponse,
    HeartbeatRequest,
    RegisterAgentRequest,
)
from scheduler.core.errors import AgentNotFoundError
from scheduler.core.ids import AgentId, JobId, TenantId

__all__ = [
    "AgentDetailResponse",
    "AgentListResponse",
    "AgentResponse",
    "RegisterAgentRequest",
    "router",
]

router = APIRouter(prefix="/agents", tags=["agents"])

_UNKNOWN: Final = {"model": Problem, "description": "There is no such agent."}
_TAKEN: Final = {"model": Problem, "description": "Another agent of that name is alive, or has that key."}
_TOKENS: Final = (AGENT_TOKEN, ENROLMENT_TOKEN)
AGENTS_JOB: Final = JobId("agents")
"""Stands for the job in audit entries about agents."""


class OperatorRequest(BaseModel):
    """Why an operator does it; shown and audited."""

    reason: str = Field(default="", max_length=1000)


class Caller(BaseModel):
    """Who asks: an agent or newcomer by its token, else the tenant of the API key."""

    token: str
    tenant: TenantId | None


async def caller_of(connection: HTTPConnection) -> Caller:
    """Return who asks. Raises UnauthorizedError when it is neither a token of ours nor an API key."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    for protocol in connection.scope.get("subprotocols", []):
        token = token or str(protocol).removeprefix("bearer.") * str(protocol).startswith("bearer.")
    if token.startswith(_TOKENS):
        return Caller(token=token, tenant=None)
    return Caller(token="", tenant=await tenant_of(connection))


async def registry_of(request: Request) -> AgentRegistry:
    registry: AgentRegistry = request.app.state.services.agents.registry
    return registry


async def enrolment_of(connection: HTTPConnection) -> EnrolmentService:
    service: EnrolmentService = connection.app.state.services.agents.enrolment
    return service


CallerDep = Annotated[Caller, Depends(caller_of)]
RegistryDep = Annotated[AgentRegistry, Depends(registry_of)]
EnrolmentDep = Annotated[EnrolmentService, Depends(enrolment_of)]
Id = Annotated[AgentId, Path(min_length=1, max_length=128)]


@router.post("/enrolments", status_code=status.HTTP_201_CREATED)
async def allow_agents(
    asked: EnrolmentRequest, enrolment: EnrolmentDep, audit: AuditDep, tenant: TenantDep
) -> EnrolmentResponse:
    """Make a token with which agents may join; it is said once."""
    made = await enrolment.allow(asked, tenant)
    await audit.log_action(
        "agent.enrol", f"{asked.uses} times, until {made.expires_at}", "success", job_id=AGENTS_JOB, tenant=tenant
    )
    return made


@router.post("/register", status_code=status.HTTP_201_CREATED, responses={409: _TAKEN})
async def register_agent(
    asked: RegisterAgentRequest, caller: CallerDep, enrolment: EnrolmentDep, audit: AuditDep
) -> AgentResponse:
    """Let an agent join, or (by its own token) join again under its id, with what is new."""
    answer = await enrolment.register(asked, caller.token, caller.tenant)
    await audit.log_action(
        "agent.register",
        f"agent {asked.name} joins",
        "success",
        job_id=AGENTS_JOB,
        tenant=answer.tenant,
        metadata={"agent": answer.agent_id, "capabilities": sorted(terms.name for terms in asked.capabilities)},
    )
    return answer


@router.post("/a2a", status_code=status.HTTP_201_CREATED, responses={409: _TAKEN})
async def add_a2a_agent(
    asked: AddA2aRequest, request: Request, audit: AuditDep, tenant: TenantDep
) -> AgentDetailResponse:
    """Take in an A2A agent by its card; its skills become the actions `a2a.NAME.SKILL`."""
    book: A2aAgents = request.app.state.services.agents.a2a_agents
    agent = await book.add(asked, tenant)
    await audit.log_action(
        "agent.register",
        f"A2A agent {agent.name} at {agent.endpoint}",
        "success",
        job_id=AGENTS_JOB,
        tenant=tenant,
        metadata={"agent": agent.id, "capabilities": sorted(agent.capabilities)},
    )
    return AgentDetailResponse.of(agent)


@router.post("/{agent_id}/heartbeat", responses={404: _UNKNOWN})
async def heartbeat(
    agent_id: Id, caller: CallerDep, enrolment: EnrolmentDep, said: HeartbeatRequest | None = None
) -> AgentResponse:
    """Give a sign of life; 404 means: register again."""
    entry = await enrolment.speaking(agent_id, caller.token, caller.tenant)
    return await enrolment.beat(entry, said or HeartbeatRequest())


@router.get("")
async def list_agents(
    registry: RegistryDep,
    tenant: TenantDep,
    type_: Annotated[AgentType | None, Query(alias="type")] = None,
    capability: Annotated[str | None, Query(max_length=64)] = None,
    status_: Annotated[AgentStatus | None, Query(alias="status")] = None,
) -> AgentListResponse:
    """List agents by name."""
    found = [
        agent
        for agent in await registry.list_agents(capability, tenant)
        if type_ in {None, agent.type} and status_ in {None, agent.status}
    ]
    return AgentListResponse(agents=[AgentDetailResponse.of(agent) for agent in found], total=len(found))


@router.get("/{agent_id}", responses={404: _UNKNOWN})
async def get_agent(agent_id: Id, registry: RegistryDep, tenant: TenantDep) -> AgentDetailResponse:
    """Show an agent."""
    entry = await _entry(registry, agent_id, tenant)
    agent = await registry.get_agent(agent_id, tenant)
    if agent is None:
        raise AgentNotFoundError(agent_id)
    return AgentDetailResponse.of(agent, tuple(key.kid for key in entry.record.keys))


@router.delete("/{agent_id}", status_code=status.HTTP_204_NO_CONTENT, responses={404: _UNKNOWN})
async def unregister_agent(agent_id: Id, caller: CallerDep, enrolment: EnrolmentDep, audit: AuditDep) -> None:
    """Let an agent leave; one in quarantine only an operator removes. What it is doing becomes of unknown outcome."""
    agent = await enrolment.leave(agent_id, caller.token, caller.tenant)
    await audit.log_action(
        "agent.remove",
        f"agent {agent.name} leaves",
        "success",
        job_id=AGENTS_JOB,
        tenant=agent.tenant,
        metadata={"agent": agent_id},
    )


@router.post("/{agent_id}/drain", responses={404: _UNKNOWN})
async def drain_agent(
    agent_id: Id, registry: RegistryDep, audit: AuditDep, tenant: TenantDep, why: OperatorRequest | None = None
) -> AgentDetailResponse:
    """Give an agent nothing new; it finishes what it has."""
    return await _stand(agent_id, AgentStatus.DRAINING, why, registry, audit, tenant)


@router.post("/{agent_id}/quarantine", responses={404: _UNKNOWN})
async def quarantine_agent(
    agent_id: Id, registry: RegistryDep, audit: AuditDep, tenant: TenantDep, why: OperatorRequest | None = None
) -> AgentDetailResponse:
    """Cut an agent off: it gets nothing, and nothing it says counts."""
    return await _stand(agent_id, AgentStatus.QUARANTINED, why, registry, audit, tenant)


@router.post("/{agent_id}/release", responses={404: _UNKNOWN})
async def release_agent(
    agent_id: Id, registry: RegistryDep, audit: AuditDep, tenant: TenantDep, why: OperatorRequest | None = None
) -> AgentDetailResponse:
    """Let a drained or quarantined agent work again."""
    return await _stand(agent_id, AgentStatus.ONLINE, why, registry, audit, tenant)


async def _stand(
    agent_id: AgentId,
    wanted: AgentStatus,
    why: OperatorRequest | None,
    registry: AgentRegistry,
    audit: AuditDep,
    tenant: TenantId,
) -> AgentDetailResponse:
    reason = why.reason if why is not None else ""
    agent: Agent = await registry.stand(agent_id, wanted, reason, tenant)
    await audit.log_action(
        f"agent.{wanted}",
        reason or "an operator",
        "success",
        job_id=AGENTS_JOB,
        tenant=tenant,
        metadata={"agent": agent_id},
    )
    return AgentDetailResponse.of(agent)


async def _entry(registry: AgentRegistry, agent_id: AgentId, tenant: TenantId) -> Entry:
    entry = await registry.entry(agent_id, tenant)
    if entry is None:
        raise AgentNotFoundError(agent_id)
    return entry
