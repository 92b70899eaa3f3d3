"""Agents over HTTP: who is let in, how it stays, and what an operator does with it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler.core.clock import SystemClock
from scheduler.core.ids import TenantId
from scheduler.repository.repository_interface import AuditFilter
from scheduler.security.lam_signatures import SigningKey
from tests.support.agents import FIELDS, join
from tests.support.services import KEY_A, KEY_B, TWO_TENANTS, Api, OpenApi, bearer

pytestmark = pytest.mark.component


async def test_an_agent_registers_with_the_fields_of_the_specification(api: Api) -> None:
    body = {"name": "pc-1", "type": "desktop_rpa", "capabilities": ["click", "type"], "endpoint": "http://127.0.0.1:9"}

    answer = await api.client.post("/agents/register", json=body)

    assert answer.status_code == 201
    joined = answer.json()
    assert joined["status"] == "online"
    assert joined["token"].startswith("cpa_agent_")
    shown = (await api.client.get(f"/agents/{joined['agent_id']}")).json()
    assert [terms["name"] for terms in shown["capabilities"]] == ["desktop.click", "desktop.type"]
    assert shown["endpoint"] == "http://127.0.0.1:9"
    assert joined["token"] not in str(shown)


async def test_a_sign_of_life_is_noted(api: Api) -> None:
    agent = await join(api.client, concurrency=3)

    answer = await api.client.post(
        f"/agents/{agent.id}/heartbeat", json={"running": 2, "status": "busy"}, headers=agent.bearer
    )

    assert answer.status_code == 200
    assert answer.json()["status"] == "busy"
    assert "token" not in {name for name, value in answer.json().items() if value}
    assert (await api.client.get(f"/agents/{agent.id}")).json()["running"] == 2
    assert (await api.client.post(f"/agents/{agent.id}/heartbeat", headers=agent.bearer)).status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"running": 1}', {}, 200),
        (b'{"running": 1}', {"X-Correlation-ID": "abc"}, 200),
        (b'{"running": -1}', {}, 422),
        (b"{", {}, 400),
        (b" " * 2000 + b"{}", {}, 200),
        (b'{"running": 1}', {"Authorization": "Bearer cpa_agent_x_y"}, 404),
        (b'{"running": 1}', {"Authorization": "Bearer cpa_agent__"}, 401),
        (b'{"running": 1}', {"Authorization": "Bearer no-token-of-ours"}, 200),
    ],
)
async def test_a_sign_of_life_that_is_not_plain_is_looked_at_more_closely(
    api: Api, body: bytes, headers: dict[str, str], status: int
) -> None:
    agent = await join(api.client)
    headers = {"Content-Type": "application/json", **agent.bearer, **headers}

    answer = await api.client.post(f"/agents/{agent.id}/heartbeat", content=body, headers=headers)

    assert answer.status_code == status, answer.text
    if status == 200:
        assert {"agent_id", "now", "status", "uri", "tenant"} <= set(answer.json())


async def test_a_token_of_another_gives_no_sign_of_life(api: Api) -> None:
    first, second = await join(api.client), await join(api.client, name="web-2")
    guess = {"Authorization": first.bearer["Authorization"][:-4] + "xxxx"}

    answers = [
        await api.client.post(f"/agents/{first.id}/heartbeat", json={}, headers=headers)
        for headers in (second.bearer, guess)
    ]

    assert [answer.status_code for answer in answers] == [401, 401]


async def test_agents_are_listed_by_what_they_are(api: Api) -> None:
    await join(api.client)
    await join(api.client, name="mail-1", type="email", capabilities=["mail.send"])

    async def names(**wanted: str) -> list[str]:
        found = (await api.client.get("/agents", params=wanted)).json()
        assert found["total"] == len(found["agents"])
        return [agent["name"] for agent in found["agents"]]

    assert await names() == ["mail-1", "web-1"]
    assert await names(type="web") == ["web-1"]
    assert await names(capability="send_mail") == ["mail-1"]
    assert await names(capability="web.click", status="online") == ["web-1"]
    assert await names(status="offline") == []


async def test_who_leaves_is_not_found(api: Api) -> None:
    agent = await join(api.client)

    assert (await api.client.delete(f"/agents/{agent.id}", headers=agent.bearer)).status_code == 204
    assert (await api.client.get(f"/agents/{agent.id}")).status_code == 404
    beat = await api.client.post(f"/agents/{agent.id}/heartbeat", headers=agent.bearer)
    assert beat.status_code == 404
    assert beat.json()["code"] == "agent_not_found"


async def test_two_of_one_name_are_one_too_many(api: Api) -> None:
    await join(api.client)

    answer = await api.client.post("/agents/register", json=FIELDS)

    assert answer.status_code == 409
    assert answer.json()["code"] == "agent_name_taken"


class _Ahead(SystemClock):
    """A clock that is eleven minutes ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(minutes=11)


