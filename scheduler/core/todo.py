"""One step of a plan: an action, what it acts on, what it waits for, and what must be true afterwards."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

from scheduler.core.actions import Risk, canonical_action
from scheduler.core.ids import TaskId
from scheduler.core.references import references_in
from scheduler.core.retry import RetryPolicy
from scheduler.core.targets import Target

TaskName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
DEFAULT_TIMEOUT = 30.0


class Postcondition(BaseModel):
    """What must be true after a step. Every part that is given must hold; `url` is a part of the address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = None
    selector: Target | None = None
    text: str | None = None
    absent: Target | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> "Postcondition":
        if self.url is None and self.selector is None and self.text is None and self.absent is None:
            raise ValueError("say at least one of url, selector, text, absent")
        return self


class ToDo(BaseModel):
    """A step. `timeout` is in seconds, for one attempt; `depends_on` takes ids, or indices of the list it stands in.

    `failure_code` names the sentence people read when this step fails for good for a reason of its own (its element is
    missing, its postcondition does not hold): a template knows that no search result means "no such invoice".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: TaskName | None = None
    action: str = Field(min_length=1, max_length=64)
    selector: Target | None = None
    text: str | None = Field(default=None, max_length=1_000_000)
    timeout: float = Field(default=DEFAULT_TIMEOUT, gt=0, le=86_400)
    depends_on: tuple[TaskName | Annotated[int, Field(ge=0, strict=True)], ...] = ()
    params: dict[str, Any] = Field(default_factory=dict)
    agent: str | None = None
    retry: RetryPolicy = RetryPolicy()
    repeatable: bool | None = None
    risk: Risk | None = None
    reason: str = ""
    verify: Postcondition | None = None
    failure_code: Code | None = None

    _dependencies: tuple[TaskId, ...] = PrivateAttr(default=())

    @model_validator(mode="before")
    @classmethod
    def _dotted_action(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the document held
        if isinstance(value, dict) and isinstance(value.get("action"), str):
            params = value.get("params")
            if params is None or isinstance(params, dict):
                action, rest = canonical_action(value["action"], params or {})
                return {**value, "action": action, **({"params": rest} if rest or "params" in value else {})}
        return value

    @model_validator(mode="after")
    def _collect_dependencies(self) -> "ToDo":
        named = tuple(TaskId(dependency) for dependency in self.depends_on if isinstance(dependency, str))
        referred = tuple(task for task, _ in self.references())
        self._dependencies = tuple(dict.fromkeys(named + referred)) if referred else named
        return self

    @property
    def dependencies(self) -> tuple[TaskId, ...]:
        """Ids of the tasks that must be done first: those named in `depends_on` and those referred to."""
        return self._dependencies

    def references(self) -> list[tuple[TaskId, str]]:
        """Return (task id, whole reference) for every reference in text, params, selector and verify."""
        found = list(references_in([self.text, self.params])) if self.text or self.params else []
        for part in (self.selector, self.verify):
            if part is not None:
                found += references_in(part.model_dump())
        return found

    def canonical(self) -> str:
        """Return the step's inputs as canonical JSON, the part of the effect key that an operator can correct."""
        inputs = self.model_dump(mode="json", include={"action", "selector", "text", "params"})
        return json.dumps(inputs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
