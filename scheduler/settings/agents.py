"""Settings of agents on other machines."""

from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from scheduler.settings.parts import config


class AgentsSettings(BaseSettings):
    """Which addresses of agents may be called (those that dial in need none), and how an agent started here joins."""

    model_config = config("CPA_AGENTS_")

    networks: dict[str, tuple[IPv4Network | IPv6Network, ...]] = Field(
        default_factory=dict, description="tenant -> private networks in which its agents may be called, as JSON"
    )
    choice: Literal["direct", "bids", "model"] = Field(
        default="direct",
        description="who gets a step: chosen by what is known here, by bids that agents are asked for first, or, among "
        "several who are free, by the language model",
    )
    token: SecretStr | None = Field(
        default=None, description="enrolment token of an agent that is started here, instead of --token"
    )
