"""Schedules over HTTP: orders that come again. A schedule is named by its id or by its name."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from scheduler.api.dependencies import SchedulesDep, TenantDep
from scheduler.api.jobs import EXISTING, IdempotencyKey, told
from scheduler.api.models import JobResponse, Problem, only_json
from scheduler.core.ids import JobId, ScheduleId
from scheduler.core.schedules import Schedule, ScheduleDefinition, ScheduleEvent, Timing, upcoming

__all__ = ["CreateScheduleRequest", "ScheduleResponse", "router"]

router = APIRouter(prefix="/schedules", tags=["schedules"])

_LARGEST: Final = 2**63 - 1
_SHOWN: Final = 5
"""Coming firings that a schedule is shown with."""
_REFUSED = {"model": Problem, "description": "It cannot be carried out; `field` names what is wrong."}
_UNKNOWN = {"model": Problem, "description": "There is no such schedule."}
_CONFLICT = {"model": Problem, "description": "The name is taken, or somebody changed the schedule meanwhile."}
Named = Annotated[str, Path(description="Id or name of the schedule.")]


class CreateScheduleRequest(ScheduleDefinition):
    """What is to be done (a sentence, an intent or a task graph), and when."""

    _only_json = only_json

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Rechnung am Morgen",
                    "text": "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com",
                    "cron": "30 9 * * MON-FRI",
                    "timezone": "Europe/Berlin",
                }
            ]
        }
    )


class PreviewRequest(Timing):
    """When, without what."""

    _only_json = only_json

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"cron": "30 2 * * *", "timezone": "Europe/Berlin", "count": 3}]}
    )

    count: int = Field(default=10, ge=1, le=100)


class PreviewResponse(BaseModel):
    """The next moments at which such a schedule would fire, in its time zone."""

    moments: list[datetime]


class ScheduleStatus(StrEnum):
    """Whether a schedule fires: it does, it is paused, or its last moment has passed."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class ScheduleResponse(BaseModel):
    """A schedule, and how far it has come. Times of firings are in its time zone."""

    model_config = ConfigDict(frozen=True)

    id: ScheduleId
    status: ScheduleStatus
    definition: ScheduleDefinition
    next_fire: datetime | None
    upcoming: list[datetime]
    last_fire: datetime | None
    last_job_id: JobId | None
    fired: int
    failures: int = Field(description="Firings that failed since the last that did not.")
    last_error: str | None
    created_at: datetime

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """Show a schedule with its next firings."""
        definition, first = schedule.definition, schedule.next_fire
        coming = [first, *upcoming(definition, first, schedule.since, _SHOWN - 1)] if first else []
        ended = ScheduleStatus.ENDED if first is None else ScheduleStatus.ACTIVE
        zone = ZoneInfo(definition.timezone)
        return cls(
            id=schedule.id,
            status=ScheduleStatus.PAUSED if schedule.paused else ended,
            definition=definition,
            next_fire=first and first.astimezone(zone),
            upcoming=[moment.astimezone(zone) for moment in coming],
            last_fire=schedule.last_fire and schedule.last_fire.astimezone(zone),
            last_job_id=schedule.last_job_id,
            fired=schedule.fired,
            failures=schedule.failures,
            last_error=schedule.last_error,
            created_at=schedule.created_at,
        )


class ScheduleListResponse(BaseModel):
    """A page of schedules, by name; `page` counts from 1."""

    schedules: list[ScheduleResponse]
    total: int
    page: int
    page_size: int


class FiringListResponse(BaseModel):
    """A page of firings, newest first; `page` counts from 1."""

    firings: list[ScheduleEvent]
    total: int
    page: int
    page_size: int


class ScheduleEventsResponse(BaseModel):
    """What has happened to a schedule."""

    events: list[ScheduleEvent]


@router.post(
    "", status_code=status.HTTP_201_CREATED, responses={403: _REFUSED, 409: _CONFLICT, 413: _REFUSED, 422: _REFUSED}
)
async def create_schedule(
    order: CreateScheduleRequest, schedules: SchedulesDep, tenant: TenantDep, response: Response
) -> ScheduleResponse:
    """Make a schedule. Its plan is checked now, and made anew at each firing."""
    made = await schedules.create(order, tenant)
    response.headers["Location"] = f"/schedules/{made.id}"
    return ScheduleResponse.of(made)


