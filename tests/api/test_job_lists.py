"""Lists of jobs over HTTP: filters, pages, totals, bad input, each tenant its own."""

from typing import Any

import pytest

from tests.support.services import KEY_A, KEY_B, SENTENCE, TWO_TENANTS, Api, OpenApi, bearer

pytestmark = pytest.mark.component

GRAPH = {"tasks": [{"id": "open", "action": "web.goto", "params": {"url": "http://127.0.0.1/"}}]}


async def listed(api: Api, **wanted: Any) -> list[str]:  # noqa: ANN401 - values of a query
    answer = await api.client.get("/jobs", params=wanted)
    assert answer.status_code == 200, answer.text
    return [job["job_id"] for job in answer.json()["jobs"]]


async def a_plan(api: Api, description: str, intent: str = "custom") -> str:
    order = {"task_graph": GRAPH, "description": description, "intent": intent}
    return str((await api.client.post("/jobs", json=order)).json()["job_id"])


async def test_jobs_are_found_by_several_statuses_intent_time_and_words(api: Api) -> None:
    invoice = (await api.submit())["job_id"]
    portal = await a_plan(api, "Öffne das Portal für Jörg", "look")
    await api.client.delete(f"/jobs/{portal}")

    assert await listed(api, status=["pending", "cancelled"]) == [portal, invoice]
    assert await listed(api, status="cancelled") == [portal]
    assert await listed(api, intent="look") == [portal]
    assert await listed(api, text="JÖRG öffne") == [portal]
    assert await listed(api, text="anna@example.com") == [invoice]
    assert await listed(api, text="portal", status=["pending"]) == [invoice]
    assert await listed(api, since="2020-01-01", until="2099-01-01T00:00:00+02:00") == [portal, invoice]
    assert await listed(api, until="2020-01-01") == []


async def test_a_cursor_leads_through_the_list(api: Api) -> None:
    ids = [(await api.submit())["job_id"] for _ in range(5)]

    first = (await api.client.get("/jobs", params={"limit": 2})).json()
    second = (await api.client.get("/jobs", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    third = (await api.client.get("/jobs", params={"limit": 2, "cursor": second["next_cursor"]})).json()

    assert [[job["job_id"] for job in page["jobs"]] for page in (first, second, third)] == [
        [ids[4], ids[3]],
        [ids[2], ids[1]],
        [ids[0]],
    ]
    assert third["next_cursor"] is None
    assert {(page["total"], page["total_is_estimate"]) for page in (first, second, third)} == {(5, False)}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "x" * 501}, "cursor"),
        ({"cursor": "WyJqb2JzIiwxLDFd", "offset": "1"}, "offset"),
        ({"cursor": "WyJqb2JzIiwxLDFd", "text": "x"}, "cursor"),
        ({"text": ""}, "text"),
        ({"text": "– *"}, "text"),
        ({"text": "\x00"}, "text"),
        ({"text": "x" * 201}, "text"),
        ({"intent": "x" * 65}, "intent"),
        ({"since": "gestern"}, "since"),
        ({"until": "2026-13-01"}, "until"),
        ({"status": ["done", "sleeping"]}, "status[1]"),
    ],
)
async def test_a_wrong_filter_names_its_parameter(api: Api, query: dict[str, Any], field: str) -> None:
    answer = await api.client.get("/jobs", params=query)

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_field", field)


async def test_a_list_holds_only_what_is_the_tenants(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        mine = [(await api.submit(headers=bearer(KEY_A)))["job_id"] for _ in range(2)]
        await api.submit(SENTENCE, headers=bearer(KEY_B))
        first = (await api.client.get("/jobs", params={"limit": 1}, headers=bearer(KEY_A))).json()

        theirs = [
            (await api.client.get("/jobs", params=query, headers=bearer(KEY_B))).json()
            for query in ({"cursor": first["next_cursor"]}, {"text": SENTENCE}, {"intent": "fetch_and_send"})
        ]
        own = (await api.client.get("/jobs", params={"text": "rechnung"}, headers=bearer(KEY_A))).json()

    assert not set(mine) & {job["job_id"] for page in theirs for job in page["jobs"]}
    assert {job["job_id"] for job in own["jobs"]} == set(mine)
