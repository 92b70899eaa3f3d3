"""Lets a language model say what a request wants, and goes by rules when it cannot."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import structlog
from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.errors import CPAError
from scheduler.core.intents import UNKNOWN, Intent, RoutedIntent
from scheduler.core.job import Locale
from scheduler.core.language import detect_locale, normalise
from scheduler.core.slots import SLOTS
from scheduler.core.spending import Spender
from scheduler.core.taught_book import TaughtBook
from scheduler.llm.grounding import was_said
from scheduler.llm.llm_provider import CallOptions, LLMProvider
from scheduler.llm.prompts import render

_EXAMPLES_OF_EACH = 3
_MOST_TAUGHT = 30
"""Of so many intents examples that were taught are shown, the most alike to the request first."""
_LONGEST = 4_000  # characters of a request that are shown
_DESCRIBED_IN: Locale = "en"

log = structlog.get_logger(__name__)


class Router(Protocol):
    """Finds out what a request wants without a model."""

    @property
    def intents(self) -> tuple[Intent, ...]:
        """Return all intents it knows, "unknown" among them."""

    def route(self, message: str) -> RoutedIntent:
        """Return what the request wants."""


class NamedSlot(BaseModel):
    """What a word of the request stands for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: str


class Classification(BaseModel):
    """What the model answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    confidence: float = Field(ge=0, le=1)
    slots: list[NamedSlot]
    reason: str


class Described(NamedTuple):
    """An intent, and what it is."""

    name: str
    description: str


class Example(NamedTuple):
    """A request, and the intent it has."""

    text: str
    intent: str


class ClassificationContext(BaseModel):
    """What the prompt is filled from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intents: Sequence[Described]
    examples: Sequence[Example]
    slots: Sequence[str]
    message: str


class LLMIntentRouter:
    """Routes by a language model. Any error of the model, or an intent nobody knows, leads to the fall-back."""

    def __init__(self, llm_provider: LLMProvider, fallback_router: Router) -> None:
        self._provider = llm_provider
        self._fallback = fallback_router
        self._intents = {intent.name: intent for intent in fallback_router.intents}

    async def route(
        self, message: str, spender: Spender | None = None, taught: TaughtBook | None = None
    ) -> RoutedIntent:
        """Return what the request wants; `way` and `why` say how that was found out.

        With `taught` the intents and examples of a tenant are shown too, those most alike to the request.
        """
        shown = _shown(self._intents, message, taught)
        try:
            answer = await self._ask(message, spender, shown)
        except CPAError as error:
            log.warning("llm_router_fell_back", code=error.code, error=str(error))
            return self._by_rules(message, f"the language model could not help ({error.code})")
        if answer.intent not in shown.intents:
            log.warning("llm_router_fell_back", code="unknown_intent", intent=answer.intent[:64])
            return self._by_rules(message, "the language model named a kind that does not exist")
        text, intent = normalise(message), shown.intents[answer.intent]
        return RoutedIntent(
            **dict(intent),
            slots={} if answer.intent == UNKNOWN else _said(answer.slots, text, SLOTS.union(intent.own_slots)),
            locale=detect_locale(text),
            score=answer.confidence,
            way="llm",
            why=answer.reason,
        )

    async def _ask(self, message: str, spender: Spender | None, shown: "_Shown") -> Classification:
        own = itertools.chain.from_iterable(one.own_slots for one in shown.intents.values())
        prompt = render(
            "intent_classification",
            ClassificationContext(
                intents=[_described(one) for one in shown.intents.values()],
                examples=list(shown.examples()),
                slots=sorted(SLOTS.union(own)),
                message=message[:_LONGEST],
            ),
        )
        options = CallOptions(system=prompt.system, prompt_id=prompt.id, purpose="intent", max_tokens=600)
        if spender is not None:
            options["spender"] = spender
        return await self._provider.generate_structured(prompt.user, Classification, **options)

    def _by_rules(self, message: str, why: str) -> RoutedIntent:
        return self._fallback.route(message).model_copy(update={"no_order": None, "why": why})


class _Shown(NamedTuple):
    """What a model is shown: intents by name, and what was taught of some of them."""

    intents: Mapping[str, Intent]
    taught: Mapping[str, Sequence[str]]

    def examples(self) -> Iterator[Example]:
        """Yield some requests of each intent; of one that was taught they come without markup."""
        for name, intent in self.intents.items():
            texts = () if intent.own_slots else intent.examples.values()
            for many in (*texts, self.taught.get(name, ())):
                yield from (Example(text, name) for text in many[:_EXAMPLES_OF_EACH])


def _shown(intents: Mapping[str, Intent], message: str, taught: TaughtBook | None) -> _Shown:
    if taught is None:
        return _Shown(intents, {})
    alike = [name for name in taught.most_alike(message) if name in taught.sentences][:_MOST_TAUGHT]
    return _Shown(
        {**intents, **{name: taught.intents[name] for name in alike}}, {name: taught.sentences[name] for name in alike}
    )


def _described(intent: Intent) -> Described:
    return Described(intent.name, intent.description.get(_DESCRIBED_IN) or next(iter(intent.description.values()), ""))


def _said(slots: Sequence[NamedSlot], text: str, known: frozenset[str]) -> dict[str, str]:
    """Return the slots whose words stand in the request; what a model makes up fills nothing."""
    return {slot.name: slot.value.strip() for slot in slots if slot.name in known and was_said(slot.value, [text])}
