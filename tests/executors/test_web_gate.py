"""The gate passes on what is allowed, byte for byte, and connects to no other address than the one it judged."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from scheduler.executors.web_allowance import Allowance
from scheduler.executors.web_gate import Gate, GateRules
from scheduler.executors.web_proxy import OutsideProxy

pytestmark = pytest.mark.integration
HERE = Allowance(domains=("127.0.0.1:*",))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Far:
    """A server that notes what it is asked and gives one answer, or none and keeps silent."""

    def __init__(self, answer: bytes = OK, *, keeps_open: bool = False) -> None:
        self.asked: list[bytes] = []
        self.was_asked = asyncio.Event()
        self.port = 0
        self._answer = answer
        self._keeps_open = keeps_open

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        self.was_asked.set()
        writer.write(self._answer)
        if self._keeps_open:
            await reader.read()
        writer.close()


@asynccontextmanager
async def listening(far: Far) -> AsyncIterator[Far]:
    async with await asyncio.start_server(far.serve, "127.0.0.1", 0) as server:
        far.port = server.sockets[0].getsockname()[1]
        yield far


@asynccontextmanager
async def a_gate(allowance: Allowance = HERE, **rules: Any) -> AsyncIterator[Gate]:  # noqa: ANN401 - fields of GateRules
    gate = Gate(GateRules(allowance=allowance, **rules))
    await gate.open()
    try:
        yield gate
    finally:
        await gate.close()


async def ask(gate: Gate, request: str) -> bytes:
    """Send one message to the gate and return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(gate.address.rpartition(":")[2]))
    writer.write(request.encode())
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


async def test_a_request_and_its_body_arrive_whole() -> None:
    async with listening(Far(OK, keeps_open=True)) as far, a_gate() as gate:
        answer = await ask(gate, f"GET http://127.0.0.1:{far.port}/a HTTP/1.1\r\nHost: evil.test\r\n\r\n")

    assert answer.endswith(b"\r\n\r\nok")
    assert far.asked == [b"GET /a HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % far.port]


async def test_a_second_request_on_the_same_connection_is_not_passed_on() -> None:
    async with listening(Far(OK)) as far, a_gate() as gate:
        one = f"GET http://127.0.0.1:{far.port}/a HTTP/1.1\r\n\r\n"
        await ask(gate, one + "GET http://elsewhere.test/ HTTP/1.1\r\n\r\n")

    assert all(asked.startswith(b"GET /a ") for asked in far.asked)


async def test_a_name_is_connected_to_at_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    meanings = iter(["127.0.0.1", "10.0.0.1"])  # at the second look-up the name would mean another machine
    looked_up = []

    async def meaning(_: object, host: str, port: int, **__: object) -> list[Any]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(meanings), port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", meaning)
    async with listening(Far(OK)) as far:
        loopback = Allowance(domains=("portal.test:*",), networks=(ip_network("127.0.0.0/8"),))
        async with a_gate(loopback) as gate:
            url = f"http://portal.test:{far.port}/"
            assert (await ask(gate, f"GET {url} HTTP/1.1\r\n\r\n")).endswith(b"ok")
            assert looked_up == ["portal.test"]

            assert b" 403 " in await ask(gate, f"GET {url} HTTP/1.1\r\n\r\n")
            error = gate.error_for(url)

    assert error is not None
    assert "10.0.0.1" in error.facts["why"]
    assert len(far.asked) == 1


@pytest.mark.parametrize("request_line", ["GET http://127.0.0.1:{}/", "CONNECT 127.0.0.1:{}"])
async def test_what_does_not_answer_is_said_with_the_reason(request_line: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        async with a_gate() as gate:
            assert b" 502 " in await ask(gate, f"{request_line.format(port)} HTTP/1.1\r\n\r\n")
            error = gate.error_for(f"http://127.0.0.1:{port}/")

    assert error is not None
    assert error.code == "site_unreachable"


async def test_no_more_comes_in_during_a_step_than_may() -> None:
    large = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 500_000
    async with listening(Far(large)) as far, a_gate(most_bytes=100_000) as gate:
        url = f"http://127.0.0.1:{far.port}/"
        with pytest.raises(ConnectionError):
            await ask(gate, f"GET {url} HTTP/1.1\r\n\r\n")
        assert gate.overflowed

        gate.begin_step()
        assert not gate.overflowed


@pytest.mark.parametrize("secure", [False, True])
async def test_the_proxy_of_the_house_is_asked_with_its_password(*, secure: bool) -> None:
    async with listening(Far(OK)) as house:
        proxy = OutsideProxy.parse(f"http://us%40r:p%3Aw@127.0.0.1:{house.port}", ("spared.test:*",))
        async with a_gate(Allowance(domains=("far.test:*",)), outside=proxy) as gate:
            line = "CONNECT far.test:443" if secure else "GET http://far.test:81/a"
            await ask(gate, f"{line} HTTP/1.1\r\n\r\n")

    assert house.asked[0].startswith(b"CONNECT far.test:443 " if secure else b"GET http://far.test:81/a ")
    assert b"Proxy-Authorization: Basic dXNAcjpwOnc=\r\n" in house.asked[0]


async def test_what_the_proxy_of_the_house_spares_is_reached_directly() -> None:
    async with listening(Far(OK)) as far:
        proxy = OutsideProxy.parse("http://127.0.0.1:9", ("127.0.0.1:*",))
        async with a_gate(outside=proxy) as gate:
            assert (await ask(gate, f"GET http://127.0.0.1:{far.port}/ HTTP/1.1\r\n\r\n")).endswith(b"ok")


async def test_a_proxy_that_refuses_is_named() -> None:
    async with listening(Far(b"HTTP/1.1 407 No\r\n\r\n")) as house:
        proxy = OutsideProxy.parse(f"http://127.0.0.1:{house.port}")
        async with a_gate(Allowance(domains=("far.test",)), outside=proxy) as gate:
            assert b" 502 " in await ask(gate, "CONNECT far.test:443 HTTP/1.1\r\n\r\n")
            error = gate.error_for("https://far.test/")

    assert error is not None
    assert "HTTP 407" in error.facts["why"]


async def test_a_closed_gate_leaves_no_connection_open() -> None:
    async with listening(Far(b"", keeps_open=True)) as far, a_gate() as gate:
        asking = asyncio.create_task(ask(gate, f"GET http://127.0.0.1:{far.port}/ HTTP/1.1\r\n\r\n"))
        await far.was_asked.wait()

        await gate.close()

        with pytest.raises(ConnectionError):
            await asking
