"""What every concern of the settings is made of."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence

PREFIX: Final = "CPA_"
_NO_ADDRESS = Sentence(
    "eine Adresse wie https://portal.example.com wird erwartet",
    "an address like https://portal.example.com is expected",
)
_NOT_SECURE = Sentence(
    "eine Adresse, die mit https:// beginnt, wird erwartet", "an address that begins with https:// is expected"
)


def config(prefix: str) -> SettingsConfigDict:
    """Return how a concern is read whose variables begin with `prefix`."""
    return SettingsConfigDict(
        env_prefix=prefix, frozen=True, extra="forbid", populate_by_name=True, env_ignore_empty=True
    )


def web_address(text: str) -> str:
    """Return the address. Raises ValueError unless it is one of the web."""
    try:
        good = urlsplit(text).scheme in {"http", "https"} and bool(urlsplit(text).hostname) and " " not in text
    except ValueError:
        good = False
    if not good:
        raise unfit(_NO_ADDRESS)
    return text


def _secure_address(text: str) -> str:
    if not web_address(text).startswith("https://"):
        raise unfit(_NOT_SECURE)
    return text


WebAddress = Annotated[str, AfterValidator(web_address)]
SecureAddress = Annotated[str, AfterValidator(_secure_address)]
Port = Annotated[int, Field(ge=1, le=65_535)]
