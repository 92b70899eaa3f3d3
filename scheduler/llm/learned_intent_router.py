"""Routes by rules where they are sure, by what was learned where they are not, and asks back in between."""

from typing import NamedTuple, Protocol

from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.slot_finder import slots_of
from scheduler.llm.intent_model import Guess
from scheduler.llm.llm_intent_router import Router


class Guesser(Protocol):
    """Something that learned intents; see IntentModel."""

    def guess(self, sentence: str) -> Guess:
        """Return what one sentence most likely wants."""


class Bands(NamedTuple):
    """From `act` on an intent is taken; from `ask` on people are shown the nearest; below, nothing is known."""

    act: float = 0.80
    ask: float = 0.45


class LearnedIntentRouter:
    """Asks rules first. Where they know nothing, the model may name the intent, or what to ask back.

    An intent that was learned comes with the slots that are found by the words of the request.
    A request that rules understand as something else than an order (a question, a negated order) stays unknown.
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
        guess = self._model.guess(normalise(message))
        nearest = guess.intents[:3]
        if guess.score < self._bands.ask:
            return routed.model_copy(update={"way": "learned", "why": f"nothing alike ({guess.score:.2f})"})
        if guess.score < self._bands.act:
            why = f"not sure enough ({guess.score:.2f})"
            return routed.model_copy(update={"way": "learned", "why": why, "nearest": nearest})
        if nearest[0] == UNKNOWN:
            return routed.model_copy(
                update={"way": "learned", "why": f"like what is no order of ours ({guess.score:.2f})"}
            )
        known = {intent.name: intent for intent in self._rules.intents}[nearest[0]]
        return RoutedIntent(
            **dict(known),
            slots=slots_of(nearest[0], normalise(message)),
            locale=routed.locale,
            score=min(guess.score, 1.0),
            nearest=nearest,
            way="learned",
            why=f"like its examples ({guess.score:.2f})",
        )
