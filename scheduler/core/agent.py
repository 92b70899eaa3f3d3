"""Who can act: an agent, what it can do, and how it is."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from scheduler.core.ids import AgentId

Capability = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(?:\.(?:[a-z][a-z0-9_]*|\*))*$", max_length=64)]
"""The name of an action, or a family of them: `web.click`, `web.*`."""


class AgentType(StrEnum):
    """What kind of applications an agent acts in."""

    DESKTOP_RPA = "desktop_rpa"
    EMAIL = "email"
    WEB = "web"
    DATA = "data"


class AgentStatus(StrEnum):
    """`draining`: finishes what it has, takes nothing new."""

    ONLINE = "online"
    OFFLINE = "offline"
    BUSY = "busy"
    DRAINING = "draining"


class Agent(BaseModel):
    """One that acts. `endpoint` is where it is called, empty if it dials out or runs in our process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: AgentId
    name: str = Field(min_length=1, max_length=128)
    type: AgentType
    capabilities: tuple[Capability, ...]
    endpoint: str = ""
    status: AgentStatus = AgentStatus.ONLINE
    last_heartbeat: AwareDatetime | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)

    def can(self, action: str) -> bool:
        """Whether it is able to do the action, by name or by family."""
        families = {f"{action[:dot]}.*" for dot, letter in enumerate(action) if letter == "."}
        return any(capability == action or capability in families for capability in self.capabilities)

    def heard_of(self, since: datetime) -> bool:
        """Whether it gave a sign of life at or after that moment."""
        return self.last_heartbeat is not None and self.last_heartbeat >= since
