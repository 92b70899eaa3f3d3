"""A request is read the way that rules and examples together speak for most."""

from collections.abc import Sequence
from typing import NoReturn

import pytest

from scheduler.core.intents import UNKNOWN
from scheduler.llm.guess import Guess
from scheduler.llm.learned_intent_router import LearnedIntentRouter
from scheduler.llm.office_model import OfficeModel, OfficeRequests
from scheduler.llm.readings import readings
from tests.support.routers import the_router

RULES = the_router()
INTENTS = ("close_app", "open_app", "send_mail", UNKNOWN)


def glance(sentences: Sequence[str]) -> list[Guess]:
    """Believe that "zu" closes and "auf" opens, and hardly anything of both together."""
    return [guess_of(one) for one in sentences]


def guess_of(text: str, several: float = 0.0) -> Guess:
    closes, opens = "zu" in text.split(), "auf" in text.split()
    share = 0.5 if closes and opens else 0.97
    names = ("close_app", "open_app") if closes else ("open_app", "close_app")
    if not closes and not opens:
        return Guess((UNKNOWN, *names, "send_mail"), 0.97, (0.97, 0.01, 0.01, 0.01), several=several)
    return Guess((*names, "send_mail", UNKNOWN), share, (share, 0.98 - share, 0.01, 0.01), several=several)


def test_what_both_see_as_two_orders_is_two_orders() -> None:
    text = "Teams zu und Excel auf"
    known = RULES.orders(text).parts

    likeliest, *_ = readings(text, guess_of(text, several=1.0), known, glance)

    assert likeliest.intents == ("close_app", "open_app")


def test_what_rules_read_is_weighed_too() -> None:
    text = "Starte Excel, füll den Antrag aus"

    found = readings(text, guess_of(text), RULES.orders(text).parts, glance)

    assert ("open_app", "fill_form") in [one.intents for one in found]


def test_one_order_stays_one() -> None:
    text = "Teams zu, der Kunde ist am Telefon"

    likeliest, *_ = readings(text, guess_of(text, several=-1.5), RULES.orders(text).parts, glance)

    assert likeliest.intents == ("close_app",)


@pytest.mark.component  # what is shipped is loaded
def test_what_was_learned_of_whole_requests_is_a_reading_and_is_weighed() -> None:
    text = "Teams zu und Excel auf, danke dir, und ein Gruß"
    requests = OfficeRequests()

    found = readings(text, guess_of(text), RULES.orders(text).parts, glance, requests.read(text))

    assert {way.intents for way in requests.read(text).ways} <= {one.intents for one in found}
    assert found[0].intents == ("close_app", "open_app")
    assert sum(one.signs.whole_best for one in found) >= 1
    assert all(one.signs.whole_share <= 1 for one in found)


@pytest.mark.component
@pytest.mark.parametrize(
    "text",
    [
        "Die Gästeliste geht an das Hotel Seeblick, sie muss aber vorher noch ein PDF werden.",
        "Schick die Gästeliste an Eva, sie muss aber vorher noch ein PDF werden.",
    ],
)
def test_what_was_learned_to_be_an_order_waits_as_the_words_say(text: str) -> None:
    router = LearnedIntentRouter(RULES, OfficeModel(RULES.intents), requests=OfficeRequests())

    first, second = router.reread(text, RULES.orders(text)).parts

    assert (first.routed.name, second.routed.name) == ("export_pdf", "send_mail")
    assert (first.after, second.after) == ((), (0,))


def test_an_intent_of_a_house_is_read_without_what_does_not_know_it() -> None:
    class Knowing:
        intents = ("open_app",)

        def read(self, text: str) -> NoReturn:
            raise AssertionError(text)

        shape = read

    class Guessing:
        guess = staticmethod(guess_of)
        glance = staticmethod(glance)

    text = "Teams zu und Excel auf"
    router = LearnedIntentRouter(RULES, Guessing(), requests=Knowing())

    assert [part.routed.name for part in router.reread(text, RULES.orders(text)).parts] == ["close_app", "open_app"]
