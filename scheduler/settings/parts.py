"""What every concern of the settings is made of."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_settings import SettingsConfigDict

from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence

PREFIX: Final = "CPA_"
_NO_ADDRESS = Sentence(
    "eine Adresse wie https://portal.example.com wird erwartet",
    "an address like https://portal.example.com is expected",
)


def config(prefix: str) -> SettingsConfigDict:
    """Return how a concern is read whose variables begin with `prefix`."""
    return SettingsConfigDict(
        env_prefix=prefix, frozen=True, extra="forbid", populate_by_name=True, env_ignore_empty=True
    )


def _web_address(text: str) -> str:
    try:
        good = urlsplit(text).scheme in {"http", "https"} and bool(urlsplit(text).hostname) and " " not in text
    except ValueError:
        good = False
    if not good:
        raise unfit(_NO_ADDRESS)
    return text


WebAddress = Annotated[str, AfterValidator(_web_address)]
