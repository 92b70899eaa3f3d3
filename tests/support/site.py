"""A small web site on a free loopback port, with everything that makes a browser's life hard."""

import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from tests.support import pages

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PASSWORD = "Sehr-Geheim-99"
USER = "anna"
FILE_NAME = "Rückläufer Überweisung 😀.pdf"

_HOME = """<!doctype html><html lang=de><head><meta charset=utf-8><title>Büro</title></head><body>
<h1>Büro</h1>
<form action=/login method=post>
  <label>E-Mail <input name=mail id=mail type=email placeholder="name@firma.de"></label>
  <label>Passwort <input name=password id=password type=password></label>
  <button id=login data-testid=anmelden>Anmelden</button>
</form>
<label>Land <select id=country><option value=>-</option><option value=DE>Deutschland</option>
  <option value=AT>Österreich</option></select></label>
<label><input type=checkbox id=express> Eilig</label>
<label>Suche <input id=search onkeydown="if (event.key === 'Enter') location = '/late?q=' + this.value"></label>
<button class=twin>Löschen</button><button class=twin>Löschen</button><button style="display:none">Geheim</button>
<button onclick="this.textContent = confirm('Wirklich?') ? 'Ja' : 'Nein'">Fragen</button>
<form action=/orders method=post><button>Bestellen</button></form>
<form action=/orders/broken method=post><button>Bestellen mit Fehler</button></form>
<form action=/orders/stuck method=post><button>Bestellen ohne Antwort</button></form>
<button onclick="setTimeout(() => location = '/status/503', 300)">Später scheitern</button>
<form action=/upload method=post enctype=multipart/form-data>
  <label>Beleg <input type=file name=beleg></label><button>Hochladen</button></form>
<a href=/late>Später</a> <a href=/slow target=_blank>Neues Fenster</a> <a href=/closing target=_blank>Fragefenster</a>
<a id=attachment href=/files/attachment>Anhang</a> <a id=inline href=/files/inline.pdf target=_blank>Vorschau</a>
<a id=note href=/files/note.txt>Notiz</a> <a id=empty href=/files/empty>Leer</a>
<a id=page href=/files/page>Fehlerseite</a>
<a id=gone href=/status/404>Weg</a>
<ul><li class=item>Eins</li><li class=item>Zwei</li></ul>
</body></html>"""

_LATE = """<!doctype html><meta charset=utf-8><title>Später</title><p id=later></p><p id=busy>Bitte warten</p>
<script>setTimeout(() => { later.textContent = 'Rechnung 4711 ist da'; busy.remove() }, 300)</script>"""

_ECHO = """<!doctype html><meta charset=utf-8><title>Echo</title><label>Kennung <input style="width:20em"
 oninput="shown.textContent = 'Ihre Kennung: ' + this.value"></label><p id=shown></p>"""


class Reply(NamedTuple):
    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)


def _file(body: bytes, media_type: str, disposition: str) -> Reply:
    return Reply(body, headers=(("Content-Type", media_type), ("Content-Disposition", disposition)))


