"""Many jobs in one request: each answered by its place, all or none on demand, once per key."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from scheduler.api.batch import digest_of, read_batch
from scheduler.api.middleware import MAX_BODY
from scheduler.core.orders import JobOrder
from tests.support.services import KEY_A, KEY_B, SENTENCE, TWO_TENANTS, Api, OpenApi, bearer

pytestmark = pytest.mark.component

GRAPH = {"tasks": [{"id": "open", "action": "web.goto", "params": {"url": "http://127.0.0.1/"}}]}
PLAN: dict[str, Any] = {"task_graph": GRAPH}
INTENT: dict[str, Any] = {"intent": "fetch_and_send", "description": SENTENCE}
CYCLE = {"tasks": [{"id": "a", "action": "web.goto", "depends_on": ["a"], "params": {"url": "http://127.0.0.1/"}}]}
JSON = {"Content-Type": "application/json"}


async def post(api: Api, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = await api.client.post("/jobs:batch", content=json.dumps(body), headers=JSON | headers)
    return answer.status_code, answer.json()


async def test_plans_and_intents_become_jobs_in_their_order(working_api: Api) -> None:
    status, body = await post(working_api, {"jobs": [PLAN, INTENT, {**PLAN, "description": "zweiter Größe 📎"}]})

    assert (status, body["accepted"], body["refused"]) == (202, 3, 0)
    assert [answer["index"] for answer in body["jobs"]] == [0, 1, 2]
    details = [await working_api.ended(answer["job_id"]) for answer in body["jobs"]]
    assert [detail["job"]["intent"] for detail in details] == ["custom", "fetch_and_send", "custom"]
    assert [detail["status"] for detail in details] == ["done"] * 3
    assert details[1]["slots"]["recipient"] == "anna@example.com"
    assert details[2]["job"]["description"] == "zweiter Größe 📎"


async def test_the_jobs_of_a_batch_are_like_those_submitted_alone(api: Api) -> None:
    order = {**INTENT, "context": {"desk": 7}, "priority": 3, "max_retries": 1, "locale": "en"}
    alone = (await api.client.post("/jobs", json=order)).json()

    _, body = await post(api, {"jobs": [order]})

    details = [
        (await api.client.get(f"/jobs/{job_id}")).json() for job_id in (alone["job_id"], body["jobs"][0]["job_id"])
    ]
    for detail in details:
        del detail["job"]["job_id"], detail["job"]["created_at"]
    assert details[0] == details[1]


FLAWS: list[tuple[dict[str, Any], str, int, str]] = [
    ({}, "invalid_field", 422, "jobs[1].intent"),
    ({"unknown": 1}, "invalid_field", 422, "jobs[1].unknown"),
    ({"intent": "fetch_and_send"}, "missing_slot", 422, "jobs[1].context.slots.recipient"),
    ({"intent": "nothing"}, "unknown_intent", 422, "jobs[1].intent"),
    ({**PLAN, "priority": 101}, "invalid_field", 422, "jobs[1].priority"),
    ({**PLAN, "plan": "0" * 64}, "invalid_field", 422, "jobs[1].plan"),
    ({**INTENT, "plan": "0" * 64}, "invalid_field", 422, "jobs[1].plan"),
    ({**PLAN, "priority": 10**30}, "invalid_field", 422, "jobs[1].priority"),
    ({**PLAN, "context": {"slots": {"a": 1}}}, "invalid_field", 422, "jobs[1].context.slots.a"),
    ({**PLAN, "context": {"a": 2**60}}, "invalid_field", 422, "jobs[1].context.a"),
    ({**PLAN, "description": "x" * 10_001}, "request_too_large", 413, "jobs[1].description"),
    ({"task_graph": {"tasks": []}}, "empty_plan", 422, "jobs[1].task_graph.tasks"),
    ({"task_graph": CYCLE}, "cycle", 422, "jobs[1].task_graph.tasks"),
    ({"task_graph": {"tasks": [{"action": 10**30}]}}, "invalid_field", 422, "jobs[1].task_graph.tasks[0].action"),
    ({"task_graph": {"tasks": [{"action": "app.open"}]}}, "unknown_action", 422, "jobs[1].task_graph.tasks[0].action"),
]


@pytest.mark.parametrize(("flawed", "code", "status", "field"), FLAWS)
async def test_a_flawed_order_is_refused_by_itself(
    api: Api, flawed: dict[str, Any], code: str, status: int, field: str
) -> None:
    answered, body = await post(api, {"jobs": [PLAN, flawed, PLAN]})

    problem = body["jobs"][1]["problem"]
    assert (answered, body["accepted"], body["refused"]) == (207, 2, 1)
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["field"].startswith(field.removesuffix(".recipient"))
    assert problem["detail"]
    assert ["job_id" in answer for answer in body["jobs"]] == [True, False, True]
    assert api.rows()["jobs"] == 2


@pytest.mark.parametrize(("flawed", "code", "status", "field"), FLAWS)
async def test_an_atomic_batch_is_accepted_whole_or_not_at_all(
    api: Api, flawed: dict[str, Any], code: str, status: int, field: str
) -> None:
    before = api.rows()

    answered, problem = await post(api, {"jobs": [PLAN, flawed], "atomic": True})
    rows = api.rows()
    whole, _ = await post(api, {"jobs": [PLAN, PLAN], "atomic": True})

    assert (answered, problem["code"]) == (status, code)
    assert problem["field"].startswith(field.removesuffix(".recipient"))
    assert rows == before
    assert whole == 202


async def test_a_batch_of_which_nothing_is_sound_stores_nothing(api: Api) -> None:
    before = api.rows()

    status, body = await post(api, {"jobs": [{}, {}]}, **{"Idempotency-Key": "k"})

    assert (status, body["accepted"], body["refused"]) == (207, 0, 2)
    assert api.rows() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "jobs"),
        ({"jobs": []}, "jobs"),
        ({"jobs": {}}, "jobs"),
        ({"jobs": [PLAN] * 1001}, "jobs"),
        ({"jobs": [PLAN], "atomic": "vielleicht"}, "atomic"),
        ({"jobs": [PLAN], "unknown": 1}, "unknown"),
        ([PLAN], "body"),
        (7, "body"),
    ],
)
async def test_what_is_no_batch_is_refused_whole(api: Api, body: object, field: str) -> None:
    before = api.rows()

    status, problem = await post(api, body)

    assert (status, problem["code"], problem["field"]) == (422, "invalid_field", field)
    assert api.rows() == before


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"jobs": [NaN]}', b'{"jobs": ["\\ud800"]}', b"[" * 100_000, b'{"jobs": [1]} x'],
)
async def test_what_is_no_json_is_said(api: Api, body: bytes) -> None:
    answer = await api.client.post("/jobs:batch", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_that_does_not_say_it_is_json_is_not_read(api: Api, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}

    answer = await api.client.post("/jobs:batch", content=json.dumps({"jobs": [PLAN]}).encode(), headers=headers)

    assert (answer.status_code, answer.json()["field"]) == (422, "body")
    assert api.rows()["jobs"] == 0


async def test_a_body_beyond_the_limit_is_refused(api: Api) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 2**20 + 1):
            yield b" " * 2**20

    announced = await api.client.post("/jobs:batch", content=b" " * (MAX_BODY + 1), headers=JSON)
    streamed = await api.client.post("/jobs:batch", content=chunks(), headers=JSON)

    assert {(answer.status_code, answer.json()["code"]) for answer in (announced, streamed)} == {
        (413, "body_too_large")
    }


async def test_a_thousand_orders_are_one_batch(api: Api) -> None:
    status, body = await post(api, {"jobs": [PLAN] * 1000})

    assert (status, body["accepted"]) == (202, 1000)
    assert len({answer["job_id"] for answer in body["jobs"]}) == 1000
    assert api.rows()["audit_blocks"] == 1


async def test_the_same_batch_with_a_key_gives_the_same_ids(api: Api) -> None:
    key = {"Idempotency-Key": "batch-1"}
    first = await post(api, {"jobs": [PLAN, {}, INTENT]}, **key)
    before = api.rows()

    again = await post(api, {"atomic": False, "jobs": [PLAN, {}, INTENT]}, **key)
    reordered = await post(api, {"jobs": [PLAN, {}, dict(reversed(INTENT.items()))]}, **key)
    status, conflict = await post(api, {"jobs": [PLAN, {}, PLAN]}, **key)

    for answer in first[1]["jobs"], reordered[1]["jobs"]:
        answer[1]["problem"].pop("correlation_id")
        answer[1]["problem"].pop("detail")
    assert reordered == first
    assert (again[0], status, conflict["code"]) == (409, 409, "idempotency_conflict")
    assert api.rows() == before


@pytest.mark.parametrize("atomic", [False, True])
async def test_of_a_repeated_batch_it_is_said_which_jobs_were_removed(api: Api, atomic: bool) -> None:
    body, key = {"jobs": [PLAN, {**PLAN, "unique": {"key": "k"}}, PLAN], "atomic": atomic}, {"Idempotency-Key": "k"}
    _, first = await post(api, body, **key)
    ids = [answer["job_id"] for answer in first["jobs"]]
    await api.run_sql(f"DELETE FROM jobs WHERE id IN ('{ids[0]}', '{ids[1]}')")  # noqa: S608 - ours

    status, again = await post(api, body, **key)

    assert (status, again["accepted"], again["refused"]) == (207, 1, 2)
    problems = [answer.get("problem") for answer in again["jobs"]]
    assert [one and (one["code"], one["status"], one["field"]) for one in problems] == [
        *(("earlier_job_gone", 409, f"jobs[{place}]") for place in (0, 1)),
        None,
    ]
    assert ids[0] in problems[0]["detail"]
    assert again["jobs"][2]["job_id"] == ids[2]
    assert api.rows()["jobs"] == 1


async def test_the_same_batch_at_once_is_accepted_once(api: Api) -> None:
    answers = await asyncio.gather(
        *(post(api, {"jobs": [PLAN, PLAN]}, **{"Idempotency-Key": "batch-2"}) for _ in range(10))
    )

    assert len({json.dumps(body) for _, body in answers}) == 1
    assert api.rows()["jobs"] == 2


async def test_a_key_of_a_batch_is_no_key_of_a_job(api: Api) -> None:
    key = {"Idempotency-Key": "k"}
    job = await api.client.post("/jobs", json=PLAN, headers=key)

    status, body = await post(api, {"jobs": [PLAN]}, **key)

    assert (status, job.status_code) == (202, 202)
    assert body["jobs"][0]["job_id"] != job.json()["job_id"]


async def test_a_batch_belongs_to_its_tenant(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        key = {"Idempotency-Key": "k"}
        _, mine = await post(api, {"jobs": [PLAN]}, **key, **bearer(KEY_A))
        _, theirs = await post(api, {"jobs": [PLAN]}, **key, **bearer(KEY_B))
        status, _ = await post(api, {"jobs": [PLAN]})
        job_id = mine["jobs"][0]["job_id"]
        found = [(await api.client.get(f"/jobs/{job_id}", headers=bearer(key))).status_code for key in (KEY_A, KEY_B)]

    assert mine["jobs"] != theirs["jobs"]
    assert (status, found) == (401, [200, 404])


def test_plans_that_are_alike_are_read_once_and_others_are_not_mixed_up() -> None:
    other = {"tasks": [{**GRAPH["tasks"][0], "id": "other"}]}

    orders = read_batch({"jobs": [PLAN, {"task_graph": other}, PLAN, INTENT]}).orders

    first, second, third, fourth = (order.task_graph for order in orders if isinstance(order, JobOrder))
    assert first is third
    assert second is not None
    assert (list(second.tasks), fourth) == (["other"], None)


def test_a_key_spent_before_an_upgrade_belongs_to_the_same_batch() -> None:
    document = {"jobs": [{"context": {"a": 1.0, "ü": 1e-7}, "intent": "web_search"}]}

    assert digest_of(document) == "48e91b3c3da996a1fe770b197b9cb73edfc578ef5d47a328765f1d4665814221"
