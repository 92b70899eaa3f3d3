"""What the words of a request must be, before anybody tries to understand them."""

from typing import Final

from scheduler.core.errors import EmptyRequestError, RequestTooLargeError

MAX_TEXT: Final = 10_000
"""Characters of a request in words."""


def checked_text(text: str, field: str) -> str:
    """Return the text. Raises EmptyRequestError and RequestTooLargeError."""
    if not text.strip():
        raise EmptyRequestError(field)
    if len(text) > MAX_TEXT:
        raise RequestTooLargeError(field, MAX_TEXT)
    return text
