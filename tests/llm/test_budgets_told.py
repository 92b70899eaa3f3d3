"""What models have cost today, what is left, and whose price nobody knows."""

from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from scheduler.core.ids import DEFAULT_TENANT, TenantId
from scheduler.core.spending import Account, Amount, Limits
from scheduler.llm.budgets import Balance, Budgets, models_of
from scheduler.llm.memory_ledger import MemoryLedger
from scheduler.llm.prices import PriceList, load_prices
from scheduler.llm.provider_of_settings import make_provider
from scheduler.settings import LLMSettings
from tests.support.clock import NOON, FakeClock

ACME = TenantId("acme")
PRICES = load_prices()


def some_budgets(ledger: MemoryLedger, *models: str, prices: PriceList = PRICES) -> Budgets:
    limits = Limits(tenant_day=(1_000, 2_000_000), day=(5_000, None))
    return Budgets(ledger=ledger, limits=limits, prices=prices, models=models, clock=FakeClock(NOON))


async def test_what_is_spent_and_left_is_told_for_the_day() -> None:
    ledger, day = MemoryLedger(), NOON.date()
    await ledger.charge([Account(f"tenant acme {day}"), Account(f"day {day}")], Amount(600, 500_000))
    await ledger.charge([Account(f"tenant default {day}"), Account(f"day {day}")], Amount(1_200, None))

    theirs, ours = [await some_budgets(ledger).today(tenant) for tenant in (ACME, DEFAULT_TENANT)]

    assert theirs.tenant == Balance(
        tokens=600, tokens_allowed=1_000, tokens_left=400, money=0.5, money_allowed=2.0, money_left=1.5
    )
    assert theirs.everybody is None, "what others spend is not theirs to see"
    assert ours.everybody is not None
    assert (ours.tenant.tokens_left, ours.everybody.tokens_left, ours.everybody.money_left) == (0, 3_200, None)


async def test_prices_are_told_with_their_date_and_what_has_none() -> None:
    today = await some_budgets(MemoryLedger(), "gpt-4o", "llama3.1").today(ACME)

    assert (today.day, today.models, today.unpriced) == (NOON.date(), ("gpt-4o", "llama3.1"), ("llama3.1",))
    assert (today.currency, today.prices_as_of) == ("USD", PRICES.as_of)
    assert isinstance(today.prices_as_of, date)


@pytest.mark.parametrize(("model", "warned"), [("gpt-4o", False), ("gpt-99", True)])
async def test_model_without_a_price_is_warned_of_at_the_start(model: str, warned: bool, tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("as_of: 2026-01-01\ncurrency: EUR\nmodels: {gpt-4o: {input: 1, output: 1}}\n", encoding="utf-8")
    settings = LLMSettings(provider="ollama", model=model, prices_file=prices)

    with capture_logs() as lines:
        provider = make_provider(settings, MemoryLedger())

    assert provider is not None
    await provider.close()
    told = [(line["model"], line["prices_as_of"]) for line in lines if line["event"] == "llm_price_unknown"]
    assert told == ([(model, "2026-01-01")] if warned else [])


def test_only_models_that_answer_count() -> None:
    fields = {"provider": "openai", "model": "a", "fallback_model": "b"}

    assert models_of(LLMSettings.model_validate(fields)) == ("a",)
    assert models_of(LLMSettings.model_validate(fields | {"fallback_provider": "ollama"})) == ("a", "b")
    assert models_of(LLMSettings()) == ()
