"""Families of sayings are read as the orders they are; what only looks like an order never acts."""

import pytest

from scheduler.core.compound import split_orders
from scheduler.core.intents import UNKNOWN
from tests.support.routers import the_router

ROUTER = the_router()
READ = {
    # a reason that negates, a cut word, a courtesy, or a number stands beside the order
    "öffne mal budget.xlsx, die zahlen passen nicht": "open_document",
    "Schick Anna die Liste, nicht Tom": "send_mail",
    "The quote still hasn't gone out. Could you email it to Anna when you've got a sec?": "send_mail",
    "Exposé Gartenstr. 14 an die Familie Voss raus bitte": "send_mail",
    "Bist du so lieb und mailst der Oma die Fotos?": "send_mail",
    "Be a dear and send Tom the list": "send_mail",
    "1. find the mail from the auditor, 2. go to the Ofsted website": "search_mail navigate_url",
    "1) open Excel 2) fill in the tax form": "open_app fill_form",
    # what somebody is to have, or is to be made sure of
    "Make sure Anna gets invoice 4711": "send_mail",
    "Sorg bitte dafür, dass der Vertrag zu Herrn Müller gelangt": "send_mail",
    "Die Schlüsselliste bräuchte der Hausmeister heute noch": "send_mail",
    "can Anna have the price list?": "send_mail",
    "Ich hätte gern, dass Sie Bob schreiben, dass der Termin ausfällt": "send_mail",
    # where something is, told before or after, in one sentence or three
    "Anna needs invoice 4711. It's in the portal. Email it to her.": "fetch_and_send",
    "From the Contracts folder, email the lease to Ms Ruiz": "fetch_and_send",
    "Go to the portal, get the invoice and mail it to Anna": "fetch_and_send",
    "Finde raus, wo unsere Liste gespeichert ist, und exportiere sie als PDF.": "search_document export_pdf",
    "Weisst du zufaellig, wo der Plan vom Stadtfest liegt?": "search_document",
    "I can't find the lease": "search_document",
    # dictated without a verb, an arrow, a list, a preposition before what is told
    "Rechnung 4711 -> Anna": "send_mail",
    "email to all staff - fire drill at 10": "send_mail",
    "An Frau Kern: Danke für die Blumen": "send_mail",
    "Todo: * Excel starten * Preisliste von kolb.example runterladen": "open_app download_file",
    "Such die Mail raus, in der Tom die Adresse geschickt hat": "search_mail",
    "Browser auf und Wetter Köln googeln": "open_app web_search",
    "Können wir am Freitag um 3 eine Besprechung mit Anna ansetzen?": "create_appointment",
    "Im Kalender am 9. Oktober, 11 bis 12 Uhr, die Begehung mit der Architektin eintragen": "create_appointment",
    "Wenn du mir Excel schließen könntest": "close_app",
    # a verb that is a noun amid others, numbers without a point, a short "und", an article behind "danach"
    "Fill out the vehicle transfer form on https://dvla.example/transfer": "fill_form",
    "1 start Excel, 2 open stock.xlsx, 3 make a pdf of it": "open_app open_document export_pdf",
    "starte teams u. mach outlook zu": "open_app close_app",
    "lad die Liste vom Portal, danach dem Trainer eine Mail schreiben, dass er spielt": "download_file send_mail",
    "Could you have a look for the contract?": "search_document",
    "Kannst du Anna bitte die Rechnung schicken, die im Ordner Eingang liegt?": "fetch_and_send",
    "Lad den Frachtbrief vom Speditionsportal runter und schick ihn dem Lager": "download_file send_mail",
    "Könnten Sie die Rechnung 4711 aus dem Portal herunterladen und an Anna senden?": "download_file send_mail",
    "Log in to the supplier portal, download invoice 4711 and send it to bob@example.com": "download_file send_mail",
    "Save the report Q3 from SharePoint and email it to Bob": "download_file send_mail",
    "Zieh die Gutschrift 33 aus dem Kundenportal und leite sie an die Buchhaltung weiter": "fetch_and_send",
    # the verb of the first order holds for the second; conditions about what was just started hold nothing back
    "leg am Montag einen Termin mit Anna und am Dienstag einen mit Bob an": "create_appointment create_appointment",
    "Email Anna the invoice and Bob the quote": "send_mail send_mail",
    "Launch Excel and, as soon as it's up, fill out the expense form": "open_app fill_form",
    "If you get five minutes: find the lease": "search_document",
    # what others are told to do is all told; "going" starts, though something ends; what is no more needed is closed
    "Tell Yvonne by email that she should open the attachment, print it and bring it along.": "send_mail",
    "get Sage going, month end again": "open_app",
    "excel brauch ich nimmer, weg damit": "close_app",
}
NOTHING = (
    "Please note that the archive will be closed on Friday.",
    "I do like how quickly Excel starts these days.",
    "My boss used to send the invoice by mail.",
    "Laut Protokoll wurde die Sitzung um 18 Uhr geöffnet.",
    "Schick ist das neue Büro.",
    "Great web page, by the way, the new one of the club.",
    "bitte keine Mails vorlesen, solange Kunden da sind",
    "Hätte ich die Mail doch nur geschickt.",
    "Rechnung 4711 gefällt mir",
    "Man könnte die Liste auch als PDF speichern.",
    "Hold the email to Tom for now.",
    "Anna bittet Tom, die Liste zu schicken.",
    "The boss wants Tom to send the list.",
    "The new staff portal goes live on 3 June, training to follow.",
    "Leg den Brief in die Ablage.",
    "Mach mir bitte einen Kaffee.",
    "Öffne bitte das Fenster.",
    "Could you bring the meeting with Lee forward by half an hour?",
    "Angenommen, wir würden die Tabelle aus dem Bericht ziehen, würde das reichen?",
    "Kaminski sollte die Bescheinigung längst gemailt bekommen haben.",
    "Is it possible to search emails by attachment size?",
)


@pytest.mark.parametrize("text", READ)
def test_families_of_sayings_are_read(text: str) -> None:
    assert " ".join(part.routed.name for part in split_orders(text, ROUTER).parts) == READ[text]


@pytest.mark.parametrize("text", NOTHING)
def test_what_looks_like_an_order_and_is_none_never_acts(text: str) -> None:
    assert {part.routed.name for part in split_orders(text, ROUTER).parts} == {UNKNOWN}


@pytest.mark.parametrize(
    "text",
    [
        "Don't send Anna the reminder",
        "Please do not open Excel",
        "Öffne Excel nicht",
        "Make sure nobody sends Tom the report.",
        "Make sure that no one else sends Tom the report.",
        "See that nobody closes Word.",
        "Sorg dafür, dass niemand Tom den Bericht schickt.",
        "Niemand soll Tom den Bericht schicken.",
        "Make sure you don't send Tom the report.",
    ],
)
def test_what_is_not_to_be_done_is_told_as_that(text: str) -> None:
    (part,) = split_orders(text, ROUTER).parts

    assert (part.routed.name, part.routed.refused, part.routed.why) == (UNKNOWN, True, "negated")


def test_the_items_of_a_list_keep_their_words() -> None:
    parts = split_orders("1) open Excel 2) fill in the tax form 3) mail it to Anna", ROUTER).parts

    assert [part.text for part in parts] == ["open Excel", "fill in the tax form", "mail it to Anna"]
    assert parts[0].routed.slots == {"application": "Excel"}
