"""The short way in gives what FastAPI's way gives."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.services import KEY_A, SENTENCE, TWO_TENANTS, Api, OpenApi, bearer

pytestmark = pytest.mark.component

SHORT, LONG = "application/json", "application/vnd.cpa+json"
"""What FastAPI alone reads takes the long way."""
GRAPH = {"tasks": [{"id": "open", "action": "web.goto", "params": {"url": "http://127.0.0.1/"}}]}
ORDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "a sentence": ("/schedule", {"text": SENTENCE, "context": {"a": [1, None]}}),
    "a sentence for later": ("/schedule", {"text": SENTENCE, "start_at": "2031-03-02T14:30:00+01:00"}),
    "an intent": ("/jobs", {"intent": "fetch_and_send", "description": SENTENCE, "locale": "en"}),
    "a plan": ("/jobs", {"task_graph": GRAPH, "priority": 3, "deadline_seconds": 60, "description": "Größe 📎"}),
}


@pytest.mark.parametrize(("path", "body"), ORDERS.values(), ids=ORDERS.keys())
async def test_both_ways_make_the_same_job(api: Api, path: str, body: dict[str, Any]) -> None:
    answers = [
        await api.client.post(path, content=json.dumps(body), headers={"Content-Type": kind}) for kind in (SHORT, LONG)
    ]
    documents = [answer.json() for answer in answers]
    details = [(await api.client.get(answer.headers["location"])).json() for answer in answers]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers.keys() == answers[1].headers.keys()
    for document in (*documents, *(detail["job"] for detail in details)):
        del document["job_id"], document["created_at"]
    assert documents[0] == documents[1]
    assert details[0] == details[1]


async def test_a_key_is_the_same_on_both_ways(api: Api) -> None:
    content, key = json.dumps({"task_graph": GRAPH}), {"Idempotency-Key": "k"}

    ids = [
        (await api.client.post("/jobs", content=content, headers={"Content-Type": kind, **key})).json()["job_id"]
        for kind in (SHORT, LONG)
    ]

    assert ids[0] == ids[1]


@pytest.mark.parametrize("last", [b"", b"x"], ids=["sound", "flawed"])
async def test_a_body_may_come_in_parts(api: Api, last: bytes) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for letter in json.dumps({"task_graph": GRAPH}):
            yield letter.encode()
        yield last

    answer = await api.client.post("/jobs", content=parts(), headers={"Content-Type": SHORT})

    assert answer.status_code == (400 if last else 202), answer.text


async def test_without_a_valid_key_nothing_is_accepted(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        refused = [
            await api.client.post("/jobs", json=body, headers=bearer(key))
            for body, key in (({"task_graph": GRAPH}, "wrong"), ({}, "wrong"), ({}, KEY_A))
        ]

        assert [answer.status_code for answer in refused] == [401, 401, 422]
        assert api.rows()["jobs"] == 0
