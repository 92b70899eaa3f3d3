"""A mailbox in a national cloud needs the addresses of that cloud and nothing else."""

import pytest

from scheduler.executors.graph_account import GraphAccount
from scheduler.mail_wiring import make_graph_account
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import load_settings
from tests.support.services import clean_environment

__all__ = ["clean_environment"]


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize(
    ("authority", "root"),
    [
        ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
        ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_tokens_are_asked_for_the_cloud_that_is_set(monkeypatch: pytest.MonkeyPatch, authority: str, root: str) -> None:
    for name, value in {"TENANT": "t", "CLIENT_ID": "c", "AUTHORITY": authority, "ROOT": root}.items():
        monkeypatch.setenv(f"CPA_GRAPH_{name}", value)
    monkeypatch.setenv("CPA_MAIL_ADDRESS", "cpa@example.com")

    account = make_graph_account(load_settings(), SecretsManager(environment={}))

    assert (account.authority, account.root) == (authority, root)
    assert account.scopes == [f"{root}/.default"]


def test_a_cloud_that_is_not_reached_by_https_is_refused() -> None:
    with pytest.raises(ValueError, match="must be an https address"):
        GraphAccount(address="a@example.com", tenant="t", client_id="c", root="http://graph.microsoft.us")
