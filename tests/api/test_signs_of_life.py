"""Signs of life are answered before HTTP is taken apart; what is no plain one goes the way of all requests."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from scheduler.api.signs_of_life import SignsOfLife
from scheduler.core.agent import AgentStatus
from tests.support.agents import PlayedAgent, join
from tests.support.services import Api

pytestmark = pytest.mark.component


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def get_extra_info(self, _name: str, default: object = None) -> object:
        return default

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def resume_reading(self) -> None: ...

    def pause_reading(self) -> None: ...


class Line(SignsOfLife):
    """Notes what goes on to the parser of HTTP."""

    def __init__(self, api: Api) -> None:
        config = uvicorn.Config(api.app, log_config=None, lifespan="off")
        super().__init__(config=config, server_state=ServerState(), app_state={})
        self.wire = Wire()
        self.connection_made(self.wire)  # type: ignore[arg-type]
        self.passed_on = b""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401, ARG002 - uvicorn's own
        self.passed_on += cycle.scope["raw_path"]

    def answer(self) -> dict[str, Any]:
        head, _, body = self.wire.written.partition(b"\r\n\r\n")
        self.wire.written = b""
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert f"content-length: {len(body)}".encode() in head
        return json.loads(body)  # type: ignore[no-any-return]


@pytest.fixture
async def line(api: Api) -> Line:
    return Line(api)


def a_beat(agent: PlayedAgent, body: bytes = b'{"running": 1}', path: str = "heartbeat", **headers: str) -> bytes:
    named = {
        "Host": "cpa",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **agent.bearer,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST /agents/{agent.id}/{path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def test_the_same_again_is_noted_and_answered_with_the_time(api: Api, line: Line) -> None:
    agent = await join(api.client, concurrency=3)
    told = []
    for body in (b'{"running": 1}', b'{"running": 1}', b'{"running": 2, "status": "busy"}'):
        line.data_received(a_beat(agent, body))
        told.append(line.answer())

    by_route = (
        await api.client.post(
            f"/agents/{agent.id}/heartbeat", json={"running": 2, "status": "busy"}, headers=agent.bearer
        )
    ).json()
    assert [answer["status"] for answer in told] == ["online", "online", "busy"]
    assert told[0]["now"] <= told[1]["now"] <= told[2]["now"]
    assert {**told[2], "now": None} == {**by_route, "now": None}
    assert (await api.client.get(f"/agents/{agent.id}")).json()["running"] == 2
    assert line.passed_on == b""


def pieces(data: bytes) -> Iterator[bytes]:
    head, blank, body = data.partition(b"\r\n\r\n")
    yield from (head + blank, body[:4], body[4:])


async def test_head_and_body_may_come_apart(api: Api, line: Line) -> None:
    agent = await join(api.client)
    for _ in range(2):
        for piece in pieces(a_beat(agent)):
            assert line.wire.written == b""
            line.data_received(piece)
        assert line.answer()["agent_id"] == agent.id


async def test_what_an_operator_says_is_told_at_once(api: Api, line: Line) -> None:
    agent = await join(api.client)
    line.data_received(a_beat(agent))
    line.answer()

    await api.client.post(f"/agents/{agent.id}/drain")
    line.data_received(a_beat(agent))

    assert line.answer()["status"] == AgentStatus.DRAINING


@pytest.mark.parametrize(
    "changed",
    [
        {"path": "drain"},
        {"body": b'{"running": -1}'},
        {"body": b"{"},
        {"body": b" " * 2000 + b"{}"},
        {"Content_Type": "text/plain"},
        {"Transfer_Encoding": "chunked"},
        {"Connection": "close"},
        {"Expect": "100-continue"},
        {"X_Correlation_ID": "abc"},
        {"Authorization": "Bearer cpa_agent_x_y"},
        {"Authorization": "Basic xxxx"},
        {"content_length": "1"},
    ],
    ids=str,
)
async def test_what_is_no_plain_one_goes_the_way_of_all(api: Api, line: Line, changed: dict[str, Any]) -> None:
    agent = await join(api.client)

    line.data_received(a_beat(agent, **changed))

    assert line.passed_on.startswith(f"/agents/{agent.id}/".encode()) or b"400 Bad Request" in line.wire.written
    assert b"200 OK" not in line.wire.written


async def test_one_within_another_request_is_part_of_that(api: Api, line: Line) -> None:
    agent = await join(api.client)
    inner = a_beat(agent)
    line.data_received(f"POST /jobs HTTP/1.1\r\nHost: cpa\r\nContent-Length: {len(inner)}\r\n\r\n".encode())

    line.data_received(inner)

    assert (line.passed_on, line.wire.written) == (b"/jobs", b"")


async def test_who_has_left_is_looked_at_more_closely(api: Api, line: Line) -> None:
    agent = await join(api.client)
    line.data_received(a_beat(agent))
    line.answer()

    await api.client.delete(f"/agents/{agent.id}", headers=agent.bearer)
    line.data_received(a_beat(agent))

    assert line.passed_on.endswith(b"/heartbeat")
    assert line.wire.written == b""
