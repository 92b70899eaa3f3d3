"""What an order says besides its words: a key that was used before, and a context that is not all the client's."""

from typing import Any

import pytest

from scheduler.core.errors import UnavailableError
from scheduler.orchestrator.planned_request import PlannedRequest
from scheduler.orchestrator.planner import Planner
from tests.support.services import SENTENCE, Api

pytestmark = pytest.mark.component

GRAPH = {"tasks": [{"id": "open", "action": "web.goto", "params": {"url": "http://127.0.0.1/"}}]}
ORDER = {"intent": "fetch_and_send", "description": SENTENCE}


@pytest.mark.parametrize(
    ("path", "order", "way"),
    [
        ("/jobs", {"task_graph": GRAPH}, None),
        ("/jobs", ORDER, "rules"),
        ("/schedule", {"text": SENTENCE}, "rules"),
        ("/schedule", {"text": "Schick eine Mail mit dem Text: Bis morgen"}, None),
    ],
)
@pytest.mark.parametrize(
    "context",
    [
        {"understood": {"way": "llm", "why": "sicher", "confidence": 1, "by": "llm"}, "typed": [], "desk": "7"},
        {"understood": "llm", "typed": 5},
        {"understood": {"confidence": "lots"}, "typed": [{"a": 1}]},
    ],
)
async def test_no_client_says_who_understood_its_words(
    api: Api, path: str, order: dict[str, Any], way: str | None, context: dict[str, Any]
) -> None:
    answer = await api.client.post(path, json={**order, "context": context})

    assert (answer.status_code, answer.json()["way"]) == (202, way), answer.text
    detail = (await api.client.get(answer.headers["location"])).json()
    assert detail["job"] == answer.json()
    assert {slot["name"] for slot in detail["typed"]} <= detail["slots"].keys()


@pytest.mark.parametrize(
    ("path", "order"),
    [("/jobs", ORDER), ("/schedule", {"text": SENTENCE}), ("/schedule", {"text": "Schick eine Mail"})],
)
async def test_of_a_request_whose_job_was_removed_that_is_said_whatever_is_in_its_way(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str, order: dict[str, Any]
) -> None:
    key = {"Idempotency-Key": "k"}
    job_id = (await api.client.post(path, json=order, headers=key)).json()["job_id"]
    await api.client.delete(f"/jobs/{job_id}")
    await api.run_sql(f"DELETE FROM jobs WHERE id = '{job_id}'")  # noqa: S608 - ours

    async def down(*_: object, **__: object) -> PlannedRequest:
        raise UnavailableError("no model")

    again = await api.client.post(path, json=order, headers=key)
    monkeypatch.setattr(Planner, "plan", down)
    monkeypatch.setattr(Planner, "plan_intent", down)
    then = await api.client.post(path, json=order, headers=key)

    assert [(one.status_code, one.json()["code"]) for one in (again, then)] == [(409, "earlier_job_gone")] * 2
    assert job_id in then.json()["detail"]
