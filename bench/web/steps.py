"""The twelve steps that every tool does on the same form, and the server that serves it.

Only the standard library: the peers import it from venvs of their own.
"""

import functools
import http.server
import threading
import time
from pathlib import Path
from typing import ClassVar

STEPS: tuple[tuple[str, ...], ...] = (
    ("goto",),
    ("fill", "name", "Ada Lovelace"),
    ("fill", "mail", "ada@example.org"),
    ("fill", "phone", "0301234567"),
    ("fill", "street", "Main Street 1"),
    ("fill", "city", "Berlin"),
    ("select", "country", "DE"),
    ("fill", "qty", "3"),
    ("fill", "note", "Leave it at the door, please."),
    ("check", "express"),
    ("check", "terms"),
    ("click", "send"),
)
EXPECTED = "Order for Ada Lovelace: 3 to DE by express ok"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


_ASKED: dict[int, float] = {}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map: ClassVar[dict[str, str]] = {".html": "text/html; charset=utf-8"}  # type: ignore[misc]  # it is one in the base class as well

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        _ASKED[id(self.server)] = time.perf_counter()
        super().do_GET()


def serve_form() -> tuple[str, http.server.ThreadingHTTPServer]:
    """Serve the form on a free loopback port; return its address and the server."""
    handler = functools.partial(_Quiet, directory=str(Path(__file__).parent / "site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/form.html", server


def asked_at(server: http.server.ThreadingHTTPServer) -> float:
    """Return the moment of `time.perf_counter` when the server was last asked for something."""
    return _ASKED[id(server)]
