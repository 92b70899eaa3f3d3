"""Keeps calls to agents out of networks they may not reach: judged after resolving, connected to as judged."""

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Final, cast

import httpx

from scheduler.core.errors import EndpointForbiddenError
from scheduler.core.sentences import Sentence
from scheduler.executors.web_allowance import Address, Allowance, Network, origin_of

MOST_OF_AN_ANSWER: Final = 4 * 1024 * 1024
"""Bytes."""
_PRIVATE = Sentence("sie liegt in einem Netz, das nicht erlaubt ist", "it lies in a network that is not allowed")
_NO_ADDRESS = Sentence("das ist keine Adresse des Webs", "it is no address of the web")


@functools.cache
def trusted() -> ssl.SSLContext:
    """Return whom connections to agents trust, for all of them: reading the certificates takes 25 ms."""
    return httpx.create_ssl_context(trust_env=False)


async def judged(endpoint: str, networks: tuple[Network, ...]) -> tuple[str, Address]:
    """Return the host and one of the addresses its name resolves to, all of which may be called.

    `networks` are the private ones allowed. Raises EndpointForbiddenError, and OSError when nothing is found.
    """
    origin = origin_of(endpoint)
    if origin is None:
        raise EndpointForbiddenError(endpoint, _NO_ADDRESS)
    found = await asyncio.get_running_loop().getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    allowance = Allowance(networks=networks)
    if not addresses or not all(allowance.reaches(origin.host, address) for address in addresses):
        raise EndpointForbiddenError(endpoint, _PRIVATE)
    return origin.host, addresses[0]


class JudgedTransport(httpx.AsyncBaseTransport):
    """For a client that others drive: every request is judged anew, and no answer is read beyond its bound."""

    def __init__(self, inner: httpx.AsyncBaseTransport, networks: tuple[Network, ...]) -> None:
        self._inner = inner
        self._networks = networks

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            host, address = await judged(str(request.url), self._networks)
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        request.headers["Host"] = request.url.netloc.decode()
        request.url = request.url.copy_with(host=str(address))
        request.extensions = {**request.extensions, "sni_hostname": host}
        answer = await self._inner.handle_async_request(request)
        answer.stream = _Bounded(cast("httpx.AsyncByteStream", answer.stream))
        return answer


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._inner:
            read += len(part)
            if read > MOST_OF_AN_ANSWER:
                raise httpx.ReadError(f"the answer is longer than {MOST_OF_AN_ANSWER} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()
