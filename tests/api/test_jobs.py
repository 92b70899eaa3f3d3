"""Jobs over HTTP: submit, list, look, cancel, retry; once per idempotency key; each tenant its own."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from scheduler.core.errors import RecipientRefusedError, UnavailableError
from scheduler.core.ids import JobId, TaskId
from scheduler.orchestrator.planned_request import PlannedRequest
from scheduler.orchestrator.planner import Planner
from tests.support.services import KEY_A, KEY_B, SENTENCE, TWO_TENANTS, Api, OpenApi, bearer
from tests.support.websocket import Refused, websocket

pytestmark = pytest.mark.component

GRAPH = {"tasks": [{"id": "open", "action": "web.goto", "params": {"url": "http://127.0.0.1/"}}]}
ORDER = {"intent": "fetch_and_send", "description": SENTENCE}


async def test_a_sentence_becomes_a_stored_job(api: Api) -> None:
    answer = await api.client.post("/schedule", json={"text": SENTENCE, "context": {"desk": "7"}})

    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/jobs/{job['job_id']}"
    assert (job["status"], job["intent"], job["description"]) == ("pending", "fetch_and_send", SENTENCE)
    stored = (await api.client.get(answer.headers["location"])).json()
    assert stored["job"] == job
    assert stored["slots"]["recipient"] == "anna@example.com"
    assert [task["status"] for task in stored["tasks"]] == ["pending"] * len(stored["tasks"])


async def test_an_intent_becomes_a_job_with_slots_from_words_and_context(api: Api) -> None:
    order = {**ORDER, "context": {"slots": {"recipient": "bert@example.com"}}}

    created = await api.client.post("/jobs", json=order)

    detail = (await api.client.get(f"/jobs/{created.json()['job_id']}")).json()
    assert created.status_code == 202
    assert detail["slots"]["recipient"] == "bert@example.com"


async def test_a_ready_plan_becomes_a_job(api: Api) -> None:
    created = await api.client.post("/jobs", json={"task_graph": GRAPH, "priority": 5, "locale": "en"})

    detail = (await api.client.get(f"/jobs/{created.json()['job_id']}")).json()
    assert created.status_code == 202
    assert (detail["job"]["intent"], detail["locale"]) == ("custom", "en")
    assert [(task["task_id"], task["action"]) for task in detail["tasks"]] == [("open", "web.goto")]


async def test_a_job_is_done_and_shows_how(working_api: Api) -> None:
    job = await working_api.submit()

    detail = await working_api.ended(job["job_id"])

    assert detail["status"] == "done"
    assert {task["status"] for task in detail["tasks"]} == {"done"}
    assert working_api.executor.done[-1] == "mail.send"
    assert detail["job"]["completed_at"] is not None


async def test_a_plan_is_shown_and_no_job_is_stored(api: Api) -> None:
    before = api.rows()

    answer = await api.client.post("/plan", json={"text": SENTENCE})

    plan = answer.json()
    assert answer.status_code == 200
    assert plan["intent"] == "fetch_and_send"
    assert [task["id"] for task in plan["task_graph"]["tasks"]][-1] == "send"
    assert plan["batches"][-1] == ["send"]
    assert api.rows() == before | {"plans": 1}, "kept to be submitted by its hash"


async def test_jobs_are_listed_newest_first_by_page(api: Api) -> None:
    ids = [(await api.submit())["job_id"] for _ in range(5)]

    page = (await api.client.get("/jobs", params={"limit": 2, "offset": 2})).json()

    assert [job["job_id"] for job in page["jobs"]] == [ids[2], ids[1]]
    assert (page["total"], page["page"], page["page_size"]) == (5, 2, 2)


async def test_jobs_are_listed_by_status(api: Api) -> None:
    kept, cancelled = (await api.submit())["job_id"], (await api.submit())["job_id"]
    await api.client.delete(f"/jobs/{cancelled}")

    page = (await api.client.get("/jobs", params={"status": "cancelled"})).json()

    assert [job["job_id"] for job in page["jobs"]] == [cancelled]
    assert kept not in str(page)


async def test_a_job_that_does_not_exist_is_404(api: Api) -> None:
    answer = await api.client.get("/jobs/nothing")

    assert answer.status_code == 404
    assert answer.json()["code"] == "job_not_found"


async def test_a_waiting_job_is_cancelled_at_once(api: Api) -> None:
    job = await api.submit()

    answer = await api.client.delete(f"/jobs/{job['job_id']}")

    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert {task["status"] for task in (await api.ended(job["job_id"]))["tasks"]} == {"cancelled"}


async def test_a_job_may_be_cancelled_again(api: Api) -> None:
    job = await api.submit()
    await api.client.delete(f"/jobs/{job['job_id']}")
    before = api.rows()

    answer = await api.client.delete(f"/jobs/{job['job_id']}")

    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert api.rows() == before


async def test_a_running_job_is_cancelled_by_its_worker(working_api: Api) -> None:
    working_api.executor.gate.clear()
    job = await working_api.submit()
    await working_api.executor.busy.wait()

    answer = await working_api.client.delete(f"/jobs/{job['job_id']}")

    assert (answer.status_code, answer.json()["status"]) == (202, "cancelling")
    assert (await working_api.ended(job["job_id"]))["status"] == "cancelled"
    assert "mail.send" not in working_api.executor.done


@pytest.mark.parametrize("path", ["", "/retry"])
async def test_a_job_that_is_done_can_neither_be_cancelled_nor_retried(working_api: Api, path: str) -> None:
    job = await working_api.submit()
    await working_api.ended(job["job_id"])

    answer = await working_api.client.request("POST" if path else "DELETE", f"/jobs/{job['job_id']}{path}")

    assert answer.status_code == 409
    assert answer.json()["code"] == "invalid_transition"


async def test_a_failed_job_says_why_and_is_retried_without_doing_again_what_is_done(working_api: Api) -> None:
    working_api.executor.failures["mail.send"] = RecipientRefusedError("anna@example.com", "550")
    job_id = (await working_api.submit())["job_id"]
    failed = await working_api.ended(job_id)
    working_api.executor.failures.clear()

    answer = await working_api.client.post(f"/jobs/{job_id}/retry")

    again = await working_api.ended(job_id)
    assert failed["status"] == "failed"
    assert failed["job"]["error_code"] == "recipient_refused"
    assert failed["job"]["error"].startswith("Der Mailserver nimmt keine Mail für anna@example.com an")
    assert (answer.status_code, answer.json()["run"]) == (202, 2)
    assert (again["status"], again["job"]["error"], again["retry_count"]) == ("done", None, 1)
    assert working_api.executor.done.count("site.login") == 1


async def test_retries_are_counted(api: Api) -> None:
    answer = await api.client.post("/jobs", json={"task_graph": GRAPH, "max_retries": 0})
    job_id = answer.json()["job_id"]
    await api.client.delete(f"/jobs/{job_id}")

    refused = await api.client.post(f"/jobs/{job_id}/retry")

    assert (refused.status_code, refused.json()["code"]) == (409, "retries_exhausted")


@pytest.mark.parametrize(
    ("route", "body", "reordered", "other"),
    [
        (
            "/schedule",
            {"text": SENTENCE, "context": {"a": 1, "b": 2}},
            {"context": {"b": 2, "a": 1}, "text": SENTENCE},
            {"text": SENTENCE, "context": {"a": 1, "b": 3}},
        ),
        ("/schedule", {"text": SENTENCE}, {"text": SENTENCE}, {"text": SENTENCE, "locale": "en"}),
        ("/jobs", ORDER, ORDER, {**ORDER, "priority": 1}),
        ("/jobs", {"task_graph": GRAPH}, {"task_graph": GRAPH}, {"task_graph": GRAPH, "locale": "en"}),
    ],
)
async def test_the_same_key_is_the_same_job_and_another_body_a_conflict(
    api: Api, route: str, body: dict[str, Any], reordered: dict[str, Any], other: dict[str, Any]
) -> None:
    key = {"Idempotency-Key": "key-1"}
    first = await api.client.post(route, json=body, headers=key)
    before = api.rows()

    again = await api.client.post(route, json=reordered, headers=key)
    conflict = await api.client.post(route, json=other, headers=key)

    assert again.status_code == 202
    assert again.json()["job_id"] == first.json()["job_id"]
    assert (conflict.status_code, conflict.json()["code"]) == (409, "idempotency_conflict")
    assert api.rows() == before


async def test_the_same_key_is_the_same_job_though_it_can_no_longer_be_planned(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_down(*_: object, **__: object) -> PlannedRequest:
        raise UnavailableError("the language model is down")

    async def ask(key: str) -> list[Response]:
        headers = {"Idempotency-Key": key}
        bodies: list[tuple[str, dict[str, Any]]] = [
            ("/jobs", ORDER),
            ("/schedule", {"text": SENTENCE}),
            ("/schedules/a/fire", {}),
            ("/jobs:batch", {"jobs": [ORDER]}),
        ]
        answers = [await api.client.post(path, json=body, headers=headers) for path, body in bodies]
        atomic = {"jobs": [ORDER], "atomic": True}
        answers.append(await api.client.post("/jobs:batch", json=atomic, headers={"Idempotency-Key": f"{key}-atomic"}))
        data, file = {"text": "Schick die angehängte Datei an anna@example.com"}, {"files": ("a.txt", b"x")}
        answers.append(
            await api.client.post("/schedule", data=data, files=file, headers={"Idempotency-Key": f"{key}-f"})
        )
        return answers

    await api.client.post("/schedules", json={"name": "a", "text": SENTENCE, "every_seconds": 3600})
    first = await ask("k")
    for name in ("plan", "plan_intent"):
        monkeypatch.setattr(Planner, name, is_down)

    again, new = await ask("k"), await ask("other")

    assert [answer.status_code for answer in first] == [202] * 6
    assert [answer.json() for answer in again] == [answer.json() for answer in first]
    assert [answer.status_code for answer in new] == [503, 503, 503, 207, 503, 503]


async def test_submitting_twice_at_once_with_one_key_is_one_job(api: Api) -> None:
    key = {"Idempotency-Key": "key-2"}

    answers = await asyncio.gather(*(api.submit(headers=key) for _ in range(20)))

    assert len({answer["job_id"] for answer in answers}) == 1
    assert api.rows()["jobs"] == 1


async def test_without_a_key_every_request_is_a_job(api: Api) -> None:
    first, second = await api.submit(), await api.submit()

    assert first["job_id"] != second["job_id"]


async def test_a_key_belongs_to_its_tenant(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        mine = await api.submit(headers={"Idempotency-Key": "key-3", **bearer(KEY_A)})
        theirs = await api.submit(headers={"Idempotency-Key": "key-3", **bearer(KEY_B)})

    assert mine["job_id"] != theirs["job_id"]


async def test_files_and_pictures_are_served(api: Api) -> None:
    job_id = JobId((await api.submit())["job_id"])
    name = "Rechnung 4711 – ü #1?.pdf"
    api.services.artifacts.save(job_id, TaskId("download"), name, b"%PDF-1.7")
    api.services.screenshots.save(job_id, TaskId("download"), b"\x89PNG")

    links = (await api.client.get(f"/jobs/{job_id}")).json()["artifacts"]
    file = await api.client.get(links[0])
    picture = await api.client.get(f"/jobs/{job_id}/screenshots/download")

    page = api.services.screenshots.save(job_id, TaskId("download"), b"address: x", ".page.txt")
    kept = await api.client.get(f"/jobs/{job_id}/evidence/{page.rpartition('/')[2]}")

    assert kept.content == b"address: x"
    assert file.content == b"%PDF-1.7"
    assert file.headers["content-disposition"].startswith("attachment;")
    assert (picture.content, picture.headers["content-type"]) == (b"\x89PNG", "image/png")


@pytest.mark.parametrize(
    "path",
    ["artifacts/download/other.pdf", "artifacts/download/..%2F..%2Fcpa.db", "artifacts/%2e%2e/cpa.db",
     "screenshots/other", "screenshots/..%2F..%2Fcpa", "screenshots/a%00b",
     "evidence/other.png", "evidence/..%2F..%2Fcpa.db"],
)  # fmt: skip
async def test_no_other_file_is_served(api: Api, path: str) -> None:
    job_id = (await api.submit())["job_id"]

    assert (await api.client.get(f"/jobs/{job_id}/{path}")).status_code == 404


async def test_the_audit_log_is_listed_by_job_action_and_time(api: Api) -> None:
    first, second = (await api.submit())["job_id"], (await api.submit())["job_id"]
    await api.client.delete(f"/jobs/{first}")

    of_job = (await api.client.get("/audit", params={"job_id": first})).json()
    of_action = (await api.client.get("/audit", params={"action_type": "job.accepted", "limit": 1})).json()
    earlier = (await api.client.get("/audit", params={"end_date": "2020-01-01"})).json()
    later = (await api.client.get("/audit", params={"start_date": "2020-01-01T00:00:00+02:00"})).json()

    actions = [(entry["action"], entry["task_id"]) for entry in of_job["entries"]]
    assert [action for action, task in actions if task is None] == ["job.accepted", "job.cancelled"]
    assert ("mail.send", "send") in actions
    assert (of_action["total"], of_action["page"], of_action["page_size"]) == (2, 1, 1)
    assert earlier["entries"] == []
    assert later["total"] == len(actions) + 1
    assert second in str(later)


def _document() -> dict[str, Any]:
    """Return the OpenAPI document as it lies in the repository; test_schema holds it to the code."""
    return dict(json.loads((Path(__file__).parents[2] / "docs/openapi.json").read_text(encoding="utf-8")))


def _routes(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the routes of persons; tests/agents/runtime/test_agent_files.py holds what agents may fetch."""
    return [
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if "{job_id}" in path and "{agent_id}" not in path
    ]


