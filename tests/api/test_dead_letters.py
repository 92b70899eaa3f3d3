"""Dead letters over HTTP: find, look into, correct, requeue and discard jobs that failed for good."""

import asyncio
import json
from typing import Any

import pytest

from scheduler.core.errors import ElementNotFoundError, RecipientRefusedError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.job import JobStatus, TaskStatus
from tests.support.services import KEY_A, KEY_B, SENTENCE, TWO_TENANTS, Api, OpenApi, bearer

pytestmark = pytest.mark.component

TYPO = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@exmaple.com"
JSON = {"Content-Type": "application/json"}
REFUSED = RecipientRefusedError("anna@exmaple.com", "550")


async def a_letter(api: Api, text: str = SENTENCE, action: str = "mail.send", **options: Any) -> str:  # noqa: ANN401
    """Have a job fail for good at `action`; return its id."""
    api.executor.failures[action] = REFUSED if action == "mail.send" else ElementNotFoundError("x", "/")
    job_id = str((await api.submit(text, **options))["job_id"])
    await api.ended(job_id, **options)
    api.executor.failures.clear()
    return job_id


async def letters(api: Api, **wanted: str) -> list[str]:
    page = (await api.client.get("/dead-letters", params=wanted)).json()
    return [letter["job_id"] for letter in page["letters"]]


async def test_a_failed_job_is_listed_with_what_went_wrong(working_api: Api) -> None:
    job_id = await a_letter(working_api)

    page = (await working_api.client.get("/dead-letters")).json()

    assert (page["total"], page["total_is_estimate"], page["next_cursor"]) == (1, False, None)
    [letter] = page["letters"]
    assert (letter["job_id"], letter["code"], letter["run"]) == (job_id, "recipient_refused", 1)
    assert letter["error"].startswith("Der Mailserver nimmt keine Mail")


async def test_letters_are_found_by_code_intent_and_time_page_by_page(working_api: Api) -> None:
    mails = [await a_letter(working_api) for _ in range(2)]
    portal = await a_letter(working_api, action="site.download")

    first = (await working_api.client.get("/dead-letters", params={"limit": 2})).json()
    second = (await working_api.client.get("/dead-letters", params={"cursor": first["next_cursor"]})).json()

    assert [letter["job_id"] for letter in first["letters"] + second["letters"]] == [portal, *reversed(mails)]
    assert await letters(working_api, code="recipient_refused") == mails[::-1]
    assert await letters(working_api, intent="fetch_and_send", until="2020-01-01") == []
    assert len(await letters(working_api, since="2020-01-01T00:00:00+02:00")) == 3


async def test_a_letter_tells_its_whole_story(working_api: Api) -> None:
    job_id = await a_letter(working_api)
    await working_api.client.post(f"/jobs/{job_id}/retry")
    working_api.executor.failures["mail.send"] = REFUSED
    await working_api.ended(job_id)
    working_api.services.artifacts.save(JobId(job_id), TaskId("download"), "a.pdf", b"%PDF")

    story = (await working_api.client.get(f"/dead-letters/{job_id}")).json()

    assert story["letter"]["job_id"] == story["job"]["job_id"] == job_id
    assert story["stopped_at"] == ["send"]
    assert {event["run"] for event in story["events"]} == {1, story["job"]["run"]}
    failed = next(task for task in story["tasks"] if task["task_id"] == "send")
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "recipient_refused")
    assert failed["plan"]["params"]["to"] == ["anna@example.com"]
    assert {task["status"] for task in story["tasks"]} == {"done", "failed"}
    assert "job.accepted" in {entry["action"] for entry in story["audit"]}
    assert story["artifacts"] == [f"/jobs/{job_id}/artifacts/download/a.pdf"]
    assert (story["plan_version"], story["retry_count"], story["complete"]) == (1, 1, True)


