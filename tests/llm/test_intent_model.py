"""Intents are learned from the examples of both languages, believed as far as they are like them."""

from pathlib import Path

import numpy as np
import pytest

from scheduler.core.compound import OrderPart, Orders
from scheduler.llm import shipped_knowledge
from scheduler.llm.intent_examples import examples_of
from scheduler.llm.intent_learning import learn
from scheduler.llm.intent_model import IntentModel
from scheduler.llm.learned_intent_router import LearnedIntentRouter
from scheduler.llm.office_model import OfficeModel, key_and_more
from scheduler.llm.sentence_encoder import UniversalSentenceEncoder
from scheduler.llm.shipped_knowledge import DEFAULT_FILE
from tests.support.routers import the_router

pytestmark = pytest.mark.component
OFFICE = "gib dem Steuerberater bescheid dass wir später kommen"
RULES = the_router()


@pytest.fixture(scope="module")
def model() -> IntentModel:
    pairs = [(text, one.name) for one in RULES.intents for texts in one.examples.values() for text in texts]
    encoder = UniversalSentenceEncoder()
    return IntentModel(encoder, learn(encoder, [text for text, _ in pairs], [name for _, name in pairs]))


@pytest.mark.parametrize(
    ("sentence", "intent"),
    [
        ("mail an Anna schiken dass ich spaeter komme", "send_mail"),
        ("pls check whether there are new e-mails", "read_mail"),
        ("mach aus dem Vertrag bitte eine PDF Datei", "export_pdf"),
        ("leg mir einen Termin mit Herrn Weber an", "create_appointment"),
        ("launch the calculator app", "open_app"),
    ],
)
def test_examples_are_learned_in_both_languages(model: IntentModel, sentence: str, intent: str) -> None:
    assert intent in model.guess(sentence).intents[:2]


def test_same_sentence_has_the_same_guess(model: IntentModel) -> None:
    assert model.guess("Hol die Rechnung") == model.guess("Hol die Rechnung")


def test_sentences_that_were_asked_before_change_no_answer(model: IntentModel) -> None:
    asked = ["Hol die Rechnung", "open Excel", "Hol die Rechnung"]
    alone = [model.glance([one])[0] for one in asked]

    model.glance([f"Rechnung {number}" for number in range(200)])

    assert model.glance(asked) == alone
    assert model.glance([]) == []


def test_nonsense_is_believed_less_than_an_example(model: IntentModel) -> None:
    example = RULES.intents[0].examples["de"][0]

    assert model.guess("blau vierzehn Kartoffelmond").score < 0.5 < model.guess(example).score


def test_two_intents_are_enough_and_one_is_not() -> None:
    encoder = UniversalSentenceEncoder()
    sentences = ["Guten Tag", "Hallo", "Rechnung holen", "Hol die Rechnung"]
    two = IntentModel(encoder, learn(encoder, sentences, ["a", "a", "b", "b"]))

    assert two.guess("Hallo zusammen").intents == ("a", "b")
    with pytest.raises(ValueError, match="two intents"):
        learn(encoder, ["Guten Tag"], ["a"])


def test_office_model_learns_at_the_first_question_and_is_sure_of_plain_requests() -> None:
    router = LearnedIntentRouter(RULES, OfficeModel(RULES.intents))

    assert router.route(OFFICE).name == "send_mail"
    assert router.route("das Wetter in Hamburg war heute grau").name == "unknown"


def test_orders_that_rules_do_not_divide_are_divided_in_the_sequence_of_doing() -> None:
    router = LearnedIntentRouter(RULES, OfficeModel(RULES.intents))
    lump = Orders((OrderPart("x", RULES.route("das Wetter war grau")),))

    parts = router.reread("1. launch Excel 2. find the mail from the auditor 3. shut Excel again", lump).parts
    turned = router.reread(
        "Bevor du Teams schließt, leg bitte einen Termin mit Anna am 3. Mai um 10 Uhr an", lump
    ).parts

    assert [part.routed.name for part in parts] == ["open_app", "search_mail", "close_app"]
    assert [part.routed.name for part in turned] == ["create_appointment", "close_app"]
    assert turned[1].after == (0,)


def test_what_is_shipped_is_what_the_examples_teach() -> None:
    key, _ = key_and_more(tuple(examples_of(RULES.intents)), UniversalSentenceEncoder.name)
    with np.load(DEFAULT_FILE, allow_pickle=False) as file:
        assert str(file["key"]) == key, "run `make vectors` and commit the files"


def test_shipped_knowledge_of_other_examples_is_not_taken() -> None:
    pairs = [("Guten Tag", "a"), ("Hol die Rechnung", "b")]

    assert shipped_knowledge.load("other", UniversalSentenceEncoder(), pairs, DEFAULT_FILE) is None
    assert shipped_knowledge.load("other", UniversalSentenceEncoder(), pairs, Path("nowhere.npz")) is None
