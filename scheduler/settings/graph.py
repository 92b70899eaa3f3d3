"""The mailbox in Microsoft 365."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from scheduler.settings.parts import SecureAddress, config


class GraphSettings(BaseSettings):
    """Where tenant or client is set, mail goes through Microsoft Graph; see docs/GRAPH.md.

    The secrets are `graph.client_secret` or, for a locked certificate, `graph.certificate_passphrase`.
    """

    model_config = config("CPA_GRAPH_")

    tenant: str = Field(default="", description="id or domain of the tenant")
    client_id: str = Field(default="", description="id of the app registration")
    login: Literal["secret", "certificate", "device_code"] = "secret"
    certificate: Path | None = Field(default=None, description="PEM file with key and certificate, or PFX file")
    authority: SecureAddress = Field(
        default="https://login.microsoftonline.com", description="where tokens come from; differs in national clouds"
    )
    root: SecureAddress = Field(
        default="https://graph.microsoft.com", description="where Graph is; differs in national clouds"
    )
    patience_seconds: float = Field(
        default=60.0, ge=0, le=3600, description="how long one call may wait for a service that is throttling or away"
    )

    @property
    def is_set(self) -> bool:
        """Whether somebody has begun to set it up."""
        return bool(self.tenant or self.client_id)

    @property
    def missing(self) -> tuple[str, ...]:
        """The variables without which there is no way in."""
        needed = ("tenant", "client_id", *(("certificate",) if self.login == "certificate" else ()))
        return tuple(f"CPA_GRAPH_{name.upper()}" for name in needed if not getattr(self, name))
