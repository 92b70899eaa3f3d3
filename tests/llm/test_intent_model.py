"""Intents are learned from the examples of both languages, believed as far as they are like them."""

import pytest

from scheduler.llm.intent_learning import learn
from scheduler.llm.intent_model import IntentModel
from scheduler.llm.learned_intent_router import LearnedIntentRouter
from scheduler.llm.office_model import OfficeModel
from scheduler.llm.sentence_encoder import UniversalSentenceEncoder
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
