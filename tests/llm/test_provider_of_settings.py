"""The settings name a model, its fall-back, its budget; what they leave open is said plainly."""

import contextlib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from scheduler.core.errors import CPAError, LLMBudgetError, LLMNotSetUpError
from scheduler.core.spending import Price, Usage
from scheduler.llm import provider_of_settings
from scheduler.llm.memory_ledger import MemoryLedger
from scheduler.llm.mock_provider import MockProvider, Script, Scripted
from scheduler.llm.prices import DEFAULT_PRICES, load_prices
from scheduler.llm.provider_of_settings import make_provider
from scheduler.llm.servers import OPENAI_URL, Server, missing_keys
from scheduler.llm.terms import Terms
from scheduler.settings import LLMSettings, SettingError, load_settings
from tests.support.model_server import KEY, MODEL, Move, ollama_server, openai_server


def test_without_a_provider_there_is_none() -> None:
    assert make_provider(LLMSettings(), MemoryLedger()) is None


def test_openai_itself_needs_a_key() -> None:
    with pytest.raises(LLMNotSetUpError, match="CPA_LLM_KEY"):
        make_provider(LLMSettings(provider="openai", model="gpt-4o"), MemoryLedger())


def test_provider_needs_a_model() -> None:
    with pytest.raises(ValidationError, match="CPA_LLM_MODEL"):
        LLMSettings(provider="openai")


def test_key_of_openai_is_read_under_its_usual_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("CPA_LLM_PROVIDER", "openai")
    monkeypatch.setenv("CPA_LLM_MODEL", "gpt-4o")

    settings = load_settings().llm

    assert settings.key is not None
    assert settings.key.get_secret_value() == KEY
    assert KEY not in repr(settings)


def test_misspelt_setting_names_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPA_LLM_MODELL", "gpt-4o")

    with pytest.raises(SettingError, match="CPA_LLM_MODEL"):
        load_settings()


async def test_fallback_answers_and_budget_holds() -> None:
    with openai_server() as first, ollama_server() as second:
        first.otherwise = Move(status=500)
        settings = LLMSettings(
            provider="openai",
            model=MODEL,
            url=f"{first.url}/v1",
            key=SecretStr(KEY),
            fallback_provider="ollama",
            fallback_model=MODEL,
            fallback_url=second.url,
            tries=1,
            tokens_a_day=4_000,
        )
        provider = make_provider(settings, MemoryLedger())
        assert provider is not None

        assert await provider.generate("Grüße Anna", max_tokens=100) == "Hallo Anna"
        with pytest.raises(LLMBudgetError):
            await provider.generate("Grüße Anna", max_tokens=10_000)
        await provider.close()


def scripted(monkeypatch: pytest.MonkeyPatch, **scripts: list[Scripted]) -> dict[str, MockProvider]:
    """Have scripts answer in place of servers, by their kind; the last answer stays. Return them once they are made."""
    made = dict[str, MockProvider]()

    def make(server: Server, _settings: LLMSettings, terms: Terms) -> MockProvider:
        *first, last = scripts[server.kind]
        made[server.kind] = MockProvider(first, otherwise=last, terms=terms)
        return made[server.kind]

    monkeypatch.setattr(provider_of_settings, "_make", make)
    return made


@pytest.mark.virtual_time
async def test_first_that_is_silent_for_its_half_of_the_deadline_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = scripted(monkeypatch, openai=[Script(answer="zu spät", delay=3)], ollama=["Hallo Anna"])
    fields = {"provider": "openai", "model": MODEL, "url": "http://127.0.0.1:9/v1", "deadline_seconds": 1}
    settings = LLMSettings.model_validate(fields | {"fallback_provider": "ollama", "fallback_model": MODEL})
    provider = make_provider(settings, MemoryLedger())
    assert provider is not None

    assert [await provider.generate("Grüße Anna") for _ in range(9)] == ["Hallo Anna"] * 9
    assert len(made["openai"].calls) == Terms().failures


@pytest.mark.virtual_time
async def test_one_try_may_take_less_than_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    made = scripted(monkeypatch, ollama=[Script(answer="zu spät", delay=1.5), "Hallo Anna"])
    provider = make_provider(LLMSettings(provider="ollama", model=MODEL, try_seconds=1), MemoryLedger())
    assert provider is not None

    assert await provider.generate("Grüße Anna") == "Hallo Anna"
    assert len(made["ollama"].calls) == 2


