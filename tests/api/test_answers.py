"""Questions and answers over HTTP, against the real service."""

from pathlib import Path

import pytest

from scheduler import llm_wiring
from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intent_router import IntentRouter
from scheduler.core.intents import UNKNOWN
from tests.support.services import Api, OpenApi

pytestmark = pytest.mark.component


async def test_a_sentence_that_lacks_something_waits_is_answered_and_goes_on(api: Api) -> None:
    asked = await api.client.post("/schedule", json={"text": "Schick eine Mail mit dem Text: Bis morgen"})

    assert asked.status_code == 202
    assert asked.json()["status"] == "waiting"
    (question,) = asked.json()["questions"]
    assert question["text"] == "An wen soll es gehen?"
    path = asked.headers["Location"]
    assert (await api.client.get(path)).json()["job"]["questions"] == [question]

    none = await api.client.post(f"{path}/answer", json={"answers": {question["key"]: ""}})
    strange = await api.client.post(f"{path}/answer", json={"answers": {"slot.title": "x"}})
    assert (none.status_code, none.json()["field"]) == (422, f"answers.{question['key']}")
    assert (strange.status_code, strange.json()["field"]) == (422, "answers.slot.title")

    answered = await api.client.post(f"{path}/answer", json={"text": "anna@example.com"})
    late = await api.client.post(f"{path}/answer", json={"text": "anna@example.com"})
    events = (await api.client.get(f"{path}/timeline")).json()["events"]
    detail = (await api.client.get(path)).json()

    assert answered.status_code == 202
    assert answered.json()["status"] == "pending"
    assert late.status_code == 409
    assert [event["type"] for event in events][:3] == ["job_accepted", "question", "answered"]
    assert detail["slots"]["recipient"] == "anna@example.com"
    assert detail["tasks"]


@pytest.mark.parametrize("files", [5, "a.txt", {"name": "a.txt"}, ["a.txt", {"name": 5}]])
async def test_what_a_client_calls_files_of_its_own_does_not_keep_it_from_answering(api: Api, files: object) -> None:
    order = {"text": "Schick eine Mail mit dem Text: Bis morgen", "context": {"files": files}}
    path = (await api.client.post("/schedule", json=order)).headers["Location"]

    answered = await api.client.post(f"{path}/answer", json={"text": "anna@example.com"})

    assert (answered.status_code, answered.json()["status"]) == (202, "pending")


async def test_a_waiting_job_is_cancelled(api: Api) -> None:
    asked = await api.client.post("/schedule", json={"text": "Schick eine Mail"})
    path = asked.headers["Location"]

    assert (await api.client.delete(path)).json()["status"] == "cancelled"
    assert (await api.client.post(f"{path}/answer", json={"text": "x"})).status_code == 409


class Unsure:
    """Has learned that what rules do not know may be one of three things, none of them surely."""

    def __init__(self, rules: IntentRouter, _folder: Path | None = None) -> None:
        self._rules = rules

    def reread(self, message: str, read: Orders) -> Orders:
        routed = read.parts[0].routed
        if routed.name != UNKNOWN:
            return read
        nearest = ("search_document", "send_mail", "open_document")
        unsure = routed.model_copy(update={"nearest": nearest, "unsure": True, "way": "learned"})
        return read._replace(parts=(OrderPart(message, unsure),))


async def test_what_is_not_sure_is_asked_and_the_chosen_intent_is_done(
    open_api: OpenApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm_wiring, "make_learned", Unsure)
    async with open_api(worker=True) as api:
        asked = await api.client.post("/schedule", json={"text": "Winterreifen für den Transporter"})
        (question,) = asked.json()["questions"]
        path = asked.headers["Location"]
        refused = await api.client.post("/schedule", json={"text": "Winterreifen", "context": {"ask": False}})
        strange = await api.client.post(f"{path}/answer", json={"text": "4"})
        chosen = await api.client.post(f"{path}/answer", json={"text": "1"})
        while chosen.json()["questions"]:  # what is to be searched for
            (slot,) = chosen.json()["questions"]
            chosen = await api.client.post(f"{path}/answer", json={"answers": {slot["key"]: "Winterreifen"}})
        ended = await api.ended(asked.json()["job_id"])

    assert (asked.status_code, asked.json()["status"], question["key"]) == (202, "waiting", "intent")
    assert "Winterreifen für den Transporter" in question["text"]
    assert [choice["value"] for choice in question["choices"]] == ["search_document", "send_mail", "open_document"]
    assert all(choice["label"] != choice["value"] for choice in question["choices"]), "said in words"
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_intent")
    assert (strange.json()["status"], strange.json()["questions"]) == ("waiting", [question]), "that is none of them"
    assert (ended["job"]["intent"], ended["status"]) == ("search_document", "done")
    assert "Nachfrage" in ended["job"]["why"]
