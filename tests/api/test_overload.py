"""Too much at once: what cannot be kept is refused with 429 and a time to come back, and nothing of it is stored."""

import asyncio

import pytest

from scheduler.settings import QueueSettings
from tests.support.services import SENTENCE, OpenApi

pytestmark = pytest.mark.component

ORDER = {"intent": "fetch_and_send", "description": SENTENCE}


async def test_a_full_queue_refuses_and_says_when_to_come_back(open_api: OpenApi) -> None:
    async with open_api(queue=QueueSettings(most_waiting=2)) as api:
        for _ in range(2):
            await api.submit()
        before = api.rows()

        sentence = await api.client.post("/schedule", json={"text": SENTENCE}, headers={"Accept-Language": "de"})
        order = await api.client.post("/jobs", json=ORDER)
        batch = await api.client.post("/jobs:batch", json={"jobs": [ORDER]})

        assert [answer.status_code for answer in (sentence, order, batch)] == [429] * 3
        assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in (sentence, order, batch))
        assert sentence.json()["code"] == "queue_full"
        assert sentence.json()["detail"].startswith("Es dürfen höchstens 2 Aufträge warten, für 1 weitere ist gerade")
        assert f"in {sentence.headers['retry-after']} s" in sentence.json()["detail"]
        assert api.rows() == before


async def test_a_batch_that_does_not_fit_whole_is_not_accepted_in_part(open_api: OpenApi) -> None:
    async with open_api(queue=QueueSettings(most_waiting=3)) as api:
        await api.submit()

        answer = await api.client.post("/jobs:batch", json={"jobs": [ORDER] * 3})

        assert answer.status_code == 429
        assert api.rows()["jobs"] == 1


async def test_a_batch_that_will_never_fit_is_told_so(open_api: OpenApi) -> None:
    async with open_api(queue=QueueSettings(most_waiting_of_tenant=2)) as api:
        answer = await api.client.post(
            "/jobs:batch", json={"jobs": [ORDER] * 3}, headers={"Idempotency-Key": "k", "Accept-Language": "en"}
        )

        assert answer.status_code == 413
        assert "retry-after" not in answer.headers
        problem = answer.json()
        assert (problem["code"], problem["field"]) == ("too_many_orders", "jobs")
        assert problem["detail"].startswith("These are 3 orders at once, and at most 2 jobs may wait")
        assert api.rows()["jobs"] == 0


async def test_nothing_slips_in_by_another_door(open_api: OpenApi) -> None:
    schedule = {"name": "hourly", "every_seconds": 3600, "text": SENTENCE}
    async with open_api(queue=QueueSettings(most_waiting=2)) as api:
        first, second = [(await api.submit())["job_id"] for _ in range(2)]
        await api.client.delete(f"/jobs/{first}")
        await api.run_sql("INSERT INTO dead_letters SELECT id, tenant, run, 'timeout', 0, intent FROM jobs LIMIT 1")
        await api.client.post("/schedules", json=schedule)
        await asyncio.sleep(0.6)  # it counts anew
        key = {"Idempotency-Key": "k"}
        fired = await api.client.post("/schedules/hourly/fire", headers=key)
        before = api.rows()

        answers = [
            await api.client.post("/schedules/hourly/fire"),
            await api.client.post(f"/jobs/{first}/retry"),
            await api.client.post(f"/dead-letters/{first}/requeue"),
        ]
        many = await api.client.post("/dead-letters:requeue", json={"job_ids": [first, second]})
        again = await api.client.post("/schedules/hourly/fire", headers=key)

        assert fired.status_code == 202
        assert [(one.status_code, one.json()["code"]) for one in answers] == [(429, "queue_full")] * 3
        assert all(int(one.headers["retry-after"]) >= 1 for one in answers)
        assert [one["problem"]["code"] for one in many.json()["refused"]] == ["queue_full"] * 2
        assert many.json()["job_ids"] == []
        assert again.json()["job_id"] == fired.json()["job_id"]
        assert api.rows() == before
        assert (await api.client.post(f"/jobs/{second}/retry")).json()["code"] == "invalid_transition"
        assert (await api.client.post("/jobs/nothing/retry")).status_code == 404
        assert (await api.client.post("/dead-letters/nothing/requeue")).status_code == 404


async def test_letters_are_requeued_as_far_as_there_is_room(open_api: OpenApi) -> None:
    async with open_api(queue=QueueSettings(most_waiting=3)) as api:
        jobs = [(await api.submit())["job_id"] for _ in range(3)]
        await api.run_sql("UPDATE jobs SET status = 'failed', completed_at = created_at")
        await api.run_sql("INSERT INTO dead_letters SELECT id, tenant, run, 'timeout', n, intent FROM jobs")
        await asyncio.sleep(0.6)  # it counts anew
        await api.submit()

        many = (await api.client.post("/dead-letters:requeue", json={"job_ids": jobs})).json()

        assert many["job_ids"] == jobs[:2]
        assert [(one["job_id"], one["problem"]["code"]) for one in many["refused"]] == [(jobs[2], "queue_full")]


async def test_what_was_accepted_before_is_answered_though_the_queue_is_full(open_api: OpenApi) -> None:
    key, route = (
        {"Idempotency-Key": "k"},
        {"/jobs": ORDER, "/schedule": {"text": SENTENCE}, "/jobs:batch": {"jobs": [ORDER]}},
    )
    async with open_api(queue=QueueSettings(most_waiting=3)) as api:
        first = {path: await api.client.post(path, json=body, headers=key) for path, body in route.items()}
        before = api.rows()

        again = {path: await api.client.post(path, json=body, headers=key) for path, body in route.items()}
        new = await api.client.post("/jobs", json=ORDER, headers={"Idempotency-Key": "other"})
        other = await api.client.post("/jobs", json={**ORDER, "priority": 1}, headers=key)

        assert {path: answer.json() for path, answer in again.items()} == {
            path: answer.json() for path, answer in first.items()
        }
        assert [answer.status_code for answer in (*first.values(), *again.values())] == [202] * 6
        assert [(answer.status_code, answer.json()["code"]) for answer in (new, other)] == [
            (429, "queue_full"),
            (409, "idempotency_conflict"),
        ]
        assert api.rows() == before
