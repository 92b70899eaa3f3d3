"""What can be done: every action with the shape of its parameters, its risk, and whether it may be repeated.

Executors and agents bring their actions into one catalog; plans are checked against it before they are stored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sized
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from scheduler.core.errors import InvalidFieldError, UnknownActionError
from scheduler.core.problems import flaw


class Risk(StrEnum):
    """How much harm an action can do; policy decides what follows from it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class SessionUse(StrEnum):
    """What an action has to do with the session that its executor holds for a run: the page of a browser, for example.

    The effect of one that `CHANGES` it lives nowhere else; what one gives that only `NEEDS` it outlasts the session.
    """

    NONE = "none"
    NEEDS = "needs"
    CHANGES = "changes"


class ActionType(StrEnum):
    """The short names of actions that people and the specification use; each stands for a dotted name."""

    OPEN_APP = "open_app"
    CLICK = "click"
    TYPE = "type"
    WAIT_FOR = "wait_for"
    PLAYWRIGHT = "playwright"
    UIA = "uia"
    SEND_MAIL = "send_mail"


_ALIASES: Mapping[str, str] = {
    ActionType.OPEN_APP: "app.open",
    ActionType.CLICK: "desktop.click",
    ActionType.TYPE: "desktop.type",
    ActionType.WAIT_FOR: "desktop.wait_for",
    ActionType.SEND_MAIL: "mail.send",
}
_ALIASES_BY_OP: Mapping[str, str] = {ActionType.PLAYWRIGHT: "web", ActionType.UIA: "desktop"}


ALIASES = frozenset({*_ALIASES, *_ALIASES_BY_OP})
"""Actions that have another name, which is the canonical one."""


def canonical_action(action: str, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the dotted name of `action` and its parameters; `playwright` and `uia` take the verb from `params["op"]`.

    Raises ValueError when the verb is missing.
    """
    rest = dict(params)
    if action in _ALIASES_BY_OP:
        verb = rest.pop("op", None)
        if not isinstance(verb, str) or not verb:
            raise ValueError(f"action {action!r} needs params.op, for example 'click'")
        return f"{_ALIASES_BY_OP[action]}.{verb}", rest
    return _ALIASES.get(action, action), rest


class NoParams(BaseModel):
    """For actions that need nothing but a target or a text."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ActionSpec(BaseModel):
    """One action. `repeatable`: doing it twice does no harm, so one of unknown outcome may simply be tried again.

    `result` names the fields its result may have, which is what other steps may refer to; None: it is not known.
    A name that ends in `.*` stands for a family of which not every action is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    params: type[BaseModel] = NoParams
    risk: Risk = Risk.LOW
    repeatable: bool = False
    session: SessionUse = SessionUse.NONE
    result: frozenset[str] | None = None
    needs_selector: bool = False
    needs_text: bool = False


class ActionCatalog:
    """All actions that somebody here can do, by dotted name. `version` grows when they are replaced by others."""

    def __init__(self, actions: Iterable[ActionSpec] = ()) -> None:
        self._actions: dict[str, ActionSpec] = {}
        self.version = 0
        for spec in actions:
            self.add(spec)

    def replace(self, actions: Iterable[ActionSpec]) -> None:
        """Take these for all there are; whoever holds the catalog sees them from now on. Raises ValueError."""
        self._actions = {spec.name: spec for spec in ActionCatalog(actions)}
        self.version += 1

    def add(self, spec: ActionSpec) -> None:
        """Bring in an action. A second action of that name is a mistake of wiring: raises ValueError."""
        if spec.name in self._actions:
            raise ValueError(f"action {spec.name!r} is already in the catalog")
        self._actions[spec.name] = spec

    def __contains__(self, name: object) -> bool:
        return name in self._actions

    def __iter__(self) -> Iterator[ActionSpec]:
        return iter(self._actions.values())

    def get(self, name: str, field: str = "action") -> ActionSpec:
        """Return the action. Raises UnknownActionError, which names `field` and the nearest actions."""
        spec = self._actions.get(name) or next(
            (self._actions[one] for one in covering(name) if one in self._actions), None
        )
        if spec is None or name.endswith("*"):
            raise UnknownActionError(name, field=field, known=self._actions)
        return spec

    def check_params(self, name: str, params: Mapping[str, Any], field: str) -> None:
        """Raise InvalidFieldError with the path to the first wrong parameter. References count as any type."""
        kind = self.get(name).params
        try:
            kind.__pydantic_validator__.validate_python(dict(params))
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                if _by_reference(problem):
                    continue
                path, words = flaw(problem)
                raise InvalidFieldError(f"{field}.params.{path}", words) from error


def _by_reference(problem: ErrorDetails) -> bool:
    """Whether only a reference stands where something else is expected, or makes a list count as too short."""
    kind, value = problem["type"], problem["input"]
    if kind == "too_short":  # those that are wrong are not counted, and are problems of their own
        return isinstance(value, Sized) and len(value) >= problem["ctx"]["min_length"]
    return kind not in {"missing", "extra_forbidden"} and isinstance(value, str) and "${" in value


def covering(action: str) -> tuple[str, ...]:
    """Return the capabilities that allow an action, the closest first: its name, then its families."""
    families = (f"{action[:dot]}.*" for dot in range(len(action) - 1, 0, -1) if action[dot] == ".")
    return (action, *families)
