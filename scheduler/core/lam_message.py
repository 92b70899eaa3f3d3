"""What every LAM message says, and how it becomes JSON and back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from scheduler.core.errors import InvalidMessageError, NotUnderstoodError
from scheduler.core.ids import new_id
from scheduler.core.lam_json import (
    MAX_MESSAGE_BYTES,
    MAX_PAYLOAD_BYTES,
    as_object,
    check_size,
    read_object,
    refused,
    too_large,
    wrong,
)
from scheduler.core.lam_models import (
    VERSION,
    Addressees,
    AgentUri,
    Context,
    Correlation,
    Expected,
    MessageType,
    Name,
    Part,
    PayloadRef,
    Security,
    Status,
    Text,
    Timestamp,
)
from scheduler.core.lam_payloads import Payload

Anchors = tuple[tuple[str, ...], ...]
"""Sets of fields of `correlation`, one of which must be there, so that a message finds its conversation."""
REPLY: Anchors = (("in_reply_to",),)
CONVERSATION: Anchors = (("conversation_id",),)

_ALWAYS_SAID = frozenset({"id", "ts", "type", "version"})
_NEVER_MADE_UP = ("id", "ts", "sender", "to")
_CLASSES: dict[str, "type[BaseMessage]"] = {}


class BaseMessage(Part):
    """The envelope. A message is made through the class of its type; `from_dict` and `from_json` here read any type."""

    model_config = ConfigDict(defer_build=True)  # of twenty types most processes use a few

    anchors: ClassVar[Anchors] = ()
    needs_payload: ClassVar[bool] = False

    id: Name = Field(default_factory=new_id)
    ts: Timestamp = Field(default_factory=lambda: datetime.now(UTC))
    type: Annotated[MessageType, Field(strict=False)]
    version: Annotated[str, StringConstraints(pattern=r"^1\.[0-9]{1,4}$")] = VERSION
    sender: AgentUri
    to: Addressees
    intent: Name | None = None
    task: Text | None = None
    payload: Payload | None = None
    payload_ref: PayloadRef | None = None
    context: Context = Context()
    correlation: Correlation = Correlation()
    expected: Expected = Expected()
    status: Status = Status()
    security: Security = Security()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        _CLASSES[cls.model_fields["type"].default] = cls

    def model_post_init(self, _: object, /) -> None:
        """Count the fields filled in here as said; of all others only those that were given are written."""
        self.model_fields_set.update(_ALWAYS_SAID)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read a message: of any type on `BaseMessage`, of its own type on a class below it.

        Raises NotUnderstoodError for an unknown type or major version, InvalidMessageError and MessageTooLargeError.
        """
        document = as_object(document)
        chosen = class_of(document)
        if not issubclass(chosen, cls):
            raise InvalidMessageError("type", f"is {document['type']!r}, which is not what is read here")
        for name in _NEVER_MADE_UP:
            if name not in document:
                raise InvalidMessageError(name, "is missing")
        return chosen.build(document)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a message from JSON in UTF-8. Raises as `from_dict` does."""
        return cls.from_dict(read_object(text))

    @classmethod
    def build(cls, fields: Mapping[str, Any]) -> Self:
        """Make a message of this class; id and time are made here if they are not given. Raises as `from_dict` does."""
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            raise refused(error) from error

    def to_dict(self) -> dict[str, Any]:
        """Return the message as it goes over the wire, in values of JSON."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def to_json(self) -> str:
        """Return the message as compact JSON. Raises MessageTooLargeError when no reader would take it."""
        text = self.model_dump_json(by_alias=True, exclude_unset=True)
        check_size(text, "message", MAX_MESSAGE_BYTES)
        return text

    @model_validator(mode="after")
    def _has_its_payload(self) -> Self:
        if self.payload is None:
            if self.needs_payload and self.payload_ref is None:
                raise wrong(f"is missing: a message of type {self.type} needs it", "payload")
            return self
        if self.payload_ref is not None:
            raise wrong("stands beside payloadRef; send one of the two", "payload")
        size = len(self.payload.model_dump_json(by_alias=True, exclude_unset=True).encode())
        if size > MAX_PAYLOAD_BYTES:
            raise too_large(size, MAX_PAYLOAD_BYTES, "payload")
        return self

    @model_validator(mode="after")
    def _is_anchored(self) -> Self:
        if self.anchors and not any(self.correlation.has(names) for names in self.anchors):
            needed = ", or ".join(" and ".join(map(to_camel, names)) for names in self.anchors)
            problem = f"is missing: a message of type {self.type} needs {needed}"
            raise wrong(problem, "correlation", to_camel(self.anchors[0][0]))
        return self


def class_of(document: Mapping[str, Any]) -> type[BaseMessage]:
    """Return the class of a document's type. Raises NotUnderstoodError and InvalidMessageError."""
    version, kind = document.get("version", VERSION), document.get("type")
    if isinstance(version, str):
        major = version.partition(".")[0]
        if major.isdecimal() and major != VERSION.partition(".")[0]:
            raise NotUnderstoodError("version", version, understood=[VERSION])
    if not isinstance(kind, str):
        raise InvalidMessageError("type", "is missing" if kind is None else "is not a text")
    if kind not in _CLASSES:
        raise NotUnderstoodError("type", kind, understood=_CLASSES)
    return _CLASSES[kind]
