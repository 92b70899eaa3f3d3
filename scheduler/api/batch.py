"""Many jobs in one request. The body is read by one call of pydantic; only one with a flaw is read order by order."""

import hashlib
import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, cast

import orjson
from fastapi import APIRouter, HTTPException, Request, Response, status
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import from_json
from starlette.requests import ClientDisconnect

from scheduler.api.dependencies import BatchesDep, TenantDep
from scheduler.api.errors import problem_of
from scheduler.api.jobs import IdempotencyKey
from scheduler.api.models import EVERYWHERE, Problem
from scheduler.core.canonical_json import json_in_order
from scheduler.core.errors import CPAError, InvalidFieldError, InvalidRequestError
from scheduler.core.ids import JobId
from scheduler.core.lam_json import JsonObject
from scheduler.core.orders import JobOrder
from scheduler.core.problems import first_flaw
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.orchestrator.batch_service import MOST_ORDERS, Batch, MetOrder

router = APIRouter(tags=["jobs"], responses=EVERYWHERE)

_Plans = dict[bytes, TaskGraph]


class BatchItem(JobOrder):
    """One order of a batch. Plans that are alike are read once; the validation's context keeps them by their JSON."""

    context: JsonObject = Field(default_factory=dict)

    @field_validator("task_graph", mode="wrap")
    @classmethod
    def _each_plan_once(cls, value: Any, read: Any, info: ValidationInfo) -> TaskGraph | None:  # noqa: ANN401 - pydantic's
        plans = cast("_Plans", info.context)
        try:
            key = orjson.dumps(value)
        except TypeError:  # a number beyond 64 bits, or too deep: both are refused, in the reader's words
            plan: TaskGraph | None = read(value)
            return plan
        plan = plans.get(key)
        if plan is None and value is not None:
            plan = plans[key] = read(value)
        return plan


class BatchRequest(BaseModel):
    """Up to 1000 orders. With `atomic` all are accepted or none, else each is answered by itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    jobs: Annotated[list[BatchItem], Field(min_length=1, max_length=MOST_ORDERS)]
    atomic: bool = False


class _Envelope(BatchRequest):
    """A batch whose orders have not been looked at."""

    jobs: Annotated[list[Any], Field(min_length=1, max_length=MOST_ORDERS)]


class BatchAnswer(BaseModel):
    """What became of the order at `index`: a job, or why there is none."""

    index: int
    job_id: JobId | None = None
    existing: bool = Field(default=False, description="The order is unique, and this job was there already.")
    problem: Problem | None = None


class BatchResponse(BaseModel):
    """The answer to a batch, in its order."""

    accepted: int
    refused: int
    jobs: list[BatchAnswer]


_BODY: Final = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "required": ["jobs"],
                "properties": {
                    "jobs": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/CreateJobRequest"},
                        "minItems": 1,
                        "maxItems": MOST_ORDERS,
                    },
                    "atomic": {"type": "boolean", "default": False},
                },
            }
        }
    },
}
_JSON: Final = "application/json"
_NOT_JSON: Final = Sentence(
    "als Content-Type wird application/json erwartet", "application/json is expected as its Content-Type"
)


@router.post(
    "/jobs:batch",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=BatchResponse,
    responses={
        207: {"model": BatchResponse, "description": "Some orders, or all, were refused; each says why."},
        400: {"model": Problem, "description": "The body is no JSON."},
        409: {"model": Problem, "description": "The key was used for another batch."},
        413: {"model": Problem, "description": "More orders than jobs may wait: this batch will never be accepted."},
        429: {"model": Problem, "description": "There is no room for all of them now; `Retry-After` says when."},
    },
    openapi_extra={"requestBody": _BODY},
)
async def create_jobs(
    request: Request, batches: BatchesDep, tenant: TenantDep, idempotency_key: IdempotencyKey = None
) -> Response:
    """Accept many jobs in one request and one transaction. 202: all of them; 207: those that have a `job_id`.

    With `atomic` a single flaw refuses the whole batch, and the problem names its order. With an `Idempotency-Key` the
    same batch is accepted once, and answered with the same ids.
    """
    body = await _json_body(request)
    document = _document(body)
    batch = read_batch(document)
    digest = "" if idempotency_key is None else digest_of(document)
    answers = await batches.create(batch, tenant=tenant, key=idempotency_key, digest=digest)
    return _response(request, answers)


async def _json_body(request: Request) -> bytes:
    """Return the body, which must say that it is JSON: a page of another origin can send anything else unasked."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not re.fullmatch(r"application/(.+\+)?json", kind):
        raise InvalidFieldError("body", _NOT_JSON)
    try:
        return await request.body()
    except ClientDisconnect as error:  # also what a body looks like that is larger than allowed
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error


def read_batch(document: object) -> Batch:
    """Read a batch; an order that cannot be read becomes the error that says why.

    Raises RequestValidationError when the document is no batch at all.
    """
    plans: _Plans = {}
    try:
        whole = BatchRequest.model_validate(document, context=plans)
    except (ValidationError, InvalidRequestError):
        envelope = _envelope(document)
        return Batch(orders=[_read_order(item, plans) for item in envelope.jobs], atomic=envelope.atomic)
    return Batch(orders=whole.jobs, atomic=whole.atomic)


def _document(body: bytes) -> object:
    """Return the document in a body, which is parsed once. Raises RequestValidationError when it is no JSON."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body", _place_of_flaw(body))}]) from error


def _envelope(document: object) -> _Envelope:
    try:
        return _Envelope.model_validate(document)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in problems]) from error


def _place_of_flaw(body: bytes) -> int:
    """Return the character from which a body is no JSON; 0 when Python reads it and no other reader does."""
    try:
        json.loads(body)
    except json.JSONDecodeError as error:
        return error.pos
    except (ValueError, RecursionError):
        return 0
    return 0


def _read_order(item: object, plans: _Plans) -> BatchItem | CPAError:
    try:
        return BatchItem.model_validate(item, context=plans)
    except ValidationError as error:
        return InvalidFieldError(*first_flaw(error))
    except InvalidRequestError as error:
        return error


def digest_of(document: object) -> str:
    """Name a document by what it says; the order of its names and its white space make no other one of it."""
    return hashlib.sha256(json_in_order(document).encode()).hexdigest()


def _response(request: Request, answers: Sequence[JobId | MetOrder | CPAError]) -> Response:
    refused = sum(isinstance(answer, CPAError) for answer in answers)
    document = {
        "accepted": len(answers) - refused,
        "refused": refused,
        "jobs": [{"index": place, **_told(request, answer)} for place, answer in enumerate(answers)],
    }
    code = HTTPStatus.MULTI_STATUS if refused else HTTPStatus.ACCEPTED
    return Response(orjson.dumps(document), code, media_type=_JSON)


def _told(request: Request, answer: JobId | MetOrder | CPAError) -> dict[str, Any]:
    if isinstance(answer, CPAError):
        return {"problem": problem_of(request, answer)}
    return {"job_id": answer.job_id, "existing": True} if isinstance(answer, MetOrder) else {"job_id": answer}
