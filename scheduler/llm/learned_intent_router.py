"""Routes by rules where they are sure, by what was learned where they are not, and asks back in between."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.request_reader import wants_what_cannot_be_done
from scheduler.core.sentence_form import no_order
from scheduler.core.slot_finder import slots_of
from scheduler.llm.llm_intent_router import Router

if TYPE_CHECKING:
    from scheduler.llm.intent_model import Guess


class Guesser(Protocol):
    """Something that learned intents; see IntentModel."""

    def guess(self, sentence: str) -> "Guess":
        """Return what one sentence most likely wants."""


class Bands(NamedTuple):
    """From `act` on an intent is taken; from `ask` on people are asked which is meant; below, nothing is known.

    Probabilities. At `act`, 97 of 100 are right on held-out requests that rules do not know; see `make bench-intent`.
    """

    act: float = 0.95
    ask: float = 0.50


class LearnedIntentRouter:
    """Asks rules first. Where they know nothing, the model may name the intent, or what to ask back.

    An intent that was learned comes with the slots that are found by the words of the request.
    A request that rules understand as something else than an order (a question, a negated order) stays unknown, and so
    does one whose verb orders what no intent does (delete, pay, translate). What has not the form of an order is at
    most asked about.
    """

    def __init__(self, rules: Router, model: Guesser, bands: Bands | None = None) -> None:
        self._rules = rules
        self._model = model
        self._bands = bands or Bands()

    def route(self, message: str) -> RoutedIntent:
        """Return what the request wants; `way` and `why` say how that was found out."""
        routed = self._rules.route(message)
        if routed.name != UNKNOWN or routed.refused:
            return routed
        text = normalise(message)
        if wants_what_cannot_be_done(text):
            return routed.model_copy(update={"way": "learned", "why": "wants what no intent does"})
        guess = self._model.guess(text)
        if guess.intents[0] == UNKNOWN or guess.score < self._bands.ask:
            like = "like what is no order of ours" if guess.intents[0] == UNKNOWN else "nothing alike"
            return routed.model_copy(update={"way": "learned", "why": f"{like} ({guess.score:.2f})"})
        nearest = tuple(name for name in guess.intents if name != UNKNOWN)[:3]
        reason = no_order(text)
        if guess.score < self._bands.act or reason:
            why = f"{reason or 'not sure enough'} ({guess.score:.2f})"
            return routed.model_copy(update={"way": "learned", "why": why, "nearest": nearest, "unsure": True})
        known = {intent.name: intent for intent in self._rules.intents}[nearest[0]]
        return RoutedIntent(
            **dict(known),
            slots=slots_of(nearest[0], text),
            locale=routed.locale,
            score=min(guess.score, 1.0),
            nearest=nearest,
            way="learned",
            why=f"like its examples ({guess.score:.2f})",
        )
