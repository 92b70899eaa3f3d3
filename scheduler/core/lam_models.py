"""The parts every LAM message is made of: addresses, times, and models in place of free dictionaries.

On the wire names are camelCase, in Python snake_case; both are read. Fields nobody here knows are kept and sent on.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from scheduler.core.lam_json import Json, wrong

VERSION = "1.0"
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_LONGEST_BUDGET = 366 * 24 * 3600 * 1000


class MessageType(StrEnum):
    """Every kind of message; those from `reject` on complete the conversations of the specification."""

    REQUEST = "request"
    INFORM = "inform"
    PROPOSE = "propose"
    AGREE = "agree"
    REFUSE = "refuse"
    CONFIRM = "confirm"
    FAILURE = "failure"
    DONE = "done"
    DISCOVER = "discover"
    OFFER = "offer"
    ASSIGN = "assign"
    REJECT = "reject"
    CANCEL = "cancel"
    CANCELLED = "cancelled"
    NOT_UNDERSTOOD = "not_understood"
    QUERY_STATUS = "query_status"
    STATUS = "status"


def _read_time(value: object) -> object:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and _RFC3339.fullmatch(value) else value
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day or hour, or outside the years 1 to 9999 once it is in UTC
        pass
    raise wrong("is not a time with its zone, for example 2025-10-30T09:45:00Z")


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _one_or_many(value: object) -> object:
    if not isinstance(value, str | list | tuple):
        raise wrong("is neither an address nor a list of addresses")
    return (value,) if isinstance(value, str) else tuple(value)


Timestamp = Annotated[datetime, BeforeValidator(_read_time)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Opaque = Annotated[str, StringConstraints(max_length=4_096)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Milliseconds = Annotated[int, Field(ge=0, le=_LONGEST_BUDGET)]
Share = Annotated[float, Field(ge=0, le=1)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_as_tuple)]
Evidence = Annotated[tuple[Opaque, ...], BeforeValidator(_as_tuple)]
AgentUri = Annotated[
    str,
    StringConstraints(
        pattern=r"^agent://[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?:/[A-Za-z0-9._~-]+)*$",
        max_length=255,
    ),
]
Addressees = Annotated[tuple[AgentUri, ...], BeforeValidator(_one_or_many), Field(min_length=1, max_length=1_000)]
Capability = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*(?:\.\*)?$", max_length=64)]
"""The name of an action (`web.click`) or of a family (`web.*`)."""


class Part(BaseModel):
    """What all parts of a message share. Types are not converted: `"7"` is no number and `1` no truth value."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        strict=True,
        allow_inf_nan=False,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
    )
    __pydantic_extra__: dict[str, Json]

    @model_validator(mode="after")
    def _spelled_once(self) -> "Part":
        for name in self.__pydantic_extra__:
            if name in type(self).model_fields:
                raise wrong(f"is given twice, also as {to_camel(name)!r}", name)
        return self


class Correlation(Part):
    """To what a message belongs.

    `run` counts the goes at a job, `seq` what one sender says in one conversation. `lease_epoch` fences workers
    presumed dead, `effect_key` goes along to whatever does the work.
    """

    conversation_id: Name | None = None
    task_id: Name | None = None
    in_reply_to: Name | None = None
    seq: Count | None = None
    run: Count | None = None
    attempt: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    lease_epoch: Count | None = None
    effect_key: Name | None = None

    def has(self, names: Iterable[str]) -> bool:
        """Whether every one of these fields is given."""
        return all(getattr(self, name) is not None for name in names)


class Expected(Part):
    """What the sender waits for and until when, as a time and as a budget from receipt."""

    type: Name | None = None
    deadline: Timestamp | None = None
    budget_ms: Milliseconds | None = None

    def due(self, received_at: datetime) -> datetime | None:
        """Return when an answer is due at the receiver: the earlier of both, so a wrong clock cannot extend work."""
        limits = [] if self.deadline is None else [self.deadline]
        if self.budget_ms is not None:
            limits.append(received_at + timedelta(milliseconds=self.budget_ms))
        return min(limits, default=None)


class Status(Part):
    """How far the work is; `progress` runs from 0 to 1."""

    state: Name | None = None
    progress: Share | None = None


class Security(Part):
    """Who vouches for the message: `sig` is a detached JWS made with the key `kid`."""

    kid: Name | None = None
    sig: Opaque | None = None
    created: Timestamp | None = None
    expires: Timestamp | None = None
    nonce: Name | None = None


class Context(Part):
    """For whom and in which trace. `tenant` only repeats what the credential says and never decides.

    A malformed `traceparent` is no reason to refuse work (W3C Trace Context), so it is not looked into here.
    """

    tenant: Name | None = None
    locale: Name | None = None
    traceparent: Opaque | None = None
    tracestate: Opaque | None = None


class PayloadRef(Part):
    """Where a payload lies that is too long for a message; the reader compares length and hash with what it fetched."""

    url: Annotated[str, StringConstraints(pattern=r"^(?:https?|artifact)://\S+$", max_length=2_048)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    bytes: Count
    media_type: Annotated[str, StringConstraints(pattern=r"^[\w.+-]+/[\w.+-]+$", max_length=255)]
