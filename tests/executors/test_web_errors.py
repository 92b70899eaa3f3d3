"""What Playwright raises becomes an error of ours, and no address gives a secret away."""

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Error
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from scheduler.core.errors import (
    AmbiguousTargetError,
    BrowserUnavailableError,
    CPAError,
    InvalidInputError,
    SiteUnreachableError,
    StepTimeoutError,
)
from scheduler.executors.web_errors import public_url, safe_url, translated
from scheduler.security.secrets_manager import SecretsManager


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (PlaywrightTimeoutError("Locator.click: Timeout 30000ms exceeded."), StepTimeoutError),
        (TimeoutError(), StepTimeoutError),
        (Error("Page.fill: Target crashed"), BrowserUnavailableError),
        (Error("Target page, context or browser has been closed"), BrowserUnavailableError),
        (Error("Page.goto: net::ERR_NAME_NOT_RESOLVED at http://portal/"), SiteUnreachableError),
        (Error("Locator.click: Error: strict mode violation: 2 elements"), AmbiguousTargetError),
        (Error('Locator.fill: Error: Element is not an <input>\nCall log:\n  fill("x")'), InvalidInputError),
    ],
)
def test_every_error_becomes_one_of_ours(raised: Exception, expected: type[CPAError]) -> None:
    error = translated(raised, what="login (web.click)", limit="30 s", url="http://portal/?token=1")

    assert type(error) is expected
    assert "Call log" not in str(error)
    assert "token" not in str(error)


def test_an_address_is_shown_without_user_and_query() -> None:
    assert public_url("https://anna:geheim@portal.de:8443/a/b?key=1#part") == "https://portal.de:8443/a/b"


@given(st.text(st.characters(categories=["L", "N", "P", "S"], max_codepoint=0x2FF), min_size=4))
def test_an_address_with_a_secret_in_any_spelling_loses_it(secret: str) -> None:
    secrets = SecretsManager(environment={"CPA_SECRET_X": secret})

    for spelt in (quote(secret, safe=""), quote_plus(secret)):
        url = safe_url(f"http://h/?q={spelt}", secrets)
        assert url in {"http://h/", secrets.redact("http://h/")}


def test_an_address_without_a_secret_stays_as_it_is() -> None:
    secrets = SecretsManager(environment={"CPA_SECRET_X": "geheim"})

    assert safe_url("http://portal/?a=%C3%BC&b=1#c", secrets) == "http://portal/?a=%C3%BC&b=1#c"
