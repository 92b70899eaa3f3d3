"""A list that is the text of a mail, is done, is put off, or stands under words that nobody knows is not done."""

import pytest

from tests.orchestrator.test_listed_orders import read

pytestmark = pytest.mark.component


@pytest.mark.parametrize(
    "over",
    [
        "Schreib Anna folgendes:",
        "Schreib Anna folgendes:\n\nHallo Anna,\n\nbitte erledige heute:",
        "Schreib Anna folgendes:\nHallo Anna\nein paar Sachen für morgen",
        "Schick Anna eine Mail mit folgendem Inhalt:",
        "Sag Anna bitte:",
        "Mail an Anna:",
        "Teile Anna mit:",
        "Sende eine Mail an Anna, Betreff Aufgaben, Text:",
        "Send this to Anna:\n\nHi Anna,\n\nwe have three things.\n",
        "Tell Anna:",
        "Email Anna:\nHi Anna,",
        "Write a mail to Anna. Text:\nHi Anna,",
        "Ask Anna to:",
        "Let Anna know:",
    ],
)
@pytest.mark.parametrize("mark", ["-", "1."])
async def test_a_list_that_is_the_text_of_a_mail_is_no_more(over: str, mark: str) -> None:
    second = "2." if mark == "1." else mark
    assert await read(f"{over}\n{mark} schließ Word\n{second} öffne Excel") == ["send to Anna"]


@pytest.mark.parametrize("text", ["Tell Tom: close Teams, open Outlook", "Sag Tom: schließ Teams, öffne Outlook"])
async def test_dictated_orders_are_told_and_not_done(text: str) -> None:
    assert await read(text) == ["send to Tom"]


@pytest.mark.parametrize(
    "over",
    [
        "Anna schrieb:",
        "Message for Anna:",
        "Von: Anna\nBetreff: Aufgaben\n",
        "How do I:",
        "Pick one:",
        "Mach eins davon:",
        "Things to avoid:",
        "Notiere:",
        "Merk dir:",
        "Put on my to-do list:",
        "Translate this list:",
        "Übersetze bitte:",
        "Drucke diese Liste:",
        "Für Anna:",
        "Morgen:",
        "Tomorrow at 9:",
        "Um 17 Uhr:",
        "Every Friday at 5:",
        "Nach der Besprechung:",
    ],
)
async def test_a_list_under_words_that_may_order_something_else_is_not_done(over: str) -> None:
    assert {*await read(f"{over}\n- schließ Word\n- öffne Excel")} == {"?"}


@pytest.mark.parametrize(
    "over",
    [
        "Bis Freitag:",
        "Before you go:",
        "Bevor du gehst:",
        "Bevor der Prüfer da ist, bitte:",
        "Tom ist krank, daher bitte:",
        "Hi,\nI'm off from tomorrow and need a few things done before:",
        "**To do**",
        "TODO\n=====",
        "# Aufgaben",
    ],
)
async def test_a_list_under_words_that_give_a_reason_or_a_time_until_which_is_done(over: str) -> None:
    assert await read(f"{over}\n- schließ Word\n- öffne Excel") == ["close Word", "open Excel"]


@pytest.mark.parametrize(
    "after",
    [
        "But only if Tom agrees.",
        "Aber erst wenn Tom zugestimmt hat.",
        "Wait for my OK before you start.",
        "The second one can wait until tomorrow.",
        "Nummer 2 doch nicht",
        "Skip 2.",
    ],
)
async def test_what_puts_off_a_list_or_a_part_of_it_is_asked_about(after: str) -> None:
    assert {*await read(f"1. close Word\n2. open Excel\n{after}")} == {"?"}


@pytest.mark.parametrize(
    "end",
    [
        "\nMfG\nT. Berg\nVertrieb",
        "\nKind regards,\nEva Long\nSales Manager\n+44 20 1234",
        "-- \nEva Long, Sales",
        "sent from my iPhone",
        "Danke dir!\nLG Tom",
    ],
)
async def test_a_signature_is_no_order(end: str) -> None:
    assert await read(f"- close Word\n- open Excel\n{end}") == ["close Word", "open Excel"]


@pytest.mark.parametrize(
    "done",
    ["~~Word schließen~~", "Word schließen (erledigt)", "close Word - done", "Word schließen ✓", "[x] Word schließen"],
)
async def test_what_is_done_is_not_done_again(done: str) -> None:
    assert await read(f"- {done}\n- Excel öffnen") == ["open Excel"]
    assert {*await read(f"- {done}\n- {done}")} == {"?"}


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("1. Falls Anna schreibt, schließ Word\n2. Öffne Excel", ["?", "open Excel"]),
        ("1. Tom schließt Word\n2. Öffne Excel", ["?", "open Excel"]),
        ("- Programme schließen:\n  - Word\n  - Excel\n- Outlook öffnen", ["close Word und Excel", "open Outlook"]),
        ("Send the offer to the following people:\n- Anna\n- Tom", ["send offer to Anna", "send offer to Tom"]),
        ("Schick den Vertrag an folgende Personen:\n- Anna\n- Tom", ["send Vertrag to Anna", "send Vertrag to Tom"]),
        ("#1 close Word\n#2 open Excel", ["close Word", "open Excel"]),
        ("✅ Angebot an Anna schicken\n⬜ Word schließen", ["close Word"]),
        ("- close Word\n- find the plan\n\nAfter that open Excel.", ["close Word", "find plan", "open Excel"]),
        ("1. Öffne Excel\n2. Lade die Tabelle\n3. Schließe es wieder", ["open Excel", "extract_table", "close"]),
    ],
)  # fmt: skip
async def test_items_stay_what_they_are_alone(text: str, orders: list[str]) -> None:
    assert await read(text) == orders
