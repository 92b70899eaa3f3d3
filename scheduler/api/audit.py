"""The audit log over HTTP: who did what, why, and with which result."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict

from scheduler.api.dependencies import AuditDep, TenantDep
from scheduler.audit.audit_log import AuditEntry, AuditFilter
from scheduler.core.ids import JobId

__all__ = ["AuditListResponse", "router"]

router = APIRouter(tags=["audit"])


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime | None, AfterValidator(lambda moment: moment and _in_utc(moment))]


class AuditListResponse(BaseModel):
    """A page of the audit log, in the order it was written; `page` counts from 1."""

    model_config = ConfigDict(frozen=True)

    entries: list[AuditEntry]
    total: int
    page: int
    page_size: int


@router.get("/audit")
async def list_audit(
    audit: AuditDep,
    tenant: TenantDep,
    job_id: JobId | None = None,
    start_date: Annotated[Moment, Query(description="From this moment on; UTC unless it says otherwise.")] = None,
    end_date: Annotated[Moment, Query(description="Before this moment.")] = None,
    action_type: Annotated[str | None, Query(description="For example mail.send or job.done.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> AuditListResponse:
    """List what was done, why, and with which result."""
    wanted = AuditFilter(
        tenant=tenant, job_id=job_id, start_date=start_date, end_date=end_date, action_type=action_type
    )
    page = await audit.query(wanted, limit, offset)
    return AuditListResponse(entries=list(page.items), total=page.total, page=offset // limit + 1, page_size=limit)
