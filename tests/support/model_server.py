"""Loopback servers that speak like OpenAI and like Ollama, and misbehave when told to.

What they model is written in docs/LLM.md; what the real ones do beyond it is not shown by these tests.
"""

import json
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

KEY = "sk-test-0123456789"
MODEL = "test-model"


@dataclass(frozen=True, kw_only=True)
class Move:
    """How the server answers one request."""

    text: str = "Hallo Anna"
    finish: str = "stop"
    refusal: str | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error_code: str | None = None
    message: str = "something is wrong"
    delay: float = 0.0
    """Seconds before the answer."""
    drip: float = 0.0
    """Seconds between pieces of an answer."""
    cut_after: int | None = None
    """Bytes after which the connection is closed."""
    garbage: bool = False
    """Answer with something that is no JSON."""
    usage: bool = True
    odd: tuple[object, ...] = ()
    """What is answered instead, as it stands, with 200; several: the pieces of a stream."""


OK = Move()


class ModelServer:
    """Plays moves in order, then `otherwise`; keeps what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.moves: deque[Move] = deque()
        self.otherwise = OK
        self.requests: list[dict[str, Any]] = []
        self.over = threading.Event()
        """Set at the end: who is to wait with an answer waits no longer."""
        self.forms = {"json_schema", "tools", "json_object"}
        """Ways to ask for a form that this server knows."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def play(self, *moves: Move) -> None:
        self.moves.extend(moves)

    def next(self) -> Move:
        return self.moves.popleft() if self.moves else self.otherwise


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    playing: ClassVar[ModelServer]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            asked = json.loads(raw)
        except ValueError:
            self._reply(400, self.problem("malformed JSON", None))
            return
        self.playing.requests.append({"path": self.path, "key": self.headers.get("Authorization", ""), **asked})
        move = self.playing.next()
        self.playing.over.wait(move.delay)
        self._drip = move.drip
        if move.garbage:
            self._send(200, b"<html>Bad gateway</html>", "text/html")
        elif move.odd and asked.get("stream"):
            self._stream([self.piece(one) for one in move.odd], "text/event-stream", move)
        elif move.odd:
            self._reply(200, move.odd[0])
        elif move.status != 200:
            self._reply(move.status, self.problem(move.message, move.error_code), move.headers)
        else:
            self.answer(asked, move)

    def answer(self, asked: dict[str, Any], move: Move) -> None:
        raise NotImplementedError

    def problem(self, message: str, code: str | None) -> object:
        raise NotImplementedError

    def piece(self, said: object) -> bytes:
        """Return a piece of a stream."""
        raise NotImplementedError

    def _reply(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", headers)

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        move_cut = self._cut
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        for place in range(0, len(body), 16) if self._drip else ():
            self.wfile.write(body[place : place + 16])
            self.playing.over.wait(self._drip)
        if not self._drip:
            self.wfile.write(body[:move_cut])
        if move_cut is not None:
            self.close_connection = True

    _cut: int | None = None
    _drip = 0.0

    def _stream(self, pieces: list[bytes], kind: str, move: Move) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        left = move.cut_after
        for piece in pieces:
            if left is not None:
                piece, left = piece[:left], left - len(piece)  # noqa: PLW2901 - cut to size
            self.wfile.write(piece)
            self.wfile.flush()
            if left is not None and left <= 0:
                return
            self.playing.over.wait(move.drip)


class _OpenAI(_Handler):
    """`POST /v1/chat/completions` and `/v1/embeddings`."""

    def problem(self, message: str, code: str | None) -> object:
        return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}

    def piece(self, said: object) -> bytes:
        return f"data: {json.dumps(said)}\n\n".encode()

    def answer(self, asked: dict[str, Any], move: Move) -> None:
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self._reply(401, self.problem("Incorrect API key provided", "invalid_api_key"))
        elif self.path == "/v1/embeddings":
            self._embed(asked)
        elif self.path != "/v1/chat/completions":
            self._reply(404, self.problem(f"Unknown path {self.path}", None))
        elif asked.get("model") != MODEL:
            self._reply(404, self.problem("The model does not exist", "model_not_found"))
        elif flaw := self._flaw_of_the_form(asked):
            self._reply(400, self.problem(flaw, None))
        elif asked.get("stream"):
            self._pieces(asked, move)
        else:
            self._cut = move.cut_after
            self._reply(200, self._whole(asked, move))

    def _flaw_of_the_form(self, asked: dict[str, Any]) -> str | None:
        form = asked.get("response_format", {})
        kind = form.get("type", "text")
        if kind not in {"text", *self.playing.forms}:
            return f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model"
        if asked.get("tools") and "tools" not in self.playing.forms:
            return "'tools' is not supported with this model"
        if kind == "json_object" and "json" not in json.dumps(asked["messages"]).casefold():
            return "'messages' must contain the word 'json' to use 'response_format' of type 'json_object'."
        if kind == "json_schema" and form["json_schema"].get("strict"):
            return _not_strict(form["json_schema"]["schema"])
        return None

    def _whole(self, asked: dict[str, Any], move: Move) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": move.text, "refusal": move.refusal}
        if asked.get("tools"):
            function = {"name": asked["tools"][0]["function"]["name"], "arguments": move.text}
            message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
        choice = {"index": 0, "message": message, "finish_reason": move.finish}
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
        return answer | ({"usage": _USAGE} if move.usage else {})

    def _pieces(self, asked: dict[str, Any], move: Move) -> None:
        def chunk(choices: list[dict[str, Any]], usage: object = None) -> bytes:
            body = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": choices}
            return f"data: {json.dumps(body | {'usage': usage})}\n\n".encode()

        words = [f"{word} " for word in move.text.split()]
        pieces = [chunk([{"index": 0, "delta": {"content": word}, "finish_reason": None}]) for word in words]
        pieces.append(chunk([{"index": 0, "delta": {}, "finish_reason": move.finish}]))
        if asked.get("stream_options", {}).get("include_usage"):
            pieces.append(chunk([], _USAGE))
        self._stream([*pieces, b"data: [DONE]\n\n"], "text/event-stream", move)

    def _embed(self, asked: dict[str, Any]) -> None:
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        data = [{"object": "embedding", "index": place, "embedding": _vector(text)} for place, text in enumerate(texts)]
        usage = {"prompt_tokens": 5, "total_tokens": 5}
        self._reply(200, {"object": "list", "data": data[::-1], "model": asked["model"], "usage": usage})


