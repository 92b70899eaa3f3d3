"""What routes need: the use cases, and for which tenant they are asked."""

import secrets as secure
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from scheduler.api.errors import UnauthorizedError
from scheduler.core.ids import DEFAULT_TENANT, TenantId
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.orchestrator.job_service import JobService

if TYPE_CHECKING:
    from scheduler.settings import ApiSettings


def job_service(request: Request) -> JobService:
    return cast("JobService", request.app.state.services.jobs)


def tenant_of(connection: HTTPConnection) -> TenantId:
    """Return the tenant of the API key. Without any configured key there is one tenant, and only loopback listens.

    Raises UnauthorizedError.
    """
    settings: ApiSettings = connection.app.state.services.settings.api
    known = {TenantId(tenant): key.get_secret_value() for tenant, key in settings.keys.items()}
    if settings.key is not None:
        known[DEFAULT_TENANT] = settings.key.get_secret_value()
    if not known:
        return DEFAULT_TENANT
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    given = token if scheme.lower() == "bearer" else connection.headers.get("x-api-key", "")
    for tenant, key in known.items():
        if secure.compare_digest(given.encode(), key.encode()):
            return tenant
    raise UnauthorizedError


def artifact_store(request: Request) -> ArtifactStore:
    return cast("ArtifactStore", request.app.state.services.artifacts)


def screenshot_store(request: Request) -> ScreenshotStore:
    return cast("ScreenshotStore", request.app.state.services.screenshots)


ArtifactsDep = Annotated[ArtifactStore, Depends(artifact_store)]
ScreenshotsDep = Annotated[ScreenshotStore, Depends(screenshot_store)]
JobServiceDep = Annotated[JobService, Depends(job_service)]
TenantDep = Annotated[TenantId, Depends(tenant_of)]
