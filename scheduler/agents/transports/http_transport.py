"""Calls the address of an agent: judged after it was resolved, connected to as it was judged, never redirected."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from scheduler.agents.transports.judged import judged, trusted
from scheduler.core.agent import Agent
from scheduler.core.errors import AgentUnreachableError, OutcomeUnknownError
from scheduler.core.ids import TenantId
from scheduler.core.lam_json import MAX_MESSAGE_BYTES
from scheduler.executors.web_allowance import Address, Network

_TASKS: Final = frozenset({"request", "assign"})


class HttpTransport:
    """`networks` says which private networks may be called for a tenant; public addresses always may."""

    def __init__(
        self,
        *,
        networks: Callable[[TenantId], tuple[Network, ...]],
        timeout: float = 10.0,
        tries_of_connect: float = 3.0,
    ) -> None:
        self._networks = networks
        self._timeout = httpx.Timeout(timeout, connect=tries_of_connect)

    @functools.cached_property
    def _client(self) -> httpx.AsyncClient:
        """Made with the first message: reading the authorities it trusts would slow every start."""
        return httpx.AsyncClient(timeout=self._timeout, follow_redirects=False, trust_env=False, verify=trusted())

    async def close(self) -> None:
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def deliver(self, agent: Agent, message: Mapping[str, Any]) -> bytes | None:
        path = "tasks" if message.get("type") in _TASKS else "lam/message"
        url, host, address = await self._judged(agent)
        request = self._client.build_request(
            "POST",
            url.copy_with(host=str(address), path=f"{url.path.rstrip('/')}/{path}"),
            json=dict(message),
            headers={"Host": url.netloc.decode(), "LAM-Version": str(message.get("version", ""))},
            extensions={"sni_hostname": host},
        )
        try:
            answer = await self._client.send(request, stream=True)
            try:
                return await _read(agent, answer)
            finally:
                await answer.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise AgentUnreachableError(agent.name, str(error) or type(error).__name__) from error
        except httpx.HTTPError as error:
            raise OutcomeUnknownError(f"{message.get('type')} to {agent.name}", type(error).__name__) from error

    async def _judged(self, agent: Agent) -> tuple[httpx.URL, str, Address]:
        """Return the address to call, one of those its name resolves to, all of which may be called."""
        try:
            host, address = await judged(agent.endpoint, self._networks(agent.tenant))
        except OSError as error:
            raise AgentUnreachableError(agent.name, str(error)) from error
        return httpx.URL(agent.endpoint), host, address


async def _read(agent: Agent, answer: httpx.Response) -> bytes | None:
    """Return the body. Raises AgentUnreachableError for an answer that says that nothing was taken."""
    if answer.is_server_error and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        raise OutcomeUnknownError(f"the request to {agent.name}", f"HTTP {answer.status_code}")
    if not answer.is_success:
        raise AgentUnreachableError(agent.name, f"HTTP {answer.status_code}")
    body = b""
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > MAX_MESSAGE_BYTES:
            raise OutcomeUnknownError(f"the answer of {agent.name}", "it is too long")
    return body or None
