"""A request is divided where the pieces are most surely orders; learned belief alone decides."""

import math
from collections.abc import Mapping, Sequence

import pytest

from scheduler.llm.guess import Guess
from scheduler.llm.order_division import Divided, Division, Part, in_sequence, part_of
from scheduler.llm.sentence_signs import signs_of


class Glances:
    """Believes of known words what it is told, and of others hardly anything."""

    def __init__(self, known: Mapping[str, tuple[str, float]]) -> None:
        self._known = known

    def __call__(self, sentences: Sequence[str]) -> list[Guess]:
        found = (self._known.get(one, ("open_app", 0.1)) for one in sentences)
        return [Guess((intent, "unknown"), share, (share, 1 - share)) for intent, share in found]


def best_of(text: str, glance: Glances) -> list[Division]:
    """Return the best division of each number of orders."""
    found: dict[int, Division] = {}
    for one in Divided(text, glance).divisions():
        found.setdefault(len(one.parts), one)
    return list(found.values())


def test_each_number_of_orders_has_its_best_division() -> None:
    glance = Glances({"Teams zu": ("close_app", 0.9), "und Excel auf bitte": ("open_app", 0.8)})

    one, two = best_of("Teams zu und Excel auf bitte", glance)

    assert [part.text for part in one.parts] == ["Teams zu und Excel auf bitte"]
    assert [(part.text, part.intent) for part in two.parts] == [
        ("Teams zu", "close_app"),
        ("und Excel auf bitte", "open_app"),
    ]
    assert math.isclose(two.weakest, math.log(0.8))
    assert two.belief > one.belief


def test_a_remark_stays_with_the_order_it_stands_beside() -> None:
    words = "Der Kunde ist da. Teams zu, und Excel auf bitte"
    glance = Glances({"Der Kunde ist da. Teams zu": ("close_app", 0.9), "und Excel auf bitte": ("open_app", 0.9)})

    assert [part.intent for part in best_of(words, glance)[1].parts] == ["close_app", "open_app"]


def test_what_cannot_be_cut_is_one_order() -> None:
    assert len(best_of("Excel auf", Glances({}))) == 1


def test_a_division_into_wanted_intents_is_found_where_there_are_enough_pieces() -> None:
    glance = Glances({"Teams zu": ("close_app", 0.9), "und Excel auf bitte": ("open_app", 0.8)})
    divided = Divided("Teams zu und Excel auf bitte", glance)

    found = divided.into(("close_app", "open_app"))

    assert found is not None
    assert [part.text for part in found.parts] == ["Teams zu", "und Excel auf bitte"]
    assert divided.into(("close_app", "open_app", "close_app")) is None


@pytest.mark.parametrize(
    "texts",
    [
        ("Bevor du Teams schließt", "leg den Termin an"),
        ("schließ Teams", "aber vorher den Termin anlegen"),
        ("close Teams", "but first add the appointment"),
        ("close Teams", "having added the appointment"),
    ],
)
def test_what_is_to_be_done_before_comes_first(texts: tuple[str, str]) -> None:
    first, second = ("close_app", "create_appointment")
    division = Division(parts=(Part(texts[0], first, -0.1), Part(texts[1], second, -0.1)))

    assert in_sequence(division).intents == (second, first)


def test_what_names_no_place_is_sent_and_not_fetched() -> None:
    guess = Guess(("fetch_and_send", "send_mail", "unknown"), 0.6, (0.6, 0.3, 0.1))

    assert part_of("schick ihn an Tom", guess).intent == "send_mail"
    assert part_of("schick ihn aus dem Portal an Tom", guess).intent == "fetch_and_send"


def test_signs_are_the_same_whatever_is_named() -> None:
    assert list(signs_of("Schick die Rechnung 4711 an Lindner")) == list(
        signs_of("Schick die Rechnung 882 an Zgraggen")
    )
    assert set(signs_of("Excel auf")) != set(signs_of("Excel zu"))
