"""Whether the service can do its work, part by part."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

import structlog
from pydantic import BaseModel, ConfigDict

from scheduler.core.errors import CPAError

_LIMIT = 2.0  # seconds for one part to answer

log = structlog.get_logger(__name__)


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


async def check_health(checks: Mapping[str, Check], limit: float = _LIMIT) -> Health:
    """Ask every part at once. One that does not answer within `limit` seconds, or fails at it, is unhealthy."""
    answers = await asyncio.gather(*(_ask(name, check, limit) for name, check in checks.items()))
    parts = dict(zip(checks, answers, strict=True))
    return Health(status=_worst([part.status for part in parts.values()]), parts=parts)


async def _ask(name: str, check: Check, limit: float) -> PartHealth:
    try:
        async with asyncio.timeout(limit):
            return await check()
    except TimeoutError:
        return _unhealthy(f"no answer within {limit:g} s")
    except CPAError as error:
        log.warning("part_unhealthy", part=name, code=error.code, error=str(error))
        return _unhealthy(error.code)
    except Exception:
        log.exception("part_unhealthy", part=name)
        return _unhealthy("its check failed; the log says why")


def _unhealthy(detail: str) -> PartHealth:
    return PartHealth(status=HealthStatus.UNHEALTHY, detail=detail)


def _worst(statuses: Sequence[HealthStatus]) -> HealthStatus:
    order = list(HealthStatus)
    return max(statuses, key=order.index, default=HealthStatus.HEALTHY)
