"""Makes the provider that the settings name."""

from datetime import timedelta

from pydantic import SecretStr

from scheduler.core.errors import LLMNotSetUpError
from scheduler.core.spending import MICRO, CallRecorder, Ledger, Limits
from scheduler.llm import ollama_provider
from scheduler.llm.fallback_provider import FallbackProvider
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.prices import DEFAULT_PRICES, load_prices
from scheduler.llm.semantic_cache import SemanticCache
from scheduler.llm.terms import LogRecorder, Patience, Terms
from scheduler.settings import LLMSettings


def make_provider(settings: LLMSettings, ledger: Ledger, recorder: CallRecorder | None = None) -> LLMProvider | None:
    """Return the provider, with its fall-back and cache if there are any; None: none is set up.

    Raises LLMNotSetUpError for a missing key, and ValueError for an unusable price list.
    """
    if not settings.provider:
        return None
    terms = Terms(
        patience=Patience(total=timedelta(seconds=settings.deadline_seconds), tries=settings.tries),
        at_once=settings.at_once,
        limits=limits_of(settings),
        prices=load_prices(settings.prices_file or DEFAULT_PRICES).prices,
        ledger=ledger,
        recorder=recorder or LogRecorder(),
    )
    provider = _make(settings.provider, settings.model, settings.url, settings, terms)
    if settings.fallback_provider:
        other = _make(settings.fallback_provider, settings.fallback_model, settings.fallback_url, settings, terms)
        provider = FallbackProvider([provider, other], total=terms.patience.total)
    if settings.cache_likeness is not None:
        provider = SemanticCache(provider, alike=settings.cache_likeness)
    return provider


def limits_of(settings: LLMSettings) -> Limits:
    """Return the budgets the settings give."""
    return Limits(
        job=(settings.job_tokens, _micros(settings.job_cost)),
        tenant_day=(settings.tenant_tokens_a_day, _micros(settings.tenant_cost_a_day)),
        day=(settings.tokens_a_day, _micros(settings.cost_a_day)),
    )


def _make(kind: str, model: str, url: str | None, settings: LLMSettings, terms: Terms) -> LLMProvider:
    if kind == "ollama":
        return ollama_provider.OllamaProvider(
            url or ollama_provider.DEFAULT_URL, model, embedding_model=settings.embedding_model, terms=terms
        )
    # takes most of a second to import, which only those pay who use it
    from scheduler.llm import openai_provider  # noqa: PLC0415

    return openai_provider.OpenAIProvider(
        _key(settings.key, url),
        model,
        base_url=url or openai_provider.DEFAULT_URL,
        embedding_model=settings.embedding_model or openai_provider.DEFAULT_EMBEDDING_MODEL,
        terms=terms,
    )


def _key(key: SecretStr | None, url: str | None) -> str:
    """Return the key; servers of one's own often want none."""
    if key is not None:
        return key.get_secret_value()
    if url is None:
        raise LLMNotSetUpError("CPA_LLM_KEY")
    return "none"


def _micros(money: float | None) -> int | None:
    return None if money is None else round(money * MICRO)
