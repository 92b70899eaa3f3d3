"""What routes need: the use cases, and for which tenant they are asked."""

import secrets as secure
from typing import TYPE_CHECKING, Annotated, Final, cast

from fastapi import Depends, Query, Request
from starlette.requests import HTTPConnection

from scheduler.api.errors import UnauthorizedError
from scheduler.audit.audit_log import AuditLog
from scheduler.core.errors import TenantForbiddenError
from scheduler.core.ids import DEFAULT_TENANT, TenantId
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.llm.budgets import Budgets
from scheduler.orchestrator.attachments import AttachmentService
from scheduler.orchestrator.batch_service import BatchService
from scheduler.orchestrator.dead_letter_service import DeadLetterService
from scheduler.orchestrator.job_service import JobService
from scheduler.orchestrator.plan_service import PlanService
from scheduler.orchestrator.schedule_service import ScheduleService
from scheduler.orchestrator.table_service import TableService
from scheduler.orchestrator.teaching import Teaching

if TYPE_CHECKING:
    from scheduler.settings import ApiSettings

# Dependencies are async though they wait for nothing: FastAPI would send plain functions to a thread, one by one.

SUBPROTOCOL: Final = "cpa"
"""What a WebSocket speaks. Browsers can send no headers with one: their key is a second subprotocol, `bearer.<key>`."""

_KEY_AS_SUBPROTOCOL: Final = "bearer."


async def tenant_of(connection: HTTPConnection) -> TenantId:
    """Return the tenant of the API key. Without any configured key there is one tenant, and only loopback listens.

    Raises UnauthorizedError.
    """
    settings: ApiSettings = connection.app.state.services.settings.api
    if not settings.tenant_keys:
        return DEFAULT_TENANT
    given = _given_key(connection).encode()
    for tenant, key in settings.tenant_keys.items():
        if secure.compare_digest(given, key.get_secret_value().encode()):
            return TenantId(tenant)
    raise UnauthorizedError


async def seen_tenant(
    connection: HTTPConnection,
    tenant: Annotated[
        str | None, Query(max_length=64, description="Of this tenant; any but one's own needs the operator's key.")
    ] = None,
) -> TenantId | None:
    """Return whose jobs are listed and counted: the caller's own, or whose an operator asks for; None: everybody's.

    Raises UnauthorizedError and TenantForbiddenError.
    """
    operator_key = connection.app.state.services.settings.api.operator_key
    if operator_key is not None and secure.compare_digest(
        _given_key(connection).encode(), operator_key.get_secret_value().encode()
    ):
        return None if tenant is None else TenantId(tenant)
    own = await tenant_of(connection)
    if tenant not in {None, own}:
        raise TenantForbiddenError(tenant or "")
    return own


def _given_key(connection: HTTPConnection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    if connection.scope["type"] == "websocket":
        for protocol in connection.scope.get("subprotocols", []):
            if protocol.startswith(_KEY_AS_SUBPROTOCOL):
                return str(protocol).removeprefix(_KEY_AS_SUBPROTOCOL)
    return connection.headers.get("x-api-key", "")


async def job_service(request: Request) -> JobService:
    return cast("JobService", request.app.state.services.jobs)


async def plan_service(request: Request) -> PlanService:
    return cast("PlanService", request.app.state.services.plans)


async def schedule_service(request: Request) -> ScheduleService:
    return cast("ScheduleService", request.app.state.services.schedules)


async def teaching_service(request: Request) -> Teaching:
    return cast("Teaching", request.app.state.services.teaching)


async def batch_service(request: Request) -> BatchService:
    return cast("BatchService", request.app.state.services.batches)


async def dead_letter_service(request: Request) -> DeadLetterService:
    return cast("DeadLetterService", request.app.state.services.dead_letters)


async def audit_log(request: Request) -> AuditLog:
    return cast("AuditLog", request.app.state.services.audit)


async def budgets(request: Request) -> Budgets:
    return cast("Budgets", request.app.state.services.budgets)


async def artifact_store(request: Request) -> ArtifactStore:
    return cast("ArtifactStore", request.app.state.services.artifacts)


async def attachment_service(request: Request) -> AttachmentService:
    return cast("AttachmentService", request.app.state.services.attachments)


async def table_service(request: Request) -> TableService:
    return cast("TableService", request.app.state.services.tables)


async def screenshot_store(request: Request) -> ScreenshotStore:
    return cast("ScreenshotStore", request.app.state.services.screenshots)


ArtifactsDep = Annotated[ArtifactStore, Depends(artifact_store)]
AttachmentsDep = Annotated[AttachmentService, Depends(attachment_service)]
AuditDep = Annotated[AuditLog, Depends(audit_log)]
BatchesDep = Annotated[BatchService, Depends(batch_service)]
BudgetsDep = Annotated[Budgets, Depends(budgets)]
DeadLettersDep = Annotated[DeadLetterService, Depends(dead_letter_service)]
ScreenshotsDep = Annotated[ScreenshotStore, Depends(screenshot_store)]
JobServiceDep = Annotated[JobService, Depends(job_service)]
PlansDep = Annotated[PlanService, Depends(plan_service)]
SeenTenantDep = Annotated[TenantId | None, Depends(seen_tenant)]
SchedulesDep = Annotated[ScheduleService, Depends(schedule_service)]
TeachingDep = Annotated[Teaching, Depends(teaching_service)]
TablesDep = Annotated[TableService, Depends(table_service)]
TenantDep = Annotated[TenantId, Depends(tenant_of)]
