"""Files of steps, for agents that share no folder with the scheduler."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Request, Response, status
from fastapi.responses import FileResponse

from scheduler.agents.artifact_exchange import ArtifactExchange, ArtifactId
from scheduler.api.agents import CallerDep, EnrolmentDep, Id
from scheduler.api.models import Problem
from scheduler.core.agent_wire import digest_header, digest_of
from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.sentences import Sentence
from scheduler.executors.files import sha256_of

router = APIRouter(prefix="/agents/{agent_id}/artifacts", tags=["agents"])

_NOT_ALLOWED: Final = {"model": Problem, "description": "The agent was given no such task."}
_UNKNOWN: Final = {"model": Problem, "description": "There is no such agent, or no such file."}
_NO_DIGEST: Final = Sentence("Repr-Digest mit sha-256 fehlt", "Repr-Digest with sha-256 is missing")


async def exchange_of(request: Request) -> ArtifactExchange:
    exchange: ArtifactExchange = request.app.state.services.agents.files
    return exchange


async def artifact_of(job_id: JobId, task_id: TaskId, name: str) -> ArtifactId:
    return ArtifactId(job_id, task_id, name)


ExchangeDep = Annotated[ArtifactExchange, Depends(exchange_of)]
FileDep = Annotated[ArtifactId, Depends(artifact_of)]


@router.head("/{job_id}/{task_id}/{name}", responses={403: _NOT_ALLOWED, 404: _UNKNOWN})
@router.get("/{job_id}/{task_id}/{name}", response_class=FileResponse, responses={403: _NOT_ALLOWED, 404: _UNKNOWN})
async def fetch_file(
    agent_id: Id, file: FileDep, caller: CallerDep, enrolment: EnrolmentDep, exchange: ExchangeDep
) -> FileResponse:
    """Send a file of a job of which the agent has a task; `Repr-Digest` tells its SHA-256."""
    entry = await enrolment.speaking(agent_id, caller.token, caller.tenant)
    path = await exchange.path(entry.record.agent, file)
    return FileResponse(path, filename=file.name, headers={"Repr-Digest": digest_header(sha256_of(path))})


@router.put(
    "/{job_id}/{task_id}/{name}",
    status_code=status.HTTP_201_CREATED,
    response_class=Response,
    responses={204: {"description": "It is there already."}, 403: _NOT_ALLOWED, 404: _UNKNOWN},
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
async def hand_in_file(
    request: Request,
    agent_id: Id,
    file: FileDep,
    caller: CallerDep,
    enrolment: EnrolmentDep,
    exchange: ExchangeDep,
    repr_digest: Annotated[str, Header(description="SHA-256 of the file (RFC 9530)")] = "",
) -> Response:
    """Take in a file that the agent made for a task it was given. The same again changes nothing."""
    entry = await enrolment.speaking(agent_id, caller.token, caller.tenant)
    sha256 = digest_of(repr_digest)
    if sha256 is None:
        raise InvalidFieldError("Repr-Digest", _NO_DIGEST)
    new = await exchange.take(entry.record.agent, file, await request.body(), sha256)
    return Response(status_code=status.HTTP_201_CREATED if new else status.HTTP_204_NO_CONTENT)
