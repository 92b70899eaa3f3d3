"""What is surely only said is told from orders by its form, whatever words of orders it is full of."""

import pytest

from scheduler.core.language import normalise
from scheduler.core.no_order import NoOrder
from scheduler.core.order_reader import read_request

ADVERTS = (
    "Finden, lesen, ablegen: Ihr Archiv aus einer Hand.",
    "Open, edit, share: your documents in one place.",
    "Fill in forms with one click: try FormPal free for ten days.",
    "Jetzt bei uns: PDF erzeugen und verschicken, ganz ohne Word!",
    "Wir suchen ab sofort: Kraft für den Rechnungsversand mit Excel",
    "Lesson 6: Opening and Closing Spreadsheets",
    "Jetzt bestellen: der neue Kalender für Handwerker!",
    "Get your free guide to calmer mornings today!",
    "Sort, file, forward: MailOwl does the lot for you.",
    "30 % auf alle Ordner, nur bis Freitag!",
    "Open your account now and save ten pounds!",
    "Mit unserem Portal reichen Sie Anträge bequem online ein.",
)
SIGNS = (
    "Am Schwarzen Brett hing ein Zettel: Bitte Formular abgeben.",
    "Im Treppenhaus steht: Fenster schließen!",
    "The notice on the door: please close the window",
    "My boss keeps saying, send more emails.",
    "„Schicken Sie uns Ihre Fotos!“, stand auf dem Karton.",
)
OF_OTHERS = (
    "bing hat mir auch nur Quatsch gezeigt",
    "Hat die Praktikantin die Rechnung mittlerweile gefunden?",
    "Did Oskar ever find the invoice from the plumber?",
    "Do the Swedes send their invoices in kronor?",
    "Öffnet sich der Anhang bei dem auch so langsam?",
    "Wurde der Antrag schon ausgefüllt?",
    "Im Rathaus füllen schon 300 Leute ihre Anträge am Bildschirm aus.",
    "Heute Abend googeln meine Frau und ich nach einem Hotel.",
    "The accountant always needs receipts as PDF.",
)
GENERAL = (
    "Suchen und Finden ist bei uns Glückssache.",
    "Finding invoices on this drive is torture.",
    "In diesem Postfach etwas zu finden ist eine Zumutung.",
    "Wie öffne ich eine verschlüsselte Datei?",
    "How do I convert a file to PDF?",
    "What does one write in the subject line?",
    "Muss man sich zum Herunterladen anmelden?",
    "Do I need a password to open the portal?",
)
OF_ONESELF = (
    "Laut Vertrag muss der Mieter die Nebenkostenabrechnung per Mail erhalten.",
    "It'd be nice to find an office with decent internet one day.",
    "I'll get the lease schedule from the portal and mail it to Ms Lindgren myself.",
    "Den Mietvertrag hol ich selbst aus dem Archiv und maile ihn dem Anwalt.",
    "We close Excel ourselves and open Word later.",
    "Nach dem Essen schließe ich Outlook.",
    "My plan is to open the files with my colleagues.",
    "ich geh auf die Seite und guck selber",
    "Morgen suche ich die Unterlagen zusammen.",
    "I've already sent the invoice.",
    "Das mit der Mail an Tom mach lieber ich.",
)
UNREAL = (
    "Man müsste nur wissen, in welchem Ordner der Plan liegt.",
    "Man sollte mal alle Listen prüfen und als PDF ablegen.",
    "I wish Excel would open faster.",
    "You'd find gold quicker than a file in here.",
)
ORDERS = {
    "Module 3: open the slides": "open_document",
    "Kapitel 5 als PDF speichern": "export_pdf",
    "Wir suchen den Vertrag mit Bauer": "search_document",
    "Lad mir die Version herunter, die 30 Tage gratis ist, von acrobat.example": "download_file",
    "google hat mir nichts gezeigt, such du bitte im Ordner Bau nach dem Plan": "search_document",
    "Has Jo written?": "read_mail",
    "Wo haben wir den Vertrag abgelegt?": "search_document",
    "Lad bitte den kostenlosen Ratgeber von steuer.example herunter!": "download_file",
    "I have to fill in the timesheet, please open it": "open_document",
    "Der Chef braucht die Liste als PDF per Mail": "send_mail",
    "Ich hätte gern Frau Weber die Rechnung geschickt": "send_mail",
    "Forget Excel, open Word": "open_app",
    "Look for the mail that is from Anna": "search_mail",
    "Schicken Sie Ihre Liste an Frau Krug!": "send_mail",
    "Send our price list to Tom and save a copy!": "send_mail",
    "Neu: Termin mit Anna am Montag um 9!": "create_appointment",
    "Just open Excel, done.": "open_app",
    "Jetzt schließen: Word und Excel": "close_app",
    "I want to see all mail from May": "read_mail",
    "Was hat die Spedition gemailt?": "read_mail",
    "Ich hab nasse Hände, was hat denn die Bank seit gestern geschickt?": "read_mail",
    "Tell me what Bernadette's email says": "read_mail",
    "Sag mir, was in der Mail von Anna steht": "read_mail",
    "Die immer gleiche Mail von Krause suchen": "search_mail",
}


@pytest.mark.parametrize("said", [*ADVERTS, *SIGNS, *OF_OTHERS, *GENERAL, *OF_ONESELF, *UNREAL])
def test_what_is_surely_only_said_orders_nothing(said: str) -> None:
    read = read_request(normalise(said))

    assert (read.orders, read.reason) == ((), NoOrder.SAID_ONLY)


@pytest.mark.parametrize(("said", "intent"), ORDERS.items())
def test_orders_that_look_alike_are_read(said: str, intent: str) -> None:
    assert intent in [one.intent for one in read_request(normalise(said)).orders]


@pytest.mark.parametrize("said", ["Was hab ich Anna gemailt?", "Was hast du Anna gemailt?"])
def test_what_was_sent_is_no_mail_of_whom_it_was_sent_to(said: str) -> None:
    assert not read_request(normalise(said)).orders


@pytest.mark.parametrize("said", ["Scratch the invitation.", "Lass die Mail an Krause lieber."])
def test_what_is_called_off_is_negated(said: str) -> None:
    read = read_request(normalise(said))

    assert (read.orders, read.reason) == ((), NoOrder.NEGATED)


@pytest.mark.parametrize(
    "said", ["Ich muss Herrn Meier noch das Angebot schicken.", "I need to send Tom the contract."]
)
def test_what_one_must_do_may_be_an_order(said: str) -> None:
    assert read_request(normalise(said)).reason != NoOrder.SAID_ONLY
