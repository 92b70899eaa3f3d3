"""Whether the service can do its work, part by part."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from scheduler.core.errors import CPAError

_LIMIT = 2.0  # seconds for one part to answer


class HealthStatus(StrEnum):
    """`degraded`: jobs are accepted and kept, but some cannot be carried out now."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class PartHealth(BaseModel):
    """How one part is, and what to do about it if it is not well."""

    model_config = ConfigDict(frozen=True)

    status: HealthStatus
    detail: str = ""


class Health(BaseModel):
    """The worst of the parts is the whole."""

    model_config = ConfigDict(frozen=True)

    status: HealthStatus
    parts: Mapping[str, PartHealth]


Check = Callable[[], Awaitable[PartHealth]]


async def check_health(checks: Mapping[str, Check]) -> Health:
    """Ask every part at once. One that does not answer in time, or at all, is unhealthy."""
    parts = dict(zip(checks, await asyncio.gather(*(_ask(check) for check in checks.values())), strict=True))
    return Health(status=_worst([part.status for part in parts.values()]), parts=parts)


async def _ask(check: Check) -> PartHealth:
    try:
        async with asyncio.timeout(_LIMIT):
            return await check()
    except TimeoutError:
        return PartHealth(status=HealthStatus.UNHEALTHY, detail=f"no answer within {_LIMIT:g} s")
    except CPAError as error:
        return PartHealth(status=HealthStatus.UNHEALTHY, detail=str(error))


def _worst(statuses: Sequence[HealthStatus]) -> HealthStatus:
    order = list(HealthStatus)
    return max(statuses, key=order.index, default=HealthStatus.HEALTHY)
