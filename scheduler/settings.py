"""What can be set from outside, read once at the start. Variables begin with `CPA_`; one that nobody knows is an error.

`REDIS_URL`, `DATABASE_URL`, `OPENAI_API_KEY` and `API_KEY` are read without the prefix as well.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "CPA_"
_SECRETS = "CPA_SECRET_"


class UnknownSettingError(ValueError):
    """A variable begins with CPA_ but means nothing; most likely it is misspelt."""


class ApiSettings(BaseSettings):
    """Where the API listens, and who may use it. Without a key it listens on loopback only."""

    model_config = SettingsConfigDict(env_prefix="CPA_API_", frozen=True, extra="forbid", populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("CPA_API_KEY", "API_KEY"))
    keys: dict[str, SecretStr] = Field(default_factory=dict, description="tenant -> key, as JSON")
    origins: tuple[str, ...] = Field(default=(), description="origins whose pages may use the API, as JSON list")
    url: str = Field(default="", description="where the command line finds the API; default: host and port")


class MailSettings(BaseSettings):
    """The mailbox CPA sends from and reads. The password is the secret `mail.password`."""

    model_config = SettingsConfigDict(env_prefix="CPA_MAIL_", frozen=True, extra="forbid", populate_by_name=True)

    smtp_host: str = ""
    smtp_port: int = 587
    imap_host: str = ""
    imap_port: int = 993
    address: str = ""
    username: str = ""
    name: str = ""
    security: Literal["none", "starttls", "tls"] = "tls"


class WorkerSettings(BaseSettings):
    """How a worker leases and runs jobs."""

    model_config = SettingsConfigDict(env_prefix="CPA_WORKER_", frozen=True, extra="forbid", populate_by_name=True)

    concurrency: int = Field(default=4, ge=1, le=1000)
    lease_seconds: float = Field(default=10.0, ge=0.3, le=3600)
    grace_seconds: float = Field(default=20.0, ge=0, le=3600)

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)

    @property
    def grace(self) -> timedelta:
        return timedelta(seconds=self.grace_seconds)


class StoreSettings(BaseSettings):
    """Where everything is kept."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="forbid", populate_by_name=True)

    data_dir: Path = Path("data")
    database_url: str = Field(
        default="sqlite:///data/cpa.db", validation_alias=AliasChoices("CPA_DATABASE_URL", "DATABASE_URL")
    )
    queue_url: str = Field(default="", description="where jobs are dispatched; default: the database itself")
    files_root: Path | None = Field(default=None, description="the folder file steps may use; default: data/files")
    secrets_file: Path = Path("secrets.yaml")


class WebSettings(BaseSettings):
    """The browser and the portals it may be sent to by name."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="forbid", populate_by_name=True)

    browser_path: Path | None = Field(default=None, description="Chromium; default: the one on the path")
    sites: dict[str, str] = Field(default_factory=dict, description="name of a portal -> its address, as JSON")


class LogSettings(BaseSettings):
    """What is logged."""

    model_config = SettingsConfigDict(env_prefix="CPA_LOG_", frozen=True, extra="forbid", populate_by_name=True)

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class FaultSettings(BaseSettings):
    """For tests: `point` or `point:visit` at which this process kills itself."""

    model_config = SettingsConfigDict(env_prefix="CPA_CRASH_", frozen=True, extra="forbid", populate_by_name=True)

    at: str = ""


class Settings(BaseModel):
    """All of it, each concern in a class of its own."""

    api: ApiSettings
    mail: MailSettings
    worker: WorkerSettings
    store: StoreSettings
    web: WebSettings
    log: LogSettings
    fault: FaultSettings


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises UnknownSettingError, and pydantic's ValidationError for a value that is wrong."""
    present = os.environ if environment is None else environment
    known = known_variables()
    for variable in present:
        if variable.startswith(_PREFIX) and not variable.startswith(_SECRETS) and variable not in known:
            near = get_close_matches(variable, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UnknownSettingError(f"unknown setting {variable}{hint}")
    return Settings(
        api=ApiSettings(),
        mail=MailSettings(),
        worker=WorkerSettings(),
        store=StoreSettings(),
        web=WebSettings(),
        log=LogSettings(),
        fault=FaultSettings(),
    )


def known_variables() -> dict[str, str]:
    """Return every variable that is read, with what it is for."""
    known = {}
    for concern in Settings.model_fields.values():
        settings = concern.annotation
        if not isinstance(settings, type) or not issubclass(settings, BaseSettings):
            continue
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            known[f"{prefix}{name}".upper()] = field.description or ""
    return known
