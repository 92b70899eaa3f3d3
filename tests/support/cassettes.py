"""Exchanges with model servers on file, replayed strictly: what was not recorded is an error, and so is what was left.

`python -m tests.support.cassettes URL FILE` stands before a real server, passes on what it is asked, and records it
without keys. A cassette is a list of `{"request": {"path", "body"}, "response": {"status", "headers", "body"}}`.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx

FOLDER: Final = Path(__file__).parents[1] / "llm" / "cassettes"
_KEPT: Final = ("content-type", "retry-after", "x-request-id", "openai-processing-ms")

Exchange = dict[str, Any]
Answer = Callable[[str, Any, str], Exchange]


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            told = answer(self.path, asked, self.headers.get("Authorization", ""))
            body = told["body"].encode()
            self.send_response(told["status"])
            for name, value in (*told["headers"].items(), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


@contextmanager
def _serving(answer: Answer, port: int = 0) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(answer))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def replaying(name: str) -> Iterator[str]:
    """Replay a cassette at the address that is given; raises AssertionError for what is not on it, or is left."""
    left: list[Exchange] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    strange: list[Any] = []

    def answer(path: str, asked: Any, _key: str) -> Exchange:  # noqa: ANN401 - JSON
        if not left or left[0]["request"] != {"path": path, "body": asked}:
            strange.append({"path": path, "body": asked})
            return {"status": 400, "headers": {}, "body": '{"error": {"message": "not on the cassette"}}'}
        return dict(left.pop(0)["response"])

    with _serving(answer) as url:
        yield url
    assert strange == [], "asked for what is not on the cassette"
    assert left == [], "not asked for what is on the cassette"


def record(url: str, path: Path, port: int = 0) -> None:
    """Stand before a real server until interrupted, and write down what passes; keys are passed on, not written."""
    exchanges: list[Exchange] = []

    def answer(place: str, asked: Any, key: str) -> Exchange:  # noqa: ANN401 - JSON
        headers = {"Authorization": key} if key else {}
        told = httpx.post(f"{url.rstrip('/')}{place}", json=asked, headers=headers, timeout=120)
        kept = {name: value for name, value in told.headers.items() if name in _KEPT}
        response = {"status": told.status_code, "headers": kept, "body": told.text}
        exchanges.append({"request": {"path": place, "body": asked}, "response": response})
        path.write_text(json.dumps(exchanges, indent=1, ensure_ascii=False), encoding="utf-8")
        return response

    with _serving(answer, port) as here:
        sys.stdout.write(f"{here}\n")
        threading.Event().wait()


if __name__ == "__main__":
    record(sys.argv[1], Path(sys.argv[2]))
