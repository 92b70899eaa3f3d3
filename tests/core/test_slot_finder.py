"""Slots are found by the words of a request when the intent is known, as well as when they were last counted."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bench.office_requests import Slots, pairs
from scheduler.core.address_book import UnfitNameError
from scheduler.core.compound import split_orders
from scheduler.core.sentences import Sentence
from scheduler.core.several_values import one_for_each
from scheduler.core.slot_finder import find_slots, slots_of, with_slots
from scheduler.core.slots import Said, clean
from scheduler.core.strict_yaml import read_strictly
from scheduler.orchestrator.slot_values import typed_slots
from tests.support.routers import the_router

_FOLDER = Path(__file__).parents[1] / "language"
NOW = datetime(2026, 11, 27, 10, tzinfo=ZoneInfo("Europe/Berlin"))


def found_in(intent: str, text: str) -> Slots:
    slots: dict[str, list[str]] = {}
    for one in find_slots(intent, text):
        slots.setdefault(one.slot, []).append(one.words)
    return dict(slots)


_FLOORS = [(4, 0.95), (5, 0.94), (6, 0.90), (7, 0.80), (8, 0.70), (9, 0.80), (11, 0.92), (13, 0.87), (14, 0.97)]


@pytest.mark.component
@pytest.mark.parametrize(("number", "floor"), _FLOORS)
@pytest.mark.parametrize("language", ["de", "en"])
def test_most_slots_are_found_and_few_are_false(language: str, number: int, floor: float) -> None:
    document = read_strictly((_FOLDER / f"dev_requests_{number}.yaml").read_text(encoding="utf-8"))
    hits = missed = false = 0
    for one in document[language]:
        if isinstance(one["i"], str):
            wanted, got = pairs(one["s"]), pairs(found_in(one["i"], one["t"]))
            hits, missed, false = hits + len(wanted & got), missed + len(wanted - got), false + len(got - wanted)

    assert hits / (hits + missed) >= floor
    assert hits / (hits + false) >= floor


@pytest.mark.parametrize(
    ("intent", "text", "slots"),
    [
        ("send_mail", "schickst du dem Statiker noch den Plan 77 von Frau Ott, die wartet seit gestern drauf",
         {"recipient": "Statiker", "document": "Plan 77 von Frau Ott", "document_id": "77"}),
        ("open_app", "Die Waage ist kaputt, und der Herr unterhält das ganze Wartezimmer. Bitte Medistar hochfahren.",
         {"application": "Medistar"}),
        ("close_app", "Photoshop darf offen bleiben, daran arbeitet Lena noch, aber InDesign bitte schließen.",
         {"application": "InDesign"}),
        ("close_app", "Photoshop's frozen again, quit it please", {"application": "Photoshop"}),
        ("open_app", "open notepad++", {"application": "notepad++"}),
        ("download_file", "lad treiber_k9.exe von der kuka seite runter",
         {"file_name": "treiber_k9.exe", "portal": "kuka seite"}),
        ("extract_table", "pull the mixture table out of it; xlsx is fine",
         {"table": "mixture table", "file_format": "xlsx"}),
        ("fill_form", "Lifetime ISA transfer form, £4,000, effective 6 April. Please complete.",
         {"form": "Lifetime ISA transfer form", "amount": "£4,000", "date": "6 April"}),
        ("send_mail", "Write to Jógvan that it's been filed.", {"recipient": "Jógvan", "body": "it's been filed"}),
        ("create_appointment", "Übergabe mit Reto, Montag in acht Tagen, 17h45",
         {"title": "Übergabe", "participants": "Reto", "date": "Montag in acht Tagen", "time": "17h45"}),
        ("search_mail", "Sender: Northern Freight Co-op. Subject: demurrage. Search the mailbox.",
         {"sender": "Northern Freight Co-op", "subject": "demurrage"}),
        ("search_mail", "find the email Oliver sent about the fire doors",
         {"sender": "Oliver", "subject": "fire doors"}),
        ("send_mail", "Weiterleitung an die Geschäftsführung (Frau Prof. Hallmann in cc).",
         {"recipient": "Geschäftsführung", "cc": "Frau Prof. Hallmann"}),
        ("read_mail", "Zeig her, was der Fahrer von Tour 12 gemailt hat", {"sender": "Fahrer von Tour 12"}),
        ("web_search", "What's the alcohol duty on cider, look it up online would you",
         {"query": "What's the alcohol duty on cider"}),
        ("create_appointment", "budget talk w editor Mina + designer Raj, tues 4pm",
         {"title": "budget talk", "participants": "editor Mina und designer Raj", "date": "tues", "time": "4pm"}),
        ("close_app", "nicht Word sondern Excel zumachen bitte", {"application": "Excel"}),
        ("close_app", "Schließen Sie das Diktatprogramm Dragon", {"application": "Dragon"}),
        ("fetch_and_send", "Pull last month's payslip summary out of Sage and email it to the bursar",
         {"document": "last month's payslip summary", "application": "Sage", "recipient": "bursar"}),
        ("create_appointment", "toolbox talk thursday 7.30, get the whole roofing gang in",
         {"title": "toolbox talk", "date": "thursday", "time": "7.30", "participants": "whole roofing gang"}),
        ("search_mail", "DIE MAIL VON FRAU POHL SUCHEN", {"sender": "FRAU POHL"}),
        ("search_document", "Wo hab ich denn die Abrechnung abgelegt?", {"document": "Abrechnung"}),
        ("send_mail", "Let Karen know the van is late and cc Joe",
         {"recipient": "Karen", "body": "the van is late", "cc": "Joe"}),
        ("send_mail", "Exposé Gartenstr. 14 bitte an Herrn Krämer mailen.",
         {"document": "Exposé Gartenstr. 14", "recipient": "Herrn Krämer"}),
        ("send_mail", "leite die mail von dr. lenz bzgl. urlaubsplan an die buchhaltung sowie an herrn yilmaz weiter",
         {"sender": "dr. lenz", "subject": "urlaubsplan", "recipient": "buchhaltung und herrn yilmaz"}),
        ("send_mail", "Sende das Protokoll, die Agenda und das Budget an den Vorstand",
         {"document": "Protokoll und Agenda und Budget", "recipient": "Vorstand"}),
        ("send_mail", "An: Meier & Söhne GmbH, Betreff: Mahnung RE-2024/118, Text: Bitte zahlen Sie.",
         {"recipient": "Meier & Söhne GmbH", "subject": "Mahnung RE-2024/118", "body": "Bitte zahlen Sie"}),
        ("send_mail", "Frag Tom per Mail, ob er am Donnerstag Zeit hat, und setz Anna in Kopie.",
         {"recipient": "Tom", "body": "ob er am Donnerstag Zeit hat", "cc": "Anna"}),
        ("send_mail", "Kindly forward the message from the Land Registry to Ms Pereira as well as Mr Quayle.",
         {"sender": "Land Registry", "recipient": "Ms Pereira und Mr Quayle"}),
        ("fetch_and_send", "The report is on the council's planning portal, please get it to our architect by mail.",
         {"portal": "council's planning portal", "document": "report", "recipient": "architect"}),
        ("fetch_and_send", "fzg-bewertung fürn passat aus dem DAT-portal ziehen + per mail an den herrn oezdemir",
         {"document": "fzg-bewertung fürn passat", "portal": "DAT-portal", "recipient": "herrn oezdemir"}),
        ("search_mail", "Such die Mail, in der Karin den neuen Alarmcode erwähnt hat",
         {"sender": "Karin", "query": "neuen Alarmcode"}),
        ("search_mail", "find mails from the water board about the meter reading since last Friday",
         {"sender": "water board", "subject": "meter reading", "date": "last Friday"}),
        ("search_mail", "dig out the message with 'boot room keys' in the subject", {"subject": "boot room keys"}),
        ("read_mail", "My hands are full, so read me whatever emails arrived today.", {"date": "today"}),
        ("search_document", "wo zum kuckuck ist die spielerliste der u15 hin", {"document": "spielerliste der u15"}),
        ("export_pdf", "I need the wedding menu as a PDF, call it menu_final.pdf",
         {"document": "wedding menu", "file_name": "menu_final.pdf"}),
        ("navigate_url", "Browser auf 10.0.4.17/admin bitte", {"url": "10.0.4.17/admin"}),
        ("web_search", "was kostet grad ein kubikmeter eichenholz, google das doch mal schnell",
         {"query": "was kostet grad ein kubikmeter eichenholz"}),
        ("web_search", "A web search for 'car park Norwich' wouldn't hurt", {"query": "car park Norwich"}),
        ("create_appointment", "diary: test drive w/ Mr Kowalczyk sat 13th 2.15pm",
         {"title": "test drive", "participants": "Mr Kowalczyk", "date": "sat 13th", "time": "2.15pm"}),
        ("create_appointment", "Termin mit dem Gutachter am 3.2. um 9 Uhr, Gegenstand ist die Erbteilung.",
         {"title": "Erbteilung", "participants": "Gutachter", "date": "3.2.", "time": "9 Uhr"}),
        ("create_appointment", "den Termin mit Team Nord für den 3.9. anlegen (Titel Inventur)",
         {"title": "Inventur", "participants": "Team Nord", "date": "3.9."}),
        ("send_mail", "Bitte mailen Sie die Bestätigung an info@lindner.example, Kopie an mich ist nicht nötig.",
         {"document": "Bestätigung", "recipient": "info@lindner.example"}),
        ("send_mail", "Antworten Sie Prof. Kühne bitte auf seine Mail, wir nehmen am Workshop teil.",
         {"recipient": "Prof. Kühne", "body": "wir nehmen am Workshop teil"}),
        ("send_mail", "Tell Marco by email not to order more paint.",
         {"recipient": "Marco", "body": "not to order more paint"}),
        ("send_mail", "An alle Mitarbeiter: die Kantine bleibt morgen zu. Bitte als Mail raus.",
         {"recipient": "alle Mitarbeiter", "body": "die Kantine bleibt morgen zu"}),
        ("send_mail", "The plumber needs the keys list, drop it over to him by mail",
         {"recipient": "plumber", "document": "keys list"}),
        ("send_mail", "forward Aisha's message about the parking permits to facilities",
         {"sender": "Aisha", "subject": "parking permits", "recipient": "facilities"}),
        ("fetch_and_send", "Nimm aus Projekte/2025/Bau den Lageplan und maile ihn der Architektin",
         {"folder": "Projekte/2025/Bau", "document": "Lageplan", "recipient": "Architektin"}),
        ("open_document", "Öffne im Ordner Personal die Datei Urlaubsliste 2025.xlsx",
         {"folder": "Personal", "file_name": "Urlaubsliste 2025.xlsx"}),
        ("export_pdf", "turn minutes 12-11.docx into a PDF", {"file_name": "minutes 12-11.docx"}),
        ("close_app", "Exit the Sage 50 app now", {"application": "Sage 50"}),
        ("download_file", "Rechnungen 101, 102 und 103 aus dem Telekom-Portal herunterladen",
         {"document": "Rechnungen 101, 102 und 103", "document_id": "101 und 102 und 103", "portal": "Telekom-Portal"}),
        ("create_appointment", "invite Sam, Priya and the contractor to a site meeting on 12 May at 9",
         {"participants": "Sam und Priya und contractor", "date": "12 May", "time": "9"}),
        ("send_mail", "Da ich weg bin, wäre es gut, wenn Sie Tom per Mail mitteilen, dass alles fertig ist.",
         {"recipient": "Tom", "body": "alles fertig ist"}),
        ("send_mail", "Right, dictating this between site visits: drop Colin an email saying the lorry is stuck, ta",
         {"recipient": "Colin", "body": "the lorry is stuck"}),
        ("send_mail", "Could the amended deed be emailed to the Land Registry, with Mr Fairbrother copied in.",
         {"document": "amended deed", "recipient": "Land Registry", "cc": "Mr Fairbrother"}),
        ("search_mail", "Mir ist die E-Mail von Frau Vogt mit dem Betreff „Frist 12 C“ durchgerutscht, such sie",
         {"sender": "Frau Vogt", "subject": "Frist 12 C"}),
        ("search_mail", "check mal bitte die inbox nach mails mit 'Churn Rate' im text", {"query": "Churn Rate"}),
        ("open_app", "Da der Rechner neu gestartet ist: Photoshop bräuchte ich", {"application": "Photoshop"}),
        ("fill_form", "Der Sprinter hat eine Delle. Der Unfallbericht im Fuhrparkportal muss ausgefüllt werden",
         {"form": "Unfallbericht", "portal": "Fuhrparkportal"}),
        ("create_appointment", "Leg am 2. Mai um 17 Uhr die Abschiedsfeier an; Teilnehmer: Leitung und Herr Stöhr.",
         {"title": "Abschiedsfeier", "date": "2. Mai", "time": "17 Uhr", "participants": "Leitung und Herr Stöhr"}),
        ("send_mail", "Da wartet jemand auf Antwort: schreib Herrn Pfeiffer, dass die Ware morgen rausgeht.",
         {"recipient": "Herrn Pfeiffer", "body": "die Ware morgen rausgeht"}),
        ("search_mail", "Suchen Sie alle Nachrichten mit dem Stichwort Brandschutz aus dem Jahr 2024.",
         {"query": "Brandschutz", "date": "Jahr 2024"}),
        ("web_search", "Weißt du, wann die Messe aufmacht? Schau im Internet nach.",
         {"query": "wann die Messe aufmacht"}),
        ("create_appointment", "Der TÜV für den Transporter ist am 12.3. um 7:30 Uhr, bitte in den Kalender.",
         {"title": "TÜV für den Transporter", "date": "12.3.", "time": "7:30 Uhr"}),
        ("download_file", "Please download the tax overview from the HMRC online portal",
         {"document": "tax overview", "portal": "HMRC online portal"}),
        ("extract_table", "Übertragen Sie die Tabelle der Spenden aus dem Kontoauszug in eine auswertbare Form.",
         {"table": "Spenden", "document": "Kontoauszug"}),
        ("fetch_and_send", r"Schick mir das Preisblatt aus V:\Vertrieb\Preise",
         {"recipient": "mir", "document": "Preisblatt", "folder": r"V:\Vertrieb\Preise"}),
        ("search_document", r"Look in \\server\HR\Policies for the leave policy.",
         {"document": "leave policy", "folder": r"\\server\HR\Policies"}),
        ("search_document", "Such auf Laufwerk S: den Mietvertrag",
         {"document": "Mietvertrag", "folder": "Laufwerk S"}),
        ("open_document", r"Öffne V:\Vertrieb\liste.xlsx", {"file_name": "liste.xlsx", "folder": r"V:\Vertrieb"}),
            ("send_mail", "Schick das Rezept an die Apotheke am Markt",
             {"document": "Rezept", "recipient": "Apotheke am Markt"}),
            ("open_document", "Open work order 1186", {"document": "work order 1186", "document_id": "1186"}),
            ("download_file", "Download the label from DHL", {"document": "label", "portal": "DHL"}),
            ("download_file", "Download the statement from online banking",
             {"document": "statement", "portal": "online banking"}),
        ("search_mail", "find the email from facilities about first aid training",
         {"sender": "facilities", "subject": "first aid training"}),
        ("send_mail", "Schick die Mahnung an die Firma Gebr. Krautwurst",
         {"document": "Mahnung", "recipient": "Firma Gebr. Krautwurst"}),
        ("navigate_url", "bring mich mal zu immoscout24", {"portal": "immoscout24"}),
    ],
)  # fmt: skip
def test_words_end_where_their_phrase_ends(intent: str, text: str, slots: dict[str, str]) -> None:
    assert slots_of(intent, text) == slots


TIMES_DE = [
    "halb drei",
    "viertel nach 9",
    "Viertel vor zehn",
    "15h",
    "9 bis 10:30 Uhr",
    "fünf vor halb neun",
    "20 nach 4",
    "dreiviertel acht",
    "12 Uhr mittags",
    "18.30 Uhr",
]
DATES_DE = [
    "kommenden Dienstag",
    "Dienstag, den 3. Februar",
    "3.2.26",
    "Freitag in zwei Wochen",
    "Heiligabend",
    "Di., 9. Dezember",
    "ersten Montag im Februar",
    "letzten Freitag des Monats",
    "2. Quartal",
    "Kalenderwoche 12",
    "Dienstag den 9.",
]
TIMES_EN = [
    "half past six",
    "quarter to 10",
    "noon",
    "2.15pm",
    "1430",
    "ten thirty",
    "5 in the afternoon",
    "9 till 12",
    "twenty past eight",
]
DATES_EN = [
    "Weds 10 Dec",
    "sat 13th",
    "Tuesday week",
    "a week on Tuesday",
    "first Monday in February",
    "Boxing Day",
    "third quarter",
    "Fri 5/12",
    "week of 3 November",
    "two weeks from now",
]


@pytest.mark.parametrize("time", TIMES_DE)
def test_german_times_are_whole(time: str) -> None:
    found = slots_of("create_appointment", f"Leg mit Frau Sommer am Montag um {time} einen Termin an")
    assert found == {"participants": "Frau Sommer", "date": "Montag", "time": time}


@pytest.mark.parametrize("date", DATES_DE)
def test_german_dates_are_whole(date: str) -> None:
    found = slots_of("create_appointment", f"Leg bitte für {date} um 10 Uhr einen Termin mit Frau Sommer an")
    assert found == {"participants": "Frau Sommer", "date": date, "time": "10 Uhr"}


@pytest.mark.parametrize("time", TIMES_EN)
def test_english_times_are_whole(time: str) -> None:
    found = slots_of("create_appointment", f"Book a meeting with Ms Summers on Monday at {time}")
    assert found == {"participants": "Ms Summers", "date": "Monday", "time": time}


@pytest.mark.parametrize("date", DATES_EN)
def test_english_dates_are_whole(date: str) -> None:
    found = slots_of("create_appointment", f"Book a meeting with Ms Summers on {date} at 10:00")
    assert found == {"participants": "Ms Summers", "date": date, "time": "10:00"}


def test_what_is_said_has_its_place() -> None:
    text = "Schick Anna und Bob die Rechnung 4711"

    for one in find_slots("send_mail", text):
        assert text[one.start : one.end] == one.words


def test_what_is_told_after_an_order_fills_nothing_it_has_already() -> None:
    text = "Can you find that email from the caterers about nut allergies? I need it for the venue."
    routed = split_orders(text, the_router()).parts[0].routed

    assert routed.slots == {"sender": "caterers", "subject": "nut allergies"}


def test_several_values_of_a_slot_are_a_list() -> None:
    routed = with_slots(the_router().route("close excel"), "you can shut excel and word now")

    assert routed.words == {"application": ["excel", "word"]}
    assert [one.slots for one in one_for_each(routed)] == [{"application": "excel"}, {"application": "word"}]


def test_a_pronoun_takes_the_words_of_the_order_before() -> None:
    orders = split_orders("Mach das Angebot 25-061 als PDF und schick es an Familie Wittig", the_router()).parts

    assert orders[1].routed.slots["document"] == "Angebot 25-061"


def address_book(name: str) -> list[str]:
    if name == "Anna":
        return ["anna@example.com"]
    both = ["bob.a@example.com", "bob.b@example.com"] if name == "Bob" else []
    raise UnfitNameError(Sentence("?", "?"), name=name, candidates=both)


@pytest.mark.parametrize(
    ("slot", "words", "value", "may_be"),
    [
        ("date", "nächsten Dienstag", "2026-12-01", ()),
        ("date", "übermorgen", "2026-11-29", ()),
        ("date", "19 Dec", "2026-12-19", ()),
        ("date", "Freitag", None, ("2026-11-27", "2026-12-04")),
        ("date", "22. bis 29. Dezember", {"from": "2026-12-22", "to": "2026-12-29"}, ()),
        ("date", "Ende Q3", {"from": "2026-09-30", "to": "2026-09-30"}, ()),
        ("date", "letzte Woche", {"from": "2026-11-16", "to": "2026-11-22"}, ()),
        ("time", "10-12 Uhr", {"from": "10:00", "to": "12:00"}, ()),
        ("time", "halb drei", None, ("02:30", "14:30")),
        ("amount", "1.200,50 Euro", {"value": "1200.50", "currency": "EUR"}, ()),
        ("amount", "£46.80", {"value": "46.80", "currency": "GBP"}, ()),
        ("recipient", "Anna", ["anna@example.com"], ()),
        ("recipient", "Bob", None, ("bob.a@example.com", "bob.b@example.com")),
        ("recipient", "Carla", None, ()),
        ("file_format", "Excel", "xlsx", ()),
        ("file_name", "plan.dwg", {"name": "plan.dwg", "format": "dwg"}, ()),
        ("url", "example.com/x", "https://example.com/x", ()),
        ("amount", "412 Euro 50", {"value": "412.50", "currency": "EUR"}, ()),
        ("amount", "4tsd EUR", {"value": "4000", "currency": "EUR"}, ()),
        ("amount", "£2.5k", {"value": "2500", "currency": "GBP"}, ()),
        ("amount", "38 Euro fuffzig", None, ()),
        ("amount", "CHF 1'234.50", {"value": "1234.50", "currency": "CHF"}, ()),
        ("amount", "5 pounds 50p", {"value": "5.50", "currency": "GBP"}, ()),
        ("amount", "€2 Mrd", {"value": "2000000000", "currency": "EUR"}, ()),
        ("amount", "2 billion euros", None, ()),
        ("amount", "1.234 Mio €", None, ()),
        ("amount", "12 eur", {"value": "12", "currency": "EUR"}, ()),
        ("amount", "eleven pounds forty", None, ()),
    ],
)
def test_words_have_values_and_unclear_ones_say_what_they_may_be(
    slot: str, words: str, value: object, may_be: tuple[str, ...]
) -> None:
    (typed,) = typed_slots({slot: words}, [Said(slot, words, 3, 3 + len(words))], NOW, address_book)

    assert (typed.value, typed.may_be, typed.span) == (value, may_be, (3, 3 + len(words)))


def test_a_slot_that_was_answered_has_no_place() -> None:
    (typed,) = typed_slots({"recipient": "Anna"}, [Said("recipient", "Bob", 0, 3)], NOW, address_book)

    assert (typed.words, typed.span) == ("Anna", None)


@pytest.mark.parametrize(
    ("slot", "words", "value"),
    [
        ("cc", "CC Laborleiter", "Laborleiter"),
        ("cc", "in Kopie an Frau Ilg", "Frau Ilg"),
        ("sender", "Absender Notariat Ebersbach", "Notariat Ebersbach"),
        ("sender", "Dr Mensah's", "Dr Mensah"),
        ("recipient", "St Brigid's", "St Brigid's"),
        ("time", "a quarter past ten", "quarter past ten"),
        ("date", "a week on Tuesday", "a week on Tuesday"),
        ("title", 'Titel "Inventur"', "Inventur"),
        ("title", "Title Stock-take", "Stock-take"),
        ("title", "title deeds", "title deeds"),
        ("title", "Thema „Miete“", "Miete"),
        ("subject", 'Betreff "Miete"', "Miete"),
    ],
)
def test_words_that_only_say_which_slot_it_is_are_left_out(slot: str, words: str, value: str) -> None:
    assert clean(slot, words) == value
