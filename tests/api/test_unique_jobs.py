"""Unique jobs over HTTP: at most one of a kind, and the answer says whether the job is the order's own."""

import asyncio
from typing import Any

import pytest
from httpx import Response

from scheduler.settings import QueueSettings
from tests.support.services import SENTENCE, TWO_TENANTS, Api, OpenApi, bearer

pytestmark = pytest.mark.component

ORDER: dict[str, Any] = {"intent": "fetch_and_send", "description": SENTENCE}
UNIQUE: dict[str, Any] = ORDER | {"unique": {}}
PAGE = {"tasks": [{"id": "open", "action": "web.goto", "params": {"url": "http://127.0.0.1:8080"}}]}


async def test_the_second_order_gets_the_job_that_is_there(api: Api) -> None:
    first = await api.client.post("/jobs", json=UNIQUE)
    again = await api.client.post("/jobs", json=UNIQUE)
    sentence = await api.client.post("/schedule", json={"text": SENTENCE, "unique": {}})
    free = await api.client.post("/jobs", json=ORDER)

    assert [(one.status_code, one.json()["existing"]) for one in (first, again, sentence, free)] == [
        (202, False),
        (200, True),
        (200, True),
        (202, False),
    ]
    assert {one.json()["job_id"] for one in (first, again, sentence)} == {first.json()["job_id"]}
    assert again.headers["location"] == first.headers["location"]
    assert api.rows()["jobs"] == 2


async def test_an_order_that_wants_no_other_is_refused(api: Api) -> None:
    refusing = ORDER | {"unique": {"key": "invoices", "on_conflict": "refuse"}}
    first = await api.client.post("/jobs", json=refusing)

    again = await api.client.post("/jobs", json=refusing, headers={"Accept-Language": "en"})

    assert again.status_code == 409
    problem = again.json()
    assert (problem["code"], problem["field"]) == ("unique_conflict", "unique")
    assert first.json()["job_id"] in problem["detail"]


async def test_the_key_of_a_request_repeats_its_answer_and_nothing_else(api: Api) -> None:
    once, other = {"Idempotency-Key": "k"}, {"Idempotency-Key": "l"}
    first = await api.client.post("/jobs", json=UNIQUE, headers=once)
    met = await api.client.post("/jobs", json=UNIQUE, headers=other)
    await api.client.delete(f"/jobs/{first.json()['job_id']}")

    again = [await api.client.post("/jobs", json=UNIQUE, headers=key) for key in (once, other)]
    new = await api.client.post("/jobs", json=UNIQUE)

    assert [(one.status_code, one.json()["existing"]) for one in (first, met, *again)] == [
        (202, False),
        (200, True),
        (202, False),
        (200, True),
    ]
    assert {one.json()["job_id"] for one in (first, met, *again)} == {first.json()["job_id"]}
    assert (new.status_code, new.json()["job_id"] == first.json()["job_id"]) == (202, False)


async def test_a_shown_plan_that_met_a_job_may_be_accepted_when_that_has_ended(api: Api) -> None:
    there = (await api.client.post("/jobs", json=UNIQUE)).json()["job_id"]
    shown = (await api.client.post("/plan", json={"text": SENTENCE})).json()["plan_hash"]
    order = {"plan": shown, "unique": {}}
    met = await api.client.post("/jobs", json=order)
    await api.client.delete(f"/jobs/{there}")

    new = await api.client.post("/jobs", json=order | {"unique": {"within_seconds": 60}})
    again = await api.client.post("/jobs", json=order | {"unique": {"within_seconds": 60}})

    assert (met.status_code, met.json()["job_id"]) == (200, there)
    assert (new.status_code, new.json()["existing"]) == (again.status_code, again.json()["existing"]) == (202, False)
    assert new.json()["job_id"] == again.json()["job_id"] != there


async def test_each_order_of_a_batch_is_answered_by_itself(api: Api) -> None:
    there = (await api.client.post("/jobs", json=UNIQUE)).json()["job_id"]
    refusing = ORDER | {"unique": {"on_conflict": "refuse"}}
    other = {"task_graph": PAGE, "unique": {"within_seconds": 60}}
    order = {"jobs": [UNIQUE, refusing, other, ORDER, other]}

    answer = await api.client.post("/jobs:batch", json=order)
    whole = await api.client.post("/jobs:batch", json={"jobs": [ORDER, refusing], "atomic": True})

    assert answer.status_code == 207
    met, refused, new, free, twice = answer.json()["jobs"]
    assert met == {"index": 0, "job_id": there, "existing": True}
    assert (refused["problem"]["code"], refused["problem"]["field"]) == ("unique_conflict", "jobs[1].unique")
    assert twice == {"index": 4, "job_id": new["job_id"], "existing": True}
    assert set(new) == set(free) == {"index", "job_id"}
    assert answer.json()["accepted"] == 4
    assert (whole.status_code, whole.json()["field"]) == (409, "jobs[1].unique")
    assert api.rows()["jobs"] == 3


async def test_an_atomic_batch_names_the_order_that_another_of_its_own_has_in_its_way(api: Api) -> None:
    refusing = ORDER | {"unique": {"on_conflict": "refuse"}}

    answer = await api.client.post("/jobs:batch", json={"jobs": [ORDER, UNIQUE, refusing], "atomic": True})

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (409, "unique_conflict", "jobs[2].unique")
    assert "jobs[1] " in problem["detail"]
    assert api.rows()["jobs"] == 0


