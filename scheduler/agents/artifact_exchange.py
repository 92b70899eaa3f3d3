"""Files that travel between machines: what a step needs goes with its order, what it made comes back before its answer.

An order names each file by its address, length and hash. An agent that has not got it fetches it, and hands in what it
made for a task that was given to it; whoever shares our folder has both already. Nothing else can be read or written.
"""

import asyncio
import hashlib
import mimetypes
from pathlib import Path
from typing import Any, Final, NamedTuple

from scheduler.core.agent import Agent, AgentStatus
from scheduler.core.errors import ArtifactNotFoundError, InvalidFieldError, MessageNotAllowedError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.sentences import Sentence
from scheduler.core.todo import ToDo
from scheduler.executors.files import ArtifactStore, addresses_in, sha256_of
from scheduler.repository.lam_repository import LamRepository

MOST_FILES: Final = 100
"""Files that one order names."""
_NOT_YOURS: Final = Sentence("dieser Agent hat keine solche Aufgabe", "this agent was given no such task")
_CHANGED: Final = Sentence("der Inhalt passt nicht zu seinem SHA-256", "the content does not fit its SHA-256")


class ArtifactId(NamedTuple):
    """Which file of which step."""

    job_id: JobId
    task_id: TaskId
    name: str

    @property
    def address(self) -> str:
        return ArtifactStore.address_of(*self)


class ArtifactExchange:
    """The scheduler's side of it."""

    def __init__(self, artifacts: ArtifactStore, messages: LamRepository) -> None:
        self._artifacts = artifacts
        self._messages = messages

    async def named_in(self, todo: ToDo) -> list[dict[str, Any]]:
        """Return a reference to each file that the step names and that lies here."""
        addresses = dict.fromkeys(addresses_in(todo.model_dump(mode="json", exclude_defaults=True)))
        if not addresses:
            return []
        return await asyncio.to_thread(self._references, list(addresses)[:MOST_FILES])

    def _references(self, addresses: list[str]) -> list[dict[str, Any]]:
        found = []
        for address in addresses:
            try:
                path = self._artifacts.path_of(address)
            except ArtifactNotFoundError:  # whoever shares no folder with the agent will hear that it is missing
                continue
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            size = path.stat().st_size
            found.append({"url": address, "sha256": sha256_of(path), "bytes": size, "mediaType": kind})
        return found

    async def path(self, agent: Agent, file: ArtifactId) -> Path:
        """Return where a file lies that an order to the agent names, or that it made itself.

        Raises MessageNotAllowedError and ArtifactNotFoundError.
        """
        named = await self._messages.names_file(agent.tenant, file.job_id, agent.id, file.address)
        if agent.status is AgentStatus.QUARANTINED or not named:
            await self._check_task(agent, file)
        return self._artifacts.path_of(file.address)

    async def take(self, agent: Agent, file: ArtifactId, content: bytes, sha256: str) -> bool:
        """Keep what the agent made for a task that was given to it; return whether it was new.

        Raises MessageNotAllowedError, and InvalidFieldError when something else has arrived than was sent.
        """
        await self._check_task(agent, file)
        return await asyncio.to_thread(self._keep, file, content, sha256)

    async def _check_task(self, agent: Agent, file: ArtifactId) -> None:
        orders = await self._messages.orders(agent.tenant, file.job_id, file.task_id)
        if agent.status is AgentStatus.QUARANTINED or all(order.agent_id != agent.id for order in orders):
            raise MessageNotAllowedError("not_asked", _NOT_YOURS)

    def _keep(self, file: ArtifactId, content: bytes, sha256: str) -> bool:
        if hashlib.sha256(content).hexdigest() != sha256:
            raise InvalidFieldError("sha256", _CHANGED)
        try:
            if sha256_of(self._artifacts.path_of(file.address)) == sha256:
                return False
        except ArtifactNotFoundError:
            pass
        self._artifacts.save(file.job_id, file.task_id, file.name, content)
        return True
