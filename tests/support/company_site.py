"""A company's web site on a free loopback port: pages, files, a search; it notes what it was asked for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

PRICES = b"%PDF-1.4\n" + bytes(range(256)) * 40
SUMMER = b"%PDF-1.4\nsummer"
BROCHURES = b"%PDF-1.4\nbrochures"
_PAGE = "<!doctype html><html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{body}</html>"
_HOME = """<ul><li><a href=/preise.pdf>Preisliste</a><li><a href=/sommer.pdf>Katalog Sommer</a>
<li><a href=/winter.pdf>Katalog Winter</a><li><a href=/downloads>Broschüren</a></ul>"""
_TABLE = "<table><tr><th>Ware<th>Preis<tr><td>Dübel<td>0,30</table>"
_FORM = "<form><label>Name <input name=name></label><label>Tage <input name=days></label></form>"
_PAGES = {
    "/": _PAGE.format(title="Schrauben-Meier", body=_HOME),
    "/hilfe": _PAGE.format(title="Hilfe", body="<p>Rufen Sie uns an.</p>"),
    "/downloads": _PAGE.format(title="Broschüren", body="<a href=/broschueren.pdf>Alle Broschüren</a>"),
    "/preise": _PAGE.format(title="Preise", body=_TABLE),
    "/formular": _PAGE.format(title="Urlaub", body=_FORM),
}
_FILES = {"/preise.pdf": PRICES, "/sommer.pdf": SUMMER, "/winter.pdf": b"%PDF-1.4\nw", "/broschueren.pdf": BROCHURES}


class CompanySite(BaseHTTPRequestHandler):
    """`asked` are the paths and queries that came, in order."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        type(self).asked.append(unquote(self.path))
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/stumm":  # hangs up without a word
            self.connection.close()
        elif path in _FILES:
            self._send(200, "application/pdf", _FILES[path])
        elif path == "/suche":
            self._send(200, "text/html", _found(query.get("q", [""])[0]).encode())
        elif path in _PAGES:
            self._send(200, "text/html", _PAGES[path].encode())
        else:
            self._send(404, "text/html", _PAGE.format(title="Nicht gefunden", body="").encode())

    def _send(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


def _found(query: str) -> str:
    body = "<p>Keine Treffer</p>" if "Einhörner" in query else f"<ol><li><a href=/hilfe>Alles über {query}</a></ol>"
    return _PAGE.format(title="Suche", body=body)


@contextmanager
def company_site() -> Iterator[str]:
    """Serve it for as long as the block lasts; yield its host and port."""
    CompanySite.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), CompanySite) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
