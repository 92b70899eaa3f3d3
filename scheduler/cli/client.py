"""Talks to a running CPA over its public API."""

import json
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any, Self
from urllib.parse import quote

import httpx

from scheduler.cli.words import say, user_locale
from scheduler.core.events import EventType
from scheduler.settings import ApiSettings, is_loopback

_PATIENCE = 10.0  # seconds a service that was there may be away, for example to be started anew
_PAUSE = 0.25


class RefusedError(Exception):
    """The service does not want the request; `problem` is its problem document."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or problem))
        self.problem = problem


class ServiceDownError(Exception):
    """No CPA answers at the API's address."""

    def __init__(self, url: str) -> None:
        super().__init__(
            say(
                f"Unter {url} antwortet kein CPA. Bitte zuerst „cpa up“ starten oder CPA_API_URL setzen.",
                f"No CPA answers at {url}. Please start “cpa up” first, or set CPA_API_URL.",
            )
        )


class Client:
    """One connection to the service. Every call raises RefusedError or ServiceDownError."""

    def __init__(
        self,
        settings: ApiSettings,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        operator: bool = False,
    ) -> None:
        self.url = settings.url or _address(settings)
        self._sleep = sleep
        self.headers: dict[str, str] = {"Accept-Language": user_locale()}
        key = (settings.operator_key if operator else None) or settings.key
        if key is not None:
            self.headers["Authorization"] = f"Bearer {key.get_secret_value()}"
        self.is_here = is_loopback(httpx.URL(self.url).host)
        self._http = httpx.Client(
            base_url=self.url,
            headers=self.headers,
            timeout=30.0,
            transport=transport,
            trust_env=not self.is_here,
            verify=_authorities(self.url) if self.is_here else True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own options
        """Send a request and return the JSON of its answer; of one without content, nothing."""
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise ServiceDownError(self.url) from error
        return self._checked(answer)

    def jobs(self, limit: int, wanted: dict[str, Any]) -> dict[str, Any]:
        """Return a page of jobs; one that a search by words has not filled yet is filled from the next."""
        page = self.call("GET", "/jobs", params=wanted | {"limit": limit})
        while page["next_cursor"] and len(page["jobs"]) < limit:
            further = {"limit": limit - len(page["jobs"]), "cursor": page["next_cursor"]}
            following = self.call("GET", "/jobs", params=wanted | further)
            page |= {"jobs": page["jobs"] + following["jobs"], "next_cursor": following["next_cursor"]}
        return page

    def timeline(self, job_id: str) -> list[dict[str, Any]]:
        """Return everything that has happened to a job."""
        events: list[dict[str, Any]] = []
        while True:
            after = events[-1]["seq"] if events else 0
            page = self.call("GET", f"{job_path(job_id)}/timeline", params={"after": after})["events"]
            if not page:
                return events
            events += page

    def events(self, job_id: str, last: int = 0) -> Iterator[dict[str, Any]]:
        """Yield what happens to a job after event `last`, until its run ends.

        A connection that breaks is made again where it broke off, also when the service is started anew.
        """
        while True:
            try:
                ended = True
                for event in self._stream(job_id, last):
                    last, ended = event["seq"], EventType(event["type"]).ends_run
                    yield event
            except httpx.TransportError as error:
                self._wait_for_service(error)
            else:
                if ended:
                    return

    def _stream(self, job_id: str, last: int) -> Iterator[dict[str, Any]]:
        timeout = httpx.Timeout(30.0, read=60.0)
        headers = {"Last-Event-ID": str(last)}
        with self._http.stream("GET", f"{job_path(job_id)}/events", headers=headers, timeout=timeout) as answer:
            if answer.is_error:
                answer.read()
                self._checked(answer)
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def _wait_for_service(self, error: httpx.TransportError) -> None:
        for _ in range(int(_PATIENCE / _PAUSE)):
            self._sleep(_PAUSE)
            try:
                self._http.get("/health")
            except httpx.TransportError:
                continue
            return
        raise ServiceDownError(self.url) from error

    def _checked(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code == httpx.codes.NO_CONTENT:
            return {}
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise ServiceDownError(self.url)
        if answer.is_error:
            raise RefusedError(document)
        return document


def _authorities(url: str) -> ssl.SSLContext | bool:
    """Return what TLS trusts; nothing where none is spoken: reading the usual authorities would slow each command."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if url.startswith("http://") else True


def job_path(job_id: str) -> str:
    """Return the path of a job; whatever was typed as its id stays inside one segment."""
    return f"/jobs/{quote(job_id, safe='') or '-'}"


def _address(settings: ApiSettings) -> str:
    """Return where the API of these settings is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
