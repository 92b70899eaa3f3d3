"""What was learned names an intent only when it is sure, asks back when it is not, and never overrules rules."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import yaml

from scheduler.core.compound import OrderPart, Orders, split_orders
from scheduler.core.intents import RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.no_order import NoOrder
from scheduler.llm.guess import Guess
from scheduler.llm.intent_examples import examples_of
from scheduler.llm.learned_intent_router import LearnedIntentRouter
from scheduler.llm.order_model import Way, Ways, Words
from scheduler.llm.ordering import Bands
from tests.support.routers import the_router

_MEASURED = Path(__file__).parents[1] / "language" / "dev_requests.yaml"
RULES = the_router()
BANDS = Bands()
STRANGE = "Beglücke Anna mit dem Schreiben von neulich"


class Sure:
    """Guesses the same of everything."""

    def __init__(self, score: float) -> None:
        names = ("send_mail", "unknown", "read_mail", "search_mail", "open_app")
        self.guessed = Guess(names, score, (score, 1 - score, 0.0, 0.0, 0.0), several=-1.0)

    def guess(self, sentence: str) -> Guess:  # noqa: ARG002 - it is the same of everything
        return self.guessed

    def glance(self, sentences: Sequence[str]) -> list[Guess]:
        return [self.guessed for _ in sentences]


@pytest.mark.parametrize(
    ("score", "intent", "why"),
    [
        (0.9, "send_mail", "like its examples (0.90)"),
        (0.95, "send_mail", "like its examples (0.95)"),
        (0.5, "unknown", "no order (0.41)"),
    ],
)
def test_three_bands(score: float, intent: str, why: str) -> None:
    routed = LearnedIntentRouter(RULES, Sure(score), BANDS).route(STRANGE)

    assert (routed.name, routed.way) == (intent, "learned")
    assert routed.nearest == ("send_mail", "read_mail", "search_mail")
    assert routed.why == why


@pytest.mark.parametrize("score", [0.2, 0.9])
def test_what_people_are_shown_decides_nothing(monkeypatch: pytest.MonkeyPatch, score: float) -> None:
    texts = (
        "Öffne Word nicht",
        "Tom wartet, schick Anna die Rechnung 4711",
        "Word ist offen",
        "Danke",
        "- Öffne Word\n- Teams bitte nicht schließen\n- Vielen Dank",
        "Hast du Word geöffnet?",
    )
    router = LearnedIntentRouter(RULES, Sure(score), BANDS)
    read = [split_orders(text, RULES, router) for text in texts]

    def told_otherwise(routed: RoutedIntent, why: NoOrder) -> RoutedIntent:
        return routed.model_copy(update={"no_order": why, "why": "in other words"})

    monkeypatch.setattr(RoutedIntent, "ordering_nothing", told_otherwise)
    otherwise = [split_orders(text, RULES, router) for text in texts]

    assert [_without_words(one) for one in otherwise] == [_without_words(one) for one in read]
    assert any(part.routed.no_order for one in read for part in one.parts)


def _without_words(orders: Orders) -> object:
    parts = [part._replace(routed=part.routed.model_copy(update={"why": ""})) for part in orders.parts]
    return orders._replace(parts=tuple(parts))


def test_learned_intent_comes_with_the_slots_its_words_fill() -> None:
    routed = LearnedIntentRouter(RULES, Sure(0.9), BANDS).route(
        "Beglücke Frau Huber mit dem Angebot 77, an huber@example.com"
    )

    assert routed.slots["recipient"] == "huber@example.com"
    assert routed.slots["document_id"] == "77"


def test_rules_are_believed_that_know_several_orders_where_no_cut_is_seen() -> None:
    text = "Before closing Slack would you fill out the starter form for Ms Ibekwe"

    orders = LearnedIntentRouter(RULES, Sure(0.9), BANDS).reread(text, RULES.orders(text))

    assert [part.routed.name for part in orders.parts] == ["fill_form", "close_app"]


@pytest.mark.parametrize("foreign", ["den Vertrag bitte ins Englische übersetzen", "translate the letter please"])
def test_what_no_intent_does_never_acts(foreign: str) -> None:
    routed = LearnedIntentRouter(RULES, Sure(1.0), BANDS).route(foreign)

    assert (routed.name, routed.unsure) == ("unknown", False)


def test_what_is_like_nothing_stays_unknown() -> None:
    routed = LearnedIntentRouter(RULES, Sure(0.1), BANDS).route(STRANGE)

    assert (routed.name, routed.way) == ("unknown", "learned")


def test_rules_that_know_are_not_asked_twice() -> None:
    routed = LearnedIntentRouter(RULES, Sure(1.0), BANDS).route("Öffne die Datei Angebot.pdf")

    assert routed.way == "rules"
    assert routed.name != "send_mail"


@pytest.mark.parametrize("no_order", ["Schick die Rechnung nicht an Anna", "Don't send the invoice to Anna"])
def test_negated_order_is_never_taken_for_one(no_order: str) -> None:
    routed = LearnedIntentRouter(RULES, Sure(1.0), BANDS).route(no_order)

    assert routed.name == "unknown"


@pytest.mark.parametrize("no_order", ["Schick die Rechnung nicht an Anna", "Wer hat die Rechnung an Anna geschickt?"])
def test_what_grammar_refuses_is_asked_about_where_examples_are_nearly_sure(no_order: str) -> None:
    nearly, hardly = (LearnedIntentRouter(RULES, Sure(share), BANDS).route(no_order) for share in (0.95, 0.9))

    assert (nearly.unsure, nearly.nearest[0]) == (True, "send_mail")
    assert not hardly.unsure


def test_what_grammar_refuses_is_done_where_examples_are_surer_still_unless_it_is_negated() -> None:
    router = LearnedIntentRouter(RULES, Sure(0.9999), BANDS)

    question, negated = map(router.route, ("Wer hat Lust, Anna die Rechnung zu schicken?", "Schick Anna nichts"))

    assert question.name == "send_mail"
    assert negated.name == "unknown"


@pytest.mark.parametrize(
    ("request_", "done"),
    [
        ("Das Amt nimmt kein Word, beglücke Anna mit dem Schreiben", True),
        ("Beglücke Anna mit dem Schreiben, sonst glaubt sie es nicht", True),
        ("Beglücke Anna nicht mit dem Schreiben, sonst glaubt sie es", False),
        ("Beglücke Anna mit dem Schreiben, aber nicht heute", False),
        ("Beglücke Anna nicht mit dem Schreiben", False),
        ("Beglücke Anna mit dem Schreiben. Nein, lieber nicht.", False),
    ],
)
def test_what_an_aside_negates_is_no_reason_to_refuse_the_order_behind_it(request_: str, done: bool) -> None:
    routed = LearnedIntentRouter(RULES, Sure(0.9999), BANDS).route(request_)

    assert (routed.name == "send_mail") is done


class Read:
    """Reads one order of the same intent in every request."""

    intents = ("send_mail", "read_mail", "search_mail", "open_app", "close_app")

    def __init__(self, intent: str, shape: float = 4.0) -> None:
        self._intent, self._shape = intent, shape

    def read(self, text: str) -> Ways:
        return cast(
            "Ways", SimpleNamespace(ways=(Way((Words(text, self._intent),)),), nothing=0.1, beliefs=self._beliefs)
        )

    def _beliefs(self, sequences: Sequence[Sequence[str]]) -> list[float]:
        return [-0.1 if list(one) == [self._intent] else -5.0 for one in sequences]

    def shape(self, text: str) -> float:  # noqa: ARG002 - it is the same of everything
        return self._shape


@pytest.mark.parametrize(
    ("request_", "score", "intent", "done"),
    [
        ("Lease signing for Anna by mail please", 0.99, "send_mail", True),
        ("Lease signing for Anna by mail please", 0.8, "send_mail", False),
        ("Lease signing for Anna by mail please", 0.99, "open_app", False),
        ("Please translate the letter to Anna", 0.99, "send_mail", False),
        ("Das Schreiben an Anna bitte übersetzen", 0.99, "send_mail", False),
    ],
)
def test_a_word_that_nobody_configured_is_no_reason_to_refuse_what_all_examples_know_unless_it_orders(
    request_: str, score: float, intent: str, done: bool
) -> None:
    routed = LearnedIntentRouter(RULES, Sure(score), BANDS, Read(intent)).route(request_)

    assert (routed.name == "send_mail") is done


class Torn(Sure):
    """Takes everything for a mail to be sent or, with the rest of belief, for a document to be opened."""

    def __init__(self, score: float) -> None:
        names = ("send_mail", "open_document") if score > 0.5 else ("open_document", "send_mail")
        shares = (max(score, 0.99 - score), min(score, 0.99 - score), 0.01)
        self.guessed = Guess((*names, "unknown"), shares[0], shares, several=-1.0)


@pytest.mark.parametrize(("share", "intent"), [(0.98, "send_mail"), (0.6, "open_document")])
def test_rules_that_are_sure_give_way_to_examples_that_are_surer(share: float, intent: str) -> None:
    routed = LearnedIntentRouter(RULES, Torn(share)).route("Öffne den Vertrag, die Chefin wartet")

    assert routed.name == intent


class PartByPart(Sure):
    """Knows what parts want, takes the whole for several orders, and all else for the last of its intents."""

    def __init__(self, **known: str) -> None:
        self._known = {text.replace("_", " "): intent for text, intent in known.items()}

    def guess(self, sentence: str) -> Guess:
        intent = self._known.get(sentence.strip(" ,."), next(iter(self._known.values())))
        return Guess((intent, "unknown"), 0.97, (0.97, 0.03), several=2.0)

    def glance(self, sentences: Sequence[str]) -> list[Guess]:
        return [self.guess(one) for one in sentences]


def test_a_mere_name_is_no_order_of_its_own() -> None:
    parts = PartByPart(kill_chrome="close_app", and_firefox="open_app")

    found = split_orders("kill chrome and firefox", RULES, LearnedIntentRouter(RULES, parts)).parts

    assert [(one.routed.name, one.routed.words["application"]) for one in found] == [
        ("close_app", ["chrome", "firefox"])
    ]


def test_two_programs_with_a_verb_each_are_two_orders() -> None:
    parts = PartByPart(paint_zu="close_app", gimp_auf="open_app")

    found = split_orders("paint zu, gimp auf", RULES, LearnedIntentRouter(RULES, parts)).parts

    assert [one.routed.name for one in found] == ["close_app", "open_app"]


def test_a_row_of_alike_orders_that_rules_know_stays_one() -> None:
    said, one = "Show me the mail from Jo Brand and after that the one from Lee", Sure(0.9)
    one.guessed = Guess(("read_mail", "unknown"), 0.9, (0.9, 0.1), several=-1.0)

    found = split_orders(said, RULES, LearnedIntentRouter(RULES, one)).parts

    assert [one.routed.name for one in found] == ["read_mail", "read_mail"]


class Hardly(Sure):
    """Takes everything for no order."""

    def __init__(self) -> None:
        self.guessed = Guess(("unknown", "send_mail", "open_app", "read_mail"), 0.95, (0.95, 0.03, 0.01, 0.01))


def test_what_rules_are_not_sure_of_and_examples_deny_is_asked_about() -> None:
    read = Orders((OrderPart("x", RULES.route("Öffne den Vertrag").model_copy(update={"score": 0.5})),))

    (part,) = LearnedIntentRouter(RULES, Hardly()).reread("Vergelt's Gott für die schnelle Mail", read).parts

    assert (part.routed.name, part.routed.unsure) == ("unknown", True)
    assert part.routed.nearest[0] == "open_document"


def test_no_example_is_a_sentence_that_understanding_is_measured_on() -> None:
    learned = {text.casefold() for text, _ in examples_of(RULES.intents)}
    measured = yaml.safe_load(_MEASURED.read_text(encoding="utf-8"))
    said = {normalise(one["t"]) for locale in ("de", "en") for one in measured[locale]}

    assert not learned & {text.casefold() for text in said | {normalise(text) for text in measured["no_order"]}}
