"""The skills of A2A agents as actions: which they are depends on who is registered, so the catalog knows the family."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.actions import ActionSpec, Risk


class A2aParams(BaseModel):
    """What the agent is told: a message in words, and data beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message: str = Field(min_length=1, max_length=100_000)
    data: Any = None


A2A_ACTIONS: Final = ActionSpec(
    name="a2a.*",
    description="Have an A2A agent do it: a2a.AGENT.SKILL",
    params=A2aParams,
    risk=Risk.HIGH,
    result=frozenset({"text", "data", "files", "shortened", "task_id"}),
)