async def keys_shown(settings: LLMSettings) -> None:
    provider = make_provider(settings, MemoryLedger())
    assert provider is not None
    with contextlib.suppress(CPAError):
        await provider.generate("Grüße Anna")
    await provider.close()


async def test_key_of_the_first_is_shown_to_nobody_else() -> None:
    with openai_server() as first, openai_server() as second:
        first.otherwise = Move(status=500)
        fields = {"provider": "openai", "model": MODEL, "url": f"{first.url}/v1", "key": SecretStr(KEY), "tries": 1}
        other = {"fallback_provider": "openai", "fallback_model": MODEL}
        elsewhere = other | {"fallback_url": f"{second.url}/v1"}

        await keys_shown(LLMSettings.model_validate(fields | elsewhere))
        await keys_shown(LLMSettings.model_validate(fields | elsewhere | {"fallback_key": SecretStr("its own")}))
        await keys_shown(LLMSettings.model_validate(fields | other | {"fallback_url": f"{first.url}/v1/"}))
        with pytest.raises(LLMNotSetUpError, match="CPA_LLM_FALLBACK_KEY"):
            make_provider(LLMSettings.model_validate(fields | other), MemoryLedger())

    assert [asked["key"] for asked in first.requests] == [f"Bearer {KEY}"] * 4
    assert [asked["key"] for asked in second.requests] == ["Bearer none", "Bearer its own"]


@pytest.mark.parametrize(
    ("first", "fallback", "missing"),
    [
        (None, "https://api.openai.com/v1", ()),
        (None, "https://API.openai.com:443/v1/", ()),
        ("https://api.openai.com/v1", None, ()),
        (None, "https://api.openai.com.example.com/v1", ()),
        ("http://10.0.0.5:8000/v1", None, ("CPA_LLM_FALLBACK_KEY",)),
        ("http://10.0.0.5:8000/v1", "https://api.openai.com/v1", ("CPA_LLM_FALLBACK_KEY",)),
    ],
)
async def test_address_that_is_left_out_is_the_usual_one(
    first: str | None, fallback: str | None, missing: tuple[str, ...]
) -> None:
    fields = {"provider": "openai", "model": MODEL, "url": first, "key": SecretStr(KEY), "fallback_provider": "openai"}
    settings = LLMSettings.model_validate(fields | {"fallback_model": MODEL, "fallback_url": fallback})
    same = {first or OPENAI_URL, fallback or OPENAI_URL} <= {OPENAI_URL, "https://API.openai.com:443/v1/"}

    assert missing_keys(settings) == missing
    assert Server.fallback(settings).key == (SecretStr(KEY) if same else None)
    if missing:
        with pytest.raises(LLMNotSetUpError, match=missing[0]):
            make_provider(settings, MemoryLedger())
    elif provider := make_provider(settings, MemoryLedger()):
        await provider.close()


def test_key_of_the_fall_back_has_a_variable_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPA_LLM_FALLBACK_KEY", KEY)

    settings = load_settings().llm

    assert (settings.key, settings.fallback_key) == (None, SecretStr(KEY))
    assert KEY not in repr(settings)


async def test_cache_is_off_unless_asked_for() -> None:
    with ollama_server() as server:
        for likeness, asked in ((None, 2), (1.0, 1)):
            server.requests.clear()
            settings = LLMSettings(provider="ollama", model=MODEL, url=server.url, cache_likeness=likeness)
            provider = make_provider(settings, MemoryLedger())
            assert provider is not None
            for _ in range(2):
                await provider.generate("Grüße Anna")
            await provider.close()
            assert len(server.requests) == asked


def test_shipped_prices_have_a_date() -> None:
    listed = load_prices(DEFAULT_PRICES)

    assert listed.as_of.year >= 2025
    assert listed.prices["gpt-4o"].of(Usage(1_000_000, 0)) == 2_500_000


def test_cost_is_rounded_up() -> None:
    assert Price(0.15, 0.6).of(Usage(1, 0)) == 1


def test_bad_price_list_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("as_of: 2026-01-01\ncurrency: EUR\nmodels: {x: {input: -1, output: 0}}\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"prices\.yaml: models\.x\.input"):
        load_prices(path)
