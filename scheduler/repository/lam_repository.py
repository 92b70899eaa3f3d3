"""What the store promises of LAM messages on their way: each is taken once, and what is to be sent is not forgotten."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from scheduler.core.ids import AgentId, JobId, TaskId, TenantId
from scheduler.core.lam_protocol import BaseMessage, MessageType

FINAL: Final = frozenset(
    {
        MessageType.DONE,
        MessageType.FAILURE,
        MessageType.REFUSE,
        MessageType.CANCELLED,
        MessageType.NOT_UNDERSTOOD,
    }
)
"""Answers after which nothing more comes."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A genuine message as it came in. `digest` is that of its content apart from the signature."""

    message: BaseMessage
    tenant: TenantId
    agent_id: AgentId
    kid: str
    nonce: str
    expires: datetime
    digest: str
    at: datetime
    answer: str | None = None


class Taken(NamedTuple):
    """What became of a message: seen before, with what it was answered then, and why it changes nothing, if so."""

    duplicate: bool
    answer: str | None = None
    refused: str | None = None


class Waiting(NamedTuple):
    """A message that waits for an agent that dials in."""

    n: int
    document: str


class Unsent(NamedTuple):
    """A message that was stored to be sent and is not known to have arrived.

    `current`: its job still runs under the lease from which it was asked.
    """

    agent_id: AgentId
    document: str
    current: bool


class Ordered(NamedTuple):
    """A request for a task. `reached`: nothing says that it did not reach the agent."""

    agent_id: AgentId
    message: BaseMessage
    reached: bool


class LamRepository(Protocol):
    """Inbox, outbox and conversations of all agents."""

    async def take(self, arrival: Arrival) -> Taken:
        """Take a message in: once by nonce, once by id, only from who was asked, only while it counts.

        What comes too late is stored with the reason, audited, and changes nothing. Raises SignatureRefusedError for a
        nonce that was used, MessageConflictError for an id that stood for other words, MessageNotAllowedError for an
        answer to what this agent was not asked.
        """

    async def send(
        self, message: BaseMessage, tenant: TenantId, agent_id: AgentId, at: datetime, until: datetime
    ) -> None:
        """Store a message for an agent in one transaction with its place in the outbox."""

    async def sent(self, message_id: str, agent_id: AgentId) -> None:
        """Take a message out of the outbox: it has arrived."""

    async def undelivered(self, message: BaseMessage, tenant: TenantId, agent_id: AgentId) -> None:
        """Take a message out of the outbox for good: it has not reached the agent, and nobody sends it again."""

    async def unsent(
        self, agent_ids: Collection[AgentId], before: datetime, now: datetime, limit: int = 100
    ) -> Sequence[Unsent]:
        """Return what was stored for these agents before that moment, waits still and is not over, in order."""

    async def waiting(self, agent_id: AgentId, after: int, now: datetime, limit: int = 100) -> Sequence[Waiting]:
        """Return what waits for an agent behind `after`, in order; what lies before has arrived."""

    async def arrived(self, agent_id: AgentId, up_to: int) -> None:
        """Take everything up to this place out of the outbox of an agent."""

    async def answers(self, tenant: TenantId, message_id: str) -> Sequence[BaseMessage]:
        """Return what counts of the answers to a message of ours, in order."""

    async def orders(self, tenant: TenantId, job_id: JobId, task_id: TaskId) -> Sequence[Ordered]:
        """Return the requests for a task with the agents they went to, the latest first."""

    async def taken(self, tenant: TenantId, job_id: JobId, run: int, actions: Collection[str]) -> Sequence[AgentId]:
        """Return who has taken on a step with one of these actions in this run of the job, the latest first."""

    async def progress(self, tenant: TenantId, job_id: JobId) -> Mapping[TaskId, float]:
        """Return how far tasks of the job are, from 0 to 1, by the latest that agents said."""

    async def names_file(self, tenant: TenantId, job_id: JobId, agent_id: AgentId, address: str) -> bool:
        """Whether an order to the agent in this job names the file."""

    async def has_task_of(self, tenant: TenantId, job_id: str, agent_id: AgentId) -> bool:
        """Whether the agent was given a task of the job."""