async def test_a_key_is_good_beside_its_successor_for_ten_minutes_and_no_longer(api: Api) -> None:
    agent = await join(api.client)
    await join(api.client, headers=agent.bearer)
    gateway, later = api.services.agents.gateway, timedelta(minutes=11)
    before = await agent.post(agent.says("offer", payload={"capability": "file.move"}))

    gateway._clock = _Ahead()
    after = await agent.post(agent.says("offer", payload={"capability": "file.copy"}), at=later)
    audit = (await api.client.get("/audit", params={"job_id": "agents"})).json()["entries"]
    back = await join(api.client, headers=agent.bearer, key=agent.key.public.model_dump())
    again = await agent.post(agent.says("offer", payload={"capability": "file.copy"}), at=later)

    assert (before.status_code, after.status_code, again.status_code) == (202, 401, 202)
    assert ("retired_key" in after.json()["detail"], back.id) == (True, agent.id)
    assert [entry["metadata"]["kind"] for entry in audit if entry["action"] == "lam.refused"] == ["retired_key"]


async def test_an_agent_joins_again_with_its_own_token_and_a_new_key(api: Api) -> None:
    agent = await join(api.client)
    other = await join(api.client, headers=agent.bearer, capabilities=["web.*", "mail.send"])

    assert other.id == agent.id
    shown = (await api.client.get(f"/agents/{agent.id}")).json()
    assert shown["keys"] == [agent.key.kid, other.key.kid]

    offer = other.says("offer", payload={"capability": "file.copy"})
    assert (await agent.post(agent.says("offer", payload={"capability": "file.move"}))).status_code == 202
    assert (await other.post(offer)).status_code == 202
    assert (await api.client.get(f"/agents/{agent.id}")).json()["keys"] == [other.key.kid]
    late = await agent.post(agent.says("offer", payload={"capability": "file.move"}))
    assert (late.status_code, late.json()["detail"].count("unknown_key")) == (401, 1)


