"""Questions and answers over HTTP, against the real service."""

from tests.support.services import Api


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


async def test_a_waiting_job_is_cancelled(api: Api) -> None:
    asked = await api.client.post("/schedule", json={"text": "Schick eine Mail"})
    path = asked.headers["Location"]

    assert (await api.client.delete(path)).json()["status"] == "cancelled"
    assert (await api.client.post(f"{path}/answer", json={"text": "x"})).status_code == 409
