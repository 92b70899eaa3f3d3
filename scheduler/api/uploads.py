"""Files beside the sentence: attachments of one job, or a table with one row per case."""

import asyncio
from pathlib import PurePosixPath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile, status
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, Json
from starlette.routing import Match
from starlette.types import Scope

from scheduler.api.dependencies import AttachmentsDep, JobServiceDep, TablesDep, TenantDep
from scheduler.api.errors import problem_of
from scheduler.api.headers import header
from scheduler.api.jobs import IdempotencyKey, told
from scheduler.api.models import JobResponse, Problem
from scheduler.core.errors import InvalidFieldError, TaskFailedError
from scheduler.core.ids import JobId
from scheduler.core.job import Locale
from scheduler.core.sentences import Sentence, sentence
from scheduler.core.unique_jobs import Unique
from scheduler.executors.data_csv import decode, read_csv
from scheduler.executors.data_tables import Table
from scheduler.orchestrator.attachments import UploadedFile


class _MultipartRoute(APIRoute):
    """Takes multipart bodies only, so that JSON at the same address finds its own route."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not (header(scope, b"content-type") or "").startswith("multipart/form-data"):
            return Match.NONE, {}
        return super().matches(scope)


async def _only_known_fields(request: Request) -> None:
    """Refuse a form with a field that its route does not know, in the words that are said of one in JSON."""
    route: APIRoute = request.scope["route"]
    known = {field.alias for field in route.dependant.body_params}
    for name in await request.form():
        if name not in known:
            raise RequestValidationError([{"type": "extra_forbidden", "loc": ("body", name), "msg": _NOT_PERMITTED}])


_NOT_PERMITTED: Final = "Extra inputs are not permitted"  # as pydantic says it
_FORM: Final = [Depends(_only_known_fields)]

router = APIRouter(tags=["schedule"], dependencies=_FORM)
multipart = APIRouter(route_class=_MultipartRoute, dependencies=_FORM)
UniqueField = Annotated[
    Json[Unique] | None, Form(description="At most one job of this kind, as JSON; `{}` means all defaults.")
]
_REFUSED: dict[int | str, dict[str, Any]] = {422: {"model": Problem}, 413: {"model": Problem}}


class RowAnswer(BaseModel):
    """What became of a row; the header is row 1."""

    row: int
    key: str
    job_id: JobId | None = None
    existing: bool = Field(default=False, description="Told of a unique row: this job was there already.")
    problem: Problem | None = None


class TableAnswer(BaseModel):
    """One entry per row, in their order."""

    accepted: int
    rows: list[RowAnswer]


@multipart.post("/schedule", status_code=status.HTTP_202_ACCEPTED, include_in_schema=False)
async def schedule_with_files(
    text: Annotated[str, Form()],
    files: Annotated[list[UploadFile], File()],
    attachments: AttachmentsDep,
    tenant: TenantDep,
    response: Response,
    jobs: JobServiceDep,
    locale: Annotated[Locale | None, Form()] = None,
    ask: Annotated[bool, Form(description="Whether what is missing is asked for, or refused.")] = True,
    unique: UniqueField = None,
    idempotency_key: IdempotencyKey = None,
) -> JobResponse:
    """Accept a sentence with files, "send the attached file to …". They become artifacts of the job.

    What an answer would help is asked for, as without files; the files wait with the job. With `unique` the answer is
    200 and the job that is there, with `existing`, if there is one of its kind, made of files that say the same.
    """
    given = [UploadedFile(file.filename or "", await file.read()) for file in files]
    job = await attachments.schedule(
        text, given, tenant=tenant, locale=locale, key=idempotency_key, ask=ask, unique=unique
    )
    asked = await jobs.questions(job)
    return told(job, response, () if asked is None else asked.questions)


@router.post("/tables", status_code=status.HTTP_202_ACCEPTED, responses={**_REFUSED, 207: {"model": TableAnswer}})
async def schedule_table(
    request: Request,
    response: Response,
    table: Annotated[UploadFile, File(description="CSV or XLSX, the first row names the columns.")],
    text: Annotated[str, Form(description="The sentence, with the columns in braces: {number}.")],
    tables: TablesDep,
    tenant: TenantDep,
    key: Annotated[str | None, Form(description="The column that tells rows apart; default: their words.")] = None,
    locale: Annotated[Locale | None, Form()] = None,
    unique: UniqueField = None,
) -> TableAnswer:
    """Accept one job per row. With a flaw in any row nothing is stored; a row that is sent again is done once.

    With `unique` a row gets the job of its kind that is there, with `existing`; a key is told apart by that of the row.
    """
    content = await table.read()
    read = await asyncio.to_thread(read_table, table.filename or "table.csv", content)
    rows = [
        RowAnswer(
            row=one.row,
            key=one.key,
            job_id=one.job_id,
            existing=one.existing,
            problem=None if one.problem is None else Problem.model_validate(problem_of(request, one.problem)),
        )
        for one in await tables.create(read, text, tenant=tenant, key_column=key, locale=locale, unique=unique)
    ]
    accepted = sum(row.job_id is not None for row in rows)
    if accepted < len(rows):
        response.status_code = status.HTTP_207_MULTI_STATUS
    return TableAnswer(accepted=accepted, rows=rows)


def read_table(name: str, content: bytes) -> Table:
    """Return the table of a CSV file, or of the first sheet of a workbook. Raises InvalidFieldError."""
    try:
        return _read_table(name, content)
    except TaskFailedError as error:
        said = Sentence(*(sentence(error.code, each, error.facts).rstrip(".") for each in ("de", "en")))
        raise InvalidFieldError("table", said) from error


def _read_table(name: str, content: bytes) -> Table:
    if PurePosixPath(name).suffix.lower() in {".xlsx", ".xlsm"} or content.startswith(b"PK\x03\x04"):
        from scheduler.executors.data_xlsx import read_xlsx  # noqa: PLC0415 - Excel takes long to import

        sheets = read_xlsx(name, content)
        return sheets[0] if sheets else Table(name, [], [])
    return read_csv(name, decode(content, None, "table"), delimiter=None, decimal=None, header=True)
