"""What was understood of a request, and the plan that follows from it."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.assembling import assembled
from scheduler.core.errors import InvalidFieldError, PlanUnseenError
from scheduler.core.job import Locale
from scheduler.core.metering import Spent
from scheduler.core.self_repair import Correction
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.orchestrator.slot_values import Slot

SLOTS = "context.slots"
_OURS: Final = frozenset({"understood", "typed", "answers"})
"""What stands in the context of a job of how it was understood. Nobody else may say it."""
_NO_SLOTS = Sentence(
    "erwartet wird ein Objekt, das Namen auf Texte abbildet", "expected is an object that maps names to texts"
)


class PlannedOrder(BaseModel):
    """One of several orders in a request: its words, what was understood, and its steps in the plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    intent: str
    slots: dict[str, str]
    tasks: tuple[str, ...]


class PlannedRequest(BaseModel):
    """What was understood of a request, and the plan that follows from it.

    `typed` are the slots with their values. `way` says who understood it: rules, examples (`learned`), a language model
    (`llm`), or the client who sent the plan (`given`); `why` tells people, and `confidence` how sure that is. `by` says
    who made the plan. `orders` lists the orders where there are several, `overlooked` statements that nothing was done
    about. `unseen` names the steps for which a person must look at what a language model understood or planned, or at
    what only a pasted mail or page orders or aims at (`pasted`), and send it as a plan, before it may become a job.
    `spent` is what asking models has cost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    locale: Locale
    slots: dict[str, str]
    task_graph: TaskGraph
    way: Literal["rules", "learned", "llm", "given"] = "given"
    why: str = ""
    confidence: float = Field(default=1.0, ge=0, le=1)
    by: Literal["template", "llm", "client"] = "client"
    typed: tuple[Slot, ...] = ()
    orders: tuple[PlannedOrder, ...] = ()
    overlooked: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    pasted: tuple[str, ...] = ()
    spent: Spent = Spent()

    @property
    def understood(self) -> dict[str, Any]:
        """Return what is kept with the job of how its words were understood; nothing of a plan that a client sent."""
        if self.way == "given":
            return {}
        return {"understood": self.model_dump(mode="json", include={"way", "why", "confidence", "by", "spent"})}

    def corrected(self, corrections: Sequence[Correction]) -> Self:
        """Return it with what the request took back, and said otherwise, among the reasons."""
        told = [one.told(self.locale) for one in corrections]
        return self.model_copy(update={"why": "; ".join((self.why, *told))}) if told else self

    def with_pasted(self, doubtful: Container[str]) -> Self:
        """Return it with the `doubtful` steps as those that follow only from pasted text."""
        tasks = self.task_graph.tasks.items()
        pasted = tuple(f"{task_id}: {todo.action}" for task_id, todo in tasks if task_id in doubtful)
        unseen = tuple(dict.fromkeys((*self.unseen, *pasted)))
        return self.model_copy(update={"unseen": unseen, "pasted": pasted})

    def must_be_seen(self) -> None:
        """Raise PlanUnseenError for what nobody has looked at and a person must."""
        if self.unseen:
            raise PlanUnseenError(self.unseen, pasted=self.pasted)


_GIVEN: Final = dict(PlannedRequest(intent="custom", locale="de", slots={}, task_graph=TaskGraph()))


def given_plan(graph: TaskGraph, intent: str | None, locale: Locale | None) -> PlannedRequest:
    """Return what is planned where the client sends the plan, which has been read and checked."""
    values = _GIVEN | {"slots": {}, "task_graph": graph}
    if intent is not None:
        values["intent"] = intent
    if locale is not None:
        values["locale"] = locale
    return assembled(PlannedRequest, values)


def given_context(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client may say besides its words: what would say who understood them is left out."""
    return {name: value for name, value in context.items() if name not in _OURS}


def given_slots(context: Mapping[str, Any]) -> dict[str, str]:
    """Return the slots a client gives besides its words. Raises InvalidFieldError."""
    given = context.get("slots", {})
    if not isinstance(given, dict):
        raise InvalidFieldError(SLOTS, _NO_SLOTS)
    for name, value in given.items():
        if not isinstance(value, str):
            raise InvalidFieldError(f"{SLOTS}.{name}", Sentence("ein Text wird erwartet", "a text is expected"))
    return given
