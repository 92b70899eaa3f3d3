"""Too much at once: what cannot be kept is refused with 429 and a time to come back, and nothing of it is stored."""

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
        assert {answer.headers["retry-after"] for answer in (sentence, order, batch)} == {"1"}
        assert sentence.json()["code"] == "queue_full"
        assert sentence.json()["detail"].startswith("Es warten schon 2 Aufträge")
        assert api.rows() == before


async def test_a_batch_that_does_not_fit_whole_is_not_accepted_in_part(open_api: OpenApi) -> None:
    async with open_api(queue=QueueSettings(most_waiting=2)) as api:
        answer = await api.client.post("/jobs:batch", json={"jobs": [ORDER] * 3})

        assert answer.status_code == 429
        assert api.rows()["jobs"] == 0


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
