"""Issues access tokens and says whose they are, as the big mail houses do (RFC 6749), for tests on loopback."""

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

_REFUSALS = {"invalid_client": 401, "invalid_grant": 400}


class TokenIssuer:
    """Gives tokens for `address` to whoever has the client's secret and, if it is asked for, the refresh token.

    Each use of a refresh token gives a new one. `life` is in seconds; `issued` counts. `down` answers 503.
    """

    def __init__(self, address: str, *, life: float = 3600) -> None:
        self.address = address
        self.client = ("cpa", "blaubeere")
        self.refresh_token = secrets.token_urlsafe()
        self.life = life
        self.issued = 0
        self.down = False
        self._ends: dict[str, float] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
                self._answer(*issuer._token(form))

            def do_GET(self) -> None:
                token = parse_qs(urlsplit(self.path).query).get("access_token", [""])[0]
                owner = issuer.owner_of(token)
                self._answer(200 if owner else 401, {"username": owner} if owner else {"error": "invalid_token"})

            def _answer(self, status: int, document: dict[str, object]) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"
        self.info_url = f"http://127.0.0.1:{self._server.server_port}/info?access_token="
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def owner_of(self, token: str) -> str:
        """Return whose a token is; empty when it is none or has ended."""
        return self.address if self._ends.get(token, 0.0) > time.monotonic() else ""

    def revoke_all(self) -> None:
        """Let every token end now."""
        self._ends.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if self.down:
            return 503, {"error": "temporarily_unavailable"}
        if (form.get("client_id"), form.get("client_secret")) != self.client:
            return self._refusal("invalid_client")
        answer: dict[str, object] = {}
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") != self.refresh_token:
                return self._refusal("invalid_grant")
            self.refresh_token = secrets.token_urlsafe()
            answer["refresh_token"] = self.refresh_token
        token = secrets.token_urlsafe()
        self._ends[token] = time.monotonic() + self.life
        self.issued += 1
        return 200, answer | {"access_token": token, "token_type": "Bearer", "expires_in": self.life}

    @staticmethod
    def _refusal(error: str) -> tuple[int, dict[str, object]]:
        return _REFUSALS[error], {"error": error, "error_description": f"no: {error}"}
