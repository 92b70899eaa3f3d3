"""What does not look like an order is weighed however sure rules are of it, and no model is loaded to see that."""

import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.core.compound import Orders, split_orders
from scheduler.core.intents import UNKNOWN
from scheduler.llm import order_look, shape_learning
from scheduler.llm.order_examples import Example
from scheduler.llm.order_look import PLACES, LookModel, features_of
from scheduler.llm_wiring import make_learned
from tests.support.routers import the_router

pytestmark = pytest.mark.component

RULES = the_router()
LEARNED = make_learned(RULES)
TAUGHT = [
    *(Example(f"send {name} the list", ("send_mail",)) for name in ("Anna", "Ben", "Carla", "Tom")),
    *(Example(f"{name} always sends the list", ()) for name in ("Anna", "Ben", "Carla", "Tom")),
]
_ASKS = """
import sys
from scheduler.core.intent_router import IntentRouter
from scheduler.llm_wiring import make_learned
assert not make_learned(IntentRouter.default()).doubts("Schick die Rechnung 4711 an Anna", "send_mail")
print(*{"scipy", "sklearn", "HanTa"} & {*sys.modules})
"""


def read(text: str) -> Orders:
    return split_orders(text, RULES, LEARNED)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Parents normally fill in the trip form online.", "fill_form"),
        ("Sergio intends to write to every supplier by the end of June.", "send_mail"),
        ("Dispatch emails the manifests to the depot every night around ten.", "send_mail"),
        ("Ach, würde sich der Antrag doch von alleine ausfüllen...", "fill_form"),
    ],
)
def test_what_rules_are_sure_of_does_not_act_where_all_else_speaks_against_it(text: str, intent: str) -> None:
    assert LEARNED.doubts(text, intent)
    assert [part.routed.name for part in read(text).parts] == [UNKNOWN]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Rechnung 4711 an Anna schicken", "send_mail"),
        ("Schick die Rechnung 4711 an Anna", "send_mail"),
        ("Excel öffnen", "open_app"),
        ("Ich muss Herrn Meier noch das Angebot schicken", "send_mail"),
        ("Could you open the budget please?", "open_document"),
        ("Trawl the mailbox for anything from Dr Petrosyan", "search_mail"),
    ],
)
def test_plain_orders_are_done(text: str, intent: str) -> None:
    assert [part.routed.name for part in read(text).parts] == [intent]


def test_what_was_never_named_is_told_by_how_it_looks(tmp_path: Path) -> None:
    learned = shape_learning.learn_look(TAUGHT)
    model = LookModel(learned)

    order_look.write("key", learned, tmp_path / "looks.npz")
    kept = order_look.load(tmp_path / "looks.npz")

    assert model.belief("send Wilhelm the list") > 0 > model.belief("Wilhelm always sends the list")
    assert order_look.key_of_shipped(tmp_path / "looks.npz") == "key"
    for one in TAUGHT:
        assert kept.belief(one.text) == pytest.approx(model.belief(one.text), abs=0.02)


@pytest.mark.parametrize("text", ["", " ", "?", "x" * 2000, "😀", "wort " * 500])
def test_any_text_looks_like_something(text: str) -> None:
    places = features_of(text, frozenset())

    assert len(places) > 0
    assert 0 <= places.min() <= places.max() < PLACES


def test_no_model_is_loaded_for_a_plain_request() -> None:
    asked = subprocess.run([sys.executable, "-c", _ASKS], capture_output=True, text=True, check=True)

    assert asked.stdout.split() == []
