"""The API as an application: its routes, what surrounds them, and how it describes itself."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi

from scheduler import __version__
from scheduler.api import (
    agent_files,
    agent_socket,
    agents,
    audit,
    batch,
    bridges,
    dead_letters,
    files,
    front_page,
    health,
    intents,
    jobs,
    lam_handler,
    live,
    plans,
    queue,
    schedule,
    schedules,
    spending,
    uploads,
)
from scheduler.api.errors import MEDIA_TYPE, add_error_handlers
from scheduler.api.middleware import BodyLimit, Door, Envelope
from scheduler.api.models import EVERYWHERE
from scheduler.settings import ApiSettings

_DESCRIPTION: Final = """A request in German or English becomes a plan, the plan a durable job, the job verified work.

A job that was answered with 202 is stored and reaches `done`, `failed` or `cancelled`, whatever is killed in between.
Errors are problem documents (RFC 9457) with a stable `code`; `detail` is German or English by `Accept-Language`.
"""
_TAGS: Final = [
    {"name": "schedule", "description": "Sentences: have them done."},
    {"name": "plans", "description": "Plans before they are jobs: shown, changed, compared."},
    {"name": "schedules", "description": "Orders that come again: by the calendar or by an interval."},
    {"name": "jobs", "description": "Jobs: submit, list, look, cancel, retry."},
    {"name": "live", "description": "A job as it happens."},
    {"name": "files", "description": "What jobs have produced: files and pictures."},
    {"name": "dead letters", "description": "Jobs that failed for good: look, correct, requeue, discard."},
    {"name": "agents", "description": "Agents: join, give signs of life, look, drain, cut off."},
    {"name": "lam", "description": "Messages of agents, and what waits for them."},
    {"name": "intents", "description": "What sentences can mean, and teaching it."},
    {"name": "spending", "description": "What asking language models has cost, and what is left."},
    {"name": "audit", "description": "Who did what, why, and with which result."},
    {"name": "health", "description": "Whether the service can do its work."},
]
_ANSWERED: Final = ("X-Correlation-ID", "Location")

_QUICK: Final = [
    route
    for router in (jobs.quick_router, batch.router, uploads.multipart, schedule.quick_router)  # a form is no JSON
    for route in router.routes
]

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(settings: ApiSettings, lifespan: Lifespan | None = None) -> FastAPI:
    """Build the API. Whoever serves it puts the services into `app.state.services`, best in `lifespan`."""
    app = FastAPI(
        title="CPA",
        summary="Cognitive Process Automation",
        description=_DESCRIPTION,
        version=__version__,
        openapi_tags=_TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    # before all others, since routes are tried in order, and not included, which would cost as much as the rest
    app.router.routes[:0] = _QUICK
    for router in (
        agents.router,  # signs of life come most often, and routes are tried in order
        agent_files.router,
        lam_handler.router,
        agent_socket.router,
        uploads.router,
        plans.router,
        schedules.router,
        jobs.router,
        queue.router,
        live.router,
        files.router,
        audit.router,
        dead_letters.router,
        intents.router,
        spending.router,
    ):
        app.include_router(router, responses=EVERYWHERE)
    app.include_router(health.router)
    app.include_router(front_page.router)
    app.router.routes += [front_page.files(), *bridges.bridges()]
    add_error_handlers(app)
    _surround(app, settings)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def _surround(app: FastAPI, settings: ApiSettings) -> None:
    app.add_middleware(BodyLimit)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=_ANSWERED,
        )
    app.add_middleware(Door, hosts=settings.hosts, origins=settings.origins, has_key=bool(settings.tenant_keys))
    app.add_middleware(Envelope)


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document. Errors have the media type they really have, and the API key is described."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        for path in document["paths"].values():
            for operation in path.values():
                _correct(operation)
        document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"key": []}, {}]
        app.openapi_schema = document
    return app.openapi_schema


def _correct(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        content = response.get("content", {})
        if status >= "400" and content.get("application/json", {}).get("schema", {}).get("$ref", "").endswith(
            "Problem"
        ):
            content[MEDIA_TYPE] = content.pop("application/json")
