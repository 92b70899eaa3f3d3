"""Which of several mails or files people mean."""

import pytest

from scheduler.core.which_ones import bound, is_newest, which_mails, without_newest


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


def test_on_which_side_of_a_day_something_lies_is_heard() -> None:
    assert bound("Alle Mails seit Montag", "Montag") == "since"
    assert bound("Find the emails before the 3 May", "3 May") == "before"
    assert bound("Find the emails after the 3 May", "3 May") == "after"
    assert bound("Alle Mails bis zum 3. Mai", "3. Mai") == "until"
    assert bound("Find emails up to last week", "last week") == "until"
    assert bound("Mails zwischen Montag und Mittwoch", "Montag") == "since"
    assert bound("Alle Mails von Montag", "Montag") == ""


def test_that_it_is_the_newest_is_no_part_of_its_name() -> None:
    said = ("letzten Bericht", "Bericht", "letzte", "Letzte Mahnung", "last year's report")

    assert [without_newest(words) for words in said] == ["Bericht", "Bericht", *said[2:]]
