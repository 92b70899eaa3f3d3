"""Whatever is sent: what cannot be carried out is a problem document that names the field, and nothing is stored."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from scheduler.api.middleware import MAX_BODY
from tests.support.cases import each_of
from tests.support.services import SENTENCE, Api, OpenApi

pytestmark = pytest.mark.component

JSON = {"Content-Type": "application/json"}
GOTO: Mapping[str, Any] = {"id": "open", "action": "web.goto", "params": {"url": "http://127.0.0.1/"}}
MAIL: Mapping[str, Any] = {"id": "send", "action": "mail.send", "params": {"to": ["a@example.com"], "subject": "x"}}


def plan(*tasks: Mapping[str, Any]) -> dict[str, Any]:
    return {"task_graph": {"tasks": [dict(task) for task in tasks]}}


SENTENCES = {
    "empty": ({"text": ""}, 422, "empty_request", "text"),
    "only blanks": ({"text": " \n\t "}, 422, "empty_request", "text"),
    "of one megabyte": ({"text": "Hol " * 250_000}, 413, "request_too_large", "text"),
    "missing": ({}, 422, "empty_request", "text"),
    "no text": ({"text": 4711}, 422, "invalid_field", "text"),
    "nothing known": ({"text": "Erzähl mir einen Witz über Hühner"}, 422, "unknown_intent", "text"),
    "with a slot missing": ({"text": "Schick eine Mail"}, 422, "missing_slot", "text"),
    "of an unknown portal": (
        {"text": "Hol die Rechnung 4711 aus dem Kundenportal und schick sie an anna@example.com"},
        422,
        "unknown_site",
        "text",
    ),
    "with an unknown field": ({"text": SENTENCE, "status": "done"}, 422, "invalid_field", "status"),
    "of a strange language": ({"text": SENTENCE, "locale": "fr"}, 422, "invalid_field", "locale"),
    "with half a letter": ({"text": "Hol \ud800"}, 422, "invalid_field", "text"),
    "a list": ([], 422, "invalid_field", "body"),
}  # fmt: skip

CONTEXTS = {
    "with no number in its context": ({"text": SENTENCE, "context": {"a": float("nan")}}, 422, "invalid_field",
                                      "context.a"),
    "with slots that are none": ({"text": SENTENCE, "context": {"slots": "x"}}, 422, "invalid_field", "context.slots"),
}  # fmt: skip

ORDERS = {
    "nothing": ({}, 422, "invalid_field", "intent"),
    "an unknown intent": ({"intent": "fetch_and_sent"}, 422, "unknown_intent", "intent"),
    "the intent unknown": ({"intent": "unknown"}, 422, "unknown_intent", "intent"),
    "an intent without its slots": ({"intent": "fetch_and_send"}, 422, "missing_slot", "context.slots.recipient"),
    "an intent of an unknown portal": (
        {"intent": "fetch_and_send", "description": SENTENCE, "context": {"slots": {"portal": "Kundenportal"}}},
        422,
        "unknown_site",
        "context.slots.portal",
    ),
    "a recipient that is no address": (
        {"intent": "fetch_and_send", "description": SENTENCE, "context": {"slots": {"recipient": "Anna"}}},
        422,
        "invalid_field",
        "context.slots.recipient",
    ),
    "an intent that names nothing": ({"intent": "open_app"}, 422, "missing_slot", "context.slots.application"),
    "a long description": ({"intent": "fetch_and_send", "description": "x" * 10_001}, 413, "request_too_large",
                           "description"),
    "slots that are no texts": ({**plan(GOTO), "context": {"slots": {"a": 5}}}, 422, "invalid_field",
                                "context.slots.a"),
    "slots that are no object": ({**plan(GOTO), "context": {"slots": 5}}, 422, "invalid_field", "context.slots"),
    "a context that is too deep": (
        {**plan(GOTO), "context": {"a": json.loads("[" * 40 + "]" * 40)}}, 422, "invalid_field",
        "context.a" + "[0]" * 30,
    ),
    "a field of ours": ({**plan(GOTO), "tenant": "acme"}, 422, "invalid_field", "tenant"),
    "a priority that is a text": ({**plan(GOTO), "priority": "high"}, 422, "invalid_field", "priority"),
    "a priority beyond the scale": ({**plan(GOTO), "priority": 101}, 422, "invalid_field", "priority"),
    "no time at all": ({**plan(GOTO), "deadline_seconds": 0}, 422, "invalid_field", "deadline_seconds"),
    "no plan": ({"task_graph": "x"}, 422, "invalid_field", "task_graph"),
    "a plan that is null": ({"task_graph": {"tasks": None}}, 422, "invalid_field", "task_graph.tasks"),
    "an empty plan": (plan(), 422, "empty_plan", "task_graph.tasks"),
    "a plan with more fields": ({"task_graph": {"tasks": [GOTO], "x": 1}}, 422, "invalid_field", "task_graph.x"),
    "a task that is a text": ({"task_graph": {"tasks": [GOTO, "x"]}}, 422, "invalid_field", "task_graph.tasks[1]"),
    "a task without an action": (plan(GOTO, {"id": "x"}), 422, "invalid_field", "task_graph.tasks[1].action"),
    "a cycle": (
        plan({**GOTO, "depends_on": ["send"]}, {**MAIL, "depends_on": ["open"]}), 422, "cycle", "task_graph.tasks"
    ),
    "an unknown dependency": (
        plan(GOTO, {**MAIL, "depends_on": ["open", "login"]}), 422, "unknown_dependency",
        "task_graph.tasks[1].depends_on[1]",
    ),
    "a dependency that is none": (
        plan({**GOTO, "depends_on": [1.5]}), 422, "invalid_field", "task_graph.tasks[0].depends_on[0]"
    ),
    "a task twice": (plan(GOTO, GOTO), 422, "duplicate_task", "task_graph.tasks[1].id"),
    "an unknown action": (plan({**GOTO, "action": "web.gotto"}), 422, "unknown_action",
                          "task_graph.tasks[0].action"),
    "a forbidden action": (plan({"id": "x", "action": "file.delete"}), 403, "action_forbidden",
                           "task_graph.tasks[0].action"),
    "a reference to nothing": (
        plan({**MAIL, "params": {**MAIL["params"], "attachments": ["${download.artifact}"]}}), 422,
        "unknown_reference", "task_graph.tasks[0].params.attachments[0]",
    ),
    "a reference to what no result has": (
        plan({**GOTO, "id": "a"}, {**GOTO, "id": "b", "params": {"url": "${a.nosuch}"}}), 422,
        "unknown_reference", "task_graph.tasks[1].params.url",
    ),
    "a time as a text": (plan({**GOTO, "timeout": "5"}), 422, "invalid_field", "task_graph.tasks[0].timeout"),
    "a yes as a text": (
        plan({**GOTO, "repeatable": "yes"}), 422, "invalid_field", "task_graph.tasks[0].repeatable"
    ),
    "attempts that are no number": (
        plan({**GOTO, "retry": {"max_attempts": True}}), 422, "invalid_field", "task_graph.tasks[0].retry.max_attempts"
    ),
    "a parameter as a text": (
        plan({"id": "p", "action": "web.screenshot", "params": {"full_page": "yes"}}), 422, "invalid_field",
        "task_graph.tasks[0].params.full_page",
    ),
    "a limit as a text": (
        plan({"id": "p", "action": "mail.read", "params": {"limit": "5"}}), 422, "invalid_field",
        "task_graph.tasks[0].params.limit",
    ),
    "a priority as a text": (plan(GOTO) | {"priority": "7"}, 422, "invalid_field", "priority"),
    "retries that are no number": (plan(GOTO) | {"max_retries": True}, 422, "invalid_field", "max_retries"),
    "a deadline as a text": (plan(GOTO) | {"deadline_seconds": "60"}, 422, "invalid_field", "deadline_seconds"),
    "a broken reference": (
        plan({**MAIL, "params": {**MAIL["params"], "subject": "${download"}}), 422, "invalid_field",
        "task_graph.tasks[0].params.subject",
    ),
    "a wrong parameter": (plan({**GOTO, "params": {"url": 4711}}), 422, "invalid_field",
                          "task_graph.tasks[0].params.url"),
    "a missing parameter": (plan({**GOTO, "params": {}}), 422, "invalid_field", "task_graph.tasks[0].params.url"),
    "an unknown parameter": (
        plan({**GOTO, "params": {**GOTO["params"], "x": 1}}), 422, "invalid_field", "task_graph.tasks[0].params.x"
    ),
    "a wrong entry of a list": (
        plan({**MAIL, "params": {**MAIL["params"], "to": ["a@example.com", "Anna@"]}}), 422, "invalid_field",
        "task_graph.tasks[0].params.to[1]",
    ),
    "a click on nothing": (plan({"id": "x", "action": "web.click"}), 422, "invalid_field",
                           "task_graph.tasks[0].selector"),
    "a time that is negative": (plan({**GOTO, "timeout": -1}), 422, "invalid_field", "task_graph.tasks[0].timeout"),
}  # fmt: skip


@pytest.mark.parametrize("route", ["/schedule", "/plan"])
@each_of(SENTENCES)
async def test_a_sentence_that_cannot_be_carried_out(
    api: Api, route: str, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    asks = route == "/schedule" and isinstance(body, dict)
    order = {**body, "context": {"ask": False}} if asks else body
    await _refused(api, route, json.dumps(order).encode(), status, code, field)


@each_of(CONTEXTS)
async def test_a_context_that_cannot_be_kept(
    api: Api, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    await _refused(api, "/schedule", json.dumps(body).encode(), status, code, field)


@each_of(ORDERS)
async def test_an_order_that_cannot_be_carried_out(
    api: Api, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    await _refused(api, "/jobs", json.dumps(body).encode(), status, code, field)


@pytest.mark.parametrize(
    "body", [b"{", b"", b"{'text': 1}", b'{"text": "\xff"}', b"[" * 100_000, b'{"text": "x",}'],
    ids=["open", "empty", "quotes", "no UTF-8", "too deep", "comma"],
)  # fmt: skip
async def test_a_body_that_is_no_json(api: Api, body: bytes) -> None:
    status = 400 if body else 422

    await _refused(api, "/schedule", body, status, "invalid_json" if body else "invalid_field", "body")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_that_does_not_say_it_is_json_is_not_read(api: Api, kind: str) -> None:
    body = json.dumps({"text": SENTENCE}).encode()

    headers = {"Content-Type": kind} if kind else {}
    await _refused(api, "/schedule", body, 415, "invalid_field", "Content-Type", headers=headers)


async def test_a_body_beyond_the_limit_is_refused_before_it_is_read(api: Api) -> None:
    before = api.rows()

    announced = await api.client.post("/schedule", content=b" " * (MAX_BODY + 1), headers=JSON)
    streamed = await api.client.post("/schedule", content=_chunks(MAX_BODY + 1), headers=JSON)

    for answer in (announced, streamed):
        assert answer.status_code == 413
        assert (answer.json()["code"], answer.json()["field"]) == ("body_too_large", "body")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert api.rows() == before


async def _chunks(size: int) -> Any:  # noqa: ANN401 - an asynchronous iterator of bytes
    for _ in range(0, size, 65_536):
        yield b" " * 65_536


async def _refused(
    api: Api,
    route: str,
    body: bytes,
    status: int,
    code: str,
    field: str,
    headers: Mapping[str, str] = JSON,
) -> None:
    before = api.rows()

    answer = await api.client.post(route, content=body, headers=headers)

    document = answer.json()
    assert (answer.status_code, document["code"], document["field"]) == (status, code, field), document
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["type"] == f"urn:cpa:problem:{code}"
    assert document["status"] == status
    assert document["instance"] == route
    assert document["correlation_id"] == answer.headers["x-correlation-id"]
    assert api.rows() == before


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"offset": "-1"}, "offset"),
        ({"offset": str(10**30)}, "offset"),
        ({"status": "sleeping"}, "status[0]"),
    ],
)
async def test_a_wrong_query_names_its_parameter(api: Api, query: dict[str, str], field: str) -> None:
    answer = await api.client.get("/jobs", params=query)

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_field", field)


@pytest.mark.parametrize("field", ["start_date", "end_date"])
async def test_a_date_that_is_none_is_named(api: Api, field: str) -> None:
    answer = await api.client.get("/audit", params={field: "yesterday"})

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert "ein Zeitpunkt wird erwartet" in answer.json()["detail"]


async def test_an_empty_or_endless_idempotency_key_is_refused(api: Api) -> None:
    for key in ("", "x" * 256):
        answer = await api.client.post("/schedule", json={"text": SENTENCE}, headers={"Idempotency-Key": key})

        assert (answer.status_code, answer.json()["field"]) == (422, "idempotency-key")
    assert api.rows()["jobs"] == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/jobs/", 404, "not_found"),
        ("PUT", "/jobs", 405, "method_not_allowed"),
        ("DELETE", "/schedule", 405, "method_not_allowed"),
        ("PATCH", "/jobs/x", 405, "method_not_allowed"),
    ],
)
async def test_an_address_or_method_that_is_not_there(api: Api, method: str, path: str, status: int, code: str) -> None:
    answer = await api.client.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("allow" in answer.headers) is (status == 405)


DETAILS = {
    "cycle": (
        ORDERS["a cycle"][0],
        (
            "Die Aufgaben warten im Kreis aufeinander: open -> send -> open (Feld task_graph.tasks). Bitte eine "
            "Abhängigkeit entfernen."
        ),
        (
            "The tasks wait for each other in a circle: open -> send -> open (field task_graph.tasks). Please remove "
            "one dependency."
        ),
    ),
    "unknown action": (
        ORDERS["an unknown action"][0],
        "Die Aktion web.gotto gibt es nicht (Feld task_graph.tasks[0].action). Ähnlich sind: web.goto",
        "There is no action web.gotto (field task_graph.tasks[0].action). Similar ones: web.goto",
    ),
    "unknown intent": (
        {"intent": "fetch_and_sent"},
        "Den Auftrag „fetch_and_sent“ kenne ich nicht. Am nächsten kommen: fetch_and_send",
        "I do not know the request “fetch_and_sent”. The nearest I can do: fetch_and_send",
    ),
    "wrong type": (
        ORDERS["a priority that is a text"][0],
        "Das Feld priority ist nicht in Ordnung: eine ganze Zahl wird erwartet. Bitte berichtigen und erneut senden.",
        "Field priority is not valid: Input should be a valid integer. Please",
    ),
    "wrong parameter": (
        ORDERS["a wrong parameter"][0],
        "Das Feld task_graph.tasks[0].params.url ist nicht in Ordnung: ein Text wird erwartet.",
        "Field task_graph.tasks[0].params.url is not valid: Input should be a valid string.",
    ),
    "unknown field": (
        ORDERS["a field of ours"][0],
        "Das Feld tenant ist nicht in Ordnung: dieses Feld ist hier nicht bekannt.",
        "Field tenant is not valid: Extra inputs are not permitted.",
    ),
    "missing selector": (
        ORDERS["a click on nothing"][0],
        "Das Feld task_graph.tasks[0].selector ist nicht in Ordnung: web.click braucht einen Selektor.",
        "Field task_graph.tasks[0].selector is not valid: web.click needs a selector.",
    ),
    "no address": (
        ORDERS["a wrong entry of a list"][0],
        (
            "Das Feld task_graph.tasks[0].params.to[1] ist nicht in Ordnung: 'Anna@' ist keine Mailadresse; erwartet "
            "wird zum Beispiel anna@example.com."
        ),
        "Field task_graph.tasks[0].params.to[1] is not valid: 'Anna@' is not a mail address, expected for example",
    ),
    "broken reference": (
        ORDERS["a broken reference"][0],
        (
            "Das Feld task_graph.tasks[0].params.subject ist nicht in Ordnung: '${download' ist kein Verweis; richtig "
            "wäre zum Beispiel ${download.path}."
        ),
        (
            "Field task_graph.tasks[0].params.subject is not valid: '${download' is not a reference; write for example "
            "${download.path}."
        ),
    ),
    "nothing asked": (
        {},
        "Das Feld intent ist nicht in Ordnung: gebraucht wird ein intent mit description oder ein task_graph.",
        "Field intent is not valid: needed is an intent with a description, or a task_graph.",
    ),
}


@pytest.mark.parametrize(("order", "german", "english"), DETAILS.values(), ids=DETAILS.keys())
async def test_what_is_wrong_is_said_in_the_language_of_the_client(
    api: Api, order: dict[str, Any], german: str, english: str
) -> None:
    in_german = await api.client.post("/jobs", json=order, headers={"Accept-Language": "de"})
    in_english = await api.client.post("/jobs", json=order, headers={"Accept-Language": "en"})

    assert in_german.json()["detail"].startswith(german)
    assert in_english.json()["detail"].startswith(english)


async def test_an_unknown_sentence_is_answered_with_the_nearest_intents(api: Api) -> None:
    answer = await api.client.post("/schedule", json={"text": "Die Rechnung im Portal ist wunderbar geworden"})

    assert answer.json()["code"] == "unknown_intent"
    assert "fetch" in answer.json()["detail"]


async def test_which_portal_is_meant_is_not_guessed(open_api: OpenApi) -> None:
    async with open_api(sites={"Nord": "http://127.0.0.1:1", "Süd": "http://127.0.0.1:2"}) as api:
        order = {"intent": "fetch_and_send", "context": {"slots": {"document": "Rechnung", "document_id": "1",
                                                                   "recipient": "a@example.com"}}}  # fmt: skip
        answer = await api.client.post("/jobs", json=order)

    assert (answer.json()["code"], answer.json()["field"]) == ("missing_slot", "context.slots.portal")
