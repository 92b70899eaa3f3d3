"""The service as a program: `python -m scheduler.main`. API and worker in one process, which is the embedded size."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from scheduler.api import files, health, jobs, live, schedule
from scheduler.api.errors import add_error_handlers
from scheduler.api.middleware import BodyLimit, CorrelationId
from scheduler.container import Services, open_services
from scheduler.settings import ApiSettings, Settings, load_settings
from scheduler.telemetry.logs import set_up_logs

VERSION = "0.1.0"
_DESCRIPTION = """A request in German or English becomes a plan, the plan a durable job, the job verified work.

A job that was answered with 202 is stored and reaches `done`, `failed` or `cancelled`, whatever is killed in between.
Errors are problem documents (RFC 9457) with a stable `code`; `detail` is German or English by `Accept-Language`.
"""
_TAGS = [
    {"name": "schedule", "description": "Sentences: plan them, or have them done."},
    {"name": "jobs", "description": "Jobs: submit, list, look, cancel, retry."},
    {"name": "live", "description": "A job as it happens."},
    {"name": "files", "description": "What jobs have produced: files and pictures."},
    {"name": "health", "description": "Whether the service can do its work."},
]


def create_app(settings: Settings, *, with_worker: bool = True) -> FastAPI:
    """Build the API. Its lifespan opens everything, runs the worker, and at the end drains it and closes everything."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings) as services, _working(services, with_worker=with_worker):
            app.state.services = services
            yield

    app = FastAPI(title="CPA", summary="Cognitive Process Automation", description=_DESCRIPTION, version=VERSION,
                  openapi_tags=_TAGS, lifespan=lifespan)  # fmt: skip
    for router in (schedule.router, jobs.router, live.router, files.router, health.router):
        app.include_router(router)
    add_error_handlers(app)
    app.add_middleware(BodyLimit)
    if settings.api.origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.api.origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(CorrelationId)
    return app


@asynccontextmanager
async def _working(services: Services, *, with_worker: bool) -> AsyncIterator[None]:
    """Run the worker beside whatever happens in the block, and drain it at the end."""
    if not with_worker:
        yield
        return
    async with asyncio.TaskGroup() as owner:
        owner.create_task(services.worker.run())
        try:
            yield
        finally:
            services.worker.drain()


def check_exposure(api: ApiSettings) -> None:
    """Raise ValueError when the API would listen to the network without a key."""
    if api.host not in {"127.0.0.1", "localhost", "::1"} and api.key is None and not api.keys:
        raise ValueError(f"CPA_API_HOST={api.host} needs CPA_API_KEY: without a key the API listens on loopback only")


def serve(settings: Settings) -> None:
    """Run API and worker until SIGTERM or SIGINT."""
    check_exposure(settings.api)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.api.host,
        port=settings.api.port,
        log_config=None,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run()


def main() -> None:
    """Start the service with the settings of the environment."""
    settings = load_settings()
    set_up_logs(settings.log.level, settings.log.format, lambda text: text)
    serve(settings)


if __name__ == "__main__":
    main()
