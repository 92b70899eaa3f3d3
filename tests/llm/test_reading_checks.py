"""What keeps readings or overrules rules: who agrees, what stands beside a negation, what shares a verb or is a row."""

from types import SimpleNamespace
from typing import cast

import pytest

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.no_order import NoOrder
from scheduler.llm.guess import Guess
from scheduler.llm.order_division import Division, Part
from scheduler.llm.order_model import Way, Ways, Words
from scheduler.llm.reading_checks import (
    all_agree,
    besides_negations,
    is_foreign,
    likeliest,
    one_of_row,
    others_are_remarks,
    shares_verb,
)
from scheduler.llm.readings import WEIGHTS, Reading


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        ("They take no Word, so make it a PDF", "so make it a PDF"),
        ("Ich finde ihn nicht. Such bitte den Vertrag.", "Such bitte den Vertrag."),
        ("Make it a PDF, so that nobody changes it", "Make it a PDF"),
        ("Send it to Tom, no, to Eva", ""),
        ("Close Word. No, not now.", ""),
        ("Send it, but not today", ""),
        ("Wag es nicht, Excel zuzumachen, bitte.", ""),
        ("Untersteh dich nicht, Word zu schließen", ""),
        ("Avoid closing Excel", ""),
        ("Avoid closing Excel, because it is late", ""),
    ],
)
def test_what_is_beside_a_negation_may_be_ordered(text: str, beside: str) -> None:
    assert besides_negations(text) == beside


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("Restart Outlook", True),
        ("Das PDF bitte kürzen", True),
        ("Kannst du das PDF kürzen?", True),
        ("Print the plan", True),
        ("Lease signing with Tom at ten, into the diary", False),
        ("I want the table as data I can sort", False),
        ("Close Word", False),
    ],
)
def test_a_verb_that_nobody_configured_orders(text: str, foreign: bool) -> None:
    assert is_foreign(text) is foreign


def ways_of(*intents: str) -> Ways:
    """Return that a request is likeliest read as these orders."""
    way = Way(tuple(Words(intent, intent) for intent in intents))
    return cast("Ways", SimpleNamespace(ways=(way,) if intents else ()))


def known(*intents: str, row: bool = False) -> tuple[OrderPart, ...]:
    """Return orders that rules know; in a row each stands after the one before."""
    return tuple(
        OrderPart(intent, RoutedIntent(name=intent), (place - 1,) if row and place else ())
        for place, intent in enumerate(intents)
    )


def reading(*orders: tuple[str, str]) -> Reading:
    """Return a reading of words with their intents."""
    parts = tuple(Part(text, intent, 0.0) for text, intent in orders)
    return Reading(tuple(intent for _, intent in orders), Division(parts=parts), WEIGHTS)


def test_the_likeliest_way_says_which_intents_a_request_has() -> None:
    assert likeliest(ways_of("open_app", "close_app")) == ("open_app", "close_app")
    assert likeliest(ways_of()) == likeliest(None) == ()


@pytest.mark.parametrize(
    ("text", "rules", "example", "whole", "agree"),
    [
        ("Word needed now", ["open_app"], "open_app", ["open_app"], True),
        ("Word needed now", ["open_app"], "close_app", ["open_app"], False),
        ("Word needed now", ["open_app"], "open_app", ["close_app"], False),
        ("Word needed now", ["open_app"], "open_app", ["open_app", "open_app"], False),
        ("Word needed now", ["open_app"], "open_app", [], False),
        ("Word needed now", [], "open_app", ["open_app"], False),
        ("Word and Excel needed", ["open_app", "open_app"], "open_app", ["open_app", "open_app"], False),
        ("Word not needed now", ["open_app"], "open_app", ["open_app"], False),
        ("All but Word needed", ["open_app"], "open_app", ["open_app"], False),
        ("Vergiss Word, Excel brauche ich", ["open_app"], "open_app", ["open_app"], False),
        ("Mail for Anna now", ["send_mail"], "send_mail", ["send_mail"], False),
    ],
)
def test_all_agree_where_each_reads_the_same_single_harmless_order_and_nothing_is_negated_or_left_out(
    text: str, rules: list[str], example: str, whole: list[str], agree: bool
) -> None:
    assert all_agree(text, known(*rules), Guess((example, "unknown"), 0.9), ways_of(*whole)) is agree


def test_nobody_agrees_with_what_was_not_learned() -> None:
    assert not all_agree("Word needed now", known("open_app"), Guess(("open_app",), 0.9), None)


def test_one_part_may_be_an_order_where_all_others_are_remarks() -> None:
    order, remark = known("open_app")[0], OrderPart("Tom waits", RoutedIntent(name=UNKNOWN, no_order=NoOrder.REMARK))

    assert others_are_remarks(Orders((remark, order)))
    assert not others_are_remarks(Orders((order, order)))
    assert not others_are_remarks(Orders((remark,)))


@pytest.mark.parametrize(
    ("orders", "shares"),
    [
        ([("kill chrome", "close_app"), ("and firefox", "close_app")], True),
        ([("kill chrome", "close_app"), ("and firefox", "open_app")], True),
        ([("paint zu", "close_app"), ("gimp auf", "open_app")], False),
        ([("kill chrome", "close_app"), ("and start firefox", "open_app")], False),
        ([("kill chrome", "close_app"), ("and the mail from Tom", "read_mail")], False),
    ],
)
def test_a_mere_name_shares_the_verb_before_it(orders: list[tuple[str, str]], shares: bool) -> None:
    assert shares_verb(reading(*orders), known("close_app")) is shares


def test_a_mere_name_may_be_an_order_where_rules_know_it() -> None:
    read = reading(("kill chrome", "close_app"), ("and firefox", "close_app"))

    assert not shares_verb(read, known("close_app", "close_app"))


@pytest.mark.parametrize(
    ("rules", "row", "of_row"),
    [
        (["read_mail", "read_mail"], True, True),
        (["read_mail", "read_mail"], False, False),
        (["read_mail", "search_mail"], True, False),
        (["read_mail"], True, False),
    ],
)
def test_a_row_of_alike_orders_is_not_taken_for_one(rules: list[str], row: bool, of_row: bool) -> None:
    assert one_of_row(reading(("the mails", "read_mail")), known(*rules, row=row)) is of_row
