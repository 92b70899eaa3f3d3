"""A job as it happens: server-sent events that resume where they broke off, and the same over a WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Header, Query, Request, WebSocket, WebSocketDisconnect, status
from fastapi.responses import StreamingResponse

from scheduler.api.dependencies import JobServiceDep, TenantDep, tenant_of
from scheduler.api.errors import UnauthorizedError
from scheduler.api.models import TimelineResponse
from scheduler.core.errors import JobNotFoundError
from scheduler.core.events import JobEvent
from scheduler.core.ids import JobId, TenantId
from scheduler.orchestrator.job_service import JobService
from scheduler.repository.repository_interface import ChangeSignal

router = APIRouter(tags=["live"])

_HEARTBEAT = 15.0  # seconds between two signs of life


@router.get("/jobs/{job_id}/timeline")
async def timeline(
    job_id: JobId, jobs: JobServiceDep, tenant: TenantDep, after: Annotated[int, Query(ge=0)] = 0
) -> TimelineResponse:
    """Show what has happened to a job so far, from the event after number `after`."""
    await jobs.get(job_id, tenant)
    return TimelineResponse(events=list(await jobs.timeline(job_id, tenant, after)))


@router.get("/jobs/{job_id}/events", response_class=StreamingResponse)
async def stream(
    job_id: JobId,
    request: Request,
    jobs: JobServiceDep,
    tenant: TenantDep,
    last_event_id: Annotated[int, Header(ge=0)] = 0,
) -> StreamingResponse:
    """Follow a job as server-sent events until its run ends. `Last-Event-ID` resumes after that event."""
    await jobs.get(job_id, tenant)
    changes = cast("ChangeSignal", request.app.state.services.changes)

    async def lines() -> AsyncIterator[str]:
        async for event in follow(jobs, changes, job_id, tenant, last_event_id):
            if event is None:
                yield ": still here\n\n"
            else:
                yield f"id: {event.seq}\nevent: {event.type}\ndata: {event.model_dump_json()}\n\n"

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)


@router.websocket("/ws/jobs/{job_id}")
async def watch(websocket: WebSocket, job_id: JobId, after: int = 0) -> None:
    """Send each event as JSON and close when the run ends. A page of another origin is refused."""
    services = websocket.app.state.services
    if not _same_origin(websocket, services.settings.api.origins):
        await websocket.close(status.WS_1008_POLICY_VIOLATION, "origin")
        return
    try:
        tenant = tenant_of(websocket)
        await services.jobs.get(job_id, tenant)
    except (UnauthorizedError, JobNotFoundError) as error:
        await websocket.close(status.WS_1008_POLICY_VIOLATION, error.code)
        return
    await websocket.accept()
    try:
        async for event in follow(services.jobs, services.changes, job_id, tenant, after):
            if event is not None:
                await websocket.send_text(event.model_dump_json())
        await websocket.close()
    except WebSocketDisconnect:
        return


async def follow(
    jobs: JobService, changes: ChangeSignal, job_id: JobId, tenant: TenantId, after: int
) -> AsyncIterator[JobEvent | None]:
    """Yield every event after number `after`, then each new one, until the run ends; None when it is quiet for long."""
    loop = asyncio.get_running_loop()
    quiet_until = loop.time() + _HEARTBEAT
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
            quiet_until = loop.time() + _HEARTBEAT
        elif loop.time() >= quiet_until:
            quiet_until = loop.time() + _HEARTBEAT
            yield None
        if not over:
            await changes.wait(seen, max(0.0, quiet_until - loop.time()))


def _same_origin(websocket: WebSocket, allowed: tuple[str, ...]) -> bool:
    origin = websocket.headers.get("origin")
    if origin is None or origin in allowed:
        return True
    return urlsplit(origin).netloc == websocket.headers.get("host")
