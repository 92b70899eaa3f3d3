"""Orders to send and to close that wait for what nobody tells us of are asked about."""

import pytest

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.slots import Said
from scheduler.core.waiting_orders import without_waiting


def is_done(text: str, intent: str, **slots: str) -> bool:
    read = Orders((OrderPart(text, RoutedIntent(name=intent, slots=slots)),))
    return without_waiting(text, read) == read


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Close Word once I've saved the report", "close_app"),
        ("Schließ Word, sobald ich fertig bin", "close_app"),
        ("Send Tom the list, but only if Eva agrees", "send_mail"),
        ("Schick Tom die Liste, vorausgesetzt Eva ist da", "fetch_and_send"),
        ("Send Tom the list if Eva agrees", "send_mail"),
    ],
)
def test_what_waits_is_asked_about(text: str, intent: str) -> None:
    (part,) = without_waiting(text, Orders((OrderPart(text, RoutedIntent(name=intent)),))).parts

    assert (part.routed.name, part.routed.nearest) == (UNKNOWN, (intent,))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Open Word once I've saved the report", "open_app"),
        ("Send Tom the list if it's ok", "send_mail"),
        ("Check if it works and send Tom the list", "send_mail"),
        ("Tell Tom that I come once I've saved it", "send_mail"),
        ("Close Word if Excel is closed", "close_app"),
    ],
)
def test_what_waits_for_nothing_or_does_no_harm_is_done(text: str, intent: str) -> None:
    assert is_done(text, intent)


def test_a_program_that_is_only_named_in_the_condition_is_not_closed_unasked() -> None:
    text = "Close Word if Excel is closed"
    said = tuple(Said("application", one, text.find(one), text.find(one) + len(one)) for one in ("Word", "Excel"))
    routed = RoutedIntent(name="close_app", slots={"application": "Word"}, said=said)

    (part,) = without_waiting(text, Orders((OrderPart(text, routed),))).parts

    assert part.routed.name == UNKNOWN
