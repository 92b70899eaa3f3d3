"""One step of a plan: an action, what it acts on, what it waits for, and what must be true afterwards."""

import re
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    StrictBool,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from scheduler.core.actions import ALIASES, Risk, canonical_action
from scheduler.core.assembling import values_of
from scheduler.core.canonical_json import canonical_json
from scheduler.core.conditions import LONGEST, ConditionError, read_condition
from scheduler.core.errors import InvalidInputError
from scheduler.core.ids import TaskId
from scheduler.core.lam_json import JsonObject, wrong
from scheduler.core.problems import first_flaw
from scheduler.core.references import REFERENCE, Reference, references_in, resolve
from scheduler.core.retry import RetryPolicy
from scheduler.core.sentences import SENTENCES
from scheduler.core.targets import Target

_NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"


def _interned(name: str) -> TaskId:
    """Keep one string for all mentions of a task: large plans need less memory and are walked faster."""
    return TaskId(sys.intern(name))


def _dependency(value: object) -> TaskId | int:
    """Read an entry of `depends_on`; a union of types would put the names of its members into the path of an error."""
    if isinstance(value, str) and re.fullmatch(_NAME, value):
        return _interned(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError("must be the id of a task, or the place of one in the list, counted from 0")


def _condition(text: str) -> str:
    try:
        read_condition(text)
    except ConditionError as error:
        raise ValueError(str(error)) from None
    return text


def _a_list(value: list[JsonValue] | str) -> list[JsonValue] | str:
    if isinstance(value, str):
        whole = REFERENCE.fullmatch(value)
        if whole is None or not whole["task"]:
            raise ValueError("must be a list, or a reference to one, such as ${search.mails}")
    return value


def _known(code: str) -> str:
    if code not in SENTENCES:
        raise ValueError("there is no sentence with this code")
    return code


TaskName = Annotated[TaskId, StringConstraints(pattern=rf"^{_NAME}(\[\d{{1,6}}\])?$"), AfterValidator(_interned)]
"""With a number in brackets it is one element of a step with `for_each`; no plan may say so itself."""
Dependency = Annotated[TaskName | int, PlainValidator(_dependency, json_schema_input_type=TaskName | int)]
ITEM, INDEX = TaskId("item"), TaskId("index")
"""What references in a step with `for_each` call the element and its number."""
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
DEFAULT_TIMEOUT = 30.0
MOST_ITEMS: Final = 1000
"""Elements that a list of `for_each` may have in a plan."""
_RESOLVED: Final = "resolved"
"""Validation context of a step whose references are replaced: nothing in it is a reference any more."""


def step_of(task_id: TaskId) -> TaskId:
    """Return the step of the plan that a task belongs to: `fetch` for its element `fetch[2]`."""
    return TaskId(task_id.partition("[")[0])


class Postcondition(BaseModel):
    """What must be true after a step. Every part that is given must hold; `url` is a part of the address.

    `value` is what the element of `selector` holds, `sha256` the hash of the file that the step gave.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = None
    selector: Target | None = None
    text: str | None = None
    absent: Target | None = None
    value: str | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not any((self.url, self.selector, self.text, self.absent, self.sha256)):
            raise ValueError("say at least one of url, selector, text, absent, sha256")
        if self.value is not None and self.selector is None:
            raise ValueError("a value needs the selector of what holds it")
        return self


class ToDo(BaseModel):
    """A step. `timeout` is in seconds, for one attempt; `depends_on` takes ids, or indices of the list it stands in.

    `failure_code` names the sentence people read when this step fails for good for a reason of its own: its
    postcondition does not hold or, where it has none, its element is missing. A template knows that no search result
    means "no such invoice".

    `agent` is the name, id or URI of the only agent that may do it, or `tag:` and a tag that it must have.

    With `when` it is done only if that condition holds, with `for_each` once for each element of a list, or of the list
    that a reference names; see docs/TEMPLATES.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: TaskName | None = None
    action: str = Field(min_length=1, max_length=64)
    selector: Target | None = None
    text: str | None = Field(default=None, max_length=1_000_000)
    timeout: float = Field(default=DEFAULT_TIMEOUT, gt=0, le=86_400, strict=True)
    depends_on: tuple[Dependency, ...] = ()
    params: JsonObject = Field(default_factory=dict)
    agent: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    retry: RetryPolicy = RetryPolicy()
    repeatable: StrictBool | None = None
    risk: Risk | None = None
    reason: str = ""
    verify: Postcondition | None = None
    failure_code: Annotated[Code, AfterValidator(_known)] | None = None
    when: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST), AfterValidator(_condition)] | None = None
    for_each: Annotated[list[JsonValue] | str, AfterValidator(_a_list)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _dotted_action(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the document held
        if isinstance(value, dict) and isinstance(value.get("action"), str):
            params = value.get("params")
            if value["action"] not in ALIASES and (params is not None or "params" not in value):
                return value
            if params is None or isinstance(params, dict):
                try:
                    action, rest = canonical_action(value["action"], params or {})
                except ValueError as error:
                    raise wrong(str(error), "params", "op") from None
                return {**value, "action": action, **({"params": rest} if rest or "params" in value else {})}
        return value

    @model_validator(mode="after")
    def _find_references(self, info: ValidationInfo) -> Self:
        """Now, because a malformed one is refused, and graphs ask often for what a step waits for."""
        if info.context != _RESOLVED:
            derived = self.__dict__  # a cached property that was not asked before costs as much as what it finds
            derived["_references"] = references = self._found_references()
            derived["dependencies"] = dependencies = self._found_dependencies(references)
            derived["node"] = self._place(dependencies)
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy as pydantic does, with what is derived from its fields as the copy has it."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("dependencies", "node", "needed", "_references", "_plain", "_canonical"):
            copied.__dict__.pop(name, None)
        return copied

    @cached_property
    def dependencies(self) -> tuple[TaskId, ...]:
        """Ids of the tasks that must be done first: those named in `depends_on` and those referred to, each once."""
        return self._found_dependencies(self.references())

    @cached_property
    def node(self) -> tuple[TaskId, tuple[TaskId, ...]] | None:
        """The step's place in a graph: its id and its dependencies; None while an id is missing or an index is left."""
        return self._place(self.dependencies)

    def references(self) -> list[Reference]:
        """Return every reference to a task, also in `when` and `for_each`. Raises ValueError for a malformed one."""
        return self._references

    @cached_property
    def _references(self) -> list[Reference]:
        return self._found_references()

    def _found_references(self) -> list[Reference]:
        fields = values_of(self)
        found: list[Reference] = []
        for name in ("text", "params"):
            if fields[name]:
                found += references_in(fields[name], (name,))
        for name in ("selector", "verify"):
            if fields[name] is not None:
                found += references_in(fields[name].model_dump(), (name,))
        if fields["when"] is not None:
            found += read_condition(fields["when"]).references
        if fields["for_each"] is not None:
            found = [reference for reference in found if reference.task not in {ITEM, INDEX}]
            found += references_in(fields["for_each"], ("for_each",))
        return found

    def _found_dependencies(self, references: Sequence[Reference]) -> tuple[TaskId, ...]:
        if not self.depends_on and not references:
            return ()
        named: list[TaskId] = [dependency for dependency in self.depends_on if not isinstance(dependency, int)]
        return tuple(dict.fromkeys([*named, *(reference.task for reference in references)]))

    def _place(self, dependencies: tuple[TaskId, ...]) -> tuple[TaskId, tuple[TaskId, ...]] | None:
        task_id, depends_on = self.id, self.depends_on
        if task_id is None or (depends_on and any(isinstance(dependency, int) for dependency in depends_on)):
            return None
        return task_id, dependencies

    def resolved(self, results: Mapping[TaskId, Mapping[str, Any]]) -> Self:
        """Return the step with values in place of references. What a value holds is not read as a reference again.

        Raises InvalidInputError when something is not there, or of a type that does not fit.
        """
        if self._plain:
            return self
        parts = self.model_dump(mode="json", include={"text", "params", "selector", "verify"}, exclude_unset=True)
        document = self.model_dump(exclude_unset=True, exclude={"when", "for_each"}) | resolve(parts, results)
        try:
            step = type(self).model_validate(document, context=_RESOLVED)
        except ValidationError as error:
            path, problem = first_flaw(error)
            raise InvalidInputError(f"{self.id}.{path}", problem) from error
        step.__dict__["dependencies"] = self.dependencies
        return step

    @property
    def asks_per_item(self) -> bool:
        """Whether its condition is about the single element of a `for_each`."""
        if self.when is None or self.for_each is None:
            return False
        return any(reference.task in {ITEM, INDEX} for reference in read_condition(self.when).references)

    @cached_property
    def needed(self) -> frozenset[TaskId]:
        """The tasks whose results it cannot do without: those referred to anywhere but in `when`."""
        return frozenset(reference.task for reference in self.references() if reference.path[0] != "when")

    @cached_property
    def _plain(self) -> bool:
        """Whether nothing in it looks like a reference, so that resolving would change nothing."""
        return "${" not in self.canonical() and (self.verify is None or "${" not in self.verify.model_dump_json())

    def canonical(self) -> str:
        """Return the step's inputs as canonical JSON, the part of the effect key that an operator can correct."""
        return self._canonical

    @cached_property
    def _canonical(self) -> str:
        return canonical_json(self.model_dump(mode="json", include={"action", "selector", "text", "params"}))
