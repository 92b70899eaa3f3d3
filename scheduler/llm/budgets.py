"""Tells what asking models has cost today, what is left of the budgets, and whose price nobody knows."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict

from scheduler.core.clock import Clock
from scheduler.core.ids import DEFAULT_TENANT, TenantId
from scheduler.core.spending import MICRO, Account, Ledger, Limits, Spender
from scheduler.llm.prices import PriceList
from scheduler.settings import LLMSettings


class Balance(BaseModel):
    """What was spent, with calls under way counted at their most, and what may be in all; None: any amount."""

    model_config = ConfigDict(frozen=True)

    tokens: int
    tokens_allowed: int | None
    tokens_left: int | None
    money: float
    money_allowed: float | None
    money_left: float | None


class Today(BaseModel):
    """The budgets of a day (UTC). Models without a price are `unpriced`: what they cost is in no sum of money.

    `everybody` is told to the default tenant alone.
    """

    model_config = ConfigDict(frozen=True)

    day: date
    models: tuple[str, ...]
    unpriced: tuple[str, ...]
    currency: str
    prices_as_of: date
    tenant: Balance
    everybody: Balance | None


class Budgets:
    """Looks into the ledger. `models` are those that are set up."""

    def __init__(
        self, *, ledger: Ledger, limits: Limits, prices: PriceList, models: Sequence[str], clock: Clock
    ) -> None:
        self._ledger = ledger
        self._limits = limits
        self._prices = prices
        self._models = tuple(models)
        self._clock = clock

    async def today(self, tenant: TenantId) -> Today:
        """Say how the budgets of a tenant stand."""
        day = self._clock.now().date()
        own, everybody = self._limits.accounts(Spender(tenant), day)
        return Today(
            day=day,
            models=self._models,
            unpriced=unpriced(self._models, self._prices),
            currency=self._prices.currency,
            prices_as_of=self._prices.as_of,
            tenant=await self._balance(own),
            everybody=await self._balance(everybody) if tenant == DEFAULT_TENANT else None,
        )

    async def _balance(self, account: Account) -> Balance:
        spent = await self._ledger.spent(account.name)
        micros = spent.micros or 0
        return Balance(
            tokens=spent.tokens,
            tokens_allowed=account.tokens,
            tokens_left=None if account.tokens is None else max(account.tokens - spent.tokens, 0),
            money=micros / MICRO,
            money_allowed=None if account.micros is None else account.micros / MICRO,
            money_left=None if account.micros is None else max(account.micros - micros, 0) / MICRO,
        )


def limits_of(settings: LLMSettings) -> Limits:
    """Return the budgets the settings give."""
    return Limits(
        job=(settings.job_tokens, _micros(settings.job_cost)),
        tenant_day=(settings.tenant_tokens_a_day, _micros(settings.tenant_cost_a_day)),
        day=(settings.tokens_a_day, _micros(settings.cost_a_day)),
    )


def models_of(settings: LLMSettings) -> tuple[str, ...]:
    """Return the models that answer by these settings, each once."""
    named = ((settings.provider, settings.model), (settings.fallback_provider, settings.fallback_model))
    return tuple(dict.fromkeys(model for provider, model in named if provider))


def unpriced(models: Sequence[str], prices: PriceList) -> tuple[str, ...]:
    """Return those of the models that the list does not know."""
    return tuple(model for model in models if model not in prices.models)


def _micros(money: float | None) -> int | None:
    return None if money is None else round(money * MICRO)
