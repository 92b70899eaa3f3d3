"""When an appointment is: read as people say it, and never guessed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.when import read_span
from scheduler.core.when_dates import WhenError, day_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=BERLIN)  # a Wednesday


@pytest.mark.parametrize(
    ("day", "time", "start", "end"),
    [
        ("morgen", "10 Uhr", "2026-11-26 10:00", "2026-11-26 11:00"),
        ("Morgen 10 Uhr", "", "2026-11-26 10:00", "2026-11-26 11:00"),
        ("Freitag 14:30", "", "2026-11-27 14:30", "2026-11-27 15:30"),
        ("2026-12-01 9-10 Uhr", "", "2026-12-01 09:00", "2026-12-01 10:00"),
        ("2026-12-01T09:15", "", "2026-12-01 09:15", "2026-12-01 10:15"),
        ("am Montag", "um 10 Uhr", "2026-11-30 10:00", "2026-11-30 11:00"),
        ("tomorrow", "3 pm", "2026-11-26 15:00", "2026-11-26 16:00"),
        ("tomorrow", "3-4:30 pm", "2026-11-26 15:00", "2026-11-26 16:30"),
        ("heute", "16 Uhr", "2026-11-25 16:00", "2026-11-25 17:00"),
        ("übermorgen", "von 9 bis 10:30", "2026-11-27 09:00", "2026-11-27 10:30"),
        ("Freitagnachmittag", "3 Uhr", "2026-11-27 15:00", "2026-11-27 16:00"),
        ("morgen früh", "7 Uhr", "2026-11-26 07:00", "2026-11-26 08:00"),
        ("tomorrow afternoon", "at 2", "2026-11-26 14:00", "2026-11-26 15:00"),
        ("tomorrow evening", "8", "2026-11-26 20:00", "2026-11-26 21:00"),
        ("nächsten Montag", "10 Uhr", "2026-11-30 10:00", "2026-11-30 11:00"),
        ("kommenden Freitag", "10 Uhr", "2026-11-27 10:00", "2026-11-27 11:00"),
        ("diesen Freitag", "10 Uhr", "2026-11-27 10:00", "2026-11-27 11:00"),
        ("nächste Woche Freitag", "10 Uhr", "2026-12-04 10:00", "2026-12-04 11:00"),
        ("next week on Tuesday", "9 am", "2026-12-01 09:00", "2026-12-01 10:00"),
        ("am dritten Mai", "10 Uhr", "2027-05-03 10:00", "2027-05-03 11:00"),
        ("second of june", "10 am", "2027-06-02 10:00", "2027-06-02 11:00"),
        ("the twenty first of march", "10 am", "2027-03-21 10:00", "2027-03-21 11:00"),
        ("am 9.", "10 Uhr", "2026-12-09 10:00", "2026-12-09 11:00"),
        ("am 30.", "10 Uhr", "2026-11-30 10:00", "2026-11-30 11:00"),
        ("on the 1st", "10 am", "2026-12-01 10:00", "2026-12-01 11:00"),
        ("am zwanzigsten", "10 Uhr", "2026-12-20 10:00", "2026-12-20 11:00"),
        ("1.12.", "8 Uhr 30", "2026-12-01 08:30", "2026-12-01 09:30"),
        ("1.12.26", "08:30", "2026-12-01 08:30", "2026-12-01 09:30"),
        ("1. Dezember 2026", "mittags", "2026-12-01 12:00", "2026-12-01 13:00"),
        ("Dienstag, den 1.12.", "11-12 Uhr", "2026-12-01 11:00", "2026-12-01 12:00"),
        ("December 1st", "noon", "2026-12-01 12:00", "2026-12-01 13:00"),
        ("the 1st of December", "10", "2026-12-01 10:00", "2026-12-01 11:00"),
        ("24.2.", "10 Uhr", "2027-02-24 10:00", "2027-02-24 11:00"),
        ("29.2.", "10 Uhr", "2028-02-29 10:00", "2028-02-29 11:00"),
        ("12/25/2026", "10:00", "2026-12-25 10:00", "2026-12-25 11:00"),
        ("in zwei Wochen", "10 Uhr", "2026-12-09 10:00", "2026-12-09 11:00"),
        ("in 3 days", "10:00", "2026-11-28 10:00", "2026-11-28 11:00"),
        ("morgen", "halb drei nachmittags", "2026-11-26 14:30", "2026-11-26 15:30"),
        ("morgen", "viertel nach neun", "2026-11-26 09:15", "2026-11-26 10:15"),
        ("tomorrow", "half past 2 pm", "2026-11-26 14:30", "2026-11-26 15:30"),
        ("morgen", "11 bis 13 Uhr", "2026-11-26 11:00", "2026-11-26 13:00"),
    ],
)
def test_a_time_is_read_as_it_is_said(day: str, time: str, start: str, end: str) -> None:
    span = read_span(day, time, NOW)

    assert (f"{span.start:%Y-%m-%d %H:%M}", f"{span.end:%Y-%m-%d %H:%M}") == (start, end)
    assert span.start.tzinfo is BERLIN


@pytest.mark.parametrize(
    ("day", "time", "slot", "words"),
    [
        ("", "10 Uhr", "date", "der Tag fehlt"),
        ("morgen", "", "time", "die Uhrzeit fehlt"),
        ("nächste Woche", "10 Uhr", "date", "welcher Tag"),
        ("Mittwoch", "10 Uhr", "date", "25.11. oder der 02.12.2026"),
        ("nächsten Freitag", "10 Uhr", "date", "27.11. oder der 04.12.2026"),
        ("3/4/2027", "10 Uhr", "date", "3.4. oder der 4.3."),
        ("Montag, den 1.12.", "10 Uhr", "date", "ist ein Dienstag"),
        ("morgen", "3 Uhr", "time", "03:00 oder 15:00"),
        ("morgen", "halb drei", "time", "02:30 oder 14:30"),
        ("morgen", "14 bis 13 Uhr", "time", "endet vor dem Anfang"),
        ("morgen", "25 Uhr", "time", "keine Uhrzeit"),
        ("morgen", "14 pm", "time", "keine Uhrzeit"),
        ("30.2.", "10 Uhr", "date", "gibt es nicht"),
        ("irgendwann", "10 Uhr", "date", "kein Tag"),
        ("heute", "8 Uhr", "date", "ist vorbei"),
        ("2025-01-01", "10 Uhr", "date", "ist vorbei"),
        ("28.3.2027", "02:30", "time", "vorgestellt"),
    ],
)
def test_what_is_missing_or_may_mean_two_things_is_said(day: str, time: str, slot: str, words: str) -> None:
    with pytest.raises(WhenError) as caught:
        read_span(day, time, NOW)

    assert caught.value.slot == slot
    assert words in caught.value.said.de
    assert caught.value.missing == (not (day and time))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_words_give_a_span_in_the_future_or_an_error(day: str, time: str) -> None:
    try:
        span = read_span(day, time, NOW)
    except WhenError:
        return
    assert NOW < span.start < span.end < NOW + timedelta(days=4000) or span.start.year > 2030


def test_of_a_month_without_such_a_day_people_are_asked() -> None:
    with pytest.raises(WhenError, match="no day") as caught:
        read_span("on the 31st", "10 am", NOW)

    assert caught.value.candidates == ("2026-12-31",)


def test_a_day_by_its_number_alone_is_sure_only_where_it_lies_ahead() -> None:
    with pytest.raises(WhenError):
        day_of("9th", NOW.date())

    assert day_of("9th", NOW.date(), ahead=True)[0].isoformat() == "2026-12-09"
