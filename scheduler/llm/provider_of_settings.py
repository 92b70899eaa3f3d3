"""Makes the provider that the settings name."""

from dataclasses import replace
from datetime import timedelta

import structlog

from scheduler.core.spending import CallRecorder, Ledger
from scheduler.llm.budgets import limits_of, models_of, unpriced
from scheduler.llm.fallback_provider import FallbackProvider
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.ollama_provider import OllamaProvider
from scheduler.llm.prices import DEFAULT_PRICES, load_prices
from scheduler.llm.semantic_cache import SemanticCache
from scheduler.llm.servers import Server
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
    first, other = Server.first(settings), Server.fallback(settings)
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


def _make(server: Server, settings: LLMSettings, terms: Terms) -> LLMProvider:
    if server.kind == "ollama":
        embedding = settings.embedding_model
        return OllamaProvider(server.url, server.model, embedding_model=embedding, terms=terms)
    # takes most of a second to import, which only those pay who use it
    from scheduler.llm import openai_provider  # noqa: PLC0415

    return openai_provider.OpenAIProvider(
        server.shown_key,
        server.model,
        base_url=server.url,
        embedding_model=settings.embedding_model or openai_provider.DEFAULT_EMBEDDING_MODEL,
        terms=terms,
    )
