"""The sequence of doing is told by words such as "first" and "bevor"; without them it is that of saying."""

import pytest

from scheduler.core.doing_sequence import in_doing_sequence
from scheduler.core.language import normalise
from scheduler.core.order_reader import read_request


@pytest.mark.parametrize(
    ("said", "done"),
    [
        (("Schick Anna die Liste", "und öffne Word"), (0, 1)),
        (("Open Outlook", "but first email the band"), (1, 0)),
        (("Email the list to Tom?", "Make it a PDF first though."), (1, 0)),
        (("Öffne Word", "aber vorher bitte Excel zu"), (1, 0)),
        (("Word öffnen.", "Im Vorfeld noch Excel zu."), (1, 0)),
        (("Schick den Vertrag an Tom,", "er muss aber erst noch ein PDF werden"), (1, 0)),
        (("Bevor du Teams schließt,", "leg den Termin an", "und öffne Word"), (1, 2, 0)),
        (("Bevor du SAP startest", "und den Antrag ausfüllst,", "google die Adresse"), (2, 0, 1)),
        (("Prior to closing Excel", "find the list"), (1, 0)),
        (("Öffne Word,", "bevor du Teams schließt"), (0, 1)),
        (("Nachdem du Teams geschlossen hast,", "öffne Word"), (0, 1)),
        (("Mail it to Tom", "once you've found it", "and saved it as a PDF"), (1, 2, 0)),
        (("Write to Tom,", "but not before you've put the date in"), (1, 0)),
        (("Zum Schluss Teams zu,", "erst noch die Liste an Tom"), (1, 0)),
        (("Open Word.", "Last of all close Xero;", "before that, save the list as a PDF"), (0, 2, 1)),
        (("Find the list.", "First open it,", "then mail it to Tom"), (0, 1, 2)),
        (("Such die Liste", "und schick sie zum Schluss an Tom"), (0, 1)),
        (("Öffne Excel,", "danach schließ Word,", "starte Teams."), (0, 1, 2)),
        (("Such den Vertrag,", "hinterher exportier ihn,", "schick ihn an Tom."), (0, 1, 2)),
        (("Schließ Word zuletzt,", "öffne Excel", "und such die Mail"), (1, 2, 0)),
        (("Search the mail from Anna that came last,", "open Excel."), (0, 1)),
        (("Open Excel,", "send Tom the mail that came in first."), (0, 1)),
        (("Öffne Excel", "und such die Mail, die Tom zuvor schickte."), (0, 1)),
        (("Word auf,", "Excel zu,", "und vor allem anderen die Liste an Tom"), (2, 0, 1)),
    ],
)
def test_orders_are_put_in_the_sequence_of_doing(said: tuple[str, ...], done: tuple[int, ...]) -> None:
    assert tuple(one.place for one in in_doing_sequence(said)) == done


def test_what_the_words_put_later_waits_for_what_is_done_before_it() -> None:
    assert [one.follows for one in in_doing_sequence(("Open Word", "but first close Excel"))] == [False, True]
    assert [one.follows for one in in_doing_sequence(("Open Word", "and close Excel"))] == [False, False]
    assert [one.follows for one in in_doing_sequence(("Open Word", "then close Excel"))] == [False, True]


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("und such dann im Netz nach Hotels", True),
        ("legen Sie anschließend einen Termin an", True),
        ("und speicher danach das Protokoll", True),
        ("close Word afterwards.", True),
        ("Send Anna the list after that.", True),
        ("und schreib Tom, dass wir danach essen gehen", False),
        ("schick Tom die Liste vom Tag danach", False),
        ("and tell Tom that we then left", False),
        ("open the list, then in force", False),
        ("und öffne dann wenn möglich Word", False),
        ("und schick anna@example.com anschließend das Angebot", True),
        ("und such den Vertrag mit der Dann GmbH", False),
        ("schick Herrn Dann das Angebot", False),
        ("leg anschließend an das Treffen einen Termin an", False),
        ("such im Netz nach Filmen von damals und danach", False),
        ("hol Rechnung 12 und schick sie dann an Eva", False),
    ],
)
def test_an_order_waits_where_its_adverb_stands_behind_the_verb_too(text: str, follows: bool) -> None:
    assert [one.follows for one in in_doing_sequence(("Öffne Excel", text))] == [False, follows]


@pytest.mark.parametrize(
    ("said", "intents"),
    [
        ("Kannst du die Liste an Tom mailen? Vorher aber bitte noch als PDF ablegen.", "export_pdf send_mail"),
        ("Prior to closing Excel, please find invoice 60.", "search_document close_app"),
        ("Email the list to Tom once you've saved it as a PDF.", "export_pdf send_mail"),
        ("Last of all close Excel; before that, export the list to PDF.", "export_pdf close_app"),
        ("Schließ Teams, aber vorher trag den Termin mit Anna am Freitag ein", "create_appointment close_app"),
        ("Urlaubsformular ausfüllen, vorher aber bitte die neuen Mails anzeigen", "read_mail fill_form"),
        ("Close Teams, beforehand though please open Excel", "open_app close_app"),
    ],
)
def test_rules_read_orders_in_the_sequence_of_doing(said: str, intents: str) -> None:
    assert [one.intent for one in read_request(normalise(said)).orders] == intents.split()
