"""Puts together what carries mail. Beside `container`, the only place that knows the mail adapters."""

from datetime import timedelta

from scheduler.core.errors import SecretMissingError
from scheduler.executors.graph_account import GraphAccount, GraphLoginKind
from scheduler.executors.mail_account import MailAccount, MailSecurity
from scheduler.executors.mail_tokens import AccessTokens
from scheduler.executors.mail_transport import MailTransport
from scheduler.executors.mail_unconfigured import UnconfiguredTransport
from scheduler.executors.maildir_transport import MaildirTransport
from scheduler.executors.smtp_imap_transport import SmtpImapTransport
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import MailSettings, Settings


def make_mail_transport(settings: Settings, secrets: SecretsManager) -> MailTransport:
    """Return what carries mail; without a mailbox, what says so. Raises ValueError for an account that is unsound."""
    mail = settings.mail
    if settings.mail_missing:
        return UnconfiguredTransport(settings.mail_missing)
    if mail.maildir is not None:
        return MaildirTransport(mail.maildir, make_account(mail, secrets))
    if settings.uses_graph:
        return make_graph_transport(settings, secrets)
    return SmtpImapTransport(make_account(mail, secrets), settle=timedelta(seconds=mail.settle_seconds))


def make_graph_transport(settings: Settings, secrets: SecretsManager) -> MailTransport:
    """Return what carries mail through Microsoft Graph."""
    from scheduler.executors.graph_login import GraphLogin  # noqa: PLC0415 - MSAL takes long to import, few need it
    from scheduler.executors.graph_transport import GraphTransport  # noqa: PLC0415

    account = make_graph_account(settings, secrets)
    return GraphTransport(account, GraphLogin(account))


def make_graph_account(settings: Settings, secrets: SecretsManager) -> GraphAccount:
    """Return the mailbox in Microsoft 365; its secret is asked for whenever a token is needed."""
    graph, locked = settings.graph, "graph.certificate_passphrase"
    return GraphAccount(
        address=settings.mail.address,
        name=settings.mail.name,
        tenant=graph.tenant,
        client_id=graph.client_id,
        login=GraphLoginKind(graph.login),
        secret=lambda: secrets.get_secret("graph.client_secret"),
        certificate=graph.certificate,
        passphrase=lambda: secrets.get_secret(locked) if secrets.has(locked) else "",
        authority=graph.authority,
        root=graph.root,
        cache_file=settings.store.data_dir / "graph-tokens.json",
        patience=timedelta(seconds=graph.patience_seconds),
        settle=timedelta(seconds=settings.mail.settle_seconds),
    )


def make_account(mail: MailSettings, secrets: SecretsManager) -> MailAccount:
    """Return the mailbox CPA works with; its password or token is asked for at every connect."""
    return MailAccount(
        address=mail.address,
        name=mail.name,
        smtp_host=mail.smtp_host,
        smtp_port=mail.smtp_port,
        imap_host=mail.imap_host,
        imap_port=mail.imap_port,
        username=mail.username or mail.address,
        password=lambda: secrets.get_secret("mail.password"),
        token=make_tokens(mail, secrets) if mail.auth == "oauth2" else None,
        security=MailSecurity(mail.security),
    )


def make_tokens(mail: MailSettings, secrets: SecretsManager) -> AccessTokens:
    """Return what gets the access tokens to log in with."""

    def secret(name: str) -> str:
        try:
            return secrets.get_secret(name)
        except SecretMissingError:
            return ""

    return AccessTokens(
        url=mail.token_url,
        client_id=mail.client_id,
        scope=mail.scope,
        client_secret=lambda: secret("mail.client_secret"),
        refresh_token=lambda: secret("mail.refresh_token"),
    )
