"""What is corrected while it is said is read as corrected; where that is not sure, as it was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.self_repair import as_corrected


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Schick die Liste an Frau Olbrich, nein, doch an ihn selber.", "Schick die Liste an ihn selber."),
        ("Zeig die Mails vom Vorstand, quatsch, vom Betriebsrat.", "Zeig die Mails vom Betriebsrat."),
        ("Kannst du die Mail von Tom, nein, von Eva vorlesen?", "Kannst du die Mail von Eva vorlesen?"),
        ("Schick den Plan an Tom. Nein, an Eva.", "Schick den Plan an Eva."),
        ("Schick den Plan, nein, den Vertrag an Tom", "Schick den Vertrag an Tom"),
        ("Schick den Vertrag an Anna, nein, die Rechnung an Tom", "Schick die Rechnung an Tom"),
        ("Hol die Tabelle raus, als Word, äh, als CSV bitte.", "Hol die Tabelle raus, als CSV bitte."),
        ("Jag's dem Einkauf rüber, nein, doch der Eva.", "Jag's der Eva rüber."),
        ("Irgendwann im April, nein, im März hat er gemailt.", "Irgendwann im März hat er gemailt."),
        ("Termin am 3.4. um 9, nein, am 4.4. um 10", "Termin am 4.4. um 10"),
        ("Leg das auf 16 Uhr fest, ach nee, 17 Uhr, danke", "Leg das auf 17 Uhr fest, danke"),
        ("Schick die Rechnung 4711, nein, 4712 an Tom", "Schick die Rechnung 4712 an Tom"),
        ("Öffne Word, nein, Excel", "Öffne Excel"),
        ("Pop the renewal, sorry, the termination, into PDF.", "Pop the termination into PDF."),
        ("Export the Q1, no, the Q2 report as PDF", "Export the Q2 report as PDF"),
        ("It is on 3 Oct, no, 3 Nov.", "It is on 3 Nov."),
        ("Fill it in for 4 to 8 August, no, make it 11 to 15 August.", "Fill it in for 11 to 15 August."),
        ("Find room on the 17th for the panel, no wait, the 18th?", "Find room on the 18th for the panel?"),
        ("I want ebay.co.uk up in front of me, no, ebay.de", "I want ebay.de up in front of me"),
        ("From Dropbox, actually no, from the folder “X”, take it.", "from the folder “X”, take it."),
        ("sned the plan to giulia no wait to marco rossi", "sned the plan to marco rossi"),
        ("mail it to tom, i mean to eva", "mail it to eva"),
        ("Leg einen Termin mit Tom am Montag an, nein, am Dienstag", "Leg einen Termin mit Tom am Dienstag an"),
        ("Schick den Plan am 3. Mai an Tom, nein, am 4. Mai", "Schick den Plan am 4. Mai an Tom"),
        ("Book a meeting on Monday on pricing, no, on Tuesday", "Book a meeting on Tuesday on pricing"),
        (
            "Schick die Mail vom Montag von Tom an Eva, nein, vom Dienstag",
            "Schick die Mail vom Dienstag von Tom an Eva",
        ),
        ("send the file a.pdf to tom@x.de, no, b.pdf", "send the file b.pdf to tom@x.de"),
        ("Öffne plan.docx auf www.firma.de, nein, liste.docx", "Öffne liste.docx auf www.firma.de"),
        ("Such Mails von Tom von gestern, nein, von Eva", "Such Mails von Eva von gestern"),
    ],
)
def test_what_is_said_instead_takes_the_place_of_what_is_of_the_same_form(said: str, meant: str) -> None:
    assert as_corrected(said).text == meant


@pytest.mark.parametrize(
    "said",
    [
        "Nein, schick das an Tom",
        "Schick die Liste an Tom, nein, nicht an Eva",
        "Schick Tom die Liste, nein, Eva.",
        "Schick die Liste an Eva. Sorry, Tom",
        "Schreib Tom, sorry, Eva ist krank",
        'Schreib Tom "Öffne Word, nein, Excel"',
        "Such die Liste, nein, die Kollegin fehlt",
        "Schreib Tom: am Montag, nein, am Dienstag",
        "Schick Anna die Liste am Montag, nein, am Dienstag brauche ich sie nicht",
        "Schick es an Tom. Nein, an sich ist das egal.",
        "Such die Liste, nein, die Kollegin hat sie",
        "Schick Eva die Liste, hoppla, das war Tom.",
        "Sag Tom, nein, den Termin können wir nicht halten",
        "Ich sagte nein, die Liste geht an Tom",
        "Find the lease, no, the landlord called",
        "Send the list to Tom. Sorry, to be clear it is urgent.",
        "Send it to Gareth. No wait, Gareth's on leave",
        "Find the statement, make it a PDF, email it to Costain.",
        "Open the browser, wait a minute, then close Word",
        "Mail Tom, no problem, the list",
        "Reply to Eva, no, we can't",
        "Schick den Kollegen die Liste, nein, den Kunden",
        "Schick dem Chef den Plan, nein, den Kollegen",
        "Mail the client the plan, no, the boss",
        "Send my boss the list, no, my colleague",
        "Schick 3 Kopien der Rechnung 4711 an Tom, nein, 2",
        "Rechnung 4711 vom 3. Mai an Tom, nein, 4712",
        "Book a meeting with Tom at 9 for 30 minutes, no, 10",
        "Send the contract to Tom, Eva, no, Jan",
        "Send the report to Anna, actually to Ben too",
        "Öffne Angebot - Korrektur Müller",
        "Schick Tom Angebot, Korrektur Rechnung und Plan",
        "Schick Tom die Liste Richtig, Falsch, Offen",
        "Send the poll Tea, No, Coffee to Tom",
        "Google Ja, Nein, Vielleicht",
        "Schreib Tom:\nWir treffen uns um 4 Uhr, nein, um 5 Uhr",
    ],
)
def test_what_takes_nothing_back_for_sure_is_left(said: str) -> None:
    assert as_corrected(said) == (said, ())


WORDS = ["an", "Tom", "Eva", ",", "nein", "nein,", ".", "4711", "die", "den", "wait,", "no", "Liste", ":", "„", "“"]


@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_any_words_are_read_once_and_for_all(words: list[str]) -> None:
    once = as_corrected(" ".join(words)).text

    assert as_corrected(once).text == once
    assert set(once.split()) <= set(" ".join(words).split()) | {one.rstrip(",") for one in words}


@pytest.mark.parametrize("said", [".", ",", "!", "–", "-", "nein, ", "nein, halt, ", "… "])
def test_words_and_marks_that_go_on_and_on_are_left(said: str) -> None:
    text = f"Name {said * 60} Ort"

    assert as_corrected(text) == (text, ())