async def test_a_corrected_letter_is_requeued_and_does_not_do_again_what_is_done(working_api: Api) -> None:
    job_id = await a_letter(working_api, TYPO)
    change = {"tasks": {"send": {"params": {"to": ["anna@example.com"]}}}, "version": 1, "reason": "Tippfehler"}

    corrected = await working_api.client.patch(f"/dead-letters/{job_id}", json=change)
    requeued = await working_api.client.post(f"/dead-letters/{job_id}/requeue", params={"reason": "berichtigt"})
    detail = await working_api.ended(job_id)

    assert (corrected.status_code, corrected.json()["plan_version"]) == (200, 2)
    assert (requeued.status_code, requeued.json()["run"]) == (202, 2)
    assert (detail["status"], detail["retry_count"]) == ("done", 0)
    assert working_api.executor.done.count("site.download") == 1
    assert await letters(working_api) == []
    entries = (await working_api.client.get("/audit", params={"job_id": job_id})).json()["entries"]
    [entry] = [entry for entry in entries if entry["action"] == "job.corrected"]
    assert entry["reason"] == "Tippfehler"
    assert entry["metadata"]["changes"] == [
        {"path": "tasks.send.params.to[0]", "before": "anna@exmaple.com", "after": "anna@example.com"}
    ]


