"""What a request says is not to be done fills no slot of what is."""

import pytest

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.not_wanted import without_unwanted
from scheduler.core.slots import Said
from tests.support.routers import the_router

ROUTER = the_router()


def left(text: str, beside: str, intent: str, **slots: str) -> dict[str, str]:
    """Return what stays in the slots of one order of a request with a statement beside it."""
    routed = ROUTER.route("Send the report to Bob").model_copy(update={"name": intent, "slots": slots, "said": ()})
    return without_unwanted(text, Orders((OrderPart(text, routed),), (beside,)), ROUTER).parts[0].routed.slots


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        ("Send the report to Bob, not to Carla", "not to Carla"),
        ("Send the report to Bob and do not copy Carla", "do not copy Carla"),
        ("Don't send the report to Carla, send it to Bob", "Don't send the report to Carla"),
    ],
)
def test_who_is_to_get_nothing_gets_nothing(text: str, beside: str) -> None:
    found = left(text, beside, "send_mail", document="report", recipient="Bob", cc="Carla")

    assert found == {"document": "report", "recipient": "Bob"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Schick den Bericht an Bob, aber bitte noch nicht an Carla", "Bob"),
        ("Schick den Bericht nicht an Carla, sondern an Bob", "Bob"),
        ("Invite Bob without Carla", "Bob"),
        ("Termin mit Bob, ohne Carla und Tom", "Bob"),
        ("Schick die Rechnung ohne Anhang an Bob und Carla", "Bob und Carla"),
        ("Send it not only to Bob but also to Carla", "Bob und Carla"),
        ("Send it to Bob and Carla, not to the board", "Bob und Carla"),
    ],
)
def test_who_is_left_out_in_an_order_gets_nothing(text: str, kept: str) -> None:
    routed = ROUTER.route("Schick den Bericht an Bob").model_copy(
        update={"said": tuple(Said("recipient", name, 0, 0) for name in ("Bob", "Carla", "Tom") if name in text)}
    )
    orders = without_unwanted(text, Orders((OrderPart(text, routed),)), ROUTER)

    assert " und ".join(_list(orders.parts[0].routed.words["recipient"])) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Schreib Bob, Carla bekommt die Liste", "Bob"),
        ("Email Bob: please forward this to Carla and Tom", "Bob"),
        ("Schick Bob die Mail von Carla", "Bob"),
        ("Send the mail from Tom to Bob and Carla", "Bob und Carla"),
        ("Schreib Bob und Carla: Tom kommt", "Bob und Carla"),
        ("Nachricht von Carla", "Carla"),
    ],
)
def test_who_is_only_spoken_of_gets_nothing(text: str, kept: str) -> None:
    routed = ROUTER.route("Schick den Bericht an Bob").model_copy(
        update={"said": tuple(Said("recipient", name, 0, 0) for name in ("Bob", "Carla", "Tom") if name in text)}
    )
    orders = without_unwanted(text, Orders((OrderPart(text, routed),)), ROUTER)

    assert " und ".join(one.words for one in orders.parts[0].routed.said) == kept


def _list(words: str | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else words


def test_what_is_not_to_be_sent_is_not_sent_beside_what_is() -> None:
    text, beside = "Nicht die Rechnung 5 schicken, sondern die 6 an Anna", "Nicht die Rechnung 5 schicken"

    assert left(text, beside, "send_mail", document="6", file_name="Rechnung 5", recipient="Anna") == {
        "document": "6",
        "recipient": "Anna",
    }


def test_a_thing_that_a_pronoun_may_stand_for_stays() -> None:
    text = "Schick das Angebot nicht an Tom. Schick es an Anna"

    assert left(text, "Schick das Angebot nicht an Tom", "send_mail", document="Angebot", recipient="Anna") == {
        "document": "Angebot",
        "recipient": "Anna",
    }


def test_words_that_only_begin_alike_are_others() -> None:
    text, beside = "Send the list of Tomahawk to Bob, not to Tom", "not to Tom"

    assert left(text, beside, "send_mail", document="list", recipient="Tom") == {"document": "list"}


def test_what_is_told_beside_an_order_is_no_ban() -> None:
    text = "Anna wrote yesterday. Send the report to her"

    assert left(text, "Anna wrote yesterday", "send_mail", document="report", recipient="Anna")["recipient"] == "Anna"
