"""Routes by rules where they are sure, by what was learned where they are not, and asks back in between."""

from typing import Final, NamedTuple, Protocol

from scheduler.core.compound import REMARK
from scheduler.core.frames import SURE
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.slot_finder import slots_of
from scheduler.llm.llm_intent_router import Router

DOUBTFUL: Final = 0.5
_WEIGHT_OF_LIKELY: Final = 0.9
_WEIGHT_OF_DOUBTFUL: Final = 0.4
_TOLD: Final = frozenset({"statement", "wish", "courtesy"})
_NO_VERB: Final = "no order"


class Guess(NamedTuple):
    """Intents from the most to the least likely, and how far the first can be believed, 0 to 1: no probability."""

    intents: tuple[str, ...]
    score: float
    shares: tuple[float, ...] = ()
    """How the belief is shared among the intents, in the same order; sums to 1."""


class Guesser(Protocol):
    """Something that learned intents; see IntentModel."""

    def guess(self, sentence: str) -> "Guess":
        """Return what one sentence most likely wants."""


class Bands(NamedTuple):
    """From `act` on an intent is taken; from `ask` on people are asked which is meant; below, nothing is known.

    Shares of belief among the intents of what has the form of an order, doubt about that counted in.
    """

    act: float = 0.45
    ask: float = 0.20
    said_short: float = 0.65
    """From here on words without a verb are taken for an order."""
    told: float = 0.95
    """From here on what has the form of a statement is taken for an order."""


class LearnedIntentRouter:
    """Asks rules first. Where they know nothing, the model may name the intent, or what to ask back.

    What rules read and what was learned are weighed against each other: rules that are not sure count as a share of
    belief. An intent that was learned comes with the slots that are found by the words of the request. What rules
    understand as something else than an order (a question, a negated order, an order of which nothing is configured)
    stays unknown.
    """

    def __init__(self, rules: Router, model: Guesser, bands: Bands | None = None) -> None:
        self._rules = rules
        self._model = model
        self._bands = bands or Bands()
        self._known = {intent.name: intent for intent in rules.intents}

    def route(self, message: str) -> RoutedIntent:
        """Return what the request wants; `way` and `why` say how that was found out."""
        return self.reconsider(message, self._rules.route(message))

    def reconsider(self, words: str, routed: RoutedIntent) -> RoutedIntent:
        """Return what one order wants of which rules are not sure."""
        if routed.refused or (routed.name != UNKNOWN and routed.score >= SURE):
            return routed
        text = normalise(words)
        guess = self._model.guess(text)
        belief = _weighed(guess, routed)
        names = sorted(belief, key=lambda name: -belief[name])
        nearest = tuple(dict.fromkeys(name for name in (*names, *guess.intents) if name != UNKNOWN))[:3]
        best, share = nearest[0], belief[nearest[0]]
        if best == routed.name:
            return routed
        needed = (
            self._bands.told
            if routed.why in _TOLD
            else self._bands.said_short
            if routed.why in {_NO_VERB, REMARK}
            else self._bands.act
        )
        if share >= needed and names[0] == best:
            return self._taken(text, routed, share, nearest)
        if routed.name != UNKNOWN:
            return routed
        if share < self._bands.ask:
            return (
                routed
                if routed.why == REMARK
                else routed.model_copy(update={"way": "learned", "why": f"nothing alike ({share:.2f})"})
            )
        why = REMARK if routed.why == REMARK else f"{routed.why or 'not sure enough'} ({share:.2f})"
        return routed.model_copy(update={"way": "learned", "why": why, "nearest": nearest, "unsure": True})

    def _taken(self, text: str, routed: RoutedIntent, share: float, nearest: tuple[str, ...]) -> RoutedIntent:
        return RoutedIntent(
            **dict(self._known[nearest[0]]),
            slots=slots_of(nearest[0], text),
            locale=routed.locale,
            score=min(share, 1.0),
            nearest=nearest,
            way="learned",
            why=f"like its examples ({share:.2f})",
        )


def _weighed(guess: "Guess", routed: RoutedIntent) -> dict[str, float]:
    """Return shares of belief, what rules read counted in."""
    shares = dict(zip(guess.intents, guess.shares or (guess.score,), strict=False))
    if routed.name == UNKNOWN:
        return shares
    weight = _WEIGHT_OF_LIKELY if routed.score > DOUBTFUL else _WEIGHT_OF_DOUBTFUL
    shares[routed.name] = shares.get(routed.name, 0.0) + weight
    return {name: share / (1 + weight) for name, share in shares.items()}