async def test_no_route_shows_or_changes_a_job_of_another_tenant(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        job_id = (await api.submit(headers=bearer(KEY_A)))["job_id"]
        api.services.artifacts.save(JobId(job_id), TaskId("download"), "a.pdf", b"%PDF")
        api.services.screenshots.save(JobId(job_id), TaskId("download"), b"\x89PNG")
        values = {"job_id": job_id, "task_id": "download", "name": "a.pdf"}
        routes = _routes(_document())
        before = api.rows()

        theirs = {
            (method, path): await api.client.request(
                method, path.format_map(values), headers=bearer(KEY_B), json={"text": "1"} if "answer" in path else {}
            )
            for method, path in routes
        }

        assert len(routes) >= 7
        assert {route: answer.status_code for route, answer in theirs.items()} == dict.fromkeys(routes, 404)
        assert {answer.json()["code"] for answer in theirs.values()} == {"job_not_found"}
        assert api.rows() == before
        assert (await api.client.get(f"/jobs/{job_id}", headers=bearer(KEY_A))).json()["status"] == "pending"


async def test_lists_hold_only_what_is_the_tenants(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        job_id = (await api.submit(headers=bearer(KEY_A)))["job_id"]

        theirs = [(await api.client.get(path, headers=bearer(KEY_B))).json() for path in ("/jobs", "/audit")]
        mine = [(await api.client.get(path, headers=bearer(KEY_A))).json() for path in ("/jobs", "/audit")]

        assert [page["total"] for page in theirs] == [0, 0]
        assert [page["total"] for page in mine] == [1, 1]
        with pytest.raises(Refused, match="job_not_found"):
            async with websocket(api.app, f"/ws/jobs/{job_id}", headers=bearer(KEY_B)):
                pass


async def test_every_route_with_an_id_demands_a_key(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        values = {
            "job_id": "x",
            "task_id": "x",
            "name": "x",
            "schedule": "x",
            "agent_id": "x",
            "plan_hash": "x",
            "named": "x",
        }
        paths = [
            (method.upper(), re.sub(r"\{(\w+)\}", lambda match: values[match[1]], path))
            for path, operations in _document()["paths"].items()
            for method in operations
            if path not in {"/health", "/lam/message"}  # the latter's credential is the signature of its message
        ]
        answers = [await api.client.request(method, path) for method, path in paths]

    assert {answer.status_code for answer in answers} <= {401, 422}
    assert [answer.json()["code"] for answer in answers if answer.status_code == 422] == []


def test_the_routes_of_the_specification_are_there() -> None:
    assert {
        ("POST", "/jobs"), ("GET", "/jobs"), ("GET", "/jobs/{job_id}"), ("DELETE", "/jobs/{job_id}"),
        ("POST", "/jobs/{job_id}/retry"), ("GET", "/health"), ("GET", "/audit"), ("POST", "/schedule"),
    } <= {(method.upper(), path) for path, methods in _document()["paths"].items() for method in methods}  # fmt: skip
