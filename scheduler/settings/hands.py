"""Settings of what this machine does besides web and mail: calendar, applications, searching, rules of the house."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from scheduler.core.cron import checked_zone
from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence
from scheduler.settings.parts import PREFIX, WebAddress, config

_NO_SEARCH = Sentence(
    "eine Adresse mit {query} wird erwartet, etwa https://duckduckgo.com/html/?q={query}",
    "an address with {query} is expected, such as https://duckduckgo.com/html/?q={query}",
)


def _with_query(address: str) -> str:
    if "{query}" not in address or not address.startswith(("http://", "https://")):
        raise unfit(_NO_SEARCH)
    return address


class CalendarSettings(BaseSettings):
    """Our calendar on a CalDAV server. The password is the secret `calendar.password`."""

    model_config = config("CPA_CALENDAR_")

    url: WebAddress | None = Field(default=None, description="address of one calendar on a CalDAV server")
    username: str = ""
    zone: Annotated[str, AfterValidator(checked_zone)] = Field(
        default="Europe/Berlin", description="time zone in which people here say times"
    )


class HandsSettings(BaseSettings):
    """Applications, searching the web, and the table of rules."""

    model_config = config(PREFIX)

    apps: dict[str, str] = Field(
        default_factory=dict, description="name of an application -> its command line, as JSON; allows it too"
    )
    search_url: Annotated[str, AfterValidator(_with_query)] = Field(
        default="https://duckduckgo.com/html/?q={query}", description="where the web is searched"
    )
    mcp_file: Path = Field(
        default=Path("config/mcp.yaml"), description="MCP servers whose tools steps may use; see docs/MCP_A2A.md"
    )
    policies_file: Path | None = Field(default=None, description="table of rules instead of the one of the package")
