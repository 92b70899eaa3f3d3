"""Which of several mails or files people mean."""

import pytest

from scheduler.core.which_ones import is_newest, when_meant, which_mails, without_newest


@pytest.mark.parametrize(
    ("text", "unread", "most"),
    [
        ("Zeig mir meine neuen Mails", True, None),
        ("Habe ich neue Post?", True, None),
        ("What's new in my inbox?", True, None),
        ("Show me my unread emails from Bob", True, None),
        ("Zeig mir die letzten drei Mails", False, 3),
        ("Read my last 5 emails", False, 5),
        ("Show me the 3 latest emails", False, 3),
        ("Lies die letzte Mail von Anna vor", False, 1),
        ("Read me the latest message from Bob", False, 1),
        ("Zeig mir die letzten Mails", False, None),
        ("Check my inbox", False, None),
        ("Such Mails vom neuen Lieferanten", False, None),
        ("Find a mail about the new contract", False, None),
        ("Show me 0 emails", False, 1),
        ("Zeig mir die letzte ungelesene Mail", True, 1),
        ("Show me the latest unread email", True, 1),
        ("Zeig mir die zwei neuesten ungelesenen Mails", True, 2),
        ("Lies die letzten beiden Mails", False, 2),
        ("Zeig mir alle Mails von Anna", False, 100),
        ("Show me all of my unread emails", True, 100),
        ("Zeig mir alle 20 Mails", False, 20),
        ("Schick allen eine Mail", False, None),
    ],
)
def test_which_mails_are_meant_is_heard(text: str, unread: bool, most: int | None) -> None:
    assert which_mails(text) == (unread, most)


@pytest.mark.parametrize(
    ("text", "thing", "newest"),
    [
        ("Öffne das neueste Angebot", "Angebot", True),
        ("Open the latest sales report", "report", True),
        ("Öffne den letzten Bericht", "letzten Bericht", True),
        ("Öffne den Bericht vom letzten Jahr", "Bericht", False),
        ("Open the report", "report", False),
        ("Send the Last Resort contract to Bob", "Last Resort contract", False),
        ("Schick die Letzte Mahnung an Tom", "Mahnung", False),
        ("Letzte Mahnung öffnen", "Mahnung", True),
        ("Send last year's report to Tom", "last year's report", False),
        ("Öffne das letzte Jahresgespräch", "letzte Jahresgespräch", True),
    ],
)
def test_the_newest_of_several_is_heard(text: str, thing: str, newest: bool) -> None:
    assert is_newest(text, thing) is newest


@pytest.mark.parametrize(
    ("text", "words", "days", "side"),
    [
        ("Alle Mails seit Montag", "Montag", "Montag", "since"),
        ("Find the emails before the 3 May", "3 May", "3 May", "before"),
        ("Find the emails after the 3 May", "3 May", "3 May", "after"),
        ("Alle Mails bis zum 3. Mai", "3. Mai", "3. Mai", "until"),
        ("Find emails up to last week", "last week", "last week", "until"),
        ("Mails zwischen Montag und Mittwoch", "Montag", "Montag", "since"),
        ("Mails zwischen Montag und Mittwoch", "Montag und Mittwoch", "Montag – Mittwoch", ""),
        ("Emails between the 3 May and the 5 May", "3 May and the 5 May", "3 May – 5 May", ""),
        ("Alle Mails von Montag", "Montag", "Montag", ""),
        ("Alle Mails von Montag und Mittwoch", "Montag und Mittwoch", "Montag und Mittwoch", ""),
        ("Suche bitte nach gestern eingegangenen Mails", "gestern", "gestern", ""),
        ("Such nach Mails nach dem 3. März", "3. März", "3. März", "after"),
        ("Such nach dem 3. März gekommene Mails", "3. März", "3. März", "after"),
    ],
)
def test_on_which_side_of_a_day_something_lies_is_heard(text: str, words: str, days: str, side: str) -> None:
    assert when_meant(text, words) == (days, side)


def test_that_it_is_the_newest_is_no_part_of_its_name() -> None:
    said = ("letzten Bericht", "Bericht", "letzte", "Letzte Mahnung", "last year's report")

    assert [without_newest(words) for words in said] == ["Bericht", "Bericht", *said[2:]]
