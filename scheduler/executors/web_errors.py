"""Says in our words what Playwright raises, and keeps secrets out of the addresses that people read."""

import functools
from urllib.parse import unquote_plus, urlsplit, urlunsplit

from scheduler.core.errors import (
    AmbiguousTargetError,
    BrowserUnavailableError,
    CPAError,
    InvalidInputError,
    OutcomeUnknownError,
    SiteUnreachableError,
    StepTimeoutError,
)
from scheduler.security.secrets_manager import SecretsManager

_DEAD = ("Target crashed", "Page crashed", "has been closed", "Connection closed", "Browser closed")
_PASSING = ("Execution context was destroyed", "Cannot find context", "Frame was detached", "has been detached")


@functools.cache
def browser_error() -> type[Exception]:
    """Return the root of what Playwright raises, imported on first use: `cpa jobs` need not pay its 0.4 s."""
    from playwright.async_api import Error  # noqa: PLC0415

    return Error


@functools.cache
def _timeout_error() -> type[Exception]:
    from playwright.async_api import TimeoutError as PlaywrightTimeoutError  # noqa: PLC0415

    return PlaywrightTimeoutError


def is_dead(error: Exception) -> bool:
    """Whether page, browser or driver are gone. Only some of these errors have a class of their own."""
    return type(error).__name__ == "TargetClosedError" or any(sign in str(error) for sign in _DEAD)


def is_timeout(error: Exception) -> bool:
    """Whether Playwright has waited in vain."""
    return isinstance(error, _timeout_error())


def is_passing(error: Exception) -> bool:
    """Whether the page was just changing under a look at it, so that another look will do."""
    return any(sign in str(error) for sign in _PASSING)


def not_begun(error: Exception) -> bool:
    """Whether Playwright's log of an action that ran out of time shows that it still waited for the element.

    So the pointer was not moved yet, and nothing has happened. A log that does not tell counts as begun.
    """
    log = str(error)
    return is_timeout(error) and "attempting" in log and "performing" not in log


def reason_of(error: Exception) -> str:
    """Return the first line of what Playwright says, without the call log."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def unknown(what: str, error: Exception) -> OutcomeUnknownError:
    """Say that a step which may not be repeated was under way when `error` came."""
    return OutcomeUnknownError(what, reason_of(error))


def translated(error: Exception, *, what: str, limit: str, url: str) -> CPAError:
    """Return the error of ours for one of Playwright's or a TimeoutError. `what` names the step, `url` where it was."""
    reason = reason_of(error)
    if isinstance(error, TimeoutError | _timeout_error()):
        return StepTimeoutError(what, limit)
    if is_dead(error):
        return BrowserUnavailableError(reason)
    if "strict mode violation" in reason:
        return AmbiguousTargetError(what, public_url(url), ())
    if "net::ERR_" in reason:
        return SiteUnreachableError(public_url(url), reason)
    return InvalidInputError(what, reason)


def public_url(url: str) -> str:
    """Return the address without user, query and fragment, where passwords and session keys stand."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def safe_url(url: str, secrets: SecretsManager) -> str:
    """Return the address as it is, or without what may hold a secret when it does hold one."""
    plain = unquote_plus(url)
    return url if secrets.redact(plain) == plain else secrets.redact(unquote_plus(public_url(url)))
