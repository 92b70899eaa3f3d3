"""The short way in for signs of life, of which a thousand agents give a hundred a second: each is read in one step.

What surrounds other requests guards keys, bodies and pages of browsers; a sign of life brings the agent's own token and
some numbers, and is answered before HTTP is taken apart. What is not a sound one, in any respect, goes the way of all
requests, which says what is wrong.
"""

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import ValidationError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scheduler.agents.enrolment import AGENT_TOKEN
from scheduler.core.agent_wire import HeartbeatRequest
from scheduler.core.ids import AgentId

if TYPE_CHECKING:
    from scheduler.agents.enrolment import EnrolmentService
    from scheduler.agents.known_beat import KnownBeat

_BEGINS: Final = b"POST /agents/"
_HEAD: Final = re.compile(
    rb"POST /agents/([0-9a-f-]{36})/heartbeat HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*\r\n){1,30})\r\n"
)
_HEADERS: Final = b"content-type: application/json\r\nx-content-type-options: nosniff\r\n"
_LONGEST: Final = 1000  # bytes
_BEARER: Final = f"Bearer {AGENT_TOKEN}_".encode()
_MEANS_MORE: Final = (b"transfer-encoding", b"expect", b"upgrade", b"x-correlation-id")
"""Headers that ask for something else than to be answered."""


class Said(NamedTuple):
    """A request that may be a sign of life. `lacking`: bytes of its body that have not come yet."""

    agent_id: AgentId
    token: str
    body: bytes
    lacking: int


def read(data: bytes) -> Said | None:
    """Return the request if it is written as a sign of life; None: it is something else, or more."""
    head = _HEAD.match(data)
    if head is None:
        return None
    headers: dict[bytes, bytes] = {}
    for line in head[2].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        if headers.setdefault(name.lower(), value := value.strip()) is not value:
            return None  # which of them counts is not for us to say
    token, length = headers.get(b"authorization", b""), headers.get(b"content-length", b"")
    plain = headers.get(b"content-type") == b"application/json" and not any(name in headers for name in _MEANS_MORE)
    stays = headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
    if not (plain and stays and token.startswith(_BEARER) and length.isdigit() and len(length) <= len(str(_LONGEST))):
        return None
    body = data[head.end() :]
    lacking = int(length) - len(body)
    if lacking < 0 or int(length) > _LONGEST:
        return None
    return Said(AgentId(head[1].decode()), token[len(b"Bearer ") :].decode(), body, lacking)


class SignsOfLife(HttpToolsProtocol):
    """uvicorn's HTTP, which answers signs of life by itself. They are not logged one by one.

    What an agent sent on its connection is remembered with whose it was: the same again need not be read.
    """

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*given, **named)
        self._amid = False
        self._held = b""
        self._known = b""
        self._beat: KnownBeat | None = None

    def data_received(self, data: bytes) -> None:
        data, self._held = self._held + data, b""
        if data.startswith(_BEGINS) and self._between_requests:
            if self._is_short(data):  # head and body come apart
                self._held = data
                return
            answer = self._given() or self._given_anew(data)
            if answer is not None:
                self._tell(answer)
                return
        super().data_received(data)

    @property
    def _between_requests(self) -> bool:
        return not self._amid and (self.cycle is None or self.cycle.response_complete)

    def on_message_begin(self) -> None:
        self._amid = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._amid = False
        super().on_message_complete()

    def _is_short(self, data: bytes) -> bool:
        """Read what may be a sign of life, unless it is known; return whether some of it has still to come."""
        if data == self._known:
            return False
        if self._known.startswith(data):
            return True
        self._known, self._beat, said = data, None, read(data)
        if said is not None and said.lacking:
            return True
        if said is not None:
            self._beat = self._of(said)
        return False

    def _given(self) -> bytes | None:
        return None if self._beat is None else self._beat.give()

    def _given_anew(self, data: bytes) -> bytes | None:
        """Read again what is known, since what is known of the agent has changed."""
        if self._beat is None:
            return None
        self._known = b""
        self._is_short(data)
        return self._given()

    def _of(self, said: Said) -> "KnownBeat | None":
        app: Any = self.config.app
        enrolment: EnrolmentService = app.state.services.agents.enrolment
        try:
            return enrolment.known_beat(said.agent_id, said.token, HeartbeatRequest.model_validate_json(said.body))
        except ValidationError:
            return None

    def _tell(self, answer: bytes) -> None:
        usual = b"".join([b"%s: %s\r\n" % header for header in self.server_state.default_headers])
        head = b"HTTP/1.1 200 OK\r\n%s%scontent-length: %d\r\n\r\n" % (usual, _HEADERS, len(answer))
        self.transport.write(head + answer)
        self.on_response_complete()
