"""The mailbox CPA works with."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from scheduler.settings.parts import Port, config


class MailSettings(BaseSettings):
    """The mailbox CPA works with. Secrets: `mail.password`; with oauth2 `mail.client_secret`, `mail.refresh_token`."""

    model_config = config("CPA_MAIL_")

    smtp_host: str = ""
    smtp_port: Port = 465
    imap_host: str = ""
    imap_port: Port = 993
    address: str = ""
    username: str = ""
    name: str = ""
    security: Literal["none", "starttls", "tls"] = "tls"
    maildir: Path | None = Field(default=None, description="mailboxes as folders, without a server; see docs/MAIL.md")
    auth: Literal["password", "oauth2"] = "password"
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    settle_seconds: float = Field(
        default=20.0, ge=0, le=600, description="how long a sent mail may take to reach our own mailbox"
    )

    @property
    def missing(self) -> tuple[str, ...]:
        """The variables without which there is no mail."""
        servers = () if self.maildir is not None else ("smtp_host", "imap_host")
        tokens = ("token_url", "client_id") if servers and self.auth == "oauth2" else ()
        needed = ("address", *servers, *tokens)
        return tuple(f"CPA_MAIL_{name.upper()}" for name in needed if not getattr(self, name))
