"""The plainest forms of orders are known as such by grammar; what tells, sighs or asks of others has none of them."""

import pytest

from scheduler.core.plain_form import orders_plainly


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Schick Lea den Plan", "send_mail"),
        ("Bitte schick Lea den Plan", "send_mail"),
        ("Kannst du Lea den Plan schicken?", "send_mail"),
        ("Könnten Sie Word öffnen?", "open_app"),
        ("Den Plan an Lea schicken", "send_mail"),
        ("Lass uns Word öffnen", "open_app"),
        ("Ich möchte Lea den Plan schicken", "send_mail"),
        ("Ich brauche morgen einen Termin mit Lea", "create_appointment"),
        ("Der Plan muss heute noch an Lea raus", "send_mail"),
        ("Sie müssen Lea noch schreiben", "send_mail"),
        ("Vergiss nicht, Lea den Plan zu schicken", "send_mail"),
        ("Es wäre nett, wenn du Lea schreibst", "send_mail"),
        ("Den Plan bitte an Lea", "send_mail"),
        ("Wo liegt der Plan?", "search_document"),
        ("Was hat Lea geschrieben?", "read_mail"),
        ("Send Lea the plan", "send_mail"),
        ("Could you send Lea the plan?", "send_mail"),
        ("Would you mind opening Word?", "open_app"),
        ("I need the plan as a PDF", "export_pdf"),
        ("I'd like to see the new mails", "read_mail"),
        ("Don't forget to send Lea the plan", "send_mail"),
        ("You'll send Lea the plan now", "send_mail"),
        ("The plan has to be sent to Lea", "send_mail"),
        ("The plan needs to go to Lea", "send_mail"),
        ("The plan to Lea, please", "send_mail"),
        ("Any mail from Lea?", "read_mail"),
    ],
)
def test_plain_orders_have_a_plain_form(text: str, intent: str) -> None:
    assert orders_plainly(text, intent)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("", "send_mail"),
        ("Lea verschickt die Pläne immer freitags", "send_mail"),
        ("Wer googelt denn bitte nachts nach Schrauben?", "web_search"),
        ("Man muss das Formular ja online ausfüllen", "fill_form"),
        ("Wir füllen die Anträge ab Mai online aus", "fill_form"),
        ("Ein Termin beim Amt ist schwer zu kriegen", "create_appointment"),
        ("Ach, würde sich das Formular doch von selbst ausfüllen", "fill_form"),
        ("Dein Termin am 3. Mai um 9 Uhr wurde gebucht", "create_appointment"),
        ("Mail an Lea ist schon raus", "send_mail"),
        ("Guests normally fill in the form at the desk", "fill_form"),
        ("Payroll emails the slips to everyone at noon", "send_mail"),
        ("Spent all day searching for a mail", "search_mail"),
        ("Would be lovely if somebody answered mails here", "send_mail"),
        ("Lea intends to write to every supplier", "send_mail"),
        ("In a perfect world one would find every file", "search_document"),
        ("They must fill in the form twice", "fill_form"),
    ],
)
def test_what_orders_nothing_has_none(text: str, intent: str) -> None:
    assert not orders_plainly(text, intent)
