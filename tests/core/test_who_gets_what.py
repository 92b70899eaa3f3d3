"""The pieces in which a request to send several things is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.apart import put_together, uncrossed
from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.no_order import NoOrder
from scheduler.core.slots import Said
from scheduler.core.who_gets_what import Piece, Told, who_gets_what
from tests.support.routers import the_router

ROUTER = the_router()


def pieces(text: str) -> list[str]:
    """Return the pieces of a request, those that are asked about with a question mark before them."""
    return [f"? {one.text}" if one.asked else one.text for one in who_gets_what(text).pieces]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Schick Anna das Angebot und Tom den Vertrag", ["Schick Anna das Angebot", "Schick Tom den Vertrag"]),
        ("Anna das Angebot, Tom den Vertrag schicken", ["Anna das Angebot schicken", "Tom den Vertrag schicken"]),
        (
            "Kannst du Anna das Angebot und Tom den Vertrag mailen?",
            ["Kannst du Anna das Angebot mailen?", "Kannst du Tom den Vertrag mailen?"],
        ),
        ("Send Anna the offer, Bob maybe", ["Send Anna the offer", "? Bob maybe"]),
        ("Send the offer to Tom, no, to Anna", ["Send the offer to Anna"]),
        ("Send the offer to Tom, or rather Anna?", ["? Send the offer to Tom", "? rather Anna"]),
        ("Open Word and send Tom the list", ["Open Word", "send Tom the list"]),
        ("Rechnung 5 an Anna", ["Schick Rechnung 5 an Anna"]),
    ],
)
def test_a_request_is_read_in_pieces(text: str, found: list[str]) -> None:
    assert pieces(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Open Word and Excel",
        "Schreib Anna: Das Angebot an Tom, der Vertrag an Eva",
        'Schick Anna "das Angebot an Tom, den Vertrag an Eva"',
        "Sag Anna, sie soll Tom das Angebot schicken und Eva den Vertrag",
        "Schick sie an Tom und such die Liste",
        "Bevor du Word schließt, schick Anna das Angebot und Tom den Vertrag",
        "Did you send Anna the offer and Tom the contract?",
    ],
)
def test_what_is_no_row_is_read_as_a_whole(text: str) -> None:
    assert pieces(text) == []


@pytest.mark.parametrize(
    "text",
    ["Send Tom the offer or Anna the list", "Schick weder Tom das Angebot noch Anna die Liste"],
)
def test_what_is_left_open_is_asked_about_as_a_whole(text: str) -> None:
    assert who_gets_what(text).asked


def test_an_order_that_would_send_what_is_meant_for_another_is_asked_about() -> None:
    told = Told(pairs=((("Anna",), ("offer",)), (("Tom",), ("contract",))))
    said = tuple(Said(slot, words, 0, 0) for slot, words in (("recipient", "Anna"), ("document", "contract")))
    routed = ROUTER.route("Send Anna the contract").model_copy(update={"said": said})

    (part,) = uncrossed(told, Orders((OrderPart("Send Anna the contract", routed),))).parts

    assert (part.routed.name, part.routed.unsure, part.routed.no_order) == (UNKNOWN, True, NoOrder.ASKED)


def test_a_piece_that_is_read_otherwise_than_it_tells_is_asked_about() -> None:
    piece = Piece("Send Anna the contract", persons=("Tom",), things=("the contract",))

    (part,) = put_together([piece], [ROUTER.orders(piece.text)]).parts

    assert part.routed.name == UNKNOWN


def test_what_follows_waits_for_the_order_before() -> None:
    text = "Send Anna the offer, then Tom the contract"
    told = who_gets_what(text)

    orders = put_together(told.pieces, [ROUTER.orders(one.text) for one in told.pieces])

    assert [part.after for part in orders.parts] == [(), (0,)]


WORDS = (
    "schick",
    "send",
    "Anna",
    "Tom",
    "an",
    "to",
    "den",
    "the",
    "Vertrag",
    "list",
    "und",
    "and",
    "nein",
    "no",
    ",",
    ".",
)


@given(
    st.lists(st.sampled_from((*WORDS, "?", "oder", "nur", "5", "es", "it", "notfalls", "Dr.", "/", '"')), max_size=14)
)
def test_any_words_can_be_looked_at(words: list[str]) -> None:
    told = who_gets_what(" ".join(words))

    assert all(one.text.strip() for one in told.pieces)
