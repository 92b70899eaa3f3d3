"""What mails say, whom forms are for, who persons are and in which sequence orders are done, as people say it."""

import pytest

from scheduler.core.other_words import in_usual_words
from scheduler.core.slot_finder import slots_of


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("find die mail vom bauamt wo sie schreiben dass die rampe fehlt", "rampe fehlt"),
        ("Such die Mail von Anna, in der sie schreibt, dass der Zug ausfällt", "Zug ausfällt"),
        ("Finde die Nachricht, in der die Bank die Kündigung geschickt hat", "Kündigung"),
        ("such die mail wo der Vermieter das mit dem Schimmel geschrieben hat", "Schimmel"),
        ("Suche die Mail, worin Herr Prohaska die neuen Preise geschickt hat, die war lang", "neuen Preise"),
        ("find the email in which Allianz rejected our claim", "rejected our claim"),
        ("find the message in which Dr Osei sent the results, please", "results"),
        ("Find the email from Kim saying that the lorry is late", "lorry is late"),
        ("find the mail where he says that the roof leaks", "roof leaks"),
        ("find the email where Lena attached the floor plan and then open Word", "floor plan"),
    ],
)
def test_what_a_mail_says_is_looked_for(text: str, query: str) -> None:
    assert slots_of("search_mail", text).get("query") == query


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Füll den Meldezettel für Frau Kovacs aus", "Meldezettel"),
        ("Formular Kurtaxe für Herrn Ender ausfüllen", "Kurtaxe"),
        ("urlaubsantrag fuer dr. seidl ausfüllen", "urlaubsantrag"),
        ("Schlüsselformular für Zimmer 12 ausfüllen", "Schlüsselformular"),
        ("Fill in the intake form for Mrs Abara", "intake form"),
        ("fill out the key card form for room 31", "key card form"),
        ("complete the travel claim form for Prof Lindgren", "travel claim form"),
        ("Fill in the registration form for the trade fair", "registration form for the trade fair"),
        ("Fülle den Antrag auf Wohngeld aus", "Antrag auf Wohngeld"),
    ],
)
def test_a_form_ends_before_whom_it_is_for(text: str, form: str) -> None:
    assert slots_of("fill_form", text).get("form") == form


@pytest.mark.parametrize(
    ("intent", "text", "slots"),
    [
        ("send_mail", "send the plan to becky the surveyor", {"recipient": "becky the surveyor"}),
        ("send_mail", "mail the rota to Omar the manager today", {"recipient": "Omar the manager"}),
        ("send_mail", "forward invoice 88 to Ms Lutz and copy Jonas in, he asked", {"cc": "Jonas"}),
        ("send_mail", "Tell Mr Roy that it rains, copy to the depot. He is kind.", {"cc": "depot"}),
        ("send_mail", "send the list to Tom the report", {"recipient": "Tom"}),
        ("create_appointment", "viewing on the 9th at 10, name's Mrs Okafor", {"participants": "Mrs Okafor"}),
    ],
)
def test_who_somebody_is_belongs_to_the_name(intent: str, text: str, slots: dict[str, str]) -> None:
    found = slots_of(intent, text)

    assert {slot: found.get(slot) for slot in slots} == slots


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("bevor du excel schließt schick tom die liste", "bevor du excel schließt, schick tom die liste"),
        ("bevor du word zumachst bitte die liste drucken", "bevor du word zumachst, bitte die liste drucken"),
        (
            "nachdem du die akte geöffnet hast such die mail von anna",
            "nachdem du die akte geöffnet hast, such die mail von anna",
        ),
        ("Vor dem Aufruf von orf.at ist bitte Chrome zu starten", "Bevor du orf.at aufrufst, bitte Chrome starten"),
        ("Vor dem Öffnen von Word ist Excel zu schließen", "Bevor du Word öffnest, bitte Excel schließen"),
        ("Vor dem Schließen von Word öffne die Liste", "Bevor du Word schließt, öffne die Liste"),
        ("öffne die liste und wenn du das erledigt hast mach word zu", "öffne die liste und dann mach word zu"),
        ("Öffne den Plan. Sobald das erledigt ist, schließ Word.", "Öffne den Plan. Dann schließ Word."),
        ("open the log and once you're done close Word", "open the log and then close Word"),
        ("Open the log. When you have done that, close Word.", "Open the log. Then close Word."),
        ("Open the log and, having done that, close Word", "Open the log and then close Word"),
        ("save it, having done so close Word", "save it and then close Word"),
        ("save the list but start first the Excel", "save the list but first start the Excel"),
        ("mail it to Kim, but close first my calendar", "mail it to Kim, but first close my calendar"),
    ],
)
def test_the_sequence_of_doing_is_said_in_usual_words(text: str, usual: str) -> None:
    assert in_usual_words(text) == usual


@pytest.mark.parametrize(
    "text",
    [
        "bevor du gehst ruf mich an und sag bescheid",
        "Wenn du das erledigt hast",
        "tell me when you have done that",
        "open the log first thing",
    ],
)
def test_other_clauses_stay(text: str) -> None:
    assert "then" not in in_usual_words(text)
    assert "dann" not in in_usual_words(text)
