"""What rules found for slots is weighed against what examples teach: kept, changed, left out, added."""

from pathlib import Path

import pytest

from bench.slot_learning import Example, labels_of, learn
from scheduler.core.compound import OrderPart, Orders, split_orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.language import normalise
from scheduler.llm.slot_candidates import places_of
from scheduler.llm.slot_choice import Bars
from scheduler.llm.slot_signs import Place, signs_of
from scheduler.llm.slot_tagger import NOTHING, SlotTagger, load, save
from scheduler.llm.slot_weighing import SlotWeigher
from tests.support.routers import the_router

ROUTER = the_router()
WEIGHER = SlotWeigher()


def orders_of(text: str, **slots: str) -> Orders:
    """Return one order of a request, its slots filled by hand."""
    routed = ROUTER.route(text)
    assert routed.name != UNKNOWN
    return Orders((OrderPart(text, routed.model_copy(update={"slots": slots, "said": ()})),))


def settled(text: str, weigher: SlotWeigher = WEIGHER, **slots: str) -> dict[str, str]:
    return weigher.settle(text, orders_of(text, **slots)).parts[0].routed.slots


def test_what_both_found_stays() -> None:
    assert settled("Schick den Vertrag an Anna", document="Vertrag", recipient="Anna") == {
        "document": "Vertrag",
        "recipient": "Anna",
    }


def test_what_rules_missed_is_added() -> None:
    assert settled("Please send the contract to Mr Weber", document="contract")["recipient"] == "Mr Weber"


def test_what_is_hardly_believed_is_left_out() -> None:
    assert "sender" not in settled(
        "Send the contract to Anna", document="contract", recipient="Anna", sender="contract"
    )


def test_other_words_are_taken_where_examples_are_sure() -> None:
    found = settled("Schick den Vertrag an Anna", document="an", recipient="Anna")

    assert found["document"] == "Vertrag"


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        (
            "Extract the price list from catalogue_pumps.pdf as xlsx and forward it to Purchasing",
            {"recipient": "Purchasing", "document": "price list"},
        ),
        (
            "Zwei Sachen: umsatz_filialen.xlsx öffnen und den Flyer Brotwoche als PDF speichern.",
            {"document": "Flyer Brotwoche"},
        ),
    ],
)
def test_an_order_that_has_its_own_thing_takes_none_from_another(text: str, slots: dict[str, str]) -> None:
    orders = WEIGHER.settle(text, split_orders(text, ROUTER))

    assert orders.parts[1].routed.slots == slots


def test_bars_decide() -> None:
    nothing = SlotWeigher(bars=Bars(taken=2, person=2))

    assert settled("Send the contract to Anna", nothing, recipient="Anna") == {}


def test_what_a_pronoun_means_is_not_looked_for_in_the_text() -> None:
    assert settled("Send it to Anna", document="contract 7", recipient="Anna")["document"] == "contract 7"


def test_the_number_goes_with_its_document() -> None:
    found = settled("Send Anna the invoice 4711", recipient="Anna", document="the", document_id="4711")

    assert found.get("document") == "invoice 4711"
    assert found["document_id"] == "4711"


def test_unknown_orders_stay_as_they_are() -> None:
    unknown = split_orders("Wie geht es dir?", ROUTER)

    assert WEIGHER.settle("Wie geht es dir?", unknown) == unknown


def test_each_order_gets_what_stands_in_it() -> None:
    text = "Open the contract. Then close Teams."
    orders = split_orders(text, ROUTER)

    found = WEIGHER.settle(text, orders).parts

    assert [part.routed.slots for part in found] == [{"document": "contract"}, {"application": "Teams"}]


def test_places_of_orders_are_found_in_the_text() -> None:
    text = "Open the contract. Then close Teams."

    first, second = places_of(text, split_orders(text, ROUTER).parts)

    assert first.end <= second.start
    assert text[second.start : second.end].endswith("Teams")


@pytest.mark.parametrize("text", ["Schick's", "?", "x" * 2000, "1) 2) 3)", "An: \n\n"])
def test_any_words_have_signs(text: str) -> None:
    text = normalise(text)
    found = signs_of(text, [Place("send_mail", 0, len(text))])

    assert len(found.tokens) == len(found.signs)


def test_labels_take_longer_values_first_and_words_once() -> None:
    text = "Schick die Rechnung 4711 an Anna und leg einen Termin mit Anna an"
    place = Place("send_mail", 0, len(text))
    example = Example(
        text,
        (place, place),
        ({"document": "Rechnung 4711", "document_id": "4711", "recipient": "Anna"}, {"participants": "Anna"}),
    )
    tokens = signs_of(text, example.places).tokens

    found = dict(zip((one.text for one in tokens), labels_of(example, tokens), strict=True))

    assert found["4711"] == "I-document"
    assert found["Schick"] == NOTHING
    assert labels_of(example, tokens).count("B-recipient") == 1


def test_what_was_learned_is_read_as_it_was_written(tmp_path: Path) -> None:
    texts = [f"Send {name} the contract" for name in ("Anna", "Bob", "Carla", "Dan")]
    examples = [
        Example(text, (Place("send_mail", 0, len(text)),), ({"recipient": text.split()[1], "document": "contract"},))
        for text in texts
    ]
    known = learn(examples, {"": -0.5, "b7|r": 1.25})
    save(known, tmp_path / "slots.npz")

    read = load(tmp_path / "slots.npz")

    assert read.labels == known.labels
    assert read.signs == known.signs
    assert read.choice == known.choice
    found = SlotTagger(tmp_path / "slots.npz").read("Send Emma the contract", [Place("send_mail", 0, 22)]).found
    assert [(one.slot, one.start, one.end) for one in found] == [("recipient", 5, 9), ("document", 14, 22)]


def test_a_slot_that_no_example_of_the_intent_has_stays() -> None:
    fields = "Benutzername: Max, Passwort: abc"

    assert settled(f"Fill in the form with {fields}", form="form", body=fields)["body"] == fields


TWICE = (
    ("Lade die Preisliste aus dem Lieferantenportal herunter und schick sie Frau Kunz.", "Preisliste"),
    ("Please download the price list from the supplier portal, then email it to Ms Kunz.", "price list"),
)


@pytest.mark.parametrize(("text", "document"), TWICE)
def test_what_another_order_names_is_carried_with_its_result(text: str, document: str) -> None:
    read = split_orders(text, ROUTER)
    emptied = tuple(
        part._replace(routed=part.routed.model_copy(update={"slots": {}, "said": ()}), refers=None)
        for part in read.parts
    )

    first, second = WEIGHER.settle(text, Orders(emptied)).parts

    assert first.routed.slots["document"] == document
    assert second.routed.slots["document"] == document
    assert second.refers == 0


def test_who_is_not_named_is_not_guessed() -> None:
    """A letter needs its recipient: what nobody names stays empty, so that the job asks."""
    for text in ("Schick die Rechnung 4711 bitte per Mail weiter.", "Please email the invoice 4711."):
        (part,) = WEIGHER.settle(text, split_orders(text, ROUTER)).parts

        assert "recipient" not in part.routed.slots


def test_a_mail_is_not_left_with_nothing_to_carry() -> None:
    nothing = SlotWeigher(bars=Bars(taken=2, person=0))

    assert settled("Send the contract to Anna", nothing, document="contract", recipient="Anna") == {
        "document": "contract",
        "recipient": "Anna",
    }
