"""Times that have been, as people say them of mails."""

from datetime import date

import pytest

from scheduler.core.past_days import past_days
from scheduler.core.when_dates import WhenError

SATURDAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("heute", "2026-11-28", "2026-11-28"),
        ("gestern", "2026-11-27", "2026-11-27"),
        ("the day before yesterday", "2026-11-26", "2026-11-26"),
        ("der letzten Woche", "2026-11-16", "2026-11-22"),
        ("this week", "2026-11-23", "2026-11-28"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("letztes Jahr", "2025-01-01", "2025-12-31"),
        ("den letzten drei Tagen", "2026-11-25", "2026-11-28"),
        ("the last 2 weeks", "2026-11-14", "2026-11-28"),
        ("Montag", "2026-11-23", "2026-11-23"),
        ("Saturday", "2026-11-28", "2026-11-28"),
        ("last Saturday", "2026-11-21", "2026-11-21"),
        ("März", "2026-03-01", "2026-03-31"),
        ("December", "2025-12-01", "2025-12-31"),
        ("March 2025", "2025-03-01", "2025-03-31"),
        ("3. Mai", "2026-05-03", "2026-05-03"),
        ("Dec 24", "2025-12-24", "2025-12-24"),
        ("October 3", "2026-10-03", "2026-10-03"),
        ("20.11.", "2026-11-20", "2026-11-20"),
        ("20.11.25", "2025-11-20", "2025-11-20"),
        ("2026-11-20", "2026-11-20", "2026-11-20"),
        ("29. Februar", "2024-02-29", "2024-02-29"),
        ("20. bis 25. November", "2026-11-20", "2026-11-25"),
        ("Monday to Wednesday", "2026-11-23", "2026-11-25"),
        ("Freitag bis Montag", "2026-11-20", "2026-11-23"),
        ("vorgestern bis gestern", "2026-11-26", "2026-11-27"),
        ("Dezember bis Februar", "2025-12-01", "2026-02-28"),
        ("28. bis 3. März", "2026-02-28", "2026-03-03"),
        ("diesem Tag", "2026-11-28", "2026-11-28"),
        ("den letzten Tagen", "2026-11-21", "2026-11-28"),
        ("den letzten Wochen", "2026-10-31", "2026-11-28"),
        ("the last few months", "2026-07-31", "2026-11-28"),
        ("den letzten paar Tagen", "2026-11-21", "2026-11-28"),
        ("den letzten beiden Wochen", "2026-11-14", "2026-11-28"),
        ("vor drei Tagen", "2026-11-25", "2026-11-25"),
        ("two days ago", "2026-11-26", "2026-11-26"),
        ("vor einer Woche", "2026-11-16", "2026-11-22"),
        ("a month ago", "2026-10-01", "2026-10-31"),
        ("heute früh", "2026-11-28", "2026-11-28"),
        ("this morning", "2026-11-28", "2026-11-28"),
        ("gestern Abend", "2026-11-27", "2026-11-27"),
        ("Monday morning", "2026-11-23", "2026-11-23"),
        ("last night", "2026-11-27", "2026-11-28"),
        ("Jahr 2025", "2025-01-01", "2025-12-31"),
        ("2026", "2026-01-01", "2026-11-28"),
        ("Wochenende", "2026-11-28", "2026-11-28"),
        ("this weekend", "2026-11-28", "2026-11-28"),
        ("letztes Wochenende", "2026-11-21", "2026-11-22"),
        ("Montag – Mittwoch", "2026-11-23", "2026-11-25"),
        ("letzten Quartal", "2026-07-01", "2026-09-30"),
        ("last quarter", "2026-07-01", "2026-09-30"),
        ("dieses Quartal", "2026-10-01", "2026-11-28"),
        ("dritten Quartal", "2026-07-01", "2026-09-30"),
        ("Quartal 3", "2026-07-01", "2026-09-30"),
        ("Q4 2025", "2025-10-01", "2025-12-31"),
        ("Anfang März", "2026-03-01", "2026-03-11"),
        ("mid March", "2026-03-11", "2026-03-22"),
        ("end of last week", "2026-11-21", "2026-11-22"),
        ("last 24 hours", "2026-11-27", "2026-11-28"),
        ("letzten 36 Stunden", "2026-11-26", "2026-11-28"),
        ("KW 40", "2026-09-28", "2026-10-04"),
        ("KW 50", "2025-12-08", "2025-12-14"),
        ("Montag und Mittwoch", "2026-11-23", "2026-11-25"),
        ("1 and 5 March", "2026-03-01", "2026-03-05"),
        ("3. und dem 5. März", "2026-03-03", "2026-03-05"),
    ],
)
def test_days_that_have_been_are_read(words: str, first: str, last: str) -> None:
    assert [day.isoformat() for day in past_days(words, SATURDAY)] == [first, last]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "neulich",
        "KW 60",
        "Anfang neulich",
        "31. Februar",
        "30.2.2026",
        "13/45",
        "March 0000",
        "December 9999",
        "31.12.9999",
        "29. bis 5/2030",
        "40. bis 3. März",
    ],
)
def test_what_is_no_time_is_said(words: str) -> None:
    with pytest.raises(WhenError):
        past_days(words, SATURDAY)
