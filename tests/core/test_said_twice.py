"""What a request says twice is one order; what it names anew, or wants again, is another."""

import pytest

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.said_twice import said_once
from tests.support.routers import the_router

RULES = the_router()


def order(text: str, intent: str, after: tuple[int, ...] = (), **slots: str) -> OrderPart:
    routed = RULES.route(text).model_copy(update={"name": intent, "slots": slots})
    return OrderPart(text, routed, after)


ZOOM = order("Zoom can go now", "close_app", application="Zoom")


@pytest.mark.parametrize("again", ["Shut it, would you.", "so close it", "mach es zu"])
def test_an_order_that_repeats_one_before_is_left_out(again: str) -> None:
    said = Orders((ZOOM, order(again, "close_app", application="Zoom"), order("Open Word", "open_app", (1,))))

    once = said_once(said)

    assert [part.text for part in once.parts] == ["Zoom can go now", "Open Word"]
    assert once.parts[1].after == (0,)


@pytest.mark.parametrize(
    "other",
    [
        order("Shut it again", "close_app", application="Zoom"),
        order("close the client", "close_app", application="Zoom"),
        order("Close it", "close_app", application="Word"),
        order("Close it", "close_app"),
        order("Open it", "open_app", application="Zoom"),
        order("Do it", "unknown"),
    ],
)
def test_another_order_stays(other: OrderPart) -> None:
    said = Orders((ZOOM, other))

    assert said_once(said) == said
