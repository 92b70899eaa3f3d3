"""An action that an agent brings with it: as it is told on the wire, and as plans are checked against it."""

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from scheduler.core.actions import ActionSpec, Risk, SessionUse
from scheduler.core.lam_json import JsonObject

_TYPES: Final[dict[object, Any]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list[Any],
    "object": dict[str, Any],
}

ActionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+$", max_length=64)]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class OfferedAction(BaseModel):
    """The same facts as ActionSpec. `params` is the JSON Schema of the parameters.

    Of the schema the scheduler heeds the names at the top, which are needed, and plain types; the agent knows the rest.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: ActionName
    description: str = Field(default="", max_length=500)
    params: JsonObject = Field(default_factory=dict)
    risk: Risk = Risk.MEDIUM
    repeatable: bool = False
    session: SessionUse = SessionUse.NONE
    result: tuple[FieldName, ...] | None = Field(default=None, max_length=100)
    needs_selector: bool = False
    needs_text: bool = False

    @classmethod
    def of(cls, spec: ActionSpec) -> Self:
        """Describe an action of ours to others."""
        facts = spec.model_dump(exclude={"params", "result", "description"})
        result = None if spec.result is None else tuple(sorted(spec.result))
        return cls(**facts, params=spec.params.model_json_schema(), result=result, description=spec.description[:500])

    def spec(self) -> ActionSpec:
        """Return it as our catalog knows actions."""
        facts = self.model_dump(exclude={"params", "result"})
        result = None if self.result is None else frozenset(self.result)
        return ActionSpec(**facts, params=_model(self.name, self.params), result=result)


def _model(name: str, schema: dict[str, Any]) -> type[BaseModel]:
    """Return a model of the parameters; their own names are aliases, lest one is that of a method."""
    properties, required = schema.get("properties"), schema.get("required")
    known = properties if isinstance(properties, dict) else {}
    needed = set(map(str, required)) if isinstance(required, list) else set()
    fields: dict[str, Any] = {
        f"field_{place}": (_type(known.get(field)), Field(default=... if field in needed else None, alias=field))
        for place, field in enumerate({**known, **dict.fromkeys(needed)})
    }
    others: Any = "forbid" if schema.get("additionalProperties") is False else "allow"
    return create_model(name, __config__=ConfigDict(frozen=True, extra=others), **fields)


def _type(schema: object) -> Any:  # noqa: ANN401 - a type
    kind = schema.get("type") if isinstance(schema, dict) else None
    return _TYPES.get(kind, Any) if isinstance(kind, str) else Any
