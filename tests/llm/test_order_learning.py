"""From whole requests it is learned where orders stand, though nobody says where; what is shipped is of these sets."""

from pathlib import Path

import numpy as np
import pytest

from scheduler.core.intent_router import IntentRouter
from scheduler.llm import order_look, order_model, shape_learning
from scheduler.llm.intent_examples import examples_of
from scheduler.llm.order_examples import Example, intents_of, sets, together
from scheduler.llm.order_learning import learn
from scheduler.llm.order_model import OrderModel, key_of_shipped
from scheduler.llm.order_spans import MOST, pieces_of, spans_of
from scheduler.llm.shipping import key_of_orders

pytestmark = pytest.mark.component

APPS, DOCUMENTS = ("Teams", "Excel", "Outlook", "Word"), ("Vertrag", "Bericht", "Plan", "Brief")
TAUGHT = [
    *(Example(f"starte {app}", ("open_app",)) for app in APPS),
    *(Example(f"öffne den {name}", ("open_document",)) for name in DOCUMENTS),
    *(Example(f"{name} ist heute krank", ()) for name in ("Anna", "Ben", "Frau Rot", "Herr Blau")),
    *(
        Example(f"starte {app} und öffne den {name}", ("open_app", "open_document"))
        for app, name in zip(APPS, DOCUMENTS, strict=True)
    ),
    *(
        Example(f"öffne den {name}, Anna ist krank, und starte {app}", ("open_document", "open_app"))
        for app, name in zip(APPS, DOCUMENTS, strict=True)
    ),
] * 4


@pytest.fixture(scope="module")
def model() -> OrderModel:
    return OrderModel(learn(TAUGHT, intents_of(TAUGHT)), shape_learning.learn(TAUGHT))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("starte Acrobat", [("starte Acrobat", "open_app")]),
        ("Frau Grün ist heute krank", []),
        (
            "starte Acrobat und öffne den Antrag",
            [("starte Acrobat ", "open_app"), ("und öffne den Antrag", "open_document")],
        ),
        (
            "öffne den Antrag, Frau Grün ist krank, und starte Acrobat",
            [("öffne den Antrag, Frau Grün ist krank, ", "open_document"), ("und starte Acrobat", "open_app")],
        ),
    ],
)
def test_orders_are_found_where_they_stand(model: OrderModel, text: str, wanted: list[tuple[str, str]]) -> None:
    read = model.read(text)

    if wanted:
        assert [tuple(one) for one in read.ways[0].orders] == wanted
    assert (read.nothing > 0.5) is not bool(wanted)


def test_shares_of_ways_are_shares(model: OrderModel) -> None:
    read = model.read("starte Acrobat und öffne den Antrag")
    names = [way.intents for way in read.ways]

    shares = np.exp(read.beliefs(names))

    assert 0.5 < shares.sum() + read.nothing <= 1 + 1e-9
    assert names[int(shares.argmax())] == ("open_app", "open_document")


def test_of_intents_that_are_not_known_nothing_is_believed(model: OrderModel) -> None:
    with pytest.raises(KeyError, match="brew_coffee"):
        model.read("starte Acrobat").beliefs([["brew_coffee"]])


def test_the_same_is_learned_again(model: OrderModel) -> None:
    again = OrderModel(learn(TAUGHT, intents_of(TAUGHT)), shape_learning.learn(TAUGHT))

    assert again.read("öffne Excel").ways == model.read("öffne Excel").ways
    assert again.read("öffne Excel").nothing == model.read("öffne Excel").nothing
    assert again.shape("öffne Excel") == model.shape("öffne Excel")


def test_what_is_kept_reads_as_what_was_learned(model: OrderModel, tmp_path: Path) -> None:
    weights = learn(TAUGHT, intents_of(TAUGHT))
    order_model.write("key", weights, shape_learning.learn(TAUGHT), tmp_path / "orders.npz")

    kept = order_model.load(tmp_path / "orders.npz")

    assert key_of_shipped(tmp_path / "orders.npz") == "key"
    for one in TAUGHT[:24]:
        assert [way.intents for way in kept.read(one.text).ways] == [way.intents for way in model.read(one.text).ways]
        assert kept.shape(one.text) == pytest.approx(model.shape(one.text), abs=0.02)


def test_what_is_shipped_is_of_these_sets() -> None:
    requests = together((one for some in sets().values() for one in some), examples_of(IntentRouter.default().intents))

    assert key_of_shipped() == order_look.key_of_shipped() == key_of_orders(requests), "please run: make vectors"


def test_a_long_request_is_cut_so_far_and_no_further() -> None:
    text = ", ".join(f"starte Programm {number}" for number in range(40))

    assert len(pieces_of(text)) == MOST
    assert "".join(pieces_of(text)) == text
    assert len(spans_of(text).starts) == len(spans_of(text).runs) + 1


@pytest.mark.parametrize("text", ["", " ", "x", "😀", "!!!"])
def test_hardly_any_words_are_one_piece(text: str) -> None:
    assert pieces_of(text) == [text]
    assert len(spans_of(text).runs) == 1
