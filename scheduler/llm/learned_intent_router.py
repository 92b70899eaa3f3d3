"""Routes by rules where they are sure, by what was learned where they are not, and asks back in between."""

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from scheduler.core.compound import REMARK
from scheduler.core.frames import SURE
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.slot_finder import slots_of
from scheduler.llm.llm_intent_router import Router

if TYPE_CHECKING:
    from scheduler.llm.intent_model import Guess


DOUBTFUL: Final = 0.5
_AT_MOST_ASKED: Final = frozenset({"statement", "wish", "no order", "courtesy"})


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
    overrule: float = 0.98
    """From here on what was learned is believed against rules that are not sure."""


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
        return self.reconsider(message, self._rules.route(message))

    def reconsider(self, words: str, routed: RoutedIntent) -> RoutedIntent:
        """Return what one order wants of which rules are not sure."""
        if routed.refused or (routed.name != UNKNOWN and routed.score >= SURE):
            return routed
        text = normalise(words)
        if routed.name != UNKNOWN:
            return self._weighed(text, routed)
        guess = self._model.guess(text)
        if guess.intents[0] == UNKNOWN or guess.score < self._bands.ask:
            if routed.why == REMARK:
                return routed
            like = "like what is no order of ours" if guess.intents[0] == UNKNOWN else "nothing alike"
            return routed.model_copy(update={"way": "learned", "why": f"{like} ({guess.score:.2f})"})
        nearest = tuple(name for name in guess.intents if name != UNKNOWN)[:3]
        reason = routed.why if routed.why in _AT_MOST_ASKED else ""
        if guess.score < self._bands.act or reason:
            why = REMARK if routed.why == REMARK else f"{reason or 'not sure enough'} ({guess.score:.2f})"
            return routed.model_copy(update={"way": "learned", "why": why, "nearest": nearest, "unsure": True})
        return self._taken(text, routed, guess, nearest)

    def _weighed(self, text: str, routed: RoutedIntent) -> RoutedIntent:
        """Return what rules were not sure of, unless what was learned is surer of something else."""
        guess = self._model.guess(text)
        best = guess.intents[0]
        doubtful = routed.score <= DOUBTFUL
        if best == routed.name or guess.score < (self._bands.act if doubtful else self._bands.overrule):
            return routed
        nearest = tuple(name for name in guess.intents if name != UNKNOWN)[:3]
        if best != UNKNOWN:
            return self._taken(text, routed, guess, nearest)
        if not doubtful:
            return routed
        nearest = tuple(dict.fromkeys((routed.name, *nearest)))[:3]
        unknown = next(one for one in self._rules.intents if one.name == UNKNOWN)
        why = f"like what is no order of ours ({guess.score:.2f})"
        return RoutedIntent(**dict(unknown), locale=routed.locale, nearest=nearest, way="learned", why=why, unsure=True)

    def _taken(self, text: str, routed: RoutedIntent, guess: "Guess", nearest: tuple[str, ...]) -> RoutedIntent:
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
