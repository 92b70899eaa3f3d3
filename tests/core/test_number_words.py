"""Numbers, amounts and days that are said in words are found, and mean what they say."""

from datetime import date

import pytest

from scheduler.core.slot_times import times_in
from scheduler.core.when_dates import WhenError, day_of
from scheduler.orchestrator.slot_values import _amount, number_said

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("drei", 3),
        ("siebzehn", 17),
        ("fünfundzwanzig", 25),
        ("neunundneunzig", 99),
        ("hundert", 100),
        ("hundertzwölf", 112),
        ("dreihundertfünfzig", 350),
        ("tausendzweihundert", 1200),
        ("siebentausendachthundertvierzig", 7840),
        ("zwei hundert", 200),
        ("eighty five", 85),
        ("eighty-five", 85),
        ("one hundred and twelve", 112),
        ("fifteen hundred", 1500),
        ("six thousand four hundred and twenty", 6420),
        ("fuenfzig", 50),
        ("fuffzig", 50),
        ("zwoelfhundert", 1200),
        ("zwei millionen", 2_000_000),
        ("one million", 1_000_000),
        ("two sixty", None),
        ("eins zwei", None),
        ("zwanzig dreißig", None),
        ("two thousand three thousand", None),
        ("hundert hundert", None),
        ("Haus", None),
        ("und", None),
        ("", None),
    ],
)
def test_what_number_words_say(words: str, number: int | None) -> None:
    assert number_said(words) == number


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("termin am achten januar um elf", "date", "achten januar"),
        ("für den dritten februar bitte", "date", "dritten februar"),
        ("erster märz passt", "date", "erster märz"),
        ("bis einundzwanzigsten november", "date", "einundzwanzigsten november"),
        ("am dienstag den fünfzehnten mit ulli", "date", "dienstag den fünfzehnten"),
        ("freitag, den neunten", "date", "freitag, den neunten"),
        ("besprechung mi 9:15 im büro", "date", "mi"),
        ("abnahme do 14:00 vor ort", "date", "do"),
        ("kaution achthundertfünfzig euro bar", "amount", "achthundertfünfzig euro"),
        ("dreitausend franken pauschal", "amount", "dreitausend franken"),
        ("sixth of january at ten", "date", "sixth of january"),
        ("on friday the ninth two seats", "date", "friday the ninth"),
        ("monday the twenty-first please", "date", "monday the twenty-first"),
        ("the third of may", "date", "third of may"),
        ("deposit three hundred and fifty pounds", "amount", "three hundred and fifty pounds"),
        ("one thousand two hundred and six dollars", "amount", "one thousand two hundred and six dollars"),
        ("tuesday half 3 with kim", "time", "half 3"),
        ("mails between Monday and Wednesday", "date", "Monday and Wednesday"),
        ("mails zwischen dem 3. und dem 5. März", "date", "3. und dem 5. März"),
        ("mails from Eva between 1 and 5 March", "date", "1 and 5 March"),
        ("mails zwischen März und Mai", "date", "März und Mai"),
        ("busy between 9 and 11", "time", "9 and 11"),
        ("mails im Quartal 3", "date", "Quartal 3"),
        ("booked 7 Jan 5.15 for two", "time", "5.15"),
    ],
)
def test_days_times_and_amounts_in_words_are_found_whole(text: str, kind: str, words: str) -> None:
    assert words in [text[one.start : one.end] for one in times_in(text) if one.kind == kind]


@pytest.mark.parametrize(
    "text",
    [
        "can you do 7:30 reports",
        "please do 9:15",
        "we do 8:00 starts",
        "i second may's idea",
        "the fourth one",
        "do it",
    ],
)
def test_no_day_is_found_in_other_words(text: str) -> None:
    assert [one for one in times_in(text) if one.kind == "date"] == []


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("zweihundert Euro", {"value": "200", "currency": "EUR"}),
        ("zwoelfhundert Euro", {"value": "1200", "currency": "EUR"}),
        ("two sixty euros", None),
        ("viertausendfünfzig euro", {"value": "4050", "currency": "EUR"}),
        ("five hundred pounds", {"value": "500", "currency": "GBP"}),
        ("one hundred and ten dollars", {"value": "110", "currency": "USD"}),
        ("hundert zwanzig dreißig euro", None),
    ],
)
def test_an_amount_in_words_has_its_value(words: str, value: dict[str, str] | None) -> None:
    assert _amount(words) == value


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("samstag den fünften", date(2026, 12, 5)),
        ("sunday the sixth", date(2026, 12, 6)),
        ("montag, den 30.", date(2026, 11, 30)),
        ("zwölfter dezember", date(2026, 12, 12)),
    ],
)
def test_a_day_in_words_is_that_day(words: str, day: date) -> None:
    assert day_of(words, TODAY)[0] == day


def test_a_day_of_another_weekday_is_none() -> None:
    with pytest.raises(WhenError):
        day_of("saturday the sixth", TODAY)
