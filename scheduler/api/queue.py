"""What is in the queue, over HTTP. A tenant sees its own; an operator sees all, or one by its name."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from scheduler.api.dependencies import JobServiceDep, SeenTenantDep
from scheduler.api.models import Problem
from scheduler.core.ids import TenantId
from scheduler.core.queue_counts import COUNTED_TO, QueueCounts

router = APIRouter(tags=["jobs"])

NOT_YOURS: Final[dict[int | str, dict[str, Any]]] = {
    403: {"model": Problem, "description": "Another tenant's jobs are an operator's to see."}
}


class QueueResponse(QueueCounts):
    """What is in the queue now, and of which tenants it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: Annotated[
        tuple[str, ...], Field(description=f"Places of which there may be more: counting ends at {COUNTED_TO}.")
    ]
    tenants: dict[TenantId, QueueCounts]


@router.get("/queue", responses=NOT_YOURS)
async def show_queue(jobs: JobServiceDep, tenant: SeenTenantDep) -> QueueResponse:
    """Count the jobs that are ready, delayed, leased by workers, parked until people answer, and the dead letters."""
    report = await jobs.queued(tenant)
    return QueueResponse(**report.total.model_dump(), at_least=report.at_least, tenants=dict(report.tenants))
