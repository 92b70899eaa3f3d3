"""A job as it happens: server-sent events and WebSockets."""

import asyncio
import itertools
import json
from typing import Any

import pytest

from scheduler.api.live import follow
from scheduler.core.errors import DocumentNotFoundError
from scheduler.core.events import JobEvent
from scheduler.core.ids import DEFAULT_TENANT, JobId
from scheduler.core.job import JobStatus
from tests.support.builders import a_job, an_event
from tests.support.services import KEY_A, TWO_TENANTS, Api, OpenApi, bearer
from tests.support.websocket import Refused, websocket

pytestmark = pytest.mark.component


async def _stream(api: Api, job_id: str, last: int | None = None) -> list[dict[str, Any]]:
    """Return what a stream says from its begin to its end."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    answer = await api.client.get(f"/jobs/{job_id}/events", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
    blocks = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    for number, kind, data in blocks:
        event = json.loads(data.removeprefix("data: "))
        assert number == f"id: {event['seq']}"
        assert kind == f"event: {event['type']}"
    return [json.loads(block[2].removeprefix("data: ")) for block in blocks]


async def test_a_stream_tells_the_whole_run_in_order_and_ends_with_it(working_api: Api) -> None:
    job = await working_api.submit()

    events = await _stream(working_api, job["job_id"])

    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["job_accepted", "job_started"]
    assert kinds[-1] == "job_done"
    assert [event["seq"] for event in events] == sorted({event["seq"] for event in events})


async def test_a_stream_resumes_after_the_last_event_without_gap_or_repetition(working_api: Api) -> None:
    job = await working_api.submit()
    whole = await _stream(working_api, job["job_id"])

    for number, event in enumerate(whole[:-1], start=1):
        assert await _stream(working_api, job["job_id"], event["seq"]) == whole[number:]


async def test_after_the_last_event_of_a_run_there_is_no_content_so_that_browsers_stop(working_api: Api) -> None:
    job = await working_api.submit()
    last = (await _stream(working_api, job["job_id"]))[-1]["seq"]

    answer = await working_api.client.get(f"/jobs/{job['job_id']}/events", headers={"Last-Event-ID": str(last)})

    assert (answer.status_code, answer.content) == (204, b"")


async def test_after_a_retry_the_stream_goes_on_where_it_was(working_api: Api) -> None:
    working_api.executor.failures["site.download"] = DocumentNotFoundError("Portal", "4711")
    job_id = (await working_api.submit())["job_id"]
    first = await _stream(working_api, job_id)
    working_api.executor.failures.clear()
    await working_api.client.post(f"/jobs/{job_id}/retry")

    second = await _stream(working_api, job_id, first[-1]["seq"])

    assert first[-1]["type"] == "job_failed"
    assert [second[0]["type"], second[-1]["type"]] == ["job_retried", "job_done"]
    assert {event["run"] for event in second} == {2}


async def test_a_stream_waits_for_what_comes(working_api: Api) -> None:
    working_api.executor.gate.clear()
    job_id = (await working_api.submit())["job_id"]
    streaming = asyncio.create_task(_stream(working_api, job_id))
    await working_api.executor.busy.wait()

    working_api.executor.gate.set()

    assert (await streaming)[-1]["type"] == "job_done"


async def test_a_quiet_stream_gives_signs_of_life(api: Api) -> None:
    job_id = JobId((await api.submit())["job_id"])

    following = follow(api.services.jobs, api.services.changes, job_id, DEFAULT_TENANT, 0, heartbeat=0.0)
    seen = [event async for event in _first(following, 4)]

    assert [event and event.type for event in seen] == ["job_accepted", None, None, None]


async def _first(events: Any, count: int) -> Any:  # noqa: ANN401 - asynchronous iterators of events
    for _ in range(count):
        yield await anext(events)


async def test_the_stream_of_no_job_is_404(api: Api) -> None:
    assert (await api.client.get("/jobs/nothing/events")).status_code == 404
    assert (await api.client.get("/jobs/nothing/timeline")).status_code == 404


@pytest.mark.parametrize("last", ["-1", "x", str(2**63)])
async def test_a_number_no_event_can_have_is_refused(api: Api, last: str) -> None:
    job = await api.submit()

    stream = await api.client.get(f"/jobs/{job['job_id']}/events", headers={"Last-Event-ID": last})
    timeline = await api.client.get(f"/jobs/{job['job_id']}/timeline", params={"after": last})

    assert (stream.status_code, stream.json()["field"]) == (422, "last-event-id")
    assert (timeline.status_code, timeline.json()["field"]) == (422, "after")


async def test_the_timeline_shows_what_has_happened_so_far(working_api: Api) -> None:
    job = await working_api.submit()
    whole = await _stream(working_api, job["job_id"])

    path = f"/jobs/{job['job_id']}/timeline"
    all_of_it = (await working_api.client.get(path)).json()["events"]
    rest = (await working_api.client.get(path, params={"after": whole[2]["seq"]})).json()["events"]

    assert all_of_it == whole
    assert rest == whole[3:]


async def test_a_websocket_tells_the_whole_run_and_closes_with_it(working_api: Api) -> None:
    job = await working_api.submit()

    async with websocket(working_api.app, f"/ws/jobs/{job['job_id']}") as client:
        events = await client.events()

    assert events == await _stream(working_api, job["job_id"])
    assert client.close_code == 1000


async def test_a_websocket_resumes_after_an_event(working_api: Api) -> None:
    job = await working_api.submit()
    whole = await _stream(working_api, job["job_id"])

    async with websocket(working_api.app, f"/ws/jobs/{job['job_id']}?after={whole[3]['seq']}") as client:
        assert await client.events() == whole[4:]


async def test_a_websocket_whose_client_left_ends_though_the_job_waits(api: Api) -> None:
    job = await api.submit()

    async with websocket(api.app, f"/ws/jobs/{job['job_id']}"):
        pass

    assert (await api.client.get(f"/jobs/{job['job_id']}")).json()["status"] == "pending"


async def test_the_websocket_of_no_job_is_refused(api: Api) -> None:
    with pytest.raises(Refused, match="job_not_found"):
        async with websocket(api.app, "/ws/jobs/nothing"):
            pass


@pytest.mark.parametrize("origin", ["http://testserver", None])
async def test_a_websocket_of_its_own_page_or_of_a_program_is_accepted(working_api: Api, origin: str | None) -> None:
    job = await working_api.submit()
    headers = {} if origin is None else {"Origin": origin}

    async with websocket(working_api.app, f"/ws/jobs/{job['job_id']}", headers=headers) as client:
        assert (await client.events())[-1]["type"] == "job_done"


@pytest.mark.parametrize(
    ("headers", "subprotocols", "answered"),
    [
        ({}, ["cpa", f"bearer.{KEY_A}"], "cpa"),
        (bearer(KEY_A), [], None),
        (bearer(KEY_A), ["cpa"], "cpa"),
    ],
)
async def test_a_browser_brings_its_key_as_a_subprotocol_and_a_program_as_a_header(
    open_api: OpenApi, headers: dict[str, str], subprotocols: list[str], answered: str | None
) -> None:
    async with open_api(worker=True, keys=TWO_TENANTS) as api:
        job = await api.submit(headers=bearer(KEY_A))

        url = f"/ws/jobs/{job['job_id']}"
        async with websocket(api.app, url, headers=headers, subprotocols=subprotocols) as client:
            events = await client.events()

    assert client.subprotocol == answered
    assert events[-1]["type"] == "job_done"


@pytest.mark.parametrize(
    ("query", "subprotocols"), [("", []), ("", ["cpa", "bearer.wrong"]), ("", ["cpa"]), (f"?key={KEY_A}", [])]
)
async def test_without_a_key_a_websocket_is_refused(open_api: OpenApi, query: str, subprotocols: list[str]) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        job = await api.submit(headers=bearer(KEY_A))

        with pytest.raises(Refused, match="unauthorized"):
            async with websocket(api.app, f"/ws/jobs/{job['job_id']}{query}", subprotocols=subprotocols):
                pass


async def test_more_events_than_one_page_of_the_store_are_all_told() -> None:
    jobs, changes = _ManyEvents(2500), _NoChanges()

    events = [event async for event in follow(jobs, changes, JobId("job"), DEFAULT_TENANT, 0)]  # type: ignore[arg-type]

    assert [event.seq for event in events if event] == list(range(1, 2501))


class _ManyEvents:
    """The timeline of a job that has ended, by pages of 1000."""

    def __init__(self, count: int) -> None:
        self._count = count

    async def get(self, job_id: JobId, _tenant: object) -> Any:  # noqa: ANN401 - a job as far as it is looked at
        return a_job(id=job_id, status=JobStatus.DONE)

    async def timeline(self, job_id: JobId, _tenant: object, after: int) -> list[JobEvent]:
        job = a_job(id=job_id)
        numbers = itertools.islice(range(after + 1, self._count + 1), 1000)
        return [an_event(job, seq=number) for number in numbers]


class _NoChanges:
    changes = 0

    async def wait(self, _seen: int, _limit: float) -> None:
        raise AssertionError("a run that has ended is not waited for")
