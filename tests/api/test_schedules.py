"""Schedules over HTTP: made, shown, paused, changed, fired, removed; each tenant its own; mistakes name the field."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from scheduler.main import create_app
from tests.support.services import KEY_A, KEY_B, SENTENCE, TWO_TENANTS, Api, OpenApi, bearer, some_settings

pytestmark = pytest.mark.component

GRAPH = {"tasks": [{"id": "open", "action": "web.goto", "params": {"url": "http://127.0.0.1/"}}]}
MORNING = {"name": "Rechnung am Morgen", "text": SENTENCE, "cron": "30 9 * * MON-FRI", "timezone": "Europe/Berlin"}


async def made(api: Api, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    answer = await api.client.post("/schedules", json={**MORNING, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_schedule_is_made_and_shown_with_its_next_firings(api: Api) -> None:
    answer = await api.client.post("/schedules", json=MORNING)

    schedule = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/schedules/{schedule['id']}"
    assert (schedule["status"], schedule["fired"], schedule["failures"]) == ("active", 0, 0)
    assert schedule["definition"]["text"] == SENTENCE
    coming = [datetime.fromisoformat(moment) for moment in schedule["upcoming"]]
    assert len(coming) == 5
    assert {(moment.hour, moment.minute) for moment in coming} == {(9, 30)}
    assert all(moment.weekday() < 5 for moment in coming)
    for named in (schedule["id"], MORNING["name"]):
        assert (await api.client.get(f"/schedules/{named}")).json() == schedule
    page = (await api.client.get("/schedules")).json()
    assert (page["schedules"], page["total"]) == ([schedule], 1)


async def test_a_schedule_may_hold_a_ready_plan_or_an_intent(api: Api) -> None:
    graph = await made(api, name="graph", text=None, task_graph=GRAPH, priority=5)
    intent = await made(api, name="intent", text=None, intent="fetch_and_send", description=SENTENCE)

    fired = (await api.client.post("/schedules/graph/fire")).json()
    other = (await api.client.post(f"/schedules/{intent['id']}/fire")).json()

    assert graph["definition"]["task_graph"]["tasks"][0]["id"] == "open"
    assert (fired["intent"], other["intent"], other["description"]) == ("custom", "fetch_and_send", SENTENCE)


async def test_a_schedule_is_paused_resumed_changed_and_removed(api: Api) -> None:
    await made(api, name="a")

    paused = (await api.client.post("/schedules/a/pause")).json()
    changed = (await api.client.put("/schedules/a", json={**MORNING, "name": "b", "cron": "@daily"})).json()
    resumed = (await api.client.post("/schedules/b/resume")).json()
    events = (await api.client.get("/schedules/b/events")).json()["events"]
    removed = await api.client.delete("/schedules/b")

    assert (paused["status"], paused["next_fire"], paused["upcoming"]) == ("paused", None, [])
    assert (changed["status"], changed["definition"]["cron"]) == ("paused", "0 0 * * *")
    assert resumed["status"] == "active"
    assert [event["type"] for event in events] == ["created", "paused", "changed", "resumed"]
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await api.client.get("/schedules/b")).status_code == 404
    audit = (await api.client.get("/audit")).json()["entries"]
    assert [entry["action"] for entry in audit] == [
        f"schedule.{action}" for action in ("created", "paused", "changed", "resumed", "removed")
    ]


async def test_firing_now_makes_one_job_per_key_and_is_listed(api: Api) -> None:
    await made(api, name="a")

    first = await api.client.post("/schedules/a/fire", headers={"Idempotency-Key": "k"})
    again = await api.client.post("/schedules/a/fire", headers={"Idempotency-Key": "k"})

    job_id = first.json()["job_id"]
    assert (first.status_code, first.headers["location"]) == (202, f"/jobs/{job_id}")
    assert again.json()["job_id"] == job_id
    page = (await api.client.get("/schedules/a/firings")).json()
    assert [(firing["type"], firing["job_id"], firing["moment"]) for firing in page["firings"]] == [
        ("fired", job_id, None)
    ]
    assert (await api.client.get("/schedules/a")).json()["last_job_id"] == job_id


async def test_a_running_service_fires_its_schedules_and_does_their_jobs(tmp_path: Path, store_path: Path) -> None:
    app = create_app(some_settings(tmp_path / "data", store_path))
    transport = httpx.ASGITransport(app)
    find = {"tasks": [{"action": "file.find", "params": {"pattern": "*.pdf"}}]}

    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
        asyncio.timeout(30),
    ):
        made = await client.post("/schedules", json={"name": "a", "task_graph": find, "every_seconds": 1})
        assert made.status_code == 201, made.text
        while True:
            page = (await client.get("/schedules/a/firings")).json()
            if page["total"]:
                break
            await asyncio.sleep(0.05)
        job_id = page["firings"][-1]["job_id"]
        await client.get(f"/jobs/{job_id}/events")
        job = (await client.get(f"/jobs/{job_id}")).json()

    first = datetime.fromisoformat(made.json()["next_fire"])
    assert page["firings"][-1]["moment"] == first.isoformat().replace("+00:00", "Z")
    assert job["status"] in {"done", "failed"}


async def test_a_name_is_taken_once(api: Api) -> None:
    await made(api)

    again = await api.client.post("/schedules", json=MORNING)

    assert (again.status_code, again.json()["code"], again.json()["field"]) == (409, "schedule_exists", "name")


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({"cron": "61 9 * * *"}, 422, "invalid_field", "cron"),
        ({"cron": None}, 422, "invalid_field", "cron"),
        ({"every_seconds": 60}, 422, "invalid_field", "cron"),
        ({"timezone": "Mars/Olympus"}, 422, "invalid_field", "timezone"),
        ({"until": "2020-01-01T00:00:00Z"}, 422, "invalid_field", "until"),
        ({"start_at": "2026-03-02T09:30"}, 422, "invalid_field", "start_at"),
        ({"text": "Erzähl mir einen Witz"}, 422, "unknown_intent", "text"),
        ({"text": ""}, 422, "empty_request", "text"),
        ({"text": "x" * 10_001}, 413, "request_too_large", "text"),
        ({"text": None}, 422, "invalid_field", "text"),
        ({"text": None, "task_graph": {"tasks": []}}, 422, "empty_plan", "task_graph.tasks"),
        ({"text": None, "task_graph": {"tasks": [{"action": "web.fly"}]}}, 422, "unknown_action",
         "task_graph.tasks[0].action"),
        ({"text": None, "intent": "nothing"}, 422, "unknown_intent", "intent"),
        ({"context": {"slots": 5}}, 422, "invalid_field", "context.slots"),
        ({"catch_up": "maybe"}, 422, "invalid_field", "catch_up"),
        ({"name": "a/b"}, 422, "invalid_field", "name"),
        ({"paused": True}, 422, "invalid_field", "paused"),
    ],
)  # fmt: skip
async def test_what_cannot_be_carried_out_names_the_field_and_stores_nothing(
    api: Api, fields: dict[str, Any], status: int, code: str, field: str
) -> None:
    before = api.rows()

    answer = await api.client.post("/schedules", json={**MORNING, **fields})

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (status, code, field)
    assert api.rows() == before


async def test_a_preview_shows_when_and_stores_nothing(api: Api) -> None:
    before = api.rows()

    answer = await api.client.post(
        "/schedules/preview", json={"cron": "30 9 * * *", "timezone": "Europe/Berlin", "count": 3}
    )

    moments = [datetime.fromisoformat(moment) for moment in answer.json()["moments"]]
    assert [(moment.hour, moment.minute) for moment in moments] == [(9, 30)] * 3
    assert api.rows() == before
    wrong = await api.client.post("/schedules/preview", json={"cron": "0 25 * * *"})
    assert wrong.json()["field"] == "cron"
    assert "Stunde" in wrong.json()["detail"]


async def test_a_schedule_of_another_tenant_does_not_exist(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        await api.client.post("/schedules", json=MORNING, headers=bearer(KEY_A))
        path = f"/schedules/{MORNING['name']}"
        answers = [
            await api.client.request(method, f"{path}{ending}", headers=bearer(KEY_B), json=body)
            for method, ending, body in (
                ("GET", "", None), ("DELETE", "", None), ("PUT", "", MORNING), ("POST", "/pause", None),
                ("POST", "/resume", None), ("POST", "/fire", None), ("GET", "/firings", None), ("GET", "/events", None),
            )
        ]  # fmt: skip
        page = (await api.client.get("/schedules", headers=bearer(KEY_B))).json()

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "schedule_not_found")}
    assert page["total"] == 0


@pytest.mark.parametrize("path", ["/jobs", "/schedule"])
async def test_a_job_may_begin_later(api: Api, path: str) -> None:
    order = {"text": SENTENCE} if path == "/schedule" else {"task_graph": GRAPH, "deadline_seconds": 60}
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    at = (await api.client.post(path, json={**order, "start_at": tomorrow.isoformat()})).json()
    delayed = (await api.client.post(path, json={**order, "delay_seconds": 3600})).json()
    past = (await api.client.post(path, json={**order, "start_at": "2020-01-01T00:00:00Z"})).json()

    assert datetime.fromisoformat(at["not_before"]) == tomorrow
    waits = datetime.fromisoformat(delayed["not_before"]) - datetime.fromisoformat(delayed["created_at"])
    assert waits == timedelta(hours=1)
    assert past["not_before"] is None
    leased = await api.services.queue.dequeue()
    assert leased is not None
    assert leased.id == past["job_id"]
    assert await api.services.queue.dequeue() is None
    if path == "/jobs":
        job = await api.services.queue.get_job(at["job_id"])
        assert job is not None
        assert job.deadline == tomorrow + timedelta(seconds=60)


@pytest.mark.parametrize("path", ["/jobs", "/schedule"])
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"start_at": "2030-01-01T00:00:00"}, "start_at"), ({"start_at": "morgen"}, "start_at"),
        ({"start_at": "9999-12-31T00:00:00Z"}, "start_at"), ({"delay_seconds": -1}, "delay_seconds"),
        ({"delay_seconds": 1e12}, "delay_seconds"),
        ({"start_at": "2030-01-01T00:00:00Z", "delay_seconds": 1}, "delay_seconds"),
    ],
)  # fmt: skip
async def test_a_later_start_that_cannot_be_names_its_field(
    api: Api, path: str, fields: dict[str, Any], field: str
) -> None:
    order = {"text": SENTENCE} if path == "/schedule" else {"task_graph": GRAPH}

    answer = await api.client.post(path, json={**order, **fields})

    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_the_same_key_with_another_start_is_another_request(api: Api) -> None:
    key = {"Idempotency-Key": "k"}
    first = await api.client.post("/schedule", json={"text": SENTENCE, "delay_seconds": 60}, headers=key)

    again = await api.client.post("/schedule", json={"text": SENTENCE, "delay_seconds": 60}, headers=key)
    other = await api.client.post("/schedule", json={"text": SENTENCE, "delay_seconds": 61}, headers=key)

    assert again.json() == first.json()
    assert other.status_code == 409
