"""The agent's line to the scheduler: joins, again when it was forgotten, gives signs of life, says, fetches."""

import asyncio
import platform
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import httpx
import structlog

from agents.runtime.agent_options import AgentOptions
from agents.runtime.agent_store import AgentStore
from agents.runtime.scheduler_socket import SchedulerSocket
from scheduler import __version__
from scheduler.core.actions import ActionCatalog
from scheduler.core.agent_wire import (
    AgentResponse,
    CapabilityTerms,
    HeartbeatRequest,
    LamReceipt,
    OutboxItem,
    OutboxResponse,
    RegisterAgentRequest,
)
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import EnrolmentRefusedError
from scheduler.core.offered_action import OfferedAction
from scheduler.core.sentences import Sentence
from scheduler.security.lam_signatures import SigningKey, sign

_JOINED: Final = "joined"
_LONGEST_WAIT: Final = 30.0
_POLL: Final = 20.0
_FILE: Final = httpx.Timeout(60, connect=10)
_KEEP_ALIVE: Final = 25.0
"""Seconds; the scheduler closes later, so that nothing is sent on a connection it is just closing."""
_LATER: Final = httpx.codes.TOO_MANY_REQUESTS
_NO_TOKEN: Final = Sentence(
    "der Scheduler kennt ihn nicht (mehr) und nimmt die Eintrittskarte nicht an; bitte eine neue mit "
    "„cpa agents enrol“ machen und als --token angeben",
    "the scheduler does not know it (any more) and does not take its token; please make a new one with "
    "“cpa agents enrol” and give it as --token",
)

Load = tuple[int, Literal["online", "busy", "draining"]]
"""How many tasks an agent has, and whether it takes more."""

log = structlog.get_logger(__name__)