@router.post("/preview", responses={422: _REFUSED})
async def preview_schedule(order: PreviewRequest, schedules: SchedulesDep, _tenant: TenantDep) -> PreviewResponse:
    """Show when a schedule would fire; nothing is stored."""
    return PreviewResponse(moments=list(schedules.preview(order, order.count)))


@router.get("")
async def list_schedules(
    schedules: SchedulesDep,
    tenant: TenantDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> ScheduleListResponse:
    """List schedules by name."""
    page = await schedules.list(tenant, limit=limit, offset=offset)
    return ScheduleListResponse(
        schedules=[ScheduleResponse.of(schedule) for schedule in page.items],
        total=page.total,
        page=offset // limit + 1,
        page_size=limit,
    )


@router.get("/{schedule}", responses={404: _UNKNOWN})
async def get_schedule(schedule: Named, schedules: SchedulesDep, tenant: TenantDep) -> ScheduleResponse:
    """Show a schedule and when it fires next."""
    return ScheduleResponse.of(await schedules.get(schedule, tenant))


@router.put("/{schedule}", responses={403: _REFUSED, 404: _UNKNOWN, 409: _CONFLICT, 422: _REFUSED})
async def replace_schedule(
    schedule: Named, order: CreateScheduleRequest, schedules: SchedulesDep, tenant: TenantDep
) -> ScheduleResponse:
    """Give a schedule another definition; it fires by it from now on. One that is paused stays so."""
    return ScheduleResponse.of(await schedules.replace(schedule, order, tenant))


@router.delete("/{schedule}", status_code=status.HTTP_204_NO_CONTENT, responses={404: _UNKNOWN})
async def remove_schedule(schedule: Named, schedules: SchedulesDep, tenant: TenantDep) -> None:
    """Remove a schedule. Jobs it has made go on."""
    await schedules.remove(schedule, tenant)


@router.post("/{schedule}/pause", responses={404: _UNKNOWN, 409: _CONFLICT})
async def pause_schedule(schedule: Named, schedules: SchedulesDep, tenant: TenantDep) -> ScheduleResponse:
    """Fire no more until it is resumed."""
    return ScheduleResponse.of(await schedules.pause(schedule, tenant))


@router.post("/{schedule}/resume", responses={404: _UNKNOWN, 409: _CONFLICT})
async def resume_schedule(schedule: Named, schedules: SchedulesDep, tenant: TenantDep) -> ScheduleResponse:
    """Fire again, from now on. What the pause left out is not made up for."""
    return ScheduleResponse.of(await schedules.resume(schedule, tenant))


@router.post(
    "/{schedule}/fire",
    status_code=status.HTTP_202_ACCEPTED,
    responses=EXISTING | {403: _REFUSED, 404: _UNKNOWN, 409: _CONFLICT, 422: _REFUSED},
)
async def fire_schedule(
    schedule: Named,
    schedules: SchedulesDep,
    tenant: TenantDep,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobResponse:
    """Accept a job of the schedule at once, paused or not; its times stay as they are.

    Of a unique schedule the answer is 200 and the job that is there, with `existing`, if there is one of its kind.
    """
    return told(await schedules.fire_now(schedule, tenant, idempotency_key), response)


@router.get("/{schedule}/firings", responses={404: _UNKNOWN})
async def list_firings(
    schedule: Named,
    schedules: SchedulesDep,
    tenant: TenantDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> FiringListResponse:
    """List what became of the firings, newest first: a job, a failure, skipped, missed."""
    page = await schedules.firings(schedule, tenant, limit=limit, offset=offset)
    return FiringListResponse(firings=list(page.items), total=page.total, page=offset // limit + 1, page_size=limit)


@router.get("/{schedule}/events", responses={404: _UNKNOWN})
async def list_schedule_events(
    schedule: Named,
    schedules: SchedulesDep,
    tenant: TenantDep,
    after: Annotated[int, Query(ge=0, le=_LARGEST)] = 0,
) -> ScheduleEventsResponse:
    """Show what has happened to a schedule, up to 1000 lines after number `after`."""
    return ScheduleEventsResponse(events=list(await schedules.events(schedule, tenant, after)))