async def test_an_enrolment_token_lets_in_whom_it_is_for(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        asked = {"uses": 1, "types": ["web"], "capabilities": ["web.*"]}
        made = (await api.client.post("/agents/enrolments", json=asked, headers=bearer(KEY_A))).json()
        token = bearer(made["token"])

        async def register(**changes: Any) -> int:  # noqa: ANN401 - fields of the request
            return (await api.client.post("/agents/register", json=FIELDS | changes, headers=token)).status_code

        assert await register(type="email") == 401
        assert await register(capabilities=["mail.send"]) == 401
        assert await register(capabilities=["web.click"]) == 201
        assert await register(name="web-2") == 401, "it is used up"
        listed = (await api.client.get("/agents", headers=bearer(KEY_A))).json()
        assert [agent["tenant"] for agent in listed["agents"]] == ["acme"]
        assert (await api.client.get("/agents", headers=bearer(KEY_B))).json()["total"] == 0


@pytest.mark.parametrize("token", ["cpa_enrol_x_y", "cpa_enrol_", "cpa_agent_x_y", "cpa_agent_x", "", "nonsense"])
async def test_who_has_no_credential_is_not_let_in(open_api: OpenApi, token: str) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        answer = await api.client.post("/agents/register", json=FIELDS, headers=bearer(token))

        assert answer.status_code == 401


async def test_nothing_of_an_agent_is_open_to_another(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        mine = await join(api.client, bearer(KEY_A))
        other = await join(api.client, bearer(KEY_B))

        for credential, status in ((bearer(KEY_B), 404), (other.bearer, 401)):
            for method, path in (("POST", "heartbeat"), ("GET", "messages"), ("DELETE", "")):
                answer = await api.client.request(method, f"/agents/{mine.id}/{path}".rstrip("/"), headers=credential)
                assert answer.status_code == status, (method, path)
        for path in ("drain", "quarantine", "release"):
            refused = await api.client.post(f"/agents/{mine.id}/{path}", headers=mine.bearer)
            assert refused.status_code == 401, "an agent is no operator"
            assert (await api.client.post(f"/agents/{mine.id}/{path}", headers=bearer(KEY_B))).status_code == 404


async def test_an_operator_drains_cuts_off_and_lets_in_again(api: Api) -> None:
    agent = await join(api.client)

    for path, status in (("drain", "draining"), ("quarantine", "quarantined"), ("release", "online")):
        shown = (await api.client.post(f"/agents/{agent.id}/{path}", json={"reason": "update"})).json()
        assert (shown["status"], shown["reason"]) == (status, "update")
        beat = await api.client.post(f"/agents/{agent.id}/heartbeat", headers=agent.bearer)
        assert beat.json()["status"] == status

    entries = await api.services.audit.query(AuditFilter(tenant=TenantId("default")))
    actions = [entry.action for entry in entries.items]
    assert actions == ["agent.register", "agent.draining", "agent.quarantined", "agent.online"]


async def test_one_in_quarantine_does_not_come_back_as_another(api: Api) -> None:
    agent = await join(api.client)
    await api.client.post(f"/agents/{agent.id}/quarantine")
    token = (await api.client.post("/agents/enrolments", json={"uses": 5})).json()["token"]

    async def register(**fields: object) -> tuple[int, str]:
        answer = await api.client.post("/agents/register", json=FIELDS | fields, headers=bearer(token))
        return answer.status_code, str(answer.json()["code"])

    left = await api.client.delete(f"/agents/{agent.id}", headers=agent.bearer)
    assert (left.status_code, left.json()["code"]) == (401, "enrolment_refused")
    assert await register() == (409, "agent_name_taken")
    assert await register(name="web-2", key=agent.key.public.model_dump()) == (409, "agent_key_taken")
    again = await join(api.client, agent.bearer)
    assert (again.id, again.joined["status"]) == (agent.id, "quarantined")
    assert (await api.client.delete(f"/agents/{agent.id}")).status_code == 204, "an operator removes it"


async def test_nor_under_another_name_and_key_by_the_token_that_let_it_in(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        made = await api.client.post("/agents/enrolments", json={"uses": 5}, headers=bearer(KEY_A))
        token = bearer(made.json()["token"])
        agent, other = await join(api.client, token), await join(api.client, token, name="web-2")
        await api.client.post(f"/agents/{agent.id}/quarantine", headers=bearer(KEY_A))

        key = SigningKey.generate().public.model_dump()
        back = await api.client.post("/agents/register", json=FIELDS | {"name": "x", "key": key}, headers=token)
        stays = await api.client.post(f"/agents/{other.id}/heartbeat", json={}, headers=other.bearer)

    assert (back.status_code, back.json()["code"]) == (401, "enrolment_refused")
    assert stays.json()["status"] == "online", "who came by it before stays"


@pytest.mark.parametrize(
    "change",
    [
        {"capabilities": []},
        {"capabilities": ["Web!"]},
        {"capabilities": 7},
        {"type": "robot"},
        {"endpoint": "file:///etc/passwd"},
        {"key": {"kty": "oct", "k": "AA"}},
        {"key": {"x": "A" * 42 + "B"}},
        {"actions": [{"name": "click"}]},
        {"tenant": "globex"},
        {"metadata": {"deep": [[[[]]]] * 2, "big": 2**70}},
    ],
)
async def test_a_faulty_registration_is_refused_by_field(api: Api, change: dict[str, Any]) -> None:
    answer = await api.client.post("/agents/register", json=FIELDS | change)

    assert answer.status_code == 422
    assert answer.json()["field"].startswith(next(iter(change)))