class SchedulerLink:
    """`catalog` is what the agent can do; `load` tells how many tasks it has, and whether it takes more.

    Requests go over the network unless `way` says otherwise.
    """

    def __init__(
        self,
        *,
        options: AgentOptions,
        catalog: ActionCatalog,
        store: AgentStore,
        load: Callable[[], Load],
        way: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._options = options
        self._catalog = catalog
        self._store = store
        self._load = load
        self._key_file, self._next_key = options.folder / "key.json", options.folder / "next-key.json"
        rotates = self._key_file.exists() and (options.new_key or self._next_key.exists())
        self._key = SigningKey.load(self._next_key if rotates else self._key_file)
        self._client = httpx.AsyncClient(
            base_url=options.url,
            timeout=httpx.Timeout(15),
            limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE),
            trust_env=False,
            transport=way,
        )
        self.socket = SchedulerSocket()
        self._joined: AgentResponse | None = None
        self._known_at = 0.0
        self._beat_now = asyncio.Event()

    async def close(self) -> None:
        await self._client.aclose()

    @property
    def me(self) -> AgentResponse:
        """What the scheduler said when the agent joined. Raises RuntimeError before that."""
        if self._joined is None:
            raise RuntimeError("the agent has not joined yet")
        return self._joined

    @property
    def has_joined(self) -> bool:
        return self._joined is not None

    def now(self) -> datetime:
        """Return the scheduler's time, as far as it is known: our own clock may be wrong."""
        return self.me.now + timedelta(seconds=time.monotonic() - self._known_at)

    def signed(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a message as it goes out, signed anew."""
        return sign(document, self._key, self.now())

    async def join(self) -> None:
        """Join, trying again while the scheduler cannot be reached or another of the name is alive.

        Raises EnrolmentRefusedError when it does not let the agent in.
        """
        known = await self._store.fact(_JOINED)
        before = None if known is None else AgentResponse.model_validate_json(known)
        tries = 0
        while True:
            tokens = [one for one in (before.token if before is not None else None, self._options.token) if one]
            started = time.monotonic()
            try:
                answer = await self._register(tokens)
            except (httpx.HTTPError, ValueError) as error:
                tries += 1
                wait = _back_off(tries)
                log.warning("scheduler_not_joined", url=self._options.url, error=_told(error), again_in=round(wait, 1))
                await asyncio.sleep(wait)
                continue
            token = answer.token or (before.token if before is not None else None)
            card = answer.scheduler or (before.scheduler if before is not None else None)
            if self._next_key.exists():  # the scheduler knows it now, so from here on it is the key
                await asyncio.to_thread(self._next_key.replace, self._key_file)
                log.info("key_changed", kid=self._key.kid)
            await self._keep(answer.model_copy(update={"token": token, "scheduler": card}), started)
            log.info("agent_joined", agent=answer.agent_id, tenant=answer.tenant, url=self._options.url)
            return

    async def live(self) -> None:
        """Give signs of life until cancelled; join again when the scheduler has forgotten the agent."""
        while True:
            try:
                async with asyncio.timeout(self.me.heartbeat_seconds * random.uniform(0.8, 1.0)):  # noqa: S311
                    await self._beat_now.wait()
            except TimeoutError:
                pass
            self._beat_now.clear()
            try:
                await self._beat()
            except httpx.HTTPError as error:
                log.warning("heartbeat_failed", error=str(error) or type(error).__name__)

    def beat_now(self) -> None:
        """Tell the scheduler at once how the agent stands."""
        self._beat_now.set()

    @crash_points(CrashPoint.BEFORE_AGENT_POST, CrashPoint.AFTER_AGENT_POST)
    async def post(self, document: dict[str, Any]) -> bool:
        """Say something; return whether it need not be said again. Raises httpx.HTTPError when nobody answers."""
        if self.socket.stands:
            return await self._post_by_socket(document)
        answer = await self._client.post("/lam/message", json=self.signed(document))
        if answer.status_code in {httpx.codes.ACCEPTED, httpx.codes.OK}:
            receipt = LamReceipt.model_validate_json(answer.content)
            log.debug("message_said", type=document.get("type"), message=document.get("id"), receipt=receipt.status)
            return True
        facts = {"type": document.get("type"), "message": document.get("id"), "status": answer.status_code}
        if answer.status_code == httpx.codes.UNAUTHORIZED:  # our key or our time
            log.warning("message_not_believed", **facts, answer=answer.text[:300])
            self.beat_now()
            return False
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            return False
        log.info("message_changes_nothing", **facts, answer=answer.text[:300])
        return True

    async def _post_by_socket(self, document: dict[str, Any]) -> bool:
        try:
            told = await self.socket.post(self.signed(document))
        except ConnectionError as error:
            raise httpx.TransportError(str(error)) from error
        problem = told.get("problem")
        if problem is None:
            return True
        facts, status = {"message": document.get("id"), "problem": problem}, int(problem["status"])
        if status == httpx.codes.UNAUTHORIZED:
            log.warning("message_not_believed", **facts)
            self.beat_now()
            return False
        log.info("message_changes_nothing", **facts)
        return status < httpx.codes.INTERNAL_SERVER_ERROR and status != _LATER

    async def dial(self, take: Callable[[OutboxItem], Awaitable[None]]) -> None:
        """Hold the line to the scheduler until it ends; once it stands give a sign of life, else nothing comes.

        Raises SocketRefusedError, and OSError.
        """
        url = httpx.URL(self._options.url)
        path = f"{url.path.rstrip('/')}/ws/agents/{self.me.agent_id}"
        address = url.copy_with(scheme="wss" if url.scheme == "https" else "ws", path=path)
        await self.socket.run(str(address), self.me.token or "", take, self.beat_now)

    async def fetch(self, after: int) -> list[OutboxItem]:
        """Return what waits behind `after`, or comes soon. Raises httpx.HTTPError."""
        answer = await self._client.get(
            f"/agents/{self.me.agent_id}/messages",
            params={"after": after, "wait": _POLL},
            headers=self._bearer(),
            timeout=httpx.Timeout(_POLL + 15, connect=10),
        )
        if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.UNAUTHORIZED}:
            self.beat_now()
        answer.raise_for_status()
        return OutboxResponse.model_validate_json(answer.content).messages

    async def ask_for_file(self, method: str, path: str, **how: Any) -> httpx.Response:  # noqa: ANN401 - httpx's options
        """Ask about, or hand in, a file of a job. Raises httpx.HTTPError when nobody answers."""
        headers = self._bearer() | how.pop("headers", {})
        url = f"/agents/{self.me.agent_id}/artifacts/{path}"
        return await self._client.request(method, url, headers=headers, timeout=_FILE, **how)

    async def fetch_file(self, path: str, size: int) -> bytes:
        """Return a file of a job, of which no more is read than it may have bytes. Raises httpx.HTTPError."""
        url, content = f"/agents/{self.me.agent_id}/artifacts/{path}", b""
        async with self._client.stream("GET", url, headers=self._bearer(), timeout=_FILE) as answer:
            answer.raise_for_status()
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > size:
                    raise httpx.DecodingError(f"more than {size} bytes came")
        return content

    async def _beat(self) -> None:
        running, status = self._load()
        started = time.monotonic()
        answer = await self._client.post(
            f"/agents/{self.me.agent_id}/heartbeat",
            json=HeartbeatRequest(running=running, status=status).model_dump(),
            headers=self._bearer(),
        )
        if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.UNAUTHORIZED}:
            log.warning("scheduler_forgot_agent", agent=self.me.agent_id)
            try:
                await self.join()
            except EnrolmentRefusedError:
                log.exception("agent_not_let_in")
            return
        answer.raise_for_status()
        said = AgentResponse.model_validate_json(answer.content)
        if said.status != self.me.status:
            log.info("agent_status", status=said.status)
        changes = {"now": said.now, "status": said.status}
        self._joined, self._known_at = self.me.model_copy(update=changes), _middle(started)

    async def _register(self, tokens: list[str]) -> AgentResponse:
        """Register by the first token that is taken. Raises EnrolmentRefusedError, httpx.HTTPError."""
        body = RegisterAgentRequest(
            name=self._options.name,
            type=self._options.type,
            capabilities=tuple(self._terms(spec.name) for spec in self._catalog),
            actions=tuple(map(OfferedAction.of, self._catalog)),
            endpoint=self._options.endpoint,
            key=self._key.public,
            concurrency=self._options.concurrency,
            tags=self._options.tags,
            metadata={"version": __version__, "python": platform.python_version(), "platform": platform.system()},
        ).model_dump(mode="json")
        for token in tokens or [""]:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            answer = await self._client.post("/agents/register", json=body, headers=headers)
            if answer.status_code not in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}:
                answer.raise_for_status()
                return AgentResponse.model_validate_json(answer.content)
        raise EnrolmentRefusedError(_NO_TOKEN)

    def _terms(self, name: str) -> CapabilityTerms:
        return CapabilityTerms(name=name, domains=self._options.domains, applications=self._options.applications)

    async def _keep(self, joined: AgentResponse, started: float) -> None:
        await self._store.remember(_JOINED, joined.model_dump_json())
        self._joined, self._known_at = joined, _middle(started)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.me.token}"}


def _middle(started: float) -> float:
    """Return the moment, in the middle of the round trip, at which the scheduler said what time it is."""
    return (started + time.monotonic()) / 2


def _back_off(tries: int) -> float:
    return random.uniform(0.5, 1.0) * min(0.5 * 2.0 ** min(tries, 10), _LONGEST_WAIT)  # noqa: S311 - jitter


def _told(error: Exception) -> str:
    """Return what the scheduler said in its own words, if it said anything."""
    if isinstance(error, httpx.HTTPStatusError):
        with suppress(ValueError, KeyError, TypeError):
            return str(error.response.json()["detail"])
    return str(error) or type(error).__name__
