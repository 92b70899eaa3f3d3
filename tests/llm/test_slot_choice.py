"""Of what may fill the slots of an order the surest is taken, each word once; whom letters go to must be surer."""

import pytest

from scheduler.core.compound import split_orders
from scheduler.llm.slot_candidate_signs import signs_of_candidates
from scheduler.llm.slot_candidates import SHARED, Candidate, candidates_of, places_of
from scheduler.llm.slot_choice import CERTAIN, Bars, believed, chosen
from scheduler.llm.slot_tagger import SlotTagger
from tests.support.routers import the_router

BARS = Bars()


def candidate(slot: str, words: str, start: int, origin: str = "r") -> Candidate:
    return Candidate(slot, words, start, start + len(words), origin, 0, slot)


def test_words_fill_one_slot_of_an_order_the_surest() -> None:
    longer, shorter = candidate("document", "Vertrag mit Anna", 10), candidate("recipient", "Anna", 22)

    assert chosen([shorter, longer], [0.6, 0.8], BARS) == [longer]


def test_several_values_of_a_slot_stay_in_the_order_they_were_found_in() -> None:
    two = [candidate("recipient", "Anna", 0), candidate("recipient", "Bob", 9)]

    assert chosen(two, [0.6, 0.9], BARS) == two


def test_the_number_in_the_name_of_a_document_is_taken_beside_it() -> None:
    both = [candidate("document", "Rechnung 4711", 0), candidate("document_id", "4711", 9)]

    assert chosen(both, [0.9, 0.8], BARS) == both


def test_whom_letters_go_to_is_taken_only_if_that_is_surer() -> None:
    between = (BARS.taken + BARS.person) / 2

    assert chosen([candidate("recipient", "Anna", 0, SHARED)], [between], BARS) == []
    assert chosen([candidate("document", "Liste", 0, SHARED)], [between], BARS)


def test_what_examples_know_nothing_of_is_taken_whatever_it_overlaps() -> None:
    both = [candidate("body", "Vertrag mit Anna", 10), candidate("title", "Anna", 22)]

    assert chosen(both, [CERTAIN, CERTAIN], BARS) == both


def test_signs_nobody_weighed_count_nothing_and_each_once() -> None:
    assert believed(["new", "b7|r", "b7|r"], {"": -1.0, "b7|r": 1.0}) == 0.5


@pytest.mark.parametrize("text", ["Open the list and send it to Ann.", 'Schick "A"\n\n"B" an Bo, mach 🙂 zu'])
def test_every_candidate_stands_where_it_says_and_has_signs(text: str) -> None:
    parts = split_orders(text, the_router()).parts
    said = " ".join(text.split())
    places = places_of(said, parts)
    reading = SlotTagger().read(said, places)

    found = candidates_of(said, parts, places, reading, ())

    assert all(said[one.start : one.end] == one.words for many in found for one in many if one.start >= 0)
    for many, signs in zip(found, signs_of_candidates(said, found, places, reading), strict=True):
        assert len(many) == len(signs)
        assert all("\n" not in sign for one in signs for sign in one)