async def test_only_what_was_corrected_gets_another_effect_key(working_api: Api) -> None:
    job_id = await a_letter(working_api, TYPO)
    path = f"/dead-letters/{job_id}"
    first = (await working_api.client.get(path)).json()["tasks"]
    await working_api.client.post(f"{path}/requeue")
    working_api.executor.failures["mail.send"] = REFUSED
    await working_api.ended(job_id)
    second = (await working_api.client.get(path)).json()["tasks"]
    await working_api.client.patch(path, json={"tasks": {"send": {"params": {"to": ["anna@example.com"]}}}})
    await working_api.client.post(f"{path}/requeue")
    await working_api.ended(job_id)
    third = (await working_api.client.get(path)).json()["tasks"]

    keys = [{task["task_id"]: task["effect_key"] for task in tasks} for tasks in (first, second, third)]
    assert keys[0] == keys[1]
    assert {name for name in keys[0] if keys[0][name] != keys[2][name]} == {"send"}


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"tasks": {"download": {"text": "x"}}}, 422, "invalid_field", "tasks.download"),
        ({"tasks": {"nothing": {"text": "x"}}}, 422, "invalid_field", "tasks.nothing"),
        ({"tasks": {"send": {"params": {"to": None}}}}, 422, "invalid_field", "tasks.send.params.to"),
        ({"tasks": {"send": {"params": {"to": 7}}}}, 422, "invalid_field", "tasks.send.params.to"),
        ({"tasks": {"send": {"text": "${nothing.x}"}}}, 422, "unknown_reference", "tasks.send.text"),
        ({"tasks": {"send": {"action": "file.delete"}}}, 422, "invalid_field", "tasks.send.action"),
        ({"tasks": {"send": {"timeout": 0}}}, 422, "invalid_field", "tasks.send.timeout"),
        ({"context": {"slots": {"recipient": 7}}}, 422, "invalid_field", "context.slots.recipient"),
        ({"context": [1]}, 422, "invalid_field", "context"),
        ({"version": 2, "context": {"a": 1}}, 409, "plan_changed", None),
        ({"unknown": 1}, 422, "invalid_field", "unknown"),
        ({"reason": "x" * 1001}, 422, "invalid_field", "reason"),
    ],
)
async def test_a_correction_that_cannot_be_is_refused_and_changes_nothing(
    working_api: Api, body: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    job_id = await a_letter(working_api)
    before = (await working_api.client.get(f"/dead-letters/{job_id}")).json()

    answer = await working_api.client.patch(f"/dead-letters/{job_id}", json=body)

    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (status, code, field)
    assert (await working_api.client.get(f"/dead-letters/{job_id}")).json() == before


async def test_no_correction_says_who_understood_the_words(working_api: Api) -> None:
    job_id = await a_letter(working_api)
    before = (await working_api.client.get(f"/jobs/{job_id}")).json()

    context = {"understood": {"way": "llm"}, "typed": 5, "desk": "7"}
    answer = await working_api.client.patch(f"/dead-letters/{job_id}", json={"context": context})

    after = (await working_api.client.get(f"/jobs/{job_id}")).json()
    assert (answer.status_code, answer.json()["plan_version"]) == (200, 2)
    assert after == before | {"plan_version": 2, "plan_hash": after["plan_hash"]}


async def test_a_correction_that_changes_nothing_makes_no_version(working_api: Api) -> None:
    job_id = await a_letter(working_api)

    answer = await working_api.client.patch(f"/dead-letters/{job_id}", json={})

    assert (answer.status_code, answer.json()["plan_version"]) == (200, 1)


async def test_requeueing_twice_at_once_opens_one_run(working_api: Api) -> None:
    job_id = await a_letter(working_api)
    working_api.executor.gate.clear()

    answers = await asyncio.gather(*(working_api.client.post(f"/dead-letters/{job_id}/requeue") for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [202] + [404] * 9
    assert {answer.json()["code"] for answer in answers if answer.status_code == 404} == {"dead_letter_not_found"}
    detail = (await working_api.client.get(f"/jobs/{job_id}")).json()
    assert detail["job"]["run"] == 2


async def test_all_letters_of_a_kind_are_requeued(working_api: Api) -> None:
    mails = [await a_letter(working_api) for _ in range(3)]
    portal = await a_letter(working_api, action="site.download")

    part = await working_api.client.post("/dead-letters:requeue", json={"where": {"intent": "nothing"}})
    first = await working_api.client.post(
        "/dead-letters:requeue", json={"where": {"code": "recipient_refused"}, "limit": 2}
    )
    rest = await working_api.client.post("/dead-letters:requeue", json={"where": {"code": "recipient_refused"}})

    assert part.json() == {"job_ids": [], "refused": [], "more": False}
    assert (first.status_code, first.json()["more"], rest.json()["more"]) == (202, True, False)
    assert sorted(first.json()["job_ids"] + rest.json()["job_ids"]) == sorted(mails)
    assert await letters(working_api) == [portal]
    assert {(await working_api.ended(job_id))["status"] for job_id in mails} == {"done"}


async def test_named_letters_are_handled_each_by_itself(working_api: Api) -> None:
    job_id = await a_letter(working_api)
    waiting = (await working_api.submit())["job_id"]
    await working_api.ended(waiting)

    answer = await working_api.client.post(
        "/dead-letters:discard", json={"job_ids": [waiting, job_id, job_id, "nothing"], "reason": "egal"}
    )

    body = answer.json()
    assert (answer.status_code, body["job_ids"]) == (200, [job_id])
    assert [(one["job_id"], one["problem"]["code"], one["problem"]["status"]) for one in body["refused"]] == [
        (waiting, "dead_letter_not_found", 404),
        ("nothing", "job_not_found", 404),
    ]


async def test_a_discarded_letter_is_gone_and_its_job_stays_failed(working_api: Api) -> None:
    job_id = await a_letter(working_api)

    answer = await working_api.client.delete(f"/dead-letters/{job_id}", params={"reason": "erledigt sich"})
    again = await working_api.client.delete(f"/dead-letters/{job_id}")

    assert (answer.status_code, answer.json()["job_id"]) == (200, job_id)
    assert (again.status_code, again.json()["code"]) == (404, "dead_letter_not_found")
    assert (await working_api.client.get(f"/jobs/{job_id}")).json()["status"] == "failed"
    audit = (await working_api.client.get("/audit", params={"action_type": "job.discarded"})).json()
    assert [entry["reason"] for entry in audit["entries"]] == ["erledigt sich"]


@pytest.mark.parametrize("kind", ["requeue", "discard"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"job_ids": ["a"], "where": {}}, ""),
        ({"job_ids": ["a"] * 1001}, "job_ids"),
        ({"where": {"since": "gestern"}}, "where.since"),
        ({"where": {"since": "2026-01-01T00:00:00"}}, "where.since"),
        ({"where": {"tenant": "globex"}}, "where.tenant"),
        ({"where": {}, "limit": 0}, "limit"),
        ({"where": {"code": "\ud800"}}, "where.code"),
    ],
)
async def test_an_order_for_several_that_is_unclear_is_refused(
    working_api: Api, kind: str, body: dict[str, Any], field: str
) -> None:
    job_id = await a_letter(working_api)

    answer = await working_api.client.post(f"/dead-letters:{kind}", content=json.dumps(body), headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert answer.json()["field"] in {field, "body"}
    assert await letters(working_api) == [job_id]


@pytest.mark.parametrize("wanted", [{"cursor": "x"}, {"limit": "0"}, {"since": "gestern"}, {"limit": "201"}])
async def test_a_list_that_cannot_be_is_refused(api: Api, wanted: dict[str, str]) -> None:
    answer = await api.client.get("/dead-letters", params=wanted)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert answer.json()["field"] == next(iter(wanted))


async def test_letters_belong_to_their_tenant(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS, worker=True) as api:
        job_id = await a_letter(api, headers=bearer(KEY_A))
        theirs = bearer(KEY_B)

        listed = (await api.client.get("/dead-letters", headers=theirs)).json()
        named = [
            (await api.client.post(f"/dead-letters:{kind}", json={"job_ids": [job_id]}, headers=theirs)).json()
            for kind in ("requeue", "discard")
        ]
        all_of_them = [
            (await api.client.post(f"/dead-letters:{kind}", json={"where": {}}, headers=theirs)).json()
            for kind in ("requeue", "discard")
        ]
        mine = (await api.client.get("/dead-letters", headers=bearer(KEY_A))).json()

    assert (listed["letters"], listed["total"]) == ([], 0)
    assert [answer["refused"][0]["problem"]["code"] for answer in named] == ["job_not_found"] * 2
    assert [answer["job_ids"] for answer in named + all_of_them] == [[]] * 4
    assert [letter["job_id"] for letter in mine["letters"]] == [job_id]


async def test_a_job_that_no_version_of_ours_can_read_is_found_and_can_be_discarded(api: Api) -> None:
    job_id = (await api.submit())["job_id"]
    await api.services.queue.update_status(JobId(job_id), JobStatus.RUNNING)
    await api.services.queue.update_status(JobId(job_id), JobStatus.FAILED)
    await api.run_sql('UPDATE jobs SET task_graph = \'{"tasks": [{"action": 7}]}\'')

    listed = await letters(api)
    shown = await api.client.get(f"/dead-letters/{job_id}")
    changed = await api.client.patch(f"/dead-letters/{job_id}", json={})
    requeued = await api.client.post(f"/dead-letters/{job_id}/requeue")
    several = (await api.client.post("/dead-letters:requeue", json={"where": {}})).json()
    discarded = await api.client.delete(f"/dead-letters/{job_id}")

    assert listed == [job_id]
    assert {answer.json()["code"] for answer in (shown, changed, requeued)} == {"plan_unreadable"}
    assert {answer.status_code for answer in (shown, changed, requeued)} == {409}
    assert several["refused"][0]["problem"]["code"] == "plan_unreadable"
    assert discarded.status_code == 200


async def test_a_job_that_kills_its_workers_is_a_letter_that_says_so(open_api: OpenApi) -> None:
    async with open_api() as api:
        job_id = (await api.submit())["job_id"]
        await api.run_sql("UPDATE jobs SET crashes = 5")
        worker = asyncio.create_task(api.services.worker.run())
        await api.ended(job_id)
        story = (await api.client.get(f"/dead-letters/{job_id}")).json()
        api.services.worker.drain()
        await worker

    assert story["letter"]["code"] == "worker_crashes"
    assert story["letter"]["error"] == (
        "Der Auftrag hat 5-mal den ausführenden Prozess beendet und wurde beiseitegelegt."
    )
    assert story["crashes"] == 5
    assert {task["status"] for task in story["tasks"]} == {TaskStatus.SKIPPED}
