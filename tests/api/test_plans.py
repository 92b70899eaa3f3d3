"""Plans over HTTP: shown, kept, changed, submitted by their hash; a model's plan is seen before it runs."""

import json
from typing import Any

import pytest

from scheduler.core.errors import MailNotSetUpError
from scheduler.core.spending import Price
from scheduler.llm.mock_provider import MockProvider
from scheduler.llm.terms import Terms
from scheduler.settings import QueueSettings
from tests.support.model_answers import plan
from tests.support.services import KEY_A, KEY_B, SENTENCE, TWO_TENANTS, Api, OpenApi, bearer

pytestmark = pytest.mark.component

STRANGE = "Erzähl bob@example.com einen Witz"
NOTHING = json.dumps({"intent": "unknown", "confidence": 0.2, "slots": [], "reason": "nothing fits"})
TELL = {
    "id": "tell",
    "action": "mail.send",
    "params": {"to": ["bob@example.com"], "subject": "Witz", "body": "Ein Witz"},
}
FIND = {"id": "find", "action": "file.find", "params": {"pattern": "Witz"}}
EVIL = {**TELL, "params": {**TELL["params"], "bcc": ["eve@evil.example"]}}  # type: ignore[dict-item]


async def shown(api: Api, text: str = SENTENCE, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    answer = await api.client.post("/plan", json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_plan_tells_reasons_risk_and_what_it_will_take(working_api: Api) -> None:
    before = await shown(working_api)
    job = await working_api.ended((await working_api.submit())["job_id"])
    after = await shown(working_api)

    assert before["risk"] == "medium"
    assert {step["id"]: step["risk"] for step in before["steps"]}["send"] == "medium"
    assert all(step["reason"] for step in before["steps"])
    assert before["estimate"]["spent"] == {"calls": 0, "tokens": 0, "money": 0.0}
    assert (before["estimate"]["seconds"], before["estimate"]["runs"]) == (None, 0), "nobody has done it before"
    assert job["status"] == "done"
    assert after["estimate"]["seconds"] is not None, "an earlier run is evidence"
    assert after["estimate"]["runs"] == 1
    assert after["plan_hash"] == before["plan_hash"] == job["plan_hash"]


async def test_a_plan_tells_what_of_the_words_was_corrected(api: Api) -> None:
    plan = await shown(api, "Find the mail from the bank of 3 Oct, no, 3 Nov")

    assert plan["slots"]["date"] == "3 Nov"
    assert plan["why"].endswith("“3 Oct” is corrected to “3 Nov”")


async def test_a_plan_tells_what_is_lacking_for_it_here(working_api: Api) -> None:
    working_api.executor.lacking["mail.send"] = MailNotSetUpError(["CPA_MAIL_ADDRESS"])
    lacks = (await shown(working_api))["lacking"]
    job = await working_api.ended((await working_api.submit())["job_id"])
    working_api.executor.lacking.clear()

    assert [(lack["steps"], lack["code"]) for lack in lacks] == [(["send"], "mail_not_set_up")]
    assert (job["job"]["status"], job["job"]["error"]) == ("failed", lacks[0]["text"]), "the job says the same"
    assert "CPA_MAIL_ADDRESS" in lacks[0]["text"]
    assert (await shown(working_api))["lacking"] == []


async def test_a_shown_plan_is_submitted_by_its_hash_once(api: Api) -> None:
    plan_hash = (await shown(api))["plan_hash"]

    first = await api.client.post("/schedule", json={"plan": plan_hash})
    again = await api.client.post("/jobs", json={"plan": plan_hash})
    other = await api.client.post("/jobs", json={"plan": plan_hash, "delay_seconds": 60})
    keyed = [await api.client.post("/jobs", json={"plan": plan_hash}, headers={"Idempotency-Key": "k"}) for _ in "ab"]
    anew = await shown(api)
    next_one = await api.client.post("/jobs", json={"plan": anew["plan_hash"]})

    job = first.json()
    detail = (await api.client.get(f"/jobs/{job['job_id']}")).json()
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 409)
    assert again.json()["job_id"] == job["job_id"]
    assert len({one.json()["job_id"] for one in keyed} | {job["job_id"], next_one.json()["job_id"]}) == 3
    assert (job["way"], job["by"], job["description"]) == ("rules", "template", SENTENCE)
    assert (detail["job"]["why"], detail["plan_hash"]) == (job["why"], plan_hash)
    assert job["confidence"] > 0.5


async def test_a_changed_plan_is_a_new_version_with_its_differences(api: Api) -> None:
    first = await shown(api)
    graph = json.loads(json.dumps(first["task_graph"]))
    send = next(task for task in graph["tasks"] if task["id"] == "send")
    send["params"]["to"] = ["bob@example.com"]

    second = await shown(api, "", before=first["plan_hash"], task_graph=graph)
    third = await shown(api, "", before=second["plan_hash"])
    submitted = [await api.client.post("/jobs", json={"plan": one["plan_hash"]}) for one in (second, third)]
    again = await api.client.post("/plan", json={"before": second["plan_hash"], "task_graph": graph})
    diff = await api.client.get(f"/plans/{first['plan_hash']}/diff", params={"to": second["plan_hash"]})

    assert (second["version"], second["by"], second["text"]) == (2, "client", SENTENCE)
    assert second["changes"]["changed"] == [
        {"path": "send.params.to[0]", "before": "anna@example.com", "after": "bob@example.com"}
    ]
    assert diff.json() == second["changes"]
    assert (third["version"], third["plan_hash"]) == (3, first["plan_hash"]), "planned anew it is as it was"
    assert [one.status_code for one in submitted] == [409, 202]
    assert submitted[0].json()["code"] == again.json()["code"] == "plan_superseded"
    assert third["plan_hash"] in submitted[0].json()["detail"]


async def test_what_cannot_be_submitted_is_said_plainly(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS, queue=QueueSettings(plan_hours=1)) as api:
        ours, theirs = bearer(KEY_A), bearer(KEY_B)
        plan_hash = (await api.client.post("/plan", json={"text": SENTENCE}, headers=ours)).json()["plan_hash"]
        post, order = api.client.post, {"plan": plan_hash}

        foreign = [
            await post("/schedule", json=order, headers=theirs),
            await api.client.get(f"/plans/{plan_hash}", headers=theirs),
            await api.client.get(f"/plans/{plan_hash}/diff", params={"to": plan_hash}, headers=theirs),
            await post("/plan", json={"before": plan_hash}, headers=theirs),
        ]
        wrong = [
            await post("/schedule", json={**order, "text": SENTENCE}, headers=ours),
            await post("/jobs", json={**order, "intent": "send_mail"}, headers=ours),
            await post("/schedule", json={"plan": "no hash"}, headers=ours),
            await post("/plan", json={"task_graph": {"tasks": [FIND]}}, headers=ours),
        ]
        batch = await post("/jobs:batch", json={"jobs": [order]}, headers=ours)
        earlier = await post("/jobs", json=order, headers={**ours, "Idempotency-Key": "k"})
        await api.run_sql("UPDATE plans SET expires_at = expires_at - 3600000000")
        expired = await post("/jobs", json=order, headers=ours)
        replayed = await post("/jobs", json=order, headers={**ours, "Idempotency-Key": "k"})
        await api.run_sql("UPDATE plans SET expires_at = expires_at - 7200000000")
        await api.services.plans.forget_expired()
        gone = await post("/jobs", json=order, headers=ours)

    assert [(one.status_code, one.json()["code"]) for one in foreign] == [(404, "plan_not_found")] * 4
    assert [one.status_code for one in wrong] == [422] * 4
    assert [one.json()["field"] for one in wrong] == ["plan", "plan", "plan", "text"]
    assert batch.json()["jobs"][0]["problem"]["field"].endswith("plan")
    assert (expired.status_code, expired.json()["code"]) == (409, "plan_expired")
    assert replayed.json()["job_id"] == earlier.json()["job_id"]
    assert (gone.status_code, gone.json()["code"]) == (404, "plan_not_found")


async def test_a_models_risky_plan_runs_only_when_somebody_has_seen_it(open_api: OpenApi) -> None:
    terms = Terms(prices={"script": Price(1.0, 2.0)})
    provider = MockProvider([NOTHING, plan(TELL), NOTHING, plan(TELL)], terms=terms)
    async with open_api(worker=True, provider=provider) as api:
        refused = await api.client.post("/schedule", json={"text": STRANGE})
        rows = api.rows()["jobs"]
        seen = await shown(api, STRANGE)
        graph = await api.client.post("/jobs", json={"task_graph": seen["task_graph"]})
        by_hash = (await api.client.post("/schedule", json={"plan": seen["plan_hash"]})).json()
        ended = await api.ended(by_hash["job_id"])

    assert (refused.status_code, refused.json()["code"], rows) == (422, "plan_unseen", 0)
    assert (seen["way"], seen["by"], seen["unseen"]) == ("llm", "llm", ["tell: mail.send"])
    assert seen["estimate"]["spent"]["calls"] == 2
    assert seen["estimate"]["spent"]["money"] > 0
    assert graph.status_code == 202
    assert (by_hash["way"], ended["status"], ended["plan_hash"]) == ("llm", "done", seen["plan_hash"])
    assert len(provider.calls) == 4, "what was shown is not planned again"


@pytest.mark.parametrize(
    "answer",
    ["{", plan(), plan(EVIL), plan({**FIND, "depends_on": ["find"]}), plan(*[FIND] * 200), plan({"action": "rm.all"})],
    ids=["syntax", "empty", "invented", "cycle", "200 steps", "unknown action"],
)
async def test_a_bad_plan_of_a_model_is_asked_about_and_never_stored_as_a_plan(open_api: OpenApi, answer: str) -> None:
    provider = MockProvider([NOTHING, *[answer] * 3, NOTHING, *[answer] * 3])
    async with open_api(provider=provider) as api:
        asked = await api.client.post("/schedule", json={"text": STRANGE})
        previewed = await api.client.post("/plan", json={"text": STRANGE})
        rows = api.rows()

    assert asked.json()["status"] == "waiting", "a person is asked what is meant"
    assert previewed.status_code == 422
    assert (rows["plans"], rows["tasks"]) == (0, 0)


async def test_a_harmless_plan_of_a_model_is_done_at_once(open_api: OpenApi) -> None:
    async with open_api(worker=True, provider=MockProvider([NOTHING, plan(FIND)])) as api:
        job = await api.submit(STRANGE)
        ended = await api.ended(job["job_id"])

    assert (job["way"], job["why"]) == ("llm", "So geht es.")
    assert ended["status"] == "done"


@pytest.mark.parametrize("way", ["/jobs", "/schedule"])
async def test_a_plan_sent_again_with_its_key_is_the_same_job_also_when_the_plan_is_forgotten(
    api: Api, way: str
) -> None:
    order = {"plan": (await api.client.post("/plan", json={"text": SENTENCE})).json()["plan_hash"]}
    first = await api.client.post(way, json=order, headers={"Idempotency-Key": "k"})
    await api.run_sql("DELETE FROM plans")

    again = await api.client.post(way, json=order, headers={"Idempotency-Key": "k"})
    other = await api.client.post(way, json=order)

    assert (again.status_code, again.json()["job_id"]) == (202, first.json()["job_id"])
    assert (other.status_code, other.json()["code"]) == (404, "plan_not_found")