_FIXED = {
    "/gestures": Reply(pages.GESTURES.encode()),
    "/gestures/other": Reply(pages.OTHER.encode()),
    "/frames": Reply(pages.FRAMES.encode()),
    "/table": Reply(pages.TABLE.encode()),
    "/lying": Reply(
        pages.LYING.encode(),
        headers=(
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'"),
        ),
    ),
    "/apply": Reply(pages.APPLY.encode()),
    "/rates": Reply(pages.RATES.encode()),
    "/form": Reply(pages.ORIGINAL.encode()),
    "/form/moved": Reply(pages.MOVED.encode()),
    "/troubled": Reply(pages.TROUBLED.encode()),
    "/": Reply(_HOME.encode()),
    "/late": Reply(_LATE.encode()),
    "/echo": Reply(_ECHO.encode()),
    "/closing": Reply("<meta charset=utf-8><button onclick=window.close()>Schließen</button>".encode()),
    "/orders": Reply(b"<title>Danke</title>Danke"),
    "/orders/broken": Reply(b"broken", status=500),
    "/status/404": Reply(b"gone", status=404),
    "/status/503": Reply(b"later", status=503),
    "/files/attachment": _file(
        PDF, "application/pdf", f"attachment; filename=\"r.pdf\"; filename*=UTF-8''{quote(FILE_NAME)}"
    ),
    "/files/inline.pdf": _file(PDF, "application/pdf", 'inline; filename="Rechnung 4711.pdf"'),
    "/files/note.txt": _file("Grüße".encode(), "text/plain; charset=utf-8", "inline"),
    "/files/empty": _file(b"", "application/pdf", 'attachment; filename="leer.pdf"'),
    "/files/page": _file(b"<!DOCTYPE html><p>Sitzung beendet", "application/pdf", 'attachment; filename="bericht.pdf"'),
}


class Site:
    """Where it is, and what it was asked to do."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.orders: list[str] = []
        self.uploads: list[bytes] = []
        self.logins = 0
        self.sessions: set[str] = set()

    def url(self, path: str = "/") -> str:
        return self.base + path


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: ClassVar[Site]

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        self._send(self._answer(urlsplit(self.path).path, b""))

    def do_POST(self) -> None:
        self._send(self._answer(urlsplit(self.path).path, self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, path: str, body: bytes) -> Reply:
        if path.startswith(("/account", "/basic")):
            return self._basic() if path == "/basic" else self._account(path, parse_qs(body.decode()))
        if path == "/login":
            return self._login(parse_qs(body.decode()))
        if path == "/inside":
            known = "session=open" in self.headers.get("Cookie", "")
            return Reply(b"<title>Drinnen</title>Angemeldet" if known else b"<title>Fremd</title>Kein Zutritt")
        if path == "/upload":
            self.site.uploads.append(body)
            return Reply(b"<title>Angekommen</title>ok")
        if path.startswith("/orders"):
            self.site.orders.append(path)
        if path in {"/slow", "/orders/stuck"}:
            time.sleep(0.5 if path == "/slow" else 7)
            return Reply(b"<title>Langsam</title>da")
        return _FIXED.get(path, Reply(b"unknown", status=404))

    def _login(self, form: dict[str, list[str]]) -> Reply:
        if form.get("password") != [PASSWORD]:
            return Reply(b"<meta charset=utf-8><p role=alert>Falsches Passwort</p>", status=401)
        cookie = ("Set-Cookie", "session=open; Path=/; HttpOnly")
        return Reply(b"", status=303, headers=(cookie, ("Location", f"/inside?password={PASSWORD}")))

    def _account(self, path: str, form: dict[str, list[str]]) -> Reply:
        """A portal whose sessions the test can end: `site.sessions.clear()`."""
        if path == "/account/login" and form.get("user") == [USER] and form.get("password") == [PASSWORD]:
            self.site.logins += 1
            key = f"s{self.site.logins}"
            self.site.sessions.add(key)
            return Reply(b"", 303, (("Set-Cookie", f"account={key}; Path=/; HttpOnly"), ("Location", "/account")))
        known = any(f"account={key}" in self.headers.get("Cookie", "") for key in self.site.sessions)
        return Reply((pages.ACCOUNT if known else pages.SIGN_IN).encode())

    def _basic(self) -> Reply:
        expected = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {expected}":
            return Reply(b"<title>Tresor</title>offen")
        return Reply(b"no", status=401, headers=(("WWW-Authenticate", 'Basic realm="x"'),))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no news."""


@contextmanager
def serve_site() -> Iterator[Site]:
    """Serve it until the block ends."""
    with _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {})) as server:
        site = Site(f"http://127.0.0.1:{server.server_address[1]}")
        server.RequestHandlerClass.site = site  # type: ignore[attr-defined]  # a class of its own per site
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
