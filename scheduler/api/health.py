"""The health of the service over HTTP, open to everybody so that a load balancer can ask."""

from fastapi import APIRouter, Request, Response, status

from scheduler.telemetry.health import Health, HealthStatus, check_health

router = APIRouter(tags=["health"])


@router.head("/health", include_in_schema=False)
@router.get("/health", responses={503: {"model": Health, "description": "A part without which no job is accepted."}})
async def health(request: Request, response: Response) -> Health:
    """Answer 200 while jobs are accepted (healthy or degraded), 503 when they are not."""
    found = await check_health(request.app.state.services.checks)
    if found.status is HealthStatus.UNHEALTHY:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return found
