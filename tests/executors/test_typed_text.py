"""Numbers, dates and answers mean what a German or an English reader takes them for, or are refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.executors.typed_text import Kind, Value, typed


@pytest.mark.parametrize(
    ("text", "kind", "language", "value"),
    [
        ("1.234,56 €", "number", "de", 1234.56),
        ("1,234.56", "number", "de", 1234.56),
        ("€ 1,234.56", "number", "en", 1234.56),
        ("1.234", "number", "de", 1234),
        ("1.234", "number", "en", 1.234),
        ("1,234", "number", "en", 1234),
        ("1,234", "number", "de", 1.234),
        ("12,5 %", "number", "en", 12.5),
        ("1'234.50 CHF", "number", "de", 1234.5),
        ("-\u00a03,00", "number", "de", -3),
        ("\u22127", "integer", "de", -7),
        ("(12.00)", "number", "en", -12),
        ("99,00-", "number", "de", -99),
        ("1 234 567,8", "number", "de", 1234567.8),
        ("42", "integer", "en", 42),
        ("07.03.2026", "date", "de", "2026-03-07"),
        ("7. März 2026", "date", "de", "2026-03-07"),
        ("Sa., 7. Mrz. 2026", "date", "de", "2026-03-07"),
        ("March 7, 2026", "date", "en", "2026-03-07"),
        ("7 Mar 2026", "date", "en", "2026-03-07"),
        ("2026-03-07", "date", "de", "2026-03-07"),
        ("7.3.26", "date", "de", "2026-03-07"),
        ("03/07/2026", "date", "en-US", "2026-03-07"),
        ("03/07/2026", "date", "en-GB", "2026-07-03"),
        ("03/27/2026", "date", "en", "2026-03-27"),
        ("07.03.2026 14:05", "date", "de", "2026-03-07"),
        ("07.03.2026, 14:05 Uhr", "datetime", "de", "2026-03-07T14:05:00"),
        ("March 7, 2026 at 2:05 PM", "datetime", "en", "2026-03-07T14:05:00"),
        ("2026-03-07T14:05:09", "datetime", "en", "2026-03-07T14:05:09"),
        ("Ja", "boolean", "de", True),
        ("no", "boolean", "en", False),
        ("✓", "boolean", "de", True),
        ("", "boolean", "de", False),
        (" as it is ", "text", "de", "as it is"),
    ],
)
def test_a_text_is_read_as_its_language_writes_it(text: str, kind: Kind, language: str, value: Value) -> None:
    read = typed(text, kind, language)

    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "kind", "language"),
    [
        ("4711a", "number", "de"),
        ("", "number", "de"),
        ("1.2.3", "number", "de"),
        ("1,2,3.4.5", "number", "en"),
        ("5,5", "integer", "de"),
        ("31.02.2026", "date", "de"),
        ("03/07/2026", "date", "en"),
        ("morgen", "date", "de"),
        ("07.03.2026", "datetime", "de"),
        ("07.03.2026 25:00", "datetime", "de"),
        ("7 Foo 2026", "date", "en"),
        ("vielleicht", "boolean", "de"),
    ],
)
def test_what_cannot_be_read_or_means_two_things_is_refused(text: str, kind: Kind, language: str) -> None:
    with pytest.raises(ValueError, match=r"is no|may be|day|neither|hour|month"):
        typed(text, kind, language)


def test_a_format_reads_what_nobody_could_guess() -> None:
    assert typed("26|07|03", "date", "de", "%y|%d|%m") == "2026-03-07"


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_every_amount_is_read_back_in_both_languages(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))

    assert typed(english, "number", "en") == typed(german, "number", "de") == float(amount)
