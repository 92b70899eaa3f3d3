"""What sentences can mean, over HTTP: the intents, and what people teach. Every process knows a change at once."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, status
from pydantic import BaseModel, ConfigDict, Field

from scheduler.api.dependencies import TeachingDep, TenantDep
from scheduler.api.models import Problem
from scheduler.core.errors import UnknownIntentError
from scheduler.core.intents import Intent
from scheduler.core.job import Locale
from scheduler.core.taught import Taught

router = APIRouter(prefix="/intents", tags=["intents"])

_REFUSED = {"model": Problem, "description": "It cannot be taught; `field` names what is wrong. Nothing is stored."}
_UNKNOWN = {"model": Problem, "description": "There is no such intent or example."}
_TAKEN = {"model": Problem, "description": "There is an intent of that name."}
Named = Annotated[str, Path(description="Name of the intent, or id of an example.", max_length=100)]


class TaughtResponse(BaseModel):
    """Something that was taught."""

    id: str
    kind: Literal["example", "intent"]
    intent: str
    text: str
    reason: str

    @classmethod
    def of(cls, taught: Taught) -> Self:
        return cls(**taught.model_dump(include={"id", "kind", "intent", "text", "reason"}))


class IntentResponse(BaseModel):
    """A kind of request: what it is, how it is said, and what was taught about it."""

    name: str
    description: dict[Locale, str]
    examples: dict[Locale, list[str]]
    own_slots: tuple[str, ...]
    taught: list[TaughtResponse]


class IntentListResponse(BaseModel):
    """All that sentences can mean."""

    intents: list[IntentResponse]


class TeachRequest(BaseModel):
    """A sentence that means an intent; `[slot:words]` marks what fills a slot."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "mach mal den Kram mit dem Vertrag als PDF"}]}
    )

    text: str = Field(max_length=2000)


class AddIntentRequest(BaseModel):
    """A whole intent as YAML: name, description, examples with markup, task_template."""

    model_config = ConfigDict(extra="forbid")

    document: str


class TestRequest(BaseModel):
    """A sentence that is only to be understood."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=2000)


class TestResponse(BaseModel):
    """What a sentence means by what was taught; without an intent it is left to the rules."""

    intent: str | None
    slots: dict[str, str]
    score: float
    why: str


@router.get("")
async def list_intents(teaching: TeachingDep, tenant: TenantDep) -> IntentListResponse:
    """List what sentences can mean."""
    taught = await teaching.list(tenant)
    known = await teaching.intents(tenant)
    return IntentListResponse(intents=[_shown(one, taught) for one in known.values()])


@router.post("", status_code=status.HTTP_201_CREATED, responses={409: _TAKEN, 422: _REFUSED})
async def add_intent(order: AddIntentRequest, teaching: TeachingDep, tenant: TenantDep) -> TaughtResponse:
    """Teach a whole intent with its template."""
    return TaughtResponse.of(await teaching.add(tenant, order.document))


@router.post("/test")
async def test_sentence(order: TestRequest, teaching: TeachingDep, tenant: TenantDep) -> TestResponse:
    """Tell what a sentence means by what was taught; nothing is stored and nothing runs."""
    found = await teaching.route(order.text, tenant)
    if found is None:
        return TestResponse(intent=None, slots={}, score=0.0, why="")
    return TestResponse(intent=found.name, slots=found.slots, score=found.score, why=found.why)


@router.get("/{named}", responses={404: _UNKNOWN})
async def show_intent(named: Named, teaching: TeachingDep, tenant: TenantDep) -> IntentResponse:
    """Show one intent."""
    known = await teaching.intents(tenant)
    if named not in known:
        raise UnknownIntentError(named, nearest=(), field="intent")
    return _shown(known[named], await teaching.list(tenant))


@router.post("/{named}/examples", status_code=status.HTTP_201_CREATED, responses={422: _REFUSED})
async def teach_example(named: Named, order: TeachRequest, teaching: TeachingDep, tenant: TenantDep) -> TaughtResponse:
    """Teach that a sentence means this intent."""
    return TaughtResponse.of(await teaching.teach(tenant, named, order.text))


@router.delete("/{named}", status_code=status.HTTP_204_NO_CONTENT, responses={422: _UNKNOWN})
async def forget(named: Named, teaching: TeachingDep, tenant: TenantDep) -> None:
    """Forget an example by its id, or a taught intent by its name, with its examples."""
    await teaching.forget(tenant, named)


def _shown(intent: Intent, taught: Sequence[Taught]) -> IntentResponse:
    return IntentResponse(
        name=intent.name,
        description=intent.description,
        examples=intent.examples,
        own_slots=intent.own_slots,
        taught=[TaughtResponse.of(one) for one in taught if one.intent == intent.name],
    )
