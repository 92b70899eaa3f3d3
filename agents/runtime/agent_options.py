"""Who an agent is, whom it serves, and where it keeps what it must not forget."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from scheduler.core.agent import AgentType


@dataclass(frozen=True, kw_only=True)
class AgentOptions:
    """`url` is the scheduler's, `token` an enrolment token or an API key; it is needed at the first start only.

    `endpoint` is the address at which the scheduler calls; without one the agent dials out: `dial` says how; where no
    WebSocket gets through it polls. It listens at `host` and `port` either way (0: any free port). `concurrency` tasks
    run at once. If any are named, it is given steps only at `domains` of the web, only with `applications`; plans may
    ask for one of its `tags`. With `new_key` it signs with a new key from now on. `folder` belongs to this agent
    alone. `artifacts` is where its executors keep files that travel.
    """

    type: AgentType
    name: str
    url: str
    token: str = field(default="", repr=False)
    folder: Path
    artifacts: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    endpoint: str = ""
    concurrency: int = 1
    new_key: bool = False
    tags: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    grace: timedelta = timedelta(seconds=20)
    dial: Literal["socket", "poll"] = "socket"
