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


@pytest.mark.parametrize(
    "again",
    [
        "Shut it, would you.",
        "so close it",
        "mach es zu",
        "Mach es bitte zu.",
        "Please close it now",
        "Schließ ihn schon mal",
    ],
)
def test_an_order_that_repeats_one_before_is_left_out(again: str) -> None:
    said = Orders((ZOOM, order(again, "close_app", application="Zoom"), order("Open Word", "open_app", (1,))))

    once = said_once(said)

    assert [part.text for part in once.parts] == ["Zoom can go now", "Open Word"]
    assert once.parts[1].after == (0,)
    assert once.overlooked == (again,)


def test_a_bare_order_before_the_one_that_names_what_is_meant_is_left_out() -> None:
    bare = order("Shut it", "close_app", application="Zoom")._replace(means_earlier=True)
    said = Orders((bare, ZOOM._replace(after=(0,)), order("Open Word", "open_app", (0,))))

    once = said_once(said)

    assert [(part.text, part.after) for part in once.parts] == [("Zoom can go now", ()), ("Open Word", (0,))]
    assert once.overlooked == ("Shut it",)


@pytest.mark.parametrize(
    "other",
    [
        order("Shut it again", "close_app", application="Zoom"),
        *(
            order(words, "close_app", application="Zoom")
            for words in (
                "close the client",
                "Close the other one, too.",
                "close it a second time to be safe",
                "close it two times",
                "mach es ein weiteres Mal zu",
                "mach es noch mal zu",
                "close it properly",
                "close it for good",
                "close it encrypted",
                "close it read-only",
            )
        ),
        order("Close it", "close_app", application="Word"),
        order("Close it", "close_app"),
        order("Open it", "open_app", application="Zoom"),
        order("Do it", "unknown"),
    ],
)
def test_another_order_stays(other: OrderPart) -> None:
    said = Orders((ZOOM, other))

    assert said_once(said) == said


def test_an_order_behind_another_one_repeats_nothing() -> None:
    said = Orders((ZOOM, order("Open Word", "open_app"), order("Close it", "close_app", application="Zoom")))

    assert said_once(said) == said


def test_a_bare_order_behind_something_that_is_only_named_may_mean_that() -> None:
    said = Orders((ZOOM, order("close it", "close_app", application="Zoom")), ("the other client",))

    assert said_once(said) == said


def test_a_remark_between_the_two_changes_nothing() -> None:
    said = Orders((ZOOM, order("close it", "close_app", application="Zoom")), ("they've all hung up",))

    assert said_once(said) == Orders((ZOOM,), ("they've all hung up", "close it"))