class _Ollama(_Handler):
    """`POST /api/chat` and `/api/embed`. Streams unless told not to; leaves out counts that are zero."""

    def problem(self, message: str, code: str | None) -> object:  # noqa: ARG002 - Ollama's errors have no code
        return {"error": message}

    def piece(self, said: object) -> bytes:
        return json.dumps(said).encode() + b"\n"

    def answer(self, asked: dict[str, Any], move: Move) -> None:
        if self.path == "/api/embed":
            texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
            self._reply(200, {"model": asked["model"], "embeddings": [_vector(text) for text in texts]})
        elif self.path != "/api/chat":
            self._reply(404, {"error": "404 page not found"})
        elif asked.get("model") != MODEL:
            self._reply(404, {"error": f"model '{asked.get('model')}' not found"})
        elif not isinstance(asked.get("format", {}), dict) and asked["format"] != "json":
            self._reply(400, {"error": 'invalid format; expected "json" or a valid JSON Schema object'})
        else:
            counts = {"prompt_eval_count": 11, "eval_count": 7} if move.usage else {}
            end = {"done": True, "done_reason": move.finish, "total_duration": 5_000_000, **counts}
            if asked.get("stream", True):
                lines = [self._line(f"{word} ", {"done": False}) for word in move.text.split()]
                self._stream([*lines, self._line("", end)], "application/x-ndjson", move)
            else:
                self._cut = move.cut_after
                self._send(200, self._line(move.text, end), "application/json")

    def _line(self, text: str, more: dict[str, Any]) -> bytes:
        message = {"role": "assistant", "content": text}
        return (
            json.dumps({"model": MODEL, "created_at": "2026-01-01T00:00:00Z", "message": message, **more}).encode()
            + b"\n"
        )


_USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def _vector(text: str) -> list[float]:
    return [float(len(text)), float(text.count("e")), 1.0]


def _not_strict(schema: dict[str, Any]) -> str | None:
    """Refuse what OpenAI's strict mode refuses."""
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return (
                "Invalid schema for response_format: 'additionalProperties' is required to be supplied and to be false"
            )
        if set(schema.get("required", ())) != set(schema.get("properties", {})):
            return "Invalid schema for response_format: 'required' is required to include every key in properties"
    return next((flaw for one in schema.get("properties", {}).values() if (flaw := _not_strict(one))), None)


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that went away: tests want them to."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def _running(kind: type[_Handler]) -> Iterator[ModelServer]:
    server = _Quiet(("127.0.0.1", 0), kind)
    playing = ModelServer(server.server_address[1])
    server.RequestHandlerClass = type(kind.__name__, (kind,), {"playing": playing})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield playing
    finally:
        playing.over.set()
        server.shutdown()
        server.server_close()


def openai_server() -> AbstractContextManager[ModelServer]:
    """Run a server that speaks like OpenAI."""
    return _running(_OpenAI)


def ollama_server() -> AbstractContextManager[ModelServer]:
    """Run a server that speaks like Ollama."""
    return _running(_Ollama)
