"""Two sites on loopback: one that a job may visit, and one that notes whoever gets through to it all the same."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_LEAKS = """<!doctype html><meta charset=utf-8><title>Inside</title><h1>Inside</h1>
<iframe src='{evil}/by-frame'></iframe><img src='{evil}/by-image'><img src=/redirect-image>
<link rel=prefetch href='{evil}/by-prefetch'><link rel=stylesheet href='{evil}/by-style'>
<script src='{evil}/by-script'></script>
<script>
fetch('{evil}/by-fetch', {{mode: 'no-cors'}}).catch(() => 0);
navigator.sendBeacon('{evil}/by-beacon');
new EventSource('{evil}/by-events');
try {{ new WebSocket('{evil_ws}/by-websocket') }} catch (e) {{}}
new Worker(URL.createObjectURL(new Blob(["fetch('{evil}/by-worker', {{mode: 'no-cors'}})"])));
navigator.serviceWorker?.register('/worker.js').catch(() => 0);
try {{
  const peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{udp}'}}]}});
  peer.createDataChannel('x'); peer.createOffer().then(offer => peer.setLocalDescription(offer));
}} catch (e) {{}}
</script>
<a id=tab href='{evil}/by-tab' target=_blank>tab</a> <a id=link href='{evil}/by-link'>link</a>
<a id=away href=/redirect>redirect</a> <a id=file href='file:///etc/passwd'>file</a>
<a id=download href='{evil}/by-download' download>download</a>
<form method=post action='{evil}/by-form'><input name=q value=1><button id=send>send</button></form>
<button id=later onclick="setTimeout(() => location = '{evil}/by-timer', 100)">later</button>"""

_FILES = {
    "/large": ({"Content-Type": "application/octet-stream"}, b"x" * 3_000_000),
    "/report": (
        {"Content-Type": "text/html", "Content-Disposition": 'attachment; filename="report.html"'},
        b"<!doctype html><p>Report",
    ),
    "/program": (
        {"Content-Type": "application/octet-stream", "Content-Disposition": 'attachment; filename="setup.exe"'},
        b"MZ.....",
    ),
}


class TwoSites:
    """`inside` and `outside` are their origins; `reached` lists what the outside one was asked for."""

    def __init__(self) -> None:
        self.inside = self.outside = ""
        self.pages: dict[str, str] = {}
        self.reached: list[str] = []
        self.udp = 0
        self.packets = 0

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Say what the inside site answers."""
        if path.startswith("/redirect"):
            return 302, {"Location": f"{self.outside}/by{path}"}, b""
        if path in self.pages:
            return 200, {"Content-Type": "text/html; charset=utf-8"}, self.pages[path].encode()
        if path in _FILES:
            headers, content = _FILES[path]
            return 200, headers, content
        if path == "/worker.js":
            script = f"fetch('{self.outside}/by-service-worker', {{mode: 'no-cors'}})"
            return 200, {"Content-Type": "text/javascript"}, script.encode()
        evil = {"evil": self.outside, "evil_ws": self.outside.replace("http", "ws"), "udp": self.udp}
        return 200, {"Content-Type": "text/html"}, _LEAKS.format(**evil).encode()


@contextmanager
def two_sites() -> Iterator[TwoSites]:
    """Serve both until the block ends."""
    sites = TwoSites()
    with ExitStack() as stack:
        sites.outside = stack.enter_context(_served(_outside(sites)))
        sites.inside = stack.enter_context(_served(_inside(sites)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        sites.udp = udp.getsockname()[1]
        try:
            yield sites
        finally:
            try:
                while udp.recv(2048):
                    sites.packets += 1
            except BlockingIOError:
                pass


class _Silent(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def reply(self, status: int, fields: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _inside(sites: TwoSites) -> type[BaseHTTPRequestHandler]:
    class Inside(_Silent):
        def do_GET(self) -> None:
            self.reply(*sites.answer(self.path))

    return Inside


def _outside(sites: TwoSites) -> type[BaseHTTPRequestHandler]:
    class Outside(_Silent):
        def do_GET(self) -> None:
            sites.reached.append(self.path)
            self.reply(200, {"Content-Type": "text/html"}, b"<title>Outside</title>")

        def do_POST(self) -> None:
            self.do_GET()

    return Outside


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no news."""


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
