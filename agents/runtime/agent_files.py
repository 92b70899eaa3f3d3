"""Files of steps: fetched from the scheduler before a step, handed in before its answer, never twice the same."""

import asyncio
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx
import structlog

from agents.runtime.scheduler_link import SchedulerLink
from scheduler.core.agent_wire import digest_header, digest_of
from scheduler.core.errors import ArtifactNotFoundError, FileNotFetchedError, TooMuchDataError
from scheduler.core.lam_models import PayloadRef
from scheduler.core.lam_protocol import AssignMessage, BaseMessage, RequestMessage
from scheduler.core.sentences import Sentence
from scheduler.executors.files import ArtifactStore, addresses_in, sha256_of

_OTHER: Final = Sentence("es kam ein anderer Inhalt als angekündigt", "other content came than was announced")

log = structlog.get_logger(__name__)


class AgentFiles:
    """Exchanges files with the scheduler. Where both share a folder everything is there already."""

    def __init__(self, store: ArtifactStore, link: SchedulerLink) -> None:
        self._store = store
        self._link = link

    async def fetch(self, order: BaseMessage) -> None:
        """Bring what the order names and is not here, or not as it should be.

        Raises FileNotFetchedError, ArtifactNotFoundError and TooMuchDataError.
        """
        if isinstance(order, RequestMessage | AssignMessage) and order.payload is not None:
            for file in order.payload.artifacts or ():
                if await asyncio.to_thread(self._sha256, file.url) != file.sha256:
                    await self._fetch(file)

    async def hand_in(self, document: Mapping[str, Any]) -> None:
        """Give the scheduler the files that a step has made, if this is its `done`. Raises httpx.HTTPError.

        What the scheduler does not take is logged: the step that needs it will say that it is missing.
        """
        if document.get("type") != "done":
            return
        about = document["correlation"]
        for address in dict.fromkeys(addresses_in(document.get("payload"))):
            sha256 = await asyncio.to_thread(self._sha256, address)
            if sha256 is not None and self._store.step_of(address) == (
                about.get("conversationId"),
                about.get("taskId"),
            ):
                await self._hand_in(address, sha256)

    def check_sizes(self, payload: Mapping[str, Any]) -> None:
        """Raise TooMuchDataError for a file in a result that is larger than the scheduler takes."""
        limit = self._link.me.artifact_bytes
        for address in addresses_in(payload):
            try:
                size = self._store.path_of(address).stat().st_size
            except (ArtifactNotFoundError, OSError):
                continue
            if size > limit:
                raise TooMuchDataError(self._store.name_of(address), f"{limit // 1024} KiB")

    async def _fetch(self, file: PayloadRef) -> None:
        limit = self._link.me.artifact_bytes
        if file.bytes > limit:
            raise TooMuchDataError(self._store.name_of(file.url), f"{limit // 1024} KiB")
        try:
            content = await self._link.fetch_file(_path(self._store, file.url), file.bytes)
        except httpx.HTTPStatusError as error:
            if error.response.status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
                raise ArtifactNotFoundError(file.url) from error
            raise FileNotFetchedError(file.url, f"HTTP {error.response.status_code}") from error
        except httpx.HTTPError as error:
            raise FileNotFetchedError(file.url, str(error) or type(error).__name__) from error
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise FileNotFetchedError(file.url, _OTHER)
        await asyncio.to_thread(
            self._store.save, *self._store.step_of(file.url), self._store.name_of(file.url), content
        )
        log.info("file_fetched", file=file.url, bytes=file.bytes)

    async def _hand_in(self, address: str, sha256: str) -> None:
        path = _path(self._store, address)
        there = await self._link.ask_for_file("HEAD", path)
        if there.is_success and digest_of(there.headers.get("Repr-Digest", "")) == sha256:
            return
        content = await asyncio.to_thread(self._store.path_of(address).read_bytes)
        answer = await self._link.ask_for_file(
            "PUT", path, content=content, headers={"Repr-Digest": digest_header(sha256)}
        )
        if answer.is_server_error or answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}:
            answer.raise_for_status()
        if not answer.is_success:
            log.warning("file_not_taken", file=address, status=answer.status_code, answer=answer.text[:300])
        else:
            log.info("file_handed_in", file=address, bytes=len(content))

    def _sha256(self, address: str) -> str | None:
        try:
            return sha256_of(self._store.path_of(address))
        except (ArtifactNotFoundError, OSError):
            return None


def _path(store: ArtifactStore, address: str) -> str:
    return "/".join(quote(part, safe="") for part in (*store.step_of(address), store.name_of(address)))
