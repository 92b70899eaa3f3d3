"""Jobs as the public API offers them to one caller, for bridges that speak another protocol.

Over the network, or in the API's own process: either way the rules of the API hold, keys and tenants too.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import httpx
from starlette.types import ASGIApp

PASSED_ON: Final = ("authorization", "x-api-key", "accept-language", "x-correlation-id")
"""Headers of a caller that count when its wish is passed on to the API."""
_HERE: Final = "http://127.0.0.1"
_LONGEST_WAIT: Final = 20.0

FINAL: Final = frozenset({"done", "failed", "cancelled"})


class DeskRefusedError(Exception):
    """The API does not want the request; `problem` is its problem document."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or problem))
        self.problem = problem
        self.status = int(problem.get("status", 500))

    @property
    def words(self) -> str:
        """The sentence for people, then what programs go by."""
        field = f", field {self.problem['field']}" if self.problem.get("field") else ""
        return f"{self} [{self.problem.get('code', self.status)}{field}]"


class DeskDownError(Exception):
    """No CPA answers at the address."""

    def __init__(self, url: str) -> None:
        super().__init__(f"No CPA answers at {url}. Start it with `cpa up`, or set CPA_API_URL.")


class Desk:
    """Every call raises DeskRefusedError or DeskDownError. Jobs are the JSON of `GET /jobs/{job_id}`."""

    def __init__(self, client: httpx.AsyncClient, headers: Mapping[str, str] | None = None) -> None:
        self._client = client
        self._headers = {name: value for name, value in (headers or {}).items() if name.lower() in PASSED_ON}

    async def plan(self, text: str) -> dict[str, Any]:
        return await self._call("POST", "/plan", json={"text": text})

    async def submit(
        self,
        text: str,
        *,
        key: str | None = None,
        unique: Mapping[str, Any] | None = None,
        **context: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Have a sentence accepted as a job; with the same key once only. What `unique` meets is told as `existing`."""
        headers = {} if key is None else {"Idempotency-Key": key}
        order = {"text": text, "context": context, "unique": unique}
        accepted = await self._call("POST", "/schedule", json=order, headers=headers)
        return {**await self.job(accepted["job_id"]), "existing": accepted["existing"]}

    async def job(self, job_id: str) -> dict[str, Any]:
        return await self._call("GET", _path(job_id))

    async def jobs(self, limit: int, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - query of GET /jobs
        given = {name: value for name, value in wanted.items() if value is not None}
        return await self._call("GET", "/jobs", params={"limit": limit, **given})

    async def happened(self, job_id: str, after: int, wait: float = 0.0) -> Sequence[dict[str, Any]]:
        """Return the events after number `after`, waiting up to so many seconds for the first of them."""
        asked = {"after": after, "wait": round(min(max(wait, 0.0), _LONGEST_WAIT), 3)}
        answer = await self._call("GET", f"{_path(job_id)}/timeline", params=asked)
        events: list[dict[str, Any]] = answer["events"]
        return events

    async def answer(self, job_id: str, answers: Mapping[str, str] | str) -> None:
        """Answer what a job asks: by the keys of its questions, or the only one by a text."""
        body = {"text": answers} if isinstance(answers, str) else {"answers": dict(answers)}
        await self._call("POST", f"{_path(job_id)}/answer", json=body)

    async def cancel(self, job_id: str) -> None:
        await self._call("DELETE", _path(job_id))

    async def file(self, path: str) -> tuple[bytes, str]:
        """Return a file that a job names, and its media type."""
        answer = await self._send("GET", path)
        return answer.content, answer.headers.get("content-type", "application/octet-stream")

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own
        document: dict[str, Any] = (await self._send(method, path, **options)).json()
        return document

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        headers = {**self._headers, **options.pop("headers", {})}
        try:
            answer = await self._client.request(method, path, headers=headers, **options)
        except httpx.TransportError as error:
            raise DeskDownError(str(self._client.base_url)) from error
        if not answer.is_success:
            raise DeskRefusedError(_problem(answer))
        return answer


def desk_here(app: ASGIApp, headers: Mapping[str, str]) -> Desk:
    """Return the desk of a caller whose request has reached this very process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return Desk(httpx.AsyncClient(transport=transport, base_url=_HERE, trust_env=False), headers)


def open_questions(job: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return what a job asks people now, what a running step asks included."""
    asked: Sequence[Mapping[str, Any]] = job["job"]["questions"]
    return asked


def _path(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='') or '-'}"


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        document = None
    return document if isinstance(document, dict) else {"status": answer.status_code, "title": answer.reason_phrase}
