"""Small words and the kinds of the others tell an order from what only speaks of the same things."""

import pytest

from scheduler.llm import shape_learning
from scheduler.llm.office_model import OfficeRequests
from scheduler.llm.order_examples import Example
from scheduler.llm.order_shape import MOST_WORDS, PLACES, ShapeModel, features_of, tokens_of

pytestmark = pytest.mark.component

NAMES = ("Anna", "Ben", "Carla", "Tom", "Eva", "Jonas")
TAUGHT = [
    *(Example(f"schick die Liste an {name}", ("send_mail",)) for name in NAMES),
    *(Example(f"hat {name} die Liste geschickt?", ()) for name in NAMES),
]


def test_what_was_never_named_is_told_by_its_shape() -> None:
    model = ShapeModel(shape_learning.learn(TAUGHT))

    assert model.belief("schick die Rechnung an Wilhelm") > 0 > model.belief("hat Wilhelm die Rechnung geschickt?")


@pytest.mark.parametrize(
    ("ordered", "told"),
    [
        ("Find the email from the ombudsman", "Did Martin ever find the email from the ombudsman?"),
        ("Such die Mail von Dr. Pohl", "Dr. Pohl hat die Mail gestern schon gesucht."),
        ("Download the guide from the portal", "Downloading guides from portals is a nightmare."),
    ],
)
def test_what_is_shipped_tells_orders_from_reports(ordered: str, told: str) -> None:
    shape = OfficeRequests().shape

    assert shape(ordered) > shape(told)


@pytest.mark.parametrize("text", ["", " ", "?", "x" * 2000, "😀", "wort " * 500])
def test_any_text_has_a_shape(text: str) -> None:
    places = features_of(text, frozenset())

    assert len(tokens_of(text)) <= MOST_WORDS
    assert len(places) > 0
    assert 0 <= places.min() <= places.max() < PLACES


def test_of_orders_alone_nothing_is_learned() -> None:
    with pytest.raises(ValueError, match="class"):
        shape_learning.learn(TAUGHT[:6])
