"""How the browser is shared, and what a job may do in it."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence
from scheduler.settings.parts import config, web_address

_NO_DOMAIN = Sentence(
    "ein Rechnername wie example.com, *.example.com oder example.com:8443 wird erwartet",
    "a host like example.com, *.example.com or example.com:8443 is expected",
)
_DOMAIN = re.compile(r"\*|(\*\.)?(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:(\d{1,5}|\*))?")


def _web_domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise unfit(_NO_DOMAIN)
    return text


WebDomain = Annotated[str, AfterValidator(_web_domain)]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BrowserSettings(BaseSettings):
    """How the one browser is shared, and when it is replaced by a fresh one."""

    model_config = config("CPA_BROWSER_")

    at_once: int | None = Field(
        default=None, ge=1, le=64, description="jobs that act in it at once; default: cores + 1, from 2 to 4"
    )
    contexts: int = Field(default=500, ge=1, le=1_000_000, description="jobs after which it is replaced")
    minutes: float = Field(default=240.0, gt=0, le=100_000, description="age at which it is replaced")
    megabytes: float = Field(
        default=1500.0, ge=100, le=1_000_000, description="memory of its processes at which it is replaced"
    )


class GuardSettings(BaseSettings):
    """Where the browser may go besides the sites, and how much a job may do there."""

    model_config = config("CPA_WEB_")

    domains: tuple[WebDomain, ...] = Field(
        default=(), description="further hosts, as JSON list: example.com, *.example.com, example.com:8443, or *"
    )
    networks: tuple[Network, ...] = Field(
        default=(), description="private networks that may be reached, as JSON list: 10.0.0.0/8"
    )
    proxy: SecretStr | None = Field(default=None, description="of the house: http://user:password@proxy:3128")
    proxy_spares: tuple[WebDomain, ...] = Field(
        default=(), description="hosts that are reached without the proxy, as JSON list"
    )
    download_megabytes: float = Field(default=100.0, gt=0, le=100_000, description="of one file")
    refused_files: tuple[str, ...] | None = Field(
        default=None, description="endings of files that are not taken, as JSON list; default: those of programs"
    )
    steps: int = Field(default=2000, ge=1, le=1_000_000, description="steps of one job in the browser")

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, proxy: SecretStr | None) -> SecretStr | None:
        if proxy is not None:
            web_address(proxy.get_secret_value())
        return proxy
