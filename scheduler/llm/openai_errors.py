"""Says OpenAI's errors in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2
import openai

from scheduler.core.errors import (
    CPAError,
    LLMAuthError,
    LLMRateLimitError,
    LLMRequestError,
    LLMTimeoutError,
    LLMUnavailableError,
)

_NO_CREDIT = {"insufficient_quota", "billing_hard_limit_reached"}
_LONGEST = 300  # characters of an explanation
_LONGEST_REST = 366 * 86_400.0  # seconds


@contextmanager
def in_our_words(provider: str, limit: float) -> Iterator[None]:
    """Raise an error of ours for one of the SDK's, and for an answer that is not as it should be."""
    try:
        yield
    except openai.APITimeoutError as error:
        raise LLMTimeoutError(provider, f"{limit:.0f} s") from error
    except openai.APIStatusError as error:
        raise _of_status(provider, error) from error
    except openai.APIConnectionError as error:
        cause = error.__cause__
        cut_off = not isinstance(cause, httpx2.ConnectError)
        raise LLMUnavailableError(provider, _short(cause or error), cut_off=cut_off) from error
    except openai.APIError as error:
        raise LLMUnavailableError(provider, _short(error), cut_off=True) from error
    except (OSError, ValueError) as error:
        raise LLMUnavailableError(provider, _short(error), cut_off=True) from error
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        why = f"its answer cannot be read: {_short(error)}"
        raise LLMUnavailableError(provider, why, cut_off=True) from error


def _of_status(provider: str, error: openai.APIStatusError) -> CPAError:
    if error.status_code in {401, 403}:
        return LLMAuthError(provider, _short(error.message))
    if error.status_code == 402:
        return LLMAuthError(provider, "its credit is used up")
    if error.status_code == 429:
        if error.code in _NO_CREDIT:
            return LLMAuthError(provider, "its credit is used up")
        return LLMRateLimitError(provider, retry_after(error.response.headers.get("retry-after")))
    if error.status_code == 408 or error.status_code >= 500:
        return LLMUnavailableError(provider, f"HTTP {error.status_code}: {_short(error.message)}")
    return LLMRequestError(provider, _short(error.message))


def retry_after(header: str | None) -> timedelta | None:
    """Read the header `Retry-After` (RFC 9110, section 10.2.3): seconds or a date; None if there is none to read."""
    if not header:
        return None
    try:
        return timedelta(seconds=min(max(float(header), 0.0), _LONGEST_REST))
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(header) - datetime.now(UTC), timedelta(0))
    except (ValueError, TypeError):
        return None


def _short(error: object) -> str:
    return (str(error) or type(error).__name__)[:_LONGEST]
