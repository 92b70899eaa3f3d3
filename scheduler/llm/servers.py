"""Which servers the settings name, and with which key each is asked."""

from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from scheduler.core.errors import LLMNotSetUpError
from scheduler.settings import LLMSettings

OPENAI_URL: Final = "https://api.openai.com/v1"
OLLAMA_URL: Final = "http://127.0.0.1:11434"
_PORTS: Final = {"http": 80, "https": 443}


class Server(NamedTuple):
    """Who is asked, and with which key. `wants`: the setting that holds one."""

    kind: str
    model: str
    url: str
    key: SecretStr | None
    wants: str

    @classmethod
    def first(cls, settings: LLMSettings) -> Self:
        """Return the server that is asked first."""
        url = settings.url or _usual(settings.provider)
        return cls(settings.provider, settings.model, url, settings.key, "CPA_LLM_KEY")

    @classmethod
    def fallback(cls, settings: LLMSettings) -> Self:
        """Return the fall-back. The key of the first is shown to nobody else: only where both are the same server."""
        first, url = cls.first(settings), settings.fallback_url or _usual(settings.fallback_provider)
        key, wants = settings.fallback_key, "CPA_LLM_FALLBACK_KEY"
        other = cls(settings.fallback_provider, settings.fallback_model, url, key, wants)
        return other._replace(key=first.key) if key is None and other.place == first.place else other

    @property
    def place(self) -> tuple[str, str, str, int | None, str]:
        """The same for two spellings of one address."""
        parts = urlsplit(self.url)
        port = parts.port or _PORTS.get(parts.scheme)
        return self.kind, parts.scheme, parts.hostname or "", port, parts.path.rstrip("/")

    @property
    def lacks_key(self) -> bool:
        """Whether it cannot be asked as it is: OpenAI itself wants a key, servers of one's own often want none."""
        return self.kind == "openai" and self.key is None and self.place == self._replace(url=OPENAI_URL).place

    @property
    def shown_key(self) -> str:
        """The key it is shown. Raises LLMNotSetUpError."""
        if self.lacks_key:
            raise LLMNotSetUpError(self.wants)
        return "none" if self.key is None else self.key.get_secret_value()


def missing_keys(settings: LLMSettings) -> tuple[str, ...]:
    """Return the settings without which nothing is started: keys of servers that want one."""
    if not settings.provider:
        return ()
    both = (Server.first(settings), Server.fallback(settings))
    return tuple(server.wants for server in both if server.lacks_key)


def _usual(kind: str) -> str:
    return OLLAMA_URL if kind == "ollama" else OPENAI_URL
