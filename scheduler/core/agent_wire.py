"""What an agent says when it joins and gives signs of life, and what it is answered: the bodies of `/agents`."""

import base64
import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from scheduler.core.actions import canonical_action
from scheduler.core.agent import Agent, AgentStatus, AgentType, Capability, CapabilityLimits, Tag
from scheduler.core.ids import AgentId, TenantId
from scheduler.core.lam_json import JsonObject
from scheduler.core.offered_action import OfferedAction

HEARTBEAT = timedelta(seconds=10)
"""How often an agent gives a sign of life."""
EXPIRY = timedelta(seconds=30)
"""After so long a silence an agent is offline: it gets nothing new."""

MOST_ARTIFACT_BYTES = 32 * 1024 * 1024
"""How large a file may be that an agent hands in."""

_MOST_METADATA = 50


class PublicKey(BaseModel):
    """An Ed25519 key as JWK (RFC 8037); its `kid` is the RFC 7638 thumbprint."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]  # 32 bytes leave 2 bits over


class CapabilityTerms(CapabilityLimits):
    """A capability with the bounds within which it is offered."""

    name: Capability

    @property
    def limits(self) -> CapabilityLimits:
        return CapabilityLimits(**self.model_dump(exclude={"name"}))


class RegisterAgentRequest(BaseModel):
    """Who joins. `endpoint` is empty for an agent that dials out. Without a `key` it can send no messages.

    A capability is a name (`web.click`, `web.*`, or one of ActionType), or an object with its bounds.
    `actions` describes actions, so that plans may name those that the scheduler does not know itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=128)
    type: AgentType
    capabilities: tuple[CapabilityTerms, ...] = Field(min_length=1, max_length=500)
    actions: tuple[OfferedAction, ...] = Field(default=(), max_length=200)
    endpoint: Annotated[str, StringConstraints(pattern=r"^(?:https?://\S+)?$", max_length=2048)] = ""
    key: PublicKey | None = None
    concurrency: int = Field(default=1, ge=1, le=1000)
    tags: tuple[Tag, ...] = Field(default=(), max_length=50)
    metadata: JsonObject = Field(default_factory=dict, max_length=_MOST_METADATA)

    @field_validator("capabilities", mode="before")
    @classmethod
    def _named(cls, given: object) -> object:
        """Read plain names, and those of ActionType, as capabilities without bounds."""
        if not isinstance(given, list | tuple):
            return given
        return [{"name": _dotted(one)} if isinstance(one, str) else one for one in given]

    def as_agent(self, agent_id: AgentId, tenant: TenantId) -> Agent:
        """Return the agent that joins."""
        return Agent(
            id=agent_id,
            name=self.name,
            type=self.type,
            capabilities=tuple(dict.fromkeys(terms.name for terms in self.capabilities)),
            endpoint=self.endpoint.rstrip("/"),
            tenant=tenant,
            actions=self.actions,
            limits={terms.name: terms.limits for terms in self.capabilities if terms.limits != CapabilityLimits()},
            tags=self.tags,
            concurrency=self.concurrency,
            metadata=self.metadata,
        )


def digest_header(sha256: str) -> str:
    """Return a hash, given in hexadecimal digits, as `Repr-Digest` carries it (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def digest_of(header: str) -> str | None:
    """Return the SHA-256 that a `Repr-Digest` names, in hexadecimal digits; None: it names none."""
    found = re.search(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):", header)
    return None if found is None else base64.b64decode(found[1]).hex()


class SchedulerCard(BaseModel):
    """Who the scheduler is: messages from `uri` are signed with one of `keys`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    uri: str
    keys: tuple[PublicKey, ...]


class AgentResponse(BaseModel):
    """How the agent stands. `now` is the scheduler's time: an agent whose clock differs signs by this one.

    `token` is said once, to who registers: it goes into `Authorization` of all that follows. `status` may be `draining`
    or `quarantined` by an operator's word. `artifact_bytes` is how large a file may be that the agent hands in.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    agent_id: AgentId
    status: AgentStatus
    now: AwareDatetime
    uri: str
    tenant: TenantId
    heartbeat_seconds: float = HEARTBEAT.total_seconds()
    expiry_seconds: float = EXPIRY.total_seconds()
    token: str | None = None
    scheduler: SchedulerCard | None = None
    artifact_bytes: int = MOST_ARTIFACT_BYTES


class HeartbeatRequest(BaseModel):
    """How busy the agent is: tasks it has, and whether it takes more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    running: int = Field(default=0, ge=0, le=1_000_000)
    status: Literal["online", "busy", "draining"] = "online"


class AgentDetailResponse(BaseModel):
    """Everything that may be shown of an agent. Keys are named by their thumbprints."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    agent_id: AgentId
    uri: str
    name: str
    type: AgentType
    status: AgentStatus
    capabilities: tuple[CapabilityTerms, ...]
    actions: tuple[OfferedAction, ...] = ()
    endpoint: str
    tenant: TenantId
    last_heartbeat: AwareDatetime | None
    running: int
    concurrency: int
    tags: tuple[Tag, ...]
    metadata: dict[str, Any]
    reason: str
    keys: tuple[str, ...] = ()

    @classmethod
    def of(cls, agent: Agent, keys: tuple[str, ...] = ()) -> Self:
        bounds = {name: agent.limits.get(name, CapabilityLimits()) for name in agent.capabilities}
        return cls(
            agent_id=agent.id,
            uri=agent.uri,
            capabilities=tuple(CapabilityTerms(name=name, **limits.model_dump()) for name, limits in bounds.items()),
            keys=keys,
            **agent.model_dump(exclude={"id", "capabilities", "limits"}),
        )


class AgentListResponse(BaseModel):
    """Agents by name."""

    agents: list[AgentDetailResponse]
    total: int


class EnrolmentRequest(BaseModel):
    """For whom an enrolment token is made: until when, how many times, and what such agents may be able to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: int = Field(default=3600, ge=1, le=90 * 86_400)
    uses: int = Field(default=1, ge=1, le=10_000)
    types: tuple[AgentType, ...] = ()
    capabilities: tuple[Capability, ...] = ()


class EnrolmentResponse(BaseModel):
    """The token is said once."""

    token: str
    expires_at: AwareDatetime
    uses: int


class OutboxItem(BaseModel):
    """A message that waits for an agent that dials in; asking for what comes after `n` says that it has arrived."""

    n: int
    message: dict[str, Any]


class OutboxResponse(BaseModel):
    messages: list[OutboxItem]


class LamReceipt(BaseModel):
    """What becomes of a message that was sent to the scheduler. `answer` is a LAM message, where the type asks for one.

    `duplicate`: it was stored before, and this is the answer it got then.
    """

    id: str
    status: Literal["accepted", "duplicate"]
    answer: dict[str, Any] | None = None


def _dotted(name: str) -> str:
    """Return a capability by its dotted name; `playwright` and `uia` stand for their families."""
    return canonical_action(name, {"op": "*"})[0]
