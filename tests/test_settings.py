"""What can be set from outside: every variable is known and described, every mistake is named."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from scheduler.settings import (
    InvalidSettingError,
    MailSettings,
    SettingError,
    Settings,
    UnknownSettingError,
    is_loopback,
    known_variables,
    load_settings,
)
from tests.support.services import KEY_A, KEY_B, clean_environment

__all__ = ["clean_environment"]

EXAMPLE = Path(__file__).parents[1] / ".env.example"
_LINE = re.compile(r"(?P<comment># )?(?P<name>CPA_[A-Z_]+)=(?P<value>.*)")

pytestmark = pytest.mark.usefixtures("clean_environment")


def _example() -> dict[str, re.Match[str]]:
    lines = (_LINE.fullmatch(line) for line in EXAMPLE.read_text(encoding="utf-8").splitlines())
    return {line["name"]: line for line in lines if line and not line["name"].startswith("CPA_SECRET_")}


def _defaults() -> dict[str, Any]:
    defaults: dict[str, Any] = {}
    for concern in Settings.model_fields.values():
        settings = concern.annotation
        assert isinstance(settings, type)
        assert issubclass(settings, BaseSettings)
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            defaults[f"{prefix}{name}".upper()] = field.get_default(call_default_factory=True)
    return defaults


def _as_written(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, bool | tuple | dict):
        return json.dumps(default)
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_the_example_lists_every_variable_and_no_other() -> None:
    assert set(_example()) == set(known_variables())


def test_the_example_shows_the_defaults() -> None:
    shown = {name: line["value"] for name, line in _example().items() if line["comment"]}

    assert shown == {name: _as_written(default) for name, default in _defaults().items() if name in shown}


def test_the_example_can_be_sourced_and_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sourced = subprocess.run(
        ["/bin/sh", "-c", f"set -ae; . {EXAMPLE}; env"], capture_output=True, text=True, check=True
    )

    for line in sourced.stdout.splitlines():
        if line.startswith("CPA_"):
            monkeypatch.setenv(*line.split("=", 1))
    assert load_settings().web.sites_dir == Path("config/sites")


def test_the_defaults_need_nothing() -> None:
    settings = load_settings()

    assert (settings.api.host, settings.api.port) == ("127.0.0.1", 8000)
    assert settings.api.tenant_keys == {}
    assert settings.mail.missing == ("CPA_MAIL_ADDRESS", "CPA_MAIL_SMTP_HOST", "CPA_MAIL_IMAP_HOST")


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [("CPA_API_PRT", "CPA_API_PORT"), ("cpa_log_levl", "CPA_LOG_LEVEL"), ("CPA_MAIL_SMPT_HOST", "CPA_MAIL_SMTP_HOST")],
)
def test_an_unknown_variable_is_named_with_the_nearest_known_one(
    monkeypatch: pytest.MonkeyPatch, variable: str, nearest: str
) -> None:
    monkeypatch.setenv(variable, "x")

    with pytest.raises(UnknownSettingError) as caught:
        load_settings()

    assert caught.value.said.de == f"Die Einstellung {variable.upper()} gibt es nicht; gemeint ist wohl {nearest}."
    assert caught.value.said.en == f"There is no setting {variable.upper()}; did you mean {nearest}?"


def test_an_unknown_variable_that_resembles_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPA_QQQQQQ", "x")

    with pytest.raises(UnknownSettingError, match=r"There is no setting CPA_QQQQQQ\."):
        load_settings()


def test_any_secret_may_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPA_SECRET_WHATEVER_IT_IS", "x")

    load_settings()


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("CPA_API_PORT", "x", "eine ganze Zahl wird erwartet"),
        ("CPA_API_PORT", "65536", "der Wert darf höchstens 65535 sein"),
        ("CPA_API_KEY", "short", "ein Schlüssel braucht mindestens 16 Zeichen"),
        ("CPA_API_KEYS", "{", "gültiges JSON wird erwartet"),
        ("CPA_API_KEYS", '{"acme": "short"}', "ein Schlüssel braucht mindestens 16 Zeichen"),
        ("CPA_API_KEYS", json.dumps({"a": KEY_A, "b": KEY_A}), "zwei Mandanten haben denselben Schlüssel"),
        ("CPA_API_KEYS", json.dumps({"a b": KEY_A}), "der Text muss dem Muster"),
        ("CPA_API_ORIGINS", '["*"]', "eine Herkunft ist wie https://example.com"),
        ("CPA_API_ORIGINS", '["https://example.com/"]', "eine Herkunft ist wie https://example.com"),
        ("CPA_API_URL", "localhost:8000", "eine Adresse wie https://portal.example.com wird erwartet"),
        ("CPA_API_URL", "http://[", "eine Adresse wie https://portal.example.com wird erwartet"),
        ("CPA_MAIL_SECURITY", "ssl", "erlaubt ist nur 'none', 'starttls' oder 'tls'"),
        ("CPA_WORKER_LEASE_SECONDS", "0.1", "der Wert muss mindestens 0.3 sein"),
        ("CPA_LOG_LEVEL", "loud", "erlaubt ist nur 'debug', 'info', 'warning' oder 'error'"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(InvalidSettingError) as caught:
        load_settings()

    assert caught.value.said.de.startswith(f"Die Einstellung {variable} ist nicht in Ordnung: {problem}")
    assert caught.value.said.en.startswith(f"The setting {variable} is not valid: ")
    assert value not in {KEY_A, "short"} or value not in str(caught.value)


def test_the_default_tenant_has_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPA_API_KEY", KEY_A)
    monkeypatch.setenv("CPA_API_KEYS", json.dumps({"default": KEY_B}))

    with pytest.raises(SettingError, match="the tenant default has a key of its own"):
        load_settings()


def test_keys_are_by_tenant_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", KEY_A)
    monkeypatch.setenv("CPA_API_KEYS", json.dumps({"acme": KEY_B}))

    settings = load_settings()

    keys = {tenant: key.get_secret_value() for tenant, key in settings.api.tenant_keys.items()}
    assert keys == {"default": KEY_A, "acme": KEY_B}
    assert KEY_A not in repr(settings)


def test_a_variable_that_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPA_API_KEY", "")
    monkeypatch.setenv("CPA_FILES_ROOT", "")

    settings = load_settings()

    assert settings.api.key is None
    assert settings.store.files_root is None


def test_the_database_may_be_named_without_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////var/lib/cpa.db")

    assert load_settings().store.database_url == "sqlite:////var/lib/cpa.db"


def test_mail_is_set_up_when_address_and_servers_are_there() -> None:
    settings = MailSettings(address="a@example.com", smtp_host="smtp.example.com", imap_host="imap.example.com")

    assert settings.missing == ()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("[::1]", True), ("LocalHost", True), ("0.0.0.0", False),  # noqa: S104
     ("::", False), ("10.0.0.1", False), ("localhost.example.com", False), ("", False)],
)  # fmt: skip
def test_loopback_is_only_what_always_means_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
