"""Real MSAL logs in at the fake of Entra: secret, certificate, device code, and what goes wrong with each."""

import asyncio
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msal
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from scheduler.core.errors import MailAccessError, MailServerUnreachableError
from scheduler.executors.graph_account import GraphLoginKind
from scheduler.executors.graph_login import GraphLogin, _HttpClient
from tests.support.graph.fixtures import US, a_graph_account
from tests.support.graph.identity import CLIENT, SECRET
from tests.support.graph.server import GraphServer

pytestmark = pytest.mark.integration


def a_login(server: GraphServer, **changes: Any) -> GraphLogin:  # noqa: ANN401 - fields of an account
    return GraphLogin(a_graph_account(server, **changes), tls=server.tls)


def a_device_login(server: GraphServer, **changes: Any) -> GraphLogin:  # noqa: ANN401
    return a_login(server, login=GraphLoginKind.DEVICE_CODE, **changes)


def a_person(server: GraphServer) -> Callable[[str], None]:
    """Do what the sentence asks for."""
    return lambda said: server.identity.approve(said.split("code ")[1].split()[0], US)


async def test_a_secret_gives_a_token_once_for_everybody(graph_server: GraphServer) -> None:
    login = a_login(graph_server)

    tokens = await asyncio.gather(*(login.token() for _ in range(8)))

    claims = graph_server.identity.claims_of(tokens[0])
    assert len(set(tokens)) == graph_server.identity.issued == 1
    assert claims is not None
    assert claims["aud"] == graph_server.base
    assert claims["roles"] == ["Mail.ReadWrite", "Mail.Send"]


async def test_a_certificate_signs_what_proves_us(graph_server: GraphServer, tmp_path: Path) -> None:
    pem = graph_server.app_key_file
    key = serialization.load_pem_private_key(pem.read_bytes(), None)
    pfx = tmp_path / "app.pfx"
    locked = serialization.BestAvailableEncryption(b"geheim")
    certificate = graph_server.app.certificate
    pfx.write_bytes(pkcs12.serialize_key_and_certificates(b"cpa", key, certificate, None, locked))  # type: ignore[arg-type]
    kind = GraphLoginKind.CERTIFICATE

    for login in (
        a_login(graph_server, login=kind, certificate=pem),
        a_login(graph_server, login=kind, certificate=pfx, passphrase=lambda: "geheim"),
    ):
        assert graph_server.identity.claims_of(await login.token()) is not None


async def test_msal_finds_the_tenant_by_instance_discovery(graph_server: GraphServer) -> None:
    app = msal.ConfidentialClientApplication(
        CLIENT,
        authority=f"{graph_server.base}/{graph_server.tenant}",
        client_credential=SECRET,
        http_client=_HttpClient(a_graph_account(graph_server), graph_server.tls),
        instance_discovery=f"{graph_server.base}/common/discovery/instance",
    )

    answer = app.acquire_token_for_client([f"{graph_server.base}/.default"])

    assert "access_token" in answer


async def test_a_person_signs_in_once_and_a_restart_remembers_it(graph_server: GraphServer, tmp_path: Path) -> None:
    cache = tmp_path / "data" / "tokens.json"
    graph_server.identity.slow_downs = 1

    await a_device_login(graph_server, cache_file=cache).sign_in(a_person(graph_server))
    token = await a_device_login(graph_server, cache_file=cache).token()

    claims = graph_server.identity.claims_of(token)
    assert claims is not None
    assert claims["upn"] == US
    assert graph_server.identity.issued == 1
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600


async def test_a_refused_token_of_a_person_is_renewed_without_them(graph_server: GraphServer) -> None:
    login = a_device_login(graph_server)
    await login.sign_in(a_person(graph_server))
    first = await login.token()
    graph_server.identity.revoke_all()

    second = await login.token(refused=first)

    assert second != first
    assert graph_server.identity.claims_of(second) is not None


async def test_a_device_code_that_nobody_enters_expires(graph_server: GraphServer) -> None:
    graph_server.identity.device_lifetime = 1

    with pytest.raises(MailAccessError):
        await a_device_login(graph_server).sign_in(lambda _: None)


def _wrong(**app: Any) -> Callable[[GraphServer], GraphLogin]:  # noqa: ANN401 - fields of an app
    def prepare(server: GraphServer) -> GraphLogin:
        for name, value in app.items():
            setattr(server.app, name, value)
        return a_login(server)

    return prepare


@pytest.mark.parametrize(
    ("prepare", "advice"),
    [
        (lambda server: a_login(server, secret=lambda: "falsch"), "graph.client_secret"),
        (_wrong(secret_expired=True), "expired"),
        (lambda server: a_login(server, client_id="2222"), "CPA_GRAPH_CLIENT_ID"),
        (lambda server: a_login(server, tenant="nirgendwo.example"), "CPA_GRAPH_TENANT"),
        (
            lambda server: (
                _wrong(certificate=None)(server)
                and a_login(server, login=GraphLoginKind.CERTIFICATE, certificate=server.app_key_file)
            ),
            "upload its public part",
        ),
        (
            lambda server: a_login(server, login=GraphLoginKind.CERTIFICATE, certificate=Path("fehlt.pem")),
            "fehlt.pem",
        ),
        (a_device_login, "cpa graph login"),
    ],
    ids=["secret", "expired", "app", "tenant", "certificate", "no file", "nobody"],
)
async def test_who_is_not_let_in_is_told_what_to_do(
    graph_server: GraphServer, prepare: Callable[[GraphServer], GraphLogin], advice: str
) -> None:
    with pytest.raises(MailAccessError, match=advice) as refused:
        await prepare(graph_server).token()

    assert not refused.value.retryable


async def test_missing_consent_is_named(graph_server: GraphServer) -> None:
    graph_server.app.scopes = ()

    with pytest.raises(MailAccessError, match="consent is missing"):
        await a_device_login(graph_server).sign_in(a_person(graph_server))


async def test_a_mended_secret_is_taken_up_without_a_restart(graph_server: GraphServer) -> None:
    secrets = ["falsch", SECRET]
    login = a_login(graph_server, secret=lambda: secrets.pop(0))
    with pytest.raises(MailAccessError):
        await login.token()

    assert await login.token()


async def test_a_login_service_that_is_away_is_asked_again_later(graph_server: GraphServer) -> None:
    graph_server.identity.unavailable = 1

    with pytest.raises(MailServerUnreachableError) as away:
        await a_login(graph_server).token()
    with pytest.raises(MailServerUnreachableError):
        await a_login(graph_server, authority="https://localhost:1", timeout=timedelta(seconds=2)).token()

    assert away.value.retryable


async def test_processes_share_their_tokens_through_the_file(graph_server: GraphServer, tmp_path: Path) -> None:
    cache = tmp_path / "tokens.json"
    one, other = a_login(graph_server, cache_file=cache), a_login(graph_server, cache_file=cache)

    tokens = {await one.token(), await other.token(), await one.token()}

    assert len(tokens) == graph_server.identity.issued == 1
