"""Intents over HTTP: what is taught is known at once, in every process, and done by real hands."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from scheduler.api.app import build_app
from scheduler.container import Services, open_services
from scheduler.core.ids import TenantId
from scheduler.core.intent_router import IntentRouter
from tests.support.services import Api, some_settings

pytestmark = pytest.mark.component

STORNO = """
name: cancel_order
description: {de: Eine Bestellung stornieren, en: Cancel an order}
examples:
  de: ["storniere die Bestellung [order_id:881]"]
  en: ["cancel order [order_id:881]"]
required: [order_id]
task_template:
  - id: note
    action: file.copy
    params: {source: vorlage.txt, destination: 'storno-{order_id}.txt'}
    reason: 'Bestellung {order_id} stornieren'
"""


@pytest.fixture
async def office(
    tmp_path: Path,
    store_path: Path,
    router: IntentRouter,
    clean_environment: None,  # noqa: ARG001
) -> AsyncIterator[tuple[httpx.AsyncClient, Services, Services, Path]]:
    """An API with real hands and a worker, and another process on the same store."""
    files = tmp_path / "data" / "files"
    files.mkdir(parents=True)
    (files / "vorlage.txt").write_text("storniert", encoding="utf-8")
    settings = some_settings(tmp_path / "data", store_path)
    app = build_app(settings.api)
    async with (
        open_services(settings, router=router) as services,
        open_services(settings, router=router) as other,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver", timeout=10) as client,
        asyncio.TaskGroup() as owner,
    ):
        app.state.services = services
        owner.create_task(services.worker.run())
        try:
            yield client, services, other, files
        finally:
            services.worker.drain()


async def test_a_request_that_comes_again_is_the_same_though_it_is_understood_otherwise_by_now(api: Api) -> None:
    words = "Hol die Bestellung {} aus dem Portal und schick sie an anna@example.com"
    order, once = {"text": words.format(4711)}, {"Idempotency-Key": "k"}
    taught = STORNO.replace("storniere die Bestellung [order_id:881]", words.format("[order_id:881]"))
    first = await api.client.post("/schedule", json=order, headers=once)
    await api.client.post("/intents", json={"document": taught})

    again = await api.client.post("/schedule", json=order, headers=once)
    new = await api.client.post("/schedule", json=order)

    assert (first.status_code, again.status_code, new.status_code) == (202, 202, 202)
    assert again.json()["job_id"] == first.json()["job_id"]
    assert new.json()["intent"] == "cancel_order" != first.json()["intent"]


async def test_a_taught_intent_is_done_by_its_sentence_at_once_and_forgotten(
    office: tuple[httpx.AsyncClient, Services, Services, Path],
) -> None:
    client, _, other, files = office
    before = await client.post("/plan", json={"text": "Storniere die Bestellung 4711"})
    added = await client.post("/intents", json={"document": STORNO})
    again = await client.post("/intents", json={"document": STORNO})
    plan = await client.post("/plan", json={"text": "Kannst du bitte Bestellung 4711 stornieren?"})
    job = await client.post("/schedule", json={"text": "Bitte Bestellung 4711 stornieren"})
    elsewhere = await other.teaching.route("Storniere die Bestellung 12", TenantId("default"))

    assert before.status_code == 422
    assert (added.status_code, again.status_code, again.json()["code"]) == (201, 409, "intent_exists")
    assert (plan.json()["intent"], plan.json()["slots"], plan.json()["way"]) == (
        "cancel_order", {"order_id": "4711"}, "learned"
    )  # fmt: skip
    assert elsewhere is not None
    assert elsewhere.slots == {"order_id": "12"}
    await client.get(f"{job.headers['Location']}/events")  # until its run is over
    assert (files / "storno-4711.txt").read_text(encoding="utf-8") == "storniert"

    negated = await client.post("/plan", json={"text": "Storniere die Bestellung 4711 bitte nicht"})
    gone = await client.delete("/intents/cancel_order")
    after = await client.post("/plan", json={"text": "Storniere die Bestellung 4711"})
    audit = (await client.get("/audit", params={"action": "intent.forgotten"})).json()
    assert (negated.status_code, gone.status_code, after.status_code) == (422, 204, 422)
    assert await other.teaching.route("Storniere die Bestellung 12", TenantId("default")) is None
    assert audit["entries"]


@pytest.mark.parametrize(
    ("wrong", "by", "field"),
    [
        ("action: file.copy", "action: file.fly", "task_graph.tasks[0].action"),
        ("{order_id}.txt", "{number}.txt", "task_template"),
        ("name: cancel_order", "name: send_mail", "name"),
        ("name: cancel_order", "name: Cancel Order", "name"),
        ("required: [order_id]", "required: [amount]", "required"),
        ("examples:\n", "beispiele:\n", "beispiele"),
        ("source: vorlage.txt, ", "", "task_graph.tasks[0].params.source"),
        ("name: cancel_order", "name: [", "document"),
    ],
)
async def test_a_flawed_intent_is_an_error_that_names_the_field_and_nothing_is_stored(
    api: Api, wrong: str, by: str, field: str
) -> None:
    refused = await api.client.post("/intents", json={"document": STORNO.replace(wrong, by)})

    assert refused.status_code in {409, 422}
    assert refused.json()["field"] == field
    assert await api.services.teaching.list(TenantId("default")) == ()


async def test_a_correction_becomes_an_example_and_can_be_forgotten(api: Api) -> None:
    text = "mach mal den Kram klar mit dem Lastenheft.docx"
    taught = await api.client.post("/intents/export_pdf/examples", json={"text": text})
    found = await api.client.post("/intents/test", json={"text": "mach den Kram klar mit dem Pflichtenheft.docx"})
    strange = await api.client.post("/intents/export_pdf/examples", json={"text": "der [foo:1] Kram"})
    unknown = await api.client.post("/intents/nothing/examples", json={"text": text})
    shown = await api.client.get("/intents/export_pdf")
    listed = await api.client.get("/intents")

    assert taught.status_code == 201
    assert (found.json()["intent"], found.json()["slots"]) == ("export_pdf", {"file_name": "Pflichtenheft.docx"})
    assert (strange.status_code, strange.json()["field"]) == (422, "text")
    assert unknown.status_code == 422
    assert [one["text"] for one in shown.json()["taught"]] == [text]
    assert "export_pdf" in [one["name"] for one in listed.json()["intents"]]

    await api.client.delete(f"/intents/{taught.json()['id']}")
    assert (await api.client.post("/intents/test", json={"text": text})).json()["intent"] is None


async def test_a_taught_intent_may_be_one_of_several_orders_and_nothing_beside_it_is_lost(api: Api) -> None:
    await api.client.post("/intents", json={"document": STORNO})
    both = await api.client.post("/plan", json={"text": "Storniere die Bestellung 4711 und such den Vertrag"})
    strange = await api.client.post("/schedule", json={"text": "Storniere die Bestellung 4711 und lösch alles"})

    assert [(one["intent"], one["slots"]) for one in both.json()["orders"]] == [
        ("cancel_order", {"order_id": "4711"}),
        ("search_document", {"document": "Vertrag"}),
    ]
    (question,) = strange.json()["questions"]
    assert (strange.json()["status"], question["key"]) == ("waiting", "1.intent")
    assert "lösch alles" in question["text"]


async def test_what_an_example_explains_in_part_is_asked_about_and_the_answer_is_remembered(api: Api) -> None:
    text, other = "Storniere die Bestellung 4711 von Müller", "Storniere die Bestellung 12 von Müller"
    await api.client.post("/intents", json={"document": STORNO})
    asked = await api.client.post("/schedule", json={"text": text})
    (question,) = asked.json()["questions"]

    answered = await api.client.post(f"{asked.headers['Location']}/answer", json={"text": "Eine Bestellung stornieren"})
    detail = (await api.client.get(asked.headers["Location"])).json()
    again = await api.client.post("/plan", json={"text": other})

    assert {"value": "cancel_order", "label": "Eine Bestellung stornieren"} in question["choices"]
    assert answered.status_code == 202
    assert (detail["job"]["intent"], detail["slots"]["order_id"]) == ("cancel_order", "4711")
    assert (again.json()["intent"], again.json()["slots"]) == ("cancel_order", {"order_id": "12"})
    assert [(one.text, one.reason) for one in await api.services.teaching.list(TenantId("default")) if one.text] == [
        ("Storniere die Bestellung [order_id:4711] von Müller", "answer to which one was meant")
    ]


async def test_questions_show_no_internal_names(api: Api) -> None:
    named = STORNO.replace("name: cancel_order", "name: cancel_it").replace("storniere", "streiche")
    named = named.replace("description: {de: Eine Bestellung streichen, en: Cancel an order}\n", "")
    asks = STORNO.replace("required:", "questions: {order_id: {de: Welche Bestellung?}}\nrequired:")
    await api.client.post("/intents", json={"document": asks})
    await api.client.post("/intents", json={"document": named.replace("cancel order", "strike order")})

    own = await api.client.post("/schedule", json={"text": "Storniere die Bestellung"})
    by_example = await api.client.post("/schedule", json={"text": "Streiche die Bestellung"})
    which = await api.client.post("/schedule", json={"text": "Streiche die Bestellung 4711 von Müller"})
    several = await api.client.post("/schedule", json={"text": "Streiche die Bestellung 4711, aber nur die Rechnung"})

    assert own.json()["questions"][0]["text"] == "Welche Bestellung?"
    assert by_example.json()["questions"][0]["text"] == (
        "Was gehört in „streiche die Bestellung …“ an die Stelle von „…“ (etwa „881“)?"
    )
    assert "streiche die Bestellung 881" in [one["label"] for one in which.json()["questions"][0]["choices"]]
    labels = [one["label"] for one in several.json()["questions"][0]["choices"]]
    assert len(labels) > 1
    assert not [label for label in labels if "_" in label]


async def test_other_tenants_learn_nothing(api: Api) -> None:
    await api.services.teaching.teach(TenantId("acme"), "open_app", "wirf mal Grindel Pro an")

    assert await api.services.teaching.route("wirf mal Grindel Pro an", TenantId("default")) is None
