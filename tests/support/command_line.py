"""Runs `cpa` in this process against an API in a thread, and breaks the connection between them on demand."""

from dataclasses import dataclass, field

import httpx
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from scheduler.cli.app import app
from tests.support.services import Api


@dataclass
class Bridge(httpx.BaseTransport):
    """Carries requests into the event loop of the API. `troubles` are raised instead, one by one, for streams."""

    portal: BlockingPortal
    app: FastAPI
    troubles: list[BaseException] = field(default_factory=list)
    down: bool = False
    slept: list[float] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("refused")
        if self.troubles and request.url.path.endswith("/events"):
            raise self.troubles.pop(0)
        return self.portal.call(self._carry, request.method, request.url, request.headers, request.read())

    async def _carry(self, method: str, url: httpx.URL, headers: httpx.Headers, body: bytes) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app)) as client:
            answer = await client.request(method, url, headers=headers, content=body)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass(frozen=True)
class CommandLine:
    """What a person types, and what stands behind it."""

    api: Api
    bridge: Bridge

    def __call__(self, *arguments: str, typed: str | None = None) -> Result:
        """Run `cpa` and return its exit code and output."""
        return CliRunner().invoke(app, list(arguments), input=typed)

    def job_ids(self) -> list[str]:
        """Return every job there is, newest first."""
        page = self.bridge.portal.call(self.api.client.get, "/jobs").json()
        return [job["job_id"] for job in page["jobs"]]
