"""`cpa graph login` signs a person in, and `cpa doctor` says whether the mailbox in Microsoft 365 can be used."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scheduler.cli.app import app
from scheduler.cli.session import FAILED, USAGE
from scheduler.executors.mail_transport import MailQuery
from scheduler.mail_wiring import make_mail_transport
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import load_settings
from tests.support.graph.identity import CLIENT, SECRET
from tests.support.graph.server import GraphServer
from tests.support.mails import a_mail

US = "cpa@example.com"


@pytest.fixture
def _in_microsoft_365(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    clean_environment: None,  # noqa: ARG001 - no other settings than these
    graph_server: GraphServer,
) -> None:
    settings = {
        "LC_ALL": "de_DE.UTF-8",
        "SSL_CERT_FILE": str(graph_server.ca_file),
        "CPA_DATA_DIR": str(tmp_path / "data"),
        "CPA_SECRETS_FILE": str(tmp_path / "none.yaml"),
        "CPA_MAIL_ADDRESS": US,
        "CPA_MAIL_SETTLE_SECONDS": "5",
        "CPA_GRAPH_TENANT": graph_server.tenant,
        "CPA_GRAPH_CLIENT_ID": CLIENT,
        "CPA_GRAPH_AUTHORITY": graph_server.base,
        "CPA_GRAPH_ROOT": graph_server.base,
        "CPA_SECRET_GRAPH_CLIENT_SECRET": SECRET,
    }
    for variable, value in settings.items():
        monkeypatch.setenv(variable, value)


@pytest.mark.integration
@pytest.mark.usefixtures("_in_microsoft_365")
def test_the_doctor_looks_into_the_mailbox(monkeypatch: pytest.MonkeyPatch, graph_server: GraphServer) -> None:
    monkeypatch.setenv("CPA_SECRET_GRAPH_CLIENT_SECRET", "falsch")
    refused = CliRunner().invoke(app, ["doctor"])
    monkeypatch.setenv("CPA_SECRET_GRAPH_CLIENT_SECRET", SECRET)
    graph_server.app.roles = ()
    forbidden = CliRunner().invoke(app, ["doctor"])
    graph_server.app.roles = ("Mail.ReadWrite", "Mail.Send")
    good = CliRunner().invoke(app, ["doctor"])

    assert f"✔ Mail: {US}" in good.output
    assert f"– Mail: {US}" in forbidden.output
    assert "Mail.ReadWrite, Mail.Send" in forbidden.output
    assert "graph.client_secret stimmt nicht" in refused.output


@pytest.mark.usefixtures("clean_environment")
def test_the_doctor_names_what_is_missing_for_graph(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CPA_GRAPH_TENANT", "example.com")

    ended = CliRunner().invoke(app, ["doctor"])

    assert "CPA_MAIL_ADDRESS, CPA_GRAPH_CLIENT_ID, CPA_SECRET_GRAPH_CLIENT_SECRET" in ended.output


@pytest.mark.integration
@pytest.mark.usefixtures("_in_microsoft_365")
def test_a_mail_goes_out_with_nothing_but_settings(graph_server: GraphServer) -> None:
    settings = load_settings()
    transport = make_mail_transport(settings, SecretsManager(settings.store.secrets_file))

    asyncio.run(transport.send(a_mail(subject="Rechnung")))

    assert [mail["Subject"] for mail in graph_server.office.messages("anna@example.com")] == ["Rechnung"]


@pytest.mark.integration
@pytest.mark.usefixtures("_in_microsoft_365")
def test_who_signed_in_with_a_device_code_is_known_to_the_service(
    monkeypatch: pytest.MonkeyPatch, graph_server: GraphServer
) -> None:
    monkeypatch.setenv("CPA_GRAPH_LOGIN", "device_code")
    graph_server.identity.signs_in = US

    ended = CliRunner().invoke(app, ["graph", "login"])
    settings = load_settings()
    transport = make_mail_transport(settings, SecretsManager(settings.store.secrets_file))
    found = asyncio.run(transport.wait_for(MailQuery(), timedelta(0)))

    assert ended.exit_code == 0, ended.output
    assert "devicelogin" in ended.output
    assert f"angemeldet: {US}" in ended.output
    assert found == ()
    assert graph_server.identity.issued == 1


@pytest.mark.usefixtures("clean_environment")
def test_signing_in_says_what_must_be_set_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPA_GRAPH_TENANT", "example.com")

    ended = CliRunner().invoke(app, ["graph", "login"])

    assert ended.exit_code == USAGE
    assert "CPA_GRAPH_LOGIN=device_code, CPA_MAIL_ADDRESS, CPA_GRAPH_CLIENT_ID" in ended.output


@pytest.mark.integration
@pytest.mark.usefixtures("_in_microsoft_365")
def test_a_sign_in_that_is_refused_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPA_GRAPH_LOGIN", "device_code")
    monkeypatch.setenv("CPA_GRAPH_CLIENT_ID", "2222")

    ended = CliRunner().invoke(app, ["graph", "login"])

    assert ended.exit_code == FAILED
    assert "CPA_GRAPH_CLIENT_ID" in ended.output
