"""Where a request holds what is only told, quoted or dictated."""

import pytest

from scheduler.core.told_words import tells


@pytest.mark.parametrize(
    "text",
    ["Schreib Anna, dass Tom kommt", 'Anna said "open Word"', "Write to Tom: open Word", "Frag Eva, ob Tom da ist"],
)
def test_what_is_told_quoted_or_dictated_is_found(text: str) -> None:
    assert tells(text)


@pytest.mark.parametrize("text", ["Schick Anna das Angebot", "Open Word, not Excel", "Öffne Word: schnell"])
def test_plain_orders_tell_nothing(text: str) -> None:
    assert not tells(text)
