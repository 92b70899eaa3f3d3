"""How many examples Hypothesis tries where 100 are too many or too few."""

from typing import Any

from hypothesis import settings


def examples(number: int, **others: Any) -> settings:  # noqa: ANN401 - fields of Hypothesis' settings
    """Return settings with so many examples in `make test`, and with their part of them in `make check`."""
    return settings(max_examples=max(3, number * settings().max_examples // 100), **others)
