"""Rules and what was learned of whole requests: which is done, what is asked about, what is never done."""

import math
from collections.abc import Sequence

import pytest

from scheduler.core.compound import Orders, split_orders
from scheduler.core.intents import UNKNOWN
from scheduler.llm.guess import Guess
from scheduler.llm.learned_orders import LearnedOrders
from scheduler.llm.order_model import Way, Ways, Words
from scheduler.llm.order_spans import pieces_of
from tests.support.routers import the_router

RULES = the_router()
KNOWN = tuple(intent.name for intent in RULES.intents if intent.name != UNKNOWN)


class Reader:
    """Believes that a request holds these orders, and `nothing` that it holds none."""

    intents: tuple[str, ...] = KNOWN

    def __init__(self, *orders: Words, nothing: float = 0.01) -> None:
        self._orders, self._nothing = orders, nothing

    def read(self, text: str, asked: Sequence[str] = ()) -> Ways:
        ways = [Way((), math.log(self._nothing))]
        if self._orders:
            ways.append(Way(self._orders, math.log(1 - self._nothing)))
        same = tuple(asked) == tuple(one.intent for one in self._orders)
        other = math.log((1 - self._nothing) if same else 1e-9) if asked else ways[0].belief
        return Ways(tuple(ways), len(pieces_of(text)), other)


class NoModel:
    """Must not be asked."""

    def guess(self, sentence: str) -> Guess:
        raise AssertionError(sentence)

    def glance(self, sentences: Sequence[str]) -> list[Guess]:
        raise AssertionError(sentences)


def read(text: str, reader: Reader) -> Orders:
    return split_orders(text, RULES, LearnedOrders(RULES, NoModel(), reader))


STRANGE = "Das mit dem Handbuch bitte fertig machen"


def test_what_rules_do_not_know_is_done_as_it_was_learned() -> None:
    (part,) = read(STRANGE, Reader(Words(STRANGE, "send_mail"))).parts

    assert (part.routed.name, part.routed.way) == ("send_mail", "learned")
    assert part.routed.slots["document"] == "Handbuch"


def test_where_it_may_well_be_nothing_people_are_asked() -> None:
    (part,) = read(STRANGE, Reader(Words(STRANGE, "send_mail"), nothing=0.4)).parts

    assert part.routed.name == UNKNOWN
    assert part.routed.unsure
    assert part.routed.nearest[0] == "send_mail"


def test_nothing_is_nothing() -> None:
    (part,) = read("Das Handbuch ist ja wirklich dick geworden", Reader(nothing=0.99)).parts

    assert part.routed.name == UNKNOWN
    assert not part.routed.unsure


@pytest.mark.parametrize("negated", ["Schick Anna bloß keine Mahnung", "Don't send Anna the reminder"])
def test_what_is_negated_is_never_done(negated: str) -> None:
    (part,) = read(negated, Reader(Words(negated, "send_mail"), nothing=0.001)).parts

    assert part.routed.name == UNKNOWN


def test_what_is_negated_beside_an_order_is_not_done_either() -> None:
    reader = Reader(Words("Schick Anna die Rechnung. ", "send_mail"), Words("Öffne Excel nicht", "open_app"))

    parts = read("Schick Anna die Rechnung. Öffne Excel nicht", reader).parts

    assert "open_app" not in [part.routed.name for part in parts]


def test_several_orders_are_divided_where_they_stand() -> None:
    first, second = "Teams an, das Handbuch ", "bitteschön rüber zu anna@example.com"
    reader = Reader(Words(first, "open_app"), Words(second, "send_mail"))

    parts = read(first + second, reader).parts

    assert [(part.text, part.routed.name) for part in parts] == [(first, "open_app"), (second, "send_mail")]


def test_what_rules_read_as_well_is_left_as_they_read_it() -> None:
    text = "Starte Excel und öffne den Vertrag.pdf"
    reader = Reader(Words("Starte Excel ", "open_app"), Words("und öffne den Vertrag.pdf", "open_document"))

    assert read(text, reader) == split_orders(text, RULES)


def test_what_is_surely_one_order_is_not_asked_about() -> None:
    class Deaf(Reader):
        def read(self, text: str, asked: Sequence[str] = ()) -> Ways:
            raise AssertionError(text, asked)

    (part,) = read("Öffne die Datei Angebot.pdf", Deaf()).parts

    assert part.routed.name == "open_document"


def test_an_intent_of_ones_own_is_left_to_what_was_learned_of_it() -> None:
    class Shipped(Reader):
        intents = tuple(name for name in KNOWN if name != "open_app")

    class Sure:
        def guess(self, _sentence: str) -> Guess:
            return Guess(("open_app", UNKNOWN), 0.95, (0.95, 0.05), several=-2.0)

        def glance(self, sentences: Sequence[str]) -> list[Guess]:
            return [self.guess(one) for one in sentences]

    learned = LearnedOrders(RULES, Sure(), Shipped(Words(STRANGE, "send_mail")))

    (part,) = split_orders("Das Rechenprogramm hätte ich gern flimmern gesehen", RULES, learned).parts

    assert part.routed.name == "open_app"
