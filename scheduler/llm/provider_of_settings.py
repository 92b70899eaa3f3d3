"""Makes the provider that the settings name."""

from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import structlog
from pydantic import SecretStr

from scheduler.core.errors import LLMNotSetUpError
from scheduler.core.spending import CallRecorder, Ledger
from scheduler.llm import ollama_provider
from scheduler.llm.budgets import limits_of, models_of, unpriced
from scheduler.llm.fallback_provider import FallbackProvider
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.prices import DEFAULT_PRICES, load_prices
from scheduler.llm.semantic_cache import SemanticCache
from scheduler.llm.terms import LogRecorder, Patience, Terms
from scheduler.settings import LLMSettings

log = structlog.get_logger(__name__)


def make_provider(settings: LLMSettings, ledger: Ledger, recorder: CallRecorder | None = None) -> LLMProvider | None:
    """Return the provider, with its fall-back and cache if there are any; None: none is set up.

    Raises LLMNotSetUpError for a missing key, and ValueError for an unusable price list.
    """
    if not settings.provider:
        return None
    prices = load_prices(settings.prices_file or DEFAULT_PRICES)
    for model in unpriced(models_of(settings), prices):
        log.warning("llm_price_unknown", model=model, prices_as_of=str(prices.as_of))
    terms = Terms(
        patience=Patience(
            total=timedelta(seconds=settings.deadline_seconds),
            each=timedelta(seconds=settings.try_seconds),
            tries=settings.tries,
        ),
        at_once=settings.at_once,
        limits=limits_of(settings),
        prices=prices.prices,
        ledger=ledger,
        recorder=recorder or LogRecorder(),
    )
    first, other = _first(settings), _fallback(settings)
    if other.kind:
        both = [_make(first, settings, _with_half(terms)), _make(other, settings, terms)]
        provider: LLMProvider = FallbackProvider(both, total=terms.patience.total)
    else:
        provider = _make(first, settings, terms)
    if settings.cache_likeness is not None:
        provider = SemanticCache(provider, alike=settings.cache_likeness, total=terms.patience.total)
    return provider


def _with_half(terms: Terms) -> Terms:
    """Return the terms of the first of two: it gets half the deadline at most, so silence for that long counts."""
    half = min(terms.patience.each, terms.patience.total / 2)
    return replace(terms, patience=replace(terms.patience, each=half))


class _Server(NamedTuple):
    """Who is asked, and with which key. `wants`: the setting that holds one."""

    kind: str
    model: str
    url: str | None
    key: SecretStr | None
    wants: str

    @property
    def place(self) -> tuple[str, str]:
        return self.kind, (self.url or "").rstrip("/")


def _first(settings: LLMSettings) -> _Server:
    return _Server(settings.provider, settings.model, settings.url, settings.key, "CPA_LLM_KEY")


def _fallback(settings: LLMSettings) -> _Server:
    """Return the fall-back. The key of the first is shown to nobody else: only where both are the same server."""
    first = _first(settings)
    other = _Server(
        settings.fallback_provider,
        settings.fallback_model,
        settings.fallback_url,
        settings.fallback_key,
        "CPA_LLM_FALLBACK_KEY",
    )
    return other._replace(key=first.key) if other.key is None and other.place == first.place else other


def _make(server: _Server, settings: LLMSettings, terms: Terms) -> LLMProvider:
    if server.kind == "ollama":
        return ollama_provider.OllamaProvider(
            server.url or ollama_provider.DEFAULT_URL,
            server.model,
            embedding_model=settings.embedding_model,
            terms=terms,
        )
    # takes most of a second to import, which only those pay who use it
    from scheduler.llm import openai_provider  # noqa: PLC0415

    return openai_provider.OpenAIProvider(
        _key(server),
        server.model,
        base_url=server.url or openai_provider.DEFAULT_URL,
        embedding_model=settings.embedding_model or openai_provider.DEFAULT_EMBEDDING_MODEL,
        terms=terms,
    )


def _key(server: _Server) -> str:
    """Return the key; servers of one's own often want none."""
    if server.key is not None:
        return server.key.get_secret_value()
    if server.url is None:
        raise LLMNotSetUpError(server.wants)
    return "none"
