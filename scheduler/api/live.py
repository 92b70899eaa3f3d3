"""A job as it happens: server-sent events that resume where they broke off, and the same over a WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final, cast

from fastapi import APIRouter, Header, Query, Request, Response, WebSocket, WebSocketDisconnect, status
from fastapi.responses import StreamingResponse

from scheduler.api.dependencies import SUBPROTOCOL, JobServiceDep, TenantDep, tenant_of
from scheduler.api.errors import UnauthorizedError
from scheduler.api.models import TimelineResponse
from scheduler.core.errors import JobNotFoundError
from scheduler.core.events import JobEvent
from scheduler.core.ids import JobId, TenantId
from scheduler.orchestrator.job_service import JobService
from scheduler.repository.repository_interface import ChangeSignal

router = APIRouter(tags=["live"])

HEARTBEAT: Final = 15.0
"""Seconds between two signs of life on a quiet stream."""
_LARGEST: Final = 2**63 - 1  # what a number of an event can be
_STREAM: Final = "text/event-stream"


@router.get("/jobs/{job_id}/timeline")
async def timeline(
    job_id: JobId,
    request: Request,
    jobs: JobServiceDep,
    tenant: TenantDep,
    after: Annotated[int, Query(ge=0, le=_LARGEST)] = 0,
    wait: Annotated[float, Query(ge=0, le=30, description="Seconds to wait while there is nothing after it.")] = 0.0,
) -> TimelineResponse:
    """Show what has happened to a job, up to 1000 events after number `after`."""
    changes = cast("ChangeSignal", request.app.state.services.changes)
    loop = asyncio.get_running_loop()
    end = loop.time() + wait
    while True:
        seen, over = changes.changes, (await jobs.get(job_id, tenant)).status.final
        events = list(await jobs.timeline(job_id, tenant, after))
        if events or over or loop.time() >= end:
            return TimelineResponse(events=events)
        await changes.wait(seen, end - loop.time())


@router.get(
    "/jobs/{job_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {_STREAM: {"schema": {"type": "string"}}}, "description": "Events as they happen."},
        204: {"description": "The run has ended and there is nothing after `Last-Event-ID`: do not reconnect."},
    },
)
async def stream(
    job_id: JobId,
    request: Request,
    jobs: JobServiceDep,
    tenant: TenantDep,
    last_event_id: Annotated[int, Header(ge=0, le=_LARGEST)] = 0,
) -> Response:
    """Follow a job as server-sent events until its run ends. `Last-Event-ID` resumes after that event."""
    job = await jobs.get(job_id, tenant)
    if job.status.final and not await jobs.timeline(job_id, tenant, last_event_id):
        return Response(status_code=status.HTTP_204_NO_CONTENT)
    changes = cast("ChangeSignal", request.app.state.services.changes)

    async def lines() -> AsyncIterator[str]:
        async for event in follow(jobs, changes, job_id, tenant, last_event_id):
            if event is None:
                yield ": still here\n\n"
            else:
                yield f"id: {event.seq}\nevent: {event.type}\ndata: {event.model_dump_json()}\n\n"

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines(), media_type=_STREAM, headers=headers)


@router.websocket("/ws/jobs/{job_id}")
async def watch(websocket: WebSocket, job_id: JobId, after: Annotated[int, Query(ge=0, le=_LARGEST)] = 0) -> None:
    """Send each event as JSON and close when the run ends. A browser brings its key as subprotocol `bearer.<key>`."""
    services = websocket.app.state.services
    try:
        tenant = await tenant_of(websocket)
        await services.jobs.get(job_id, tenant)
    except (UnauthorizedError, JobNotFoundError) as error:
        await websocket.close(status.WS_1008_POLICY_VIOLATION, error.code)
        return
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in websocket.scope.get("subprotocols", []) else None)
    events = follow(services.jobs, services.changes, job_id, tenant, after)
    async with asyncio.TaskGroup() as owner:
        gone = owner.create_task(_until_gone(websocket))
        sending = owner.create_task(_send(websocket, events))
        await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        sending.cancel()


async def _send(websocket: WebSocket, events: AsyncIterator[JobEvent | None]) -> None:
    try:
        async for event in events:
            if event is not None:
                await websocket.send_text(event.model_dump_json())
        await websocket.close()
    except WebSocketDisconnect:
        return


async def _until_gone(websocket: WebSocket) -> None:
    """Return when the client has left: a job may be quiet for days, and nothing sent would tell."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def follow(
    jobs: JobService,
    changes: ChangeSignal,
    job_id: JobId,
    tenant: TenantId,
    after: int,
    heartbeat: float = HEARTBEAT,
) -> AsyncIterator[JobEvent | None]:
    """Yield every event after number `after`, then each new one, until the run ends; None when it is quiet for long."""
    loop = asyncio.get_running_loop()
    quiet_until = loop.time() + heartbeat
    while True:
        seen = changes.changes
        over = (await jobs.get(job_id, tenant)).status.final
        events = await jobs.timeline(job_id, tenant, after)
        for event in events:
            after = event.seq
            yield event
        if over and not events:
            return
        if events:
            quiet_until = loop.time() + heartbeat
        elif loop.time() >= quiet_until:
            quiet_until = loop.time() + heartbeat
            yield None
        if not over:
            await changes.wait(seen, max(0.0, quiet_until - loop.time()))
