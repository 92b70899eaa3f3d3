"""The fake of Entra and Graph on loopback, over TLS with an authority that lives as long as it does."""

import datetime
import ipaddress
import ssl
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from starlette.types import Receive, Scope, Send

from tests.support.graph.faults import Strike
from tests.support.graph.identity import CLIENT, SECRET, TENANT, App, Identity
from tests.support.graph.office import Office
from tests.support.graph.service import GraphService

PEOPLE: Mapping[str, str] = {
    "cpa@example.com": "CPA für Prüfungen",
    "anna@example.com": "Anna Beispiel",
    "bert@example.com": "Bert Beispiel",
}
_DAY = datetime.timedelta(days=1)


class GraphServer:
    """Serves in a thread of its own. `base` is both the authority and the root of Graph."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="graph-fake-")
        folder = Path(self._folder.name)
        self.ca_file = _make_server_certificate(folder)
        self.app_key_file, self._app_certificate = _make_app_certificate(folder)
        self.tls = ssl.create_default_context(cafile=str(self.ca_file))
        self.service = GraphService(Identity(), Office(PEOPLE))
        config = uvicorn.Config(
            self._dispatch, interface="asgi3", host="127.0.0.1", port=0, log_level="critical", access_log=False,
            lifespan="off", timeout_graceful_shutdown=1, ssl_certfile=str(folder / "server.pem"),
            ssl_keyfile=str(folder / "server.key"),
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self.base = ""

    @property
    def identity(self) -> Identity:
        return self.service.identity

    @property
    def office(self) -> Office:
        return self.service.office

    def __enter__(self) -> Self:
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > until or not self._thread.is_alive():
                raise TimeoutError("the fake of Graph did not start")
            time.sleep(0.01)
        self.base = f"https://localhost:{self._server.servers[0].sockets[0].getsockname()[1]}"
        self.clear()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._folder.cleanup()

    def clear(self) -> None:
        """Empty mailboxes, one app registration, no faults."""
        app = App(CLIENT, secret=SECRET, certificate=self._app_certificate)
        self.service = GraphService(Identity(base=self.base, apps={CLIENT: app}), Office(PEOPLE))
        self.service.base = self.base

    def strike(self, method: str, path: str, **how: Any) -> None:  # noqa: ANN401 - fields of a strike
        """Let the next request that fits go wrong."""
        self.office.faults.strikes_to_come.append(Strike(method=method, path=path, **how))

    def asked(self, method: str, ending: str) -> int:
        """Return how many requests there were of that method, with a path that ends so."""
        return sum(known == method and path.endswith(ending) for known, path in self.service.log)

    @property
    def app(self) -> App:
        return self.identity.apps[CLIENT]

    @property
    def tenant(self) -> str:
        return TENANT

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.service.app(scope, receive, send)


def _make_server_certificate(folder: Path) -> Path:
    """Write an authority and a certificate of it for localhost; return the authority's file."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("CPA throw-away authority")
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    certificate = (
        _builder(_name("localhost"), ca_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(authority, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_key(folder / "server.key", key)
    return folder / "ca.pem"


def _make_app_certificate(folder: Path) -> tuple[Path, x509.Certificate]:
    """Write what the program proves itself with: private key and certificate in one file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _builder(_name("cpa"), _name("cpa"), key.public_key()).sign(key, hashes.SHA256())
    file = folder / "app.pem"
    _write_key(file, key)
    file.write_bytes(file.read_bytes() + certificate.public_bytes(serialization.Encoding.PEM))
    return file, certificate


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs_certificates, crl_sign=signs_certificates, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    file.chmod(0o600)
