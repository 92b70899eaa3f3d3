"""Talks to a running CPA over its public API."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import httpx

from scheduler.cli.words import say, user_locale
from scheduler.core.errors import UnavailableError
from scheduler.settings import ApiSettings


class RefusedError(Exception):
    """The service does not want the request; `problem` is its problem document."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or problem))
        self.problem = problem


class ServiceDownError(UnavailableError):
    """Nobody answers at the API's address."""

    code: ClassVar[str] = "unavailable"

    def __init__(self, url: str) -> None:
        super().__init__(
            say(
                f"Unter {url} antwortet kein CPA. Bitte zuerst „cpa up“ starten oder CPA_API_URL setzen.",
                f"No CPA answers at {url}. Please start “cpa up” first, or set CPA_API_URL.",
            )
        )


class Client:
    """One connection to the service. Every call raises RefusedError or ServiceDownError."""

    def __init__(self, settings: ApiSettings) -> None:
        self.url = settings.url or f"http://{settings.host}:{settings.port}"
        headers: dict[str, str] = {"Accept-Language": user_locale()}
        if settings.key is not None:
            headers["Authorization"] = f"Bearer {settings.key.get_secret_value()}"
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=30.0)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own options
        """Send a request and return the JSON of its answer."""
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise ServiceDownError(self.url) from error
        return _checked(answer)

    def events(self, job_id: str, last: int = 0) -> Iterator[dict[str, Any]]:
        """Yield what happens to a job after event `last`, until its run ends. A broken connection is resumed."""
        while True:
            try:
                for event in self._stream(job_id, last):
                    last = event["seq"]
                    yield event
            except httpx.TransportError as error:
                if self._is_down():
                    raise ServiceDownError(self.url) from error
            else:
                return

    def _stream(self, job_id: str, last: int) -> Iterator[dict[str, Any]]:
        timeout = httpx.Timeout(30.0, read=60.0)
        headers = {"Last-Event-ID": str(last)}
        with self._http.stream("GET", f"/jobs/{job_id}/events", headers=headers, timeout=timeout) as answer:
            if answer.is_error:
                answer.read()
                _checked(answer)
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def _is_down(self) -> bool:
        try:
            self._http.get("/health")
        except httpx.TransportError:
            return True
        return False


def _checked(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        document = {"title": f"{answer.status_code} {answer.reason_phrase}"}
    if answer.is_error:
        raise RefusedError(document)
    found: dict[str, Any] = document
    return found
