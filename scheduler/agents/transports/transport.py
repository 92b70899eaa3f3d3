"""The port: hand a signed message to an agent. Every adapter passes the same contract suite."""

from collections.abc import Mapping
from typing import Any, Protocol

from scheduler.core.agent import Agent


class AgentTransport(Protocol):
    """Delivery is at least once: what may have arrived is sent again, and the agent knows it by its id."""

    async def deliver(self, agent: Agent, message: Mapping[str, Any]) -> bytes | None:
        """Hand the message over; return the LAM message with which the agent answers at once, as JSON, if it does.

        Raises AgentUnreachableError: nothing has arrived; OutcomeUnknownError: it may have arrived;
        EndpointForbiddenError: its address may not be called.
        """
