"""HTTPS through the gate, end to end: a server on loopback whose certificate the browser trusts by its key, or not."""

import base64
import hashlib
import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scheduler.executors import browser_process
from scheduler.executors.web_allowance import Allowance
from scheduler.executors.web_guard import GuardRails
from tests.support.web import Desk, WebJob

pytestmark = pytest.mark.integration
PAGE = b"<!doctype html><title>Sicher</title><form><label>Nummer <input id=number></label></form>"


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def _certified(folder: Path) -> tuple[ssl.SSLContext, str]:
    """Return what a server for 127.0.0.1 needs, and the fingerprint of its key as Chromium takes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return context, base64.b64encode(hashlib.sha256(public).digest()).decode()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a server that speaks TLS, and the fingerprint of its key."""
    context, fingerprint = _certified(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/", fingerprint
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_page_comes_by_https_through_the_gate(
    secure: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, fingerprint = secure
    trusted = f"--ignore-certificate-errors-spki-list={fingerprint}"
    monkeypatch.setattr(browser_process, "_FLAGS", (*browser_process._FLAGS, trusted))
    desk = Desk(tmp_path / "desk")

    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        opened = await job.do("goto", url=url)
        await job.do("fill", "label=Nummer", text="4711")
        seen = await job.verify("fill", "label=Nummer", text="4711")

    assert (opened["url"], opened["title"]) == (url, "Sicher")
    assert seen.happened is True


async def test_a_certificate_that_nobody_vouches_for_is_refused(secure: tuple[str, str], tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")

    async with desk.executor() as executor:
        ended = await WebJob(desk, executor).attempt("goto", url=secure[0], timeout=20)

    assert ended.error is not None
    assert ended.error.code == "site_unreachable"
    assert "ERR_CERT" in ended.error.message


async def test_https_to_a_host_that_is_not_listed_is_held_back(secure: tuple[str, str], tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk", GuardRails(allowance=Allowance(domains=("portal.test",))))

    async with desk.executor() as executor:
        ended = await WebJob(desk, executor).attempt("goto", url=secure[0], timeout=20)

    assert ended.error is not None
    assert ended.error.code == "address_forbidden"
