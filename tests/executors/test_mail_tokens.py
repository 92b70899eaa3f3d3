"""Mail with access tokens: XOAUTH2 at real servers, tokens renewed before they end, and what keeps them from coming."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from examples.mailbox.mail_server import MailServer
from examples.mailbox.tokens import TokenIssuer
from scheduler.core.errors import MailLoginError, MailServerUnreachableError
from scheduler.executors.mail_tokens import AccessTokens
from scheduler.executors.mail_transport import MailQuery
from scheduler.executors.smtp_imap_transport import SmtpImapTransport
from tests.support.mails import a_mail
from tests.support.memory_mail import ACCOUNTS, an_account

ANNA, US = "anna@example.com", "cpa@example.com"
pytestmark = pytest.mark.integration


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    with TokenIssuer(US) as issuer:
        yield issuer


def _tokens(issuer: TokenIssuer, *, refresh: str = "", wrong: bool = False) -> AccessTokens:
    client_id, secret = issuer.client
    return AccessTokens(
        url=issuer.url,
        client_id=client_id,
        client_secret=lambda: "falsch" if wrong else secret,
        refresh_token=lambda: refresh,
        scope="mail",
    )


async def test_mail_is_sent_and_read_with_a_token_alone(issuer: TokenIssuer) -> None:
    tokens = _tokens(issuer)
    with MailServer(ACCOUNTS, tokens=issuer) as server:
        account = an_account(smtp=server.smtp_port, imap=server.imap_port, password="falsch")
        transport = SmtpImapTransport(replace(account, token=tokens), settle=timedelta(seconds=5))

        await transport.send(a_mail(ANNA))
        filed = await transport.file(a_mail(ANNA))
        found = await transport.search(MailQuery(folder="Sent"))
        stranger = SmtpImapTransport(replace(account, token=lambda: "gestohlen"))
        with pytest.raises(MailLoginError):
            await stranger.send(a_mail(ANNA))
        with pytest.raises(MailLoginError):
            await stranger.search(MailQuery())

        assert len(server.messages(ANNA)) == 1
    assert (filed, found) == (False, ())
    assert issuer.issued == 1


async def test_a_token_is_kept_until_shortly_before_it_ends(issuer: TokenIssuer) -> None:
    issuer.life = 60.2
    tokens = _tokens(issuer, refresh=issuer.refresh_token)

    first = await asyncio.to_thread(tokens)
    again = await asyncio.to_thread(tokens)
    await asyncio.sleep(0.3)
    later = await asyncio.to_thread(tokens)  # with the refresh token that came with the first one

    assert first == again != later
    assert issuer.issued == 2


def test_what_keeps_tokens_from_coming_is_named(issuer: TokenIssuer) -> None:
    with pytest.raises(MailLoginError, match="invalid_client"):
        _tokens(issuer, wrong=True)()
    with pytest.raises(MailLoginError, match="invalid_grant"):
        _tokens(issuer, refresh="abgelaufen")()
    issuer.down = True
    with pytest.raises(MailServerUnreachableError):
        _tokens(issuer)()
