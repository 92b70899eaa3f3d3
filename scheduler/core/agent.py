"""Who can act: an agent, what it can do, and how it is."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from scheduler.core.actions import covering
from scheduler.core.ids import DEFAULT_TENANT, AgentId, TenantId
from scheduler.core.offered_action import OfferedAction

Capability = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(?:\.(?:[a-z][a-z0-9_]*|\*))*$", max_length=64)]
"""The name of an action, or a family of them: `web.click`, `web.*`."""

Tag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=255)]

SCHEDULER_URI = "agent://scheduler/main"


class AgentType(StrEnum):
    """What kind of applications an agent acts in."""

    DESKTOP_RPA = "desktop_rpa"
    EMAIL = "email"
    WEB = "web"
    DATA = "data"
    A2A = "a2a"
    """An agent of others that speaks A2A; it is called, and gives no signs of life of its own."""


class AgentStatus(StrEnum):
    """`draining`: finishes what it has, takes nothing new. `quarantined`: an operator has cut it off."""

    ONLINE = "online"
    OFFLINE = "offline"
    BUSY = "busy"
    DRAINING = "draining"
    QUARANTINED = "quarantined"


class CapabilityLimits(BaseModel):
    """Within which bounds an agent can do something; an empty list of applications or domains is no bound."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(default="1", min_length=1, max_length=64)
    concurrency: int | None = Field(default=None, ge=1, le=1000)
    applications: tuple[Label, ...] = ()
    domains: tuple[Label, ...] = ()


class Agent(BaseModel):
    """One that acts. `endpoint` is where it is called, empty if it dials out or runs in our process.

    `actions` describes those of its capabilities that the scheduler does not know otherwise.

    `running` is how many tasks it said it has, `concurrency` how many it takes at once. `reason` says why an operator
    drains it or has put it into quarantine. `joined_by` is the id of the enrolment that let it in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: AgentId
    name: str = Field(min_length=1, max_length=128)
    type: AgentType
    capabilities: tuple[Capability, ...]
    endpoint: str = ""
    status: AgentStatus = AgentStatus.ONLINE
    last_heartbeat: AwareDatetime | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    tenant: TenantId = DEFAULT_TENANT
    limits: dict[Capability, CapabilityLimits] = Field(default_factory=dict)
    actions: tuple[OfferedAction, ...] = ()
    tags: tuple[Tag, ...] = ()
    concurrency: int = Field(default=1, ge=1, le=1000)
    running: int = Field(default=0, ge=0)
    reason: str = ""
    joined_by: str = ""

    @property
    def uri(self) -> str:
        """The address of the agent in messages."""
        return f"agent://{self.type}/{self.id}"

    @property
    def load(self) -> float:
        """Which share of its slots is taken, by what it said itself; 1 when all are."""
        return self.running / self.concurrency

    def can(self, action: str) -> bool:
        """Whether it is able to do the action, by name or by family."""
        return any(capability in self.capabilities for capability in covering(action))

    def limits_for(self, action: str) -> CapabilityLimits | None:
        """Return the bounds of the closest capability that covers the action and has bounds."""
        return next((self.limits[name] for name in covering(action) if name in self.limits), None)

    def heard_of(self, since: datetime) -> bool:
        """Whether it gave a sign of life at or after that moment."""
        return self.last_heartbeat is not None and self.last_heartbeat >= since