async def test_a_repeated_batch_says_of_a_refused_order_what_it_said_first(api: Api) -> None:
    there = (await api.client.post("/jobs", json=UNIQUE)).json()["job_id"]
    batch = {"jobs": [ORDER, ORDER | {"unique": {"on_conflict": "refuse"}}, {"intent": "none"}]}
    first = await api.client.post("/jobs:batch", json=batch, headers={"Idempotency-Key": "k"})
    await api.client.delete(f"/jobs/{there}")

    again = await api.client.post("/jobs:batch", json=batch, headers={"Idempotency-Key": "k"})

    def said(answer: Response) -> list[Any]:
        places = answer.json()["jobs"]
        return [places[0], *((one["problem"]["code"], one["problem"]["detail"]) for one in places[1:])]

    assert first.json()["jobs"][1]["problem"]["code"] == "unique_conflict"
    assert there in first.json()["jobs"][1]["problem"]["detail"]
    assert (again.status_code, said(again)) == (first.status_code, said(first))


async def test_what_is_wrong_with_it_is_named(api: Api) -> None:
    answers = [
        await api.client.post("/jobs", json=ORDER | {"unique": {"states": ["done"]}}),
        await api.client.post("/schedule", json={"text": SENTENCE, "unique": {"within_seconds": -1}}),
        await api.client.post("/jobs:batch", json={"jobs": [ORDER | {"unique": "yes"}], "atomic": True}),
    ]

    assert [(one.status_code, one.json()["field"]) for one in answers] == [
        (422, "unique.states"),
        (422, "unique.within_seconds"),
        (422, "jobs[0].unique"),
    ]
    assert "pending" in answers[0].json()["detail"]


async def test_of_many_orders_at_once_one_makes_a_job(api: Api) -> None:
    answers = await asyncio.gather(*(api.client.post("/jobs", json=UNIQUE) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    assert len({answer.json()["job_id"] for answer in answers}) == 1


async def test_a_job_that_is_there_needs_no_room(open_api: OpenApi) -> None:
    async with open_api(queue=QueueSettings(most_waiting=1)) as api:
        first = await api.client.post("/jobs", json=UNIQUE)

        again = await api.client.post("/jobs", json=UNIQUE)
        batch = await api.client.post("/jobs:batch", json={"jobs": [UNIQUE]})
        other = await api.client.post("/jobs", json=ORDER | {"unique": {"key": "other"}})

        assert [one.status_code for one in (first, again, batch, other)] == [202, 200, 202, 429]


async def test_alike_orders_of_a_batch_need_room_for_one(open_api: OpenApi) -> None:
    async with open_api(queue=QueueSettings(most_waiting=2)) as api:
        batch = await api.client.post("/jobs:batch", json={"jobs": [UNIQUE, UNIQUE, ORDER, UNIQUE]})
        again = await api.client.post("/jobs:batch", json={"jobs": [UNIQUE, UNIQUE]})

        assert (batch.status_code, again.status_code) == (202, 202)
        assert api.rows()["jobs"] == 2


async def test_a_job_that_asks_and_is_there_needs_no_room_among_those_that_ask(open_api: OpenApi) -> None:
    text, key = "Schick eine Mail an Anna", {"Idempotency-Key": "k"}
    async with open_api(queue=QueueSettings(most_unanswered=1)) as api:
        first = await api.client.post("/schedule", json={"text": text, "unique": {}}, headers=key)

        repeated = await api.client.post("/schedule", json={"text": text, "unique": {}}, headers=key)
        alike = await api.client.post("/schedule", json={"text": text, "unique": {}})
        other = await api.client.post("/schedule", json={"text": text, "unique": {"key": "other"}})

        answers = (first, repeated, alike, other)
        assert [answer.status_code for answer in answers] == [202, 202, 200, other.status_code]
        assert other.json()["code"] == "unanswered_full"
        assert {answer.json()["job_id"] for answer in answers[:3]} == {first.json()["job_id"]}


async def test_a_key_is_one_tenants_own(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        answers = [await api.client.post("/jobs", json=UNIQUE, headers=bearer(key)) for key in TWO_TENANTS.values()]

        assert [answer.status_code for answer in answers] == [202, 202]


async def test_what_asks_back_is_one_of_its_kind(api: Api) -> None:
    order = {"text": "Schick eine Mail an Anna", "unique": {}}

    first, again = [await api.client.post("/schedule", json=order) for _ in range(2)]

    assert (first.json()["status"], first.status_code, again.status_code) == ("waiting", 202, 200)
    assert again.json()["questions"] == first.json()["questions"]


async def test_a_retry_and_a_requeue_meet_the_one_that_took_the_place(api: Api) -> None:
    first = (await api.client.post("/jobs", json=UNIQUE)).json()["job_id"]
    await api.client.delete(f"/jobs/{first}")
    await api.run_sql("INSERT INTO dead_letters SELECT id, tenant, run, 'timeout', 0, intent FROM jobs")
    second = (await api.client.post("/jobs", json=UNIQUE)).json()["job_id"]

    refused = [
        await api.client.post(f"/jobs/{first}/retry"),
        await api.client.post(f"/dead-letters/{first}/requeue"),
    ]
    many = (await api.client.post("/dead-letters:requeue", json={"where": {}})).json()
    await api.client.delete(f"/jobs/{second}")
    again = await api.client.post(f"/dead-letters/{first}/requeue")

    problems = [*(answer.json() for answer in refused), many["refused"][0]["problem"]]
    assert [(one["status"], one["code"], second in one["detail"]) for one in problems] == [
        (409, "unique_conflict", True)
    ] * 3
    assert many["job_ids"] == []
    assert (again.status_code, again.json()["run"]) == (202, 2)
