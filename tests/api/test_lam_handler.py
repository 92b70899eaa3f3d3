"""`POST /lam/message`: every type finds its way, and what is not genuine or not asked for is audited."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler.core.ids import AgentId, TenantId, new_id
from scheduler.core.lam_protocol import MessageFactory, MessageType
from scheduler.repository.repository_interface import AuditFilter
from scheduler.repository.sqlite_lam import SQLiteLamRepository
from scheduler.security.lam_signatures import SigningKey, check_signature, seal_of, sign
from tests.support.agents import PlayedAgent, join
from tests.support.lam import LEAST, a_document
from tests.support.services import Api

pytestmark = pytest.mark.component

DEFAULT = TenantId("default")


def lam_of(api: Api) -> SQLiteLamRepository:
    return SQLiteLamRepository(api.services.changes)  # type: ignore[arg-type]  # the signal is the database itself


async def order(api: Api, agent: PlayedAgent, kind: str = "request", **correlation: Any) -> str:  # noqa: ANN401
    """Send the agent something by the outbox; return the id of the message."""
    document = a_document(kind, id=new_id(), to=[agent.joined["uri"]])
    document["correlation"] = {"conversationId": "job-1", "taskId": "task-1", "leaseEpoch": 3} | correlation
    now = datetime.now(UTC)
    message = MessageFactory.from_dict(document)
    await lam_of(api).send(message, DEFAULT, AgentId(agent.id), now, now + timedelta(minutes=5))
    return message.id


async def refusals(api: Api) -> list[str]:
    page = await api.services.audit.query(AuditFilter(tenant=DEFAULT))
    return [str(entry.metadata["kind"]) for entry in page.items if entry.action in {"lam.refused", "lam.recorded"}]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("inform", {"status": {"progress": 0.4}}),
        ("done", {"payload": {"result": {"path": "artifact://job/task/a.pdf"}}}),
        ("failure", {"payload": {"code": "timeout", "retryable": True, "effect": "unknown"}}),
        ("agree", {}),
        ("refuse", {"payload": {"reason": "busy"}}),
        ("cancelled", {"payload": {"effect": "none"}}),
        ("not_understood", {"payload": {"reason": "?"}}),
    ],
)
async def test_an_answer_to_a_request_is_kept_for_its_worker(api: Api, kind: str, fields: dict[str, Any]) -> None:
    agent = await join(api.client)
    asked = await order(api, agent)
    seen = api.services.changes.changes

    answer = await agent.post(agent.says(kind, correlation={"inReplyTo": asked, "seq": 1, "leaseEpoch": 3}, **fields))

    assert answer.status_code == 202, answer.text
    assert answer.json()["answer"] is None
    assert [message.type for message in await lam_of(api).answers(DEFAULT, asked)] == [kind]
    assert api.services.changes.changes > seen, "who waits is woken"


async def test_an_offer_registers_a_capability(api: Api) -> None:
    agent = await join(api.client)

    answer = (await agent.post(agent.says("offer", payload={"capability": "mail.send"}))).json()["answer"]

    assert answer["type"] == "confirm"
    card = agent.joined["scheduler"]["keys"][0]
    check_signature(answer, seal_of(answer), agent.key.public.model_copy(update={"x": card["x"]}))
    listed = (await api.client.get("/agents", params={"capability": "mail.send"})).json()
    assert listed["total"] == 1


async def test_a_message_that_comes_again_gets_the_stored_answer(api: Api) -> None:
    agent = await join(api.client)
    document = agent.says("offer", payload={"capability": "mail.send"})

    first, second = (await agent.post(document)).json(), (await agent.post(document)).json()

    assert (first["status"], second["status"]) == ("accepted", "duplicate")
    assert first["answer"]["id"] == second["answer"]["id"]
    changed = await agent.post(document | {"payload": {"capability": "mail.read"}})
    assert (changed.status_code, changed.json()["code"]) == (409, "message_conflict")


@pytest.mark.parametrize("kind", ["request", "assign", "propose", "cancel"])
async def test_agents_do_not_give_orders(api: Api, kind: str) -> None:
    agent = await join(api.client)
    fields = copy.deepcopy(LEAST[MessageType(kind)])
    if kind in {"assign", "propose"}:
        fields["correlation"] = {"inReplyTo": await order(api, agent)}

    answer = await agent.post(agent.says(kind, **fields))

    if kind == "assign":
        assert answer.status_code == 409
    else:
        assert answer.json()["answer"]["type"] == "refuse"


async def test_discover_and_query_status_are_answered(api: Api) -> None:
    agent = await join(api.client)
    await order(api, agent)

    found = await agent.post(agent.says("discover", **LEAST[MessageType.DISCOVER]))
    state = await agent.post(agent.says("query_status", correlation={"conversationId": "job-1"}))
    foreign = await agent.post(agent.says("query_status", correlation={"conversationId": "job-2"}))

    assert [one["uri"] for one in found.json()["answer"]["payload"]["agents"]] == [agent.joined["uri"]]
    assert state.json()["answer"]["status"]["state"] == "unknown"
    assert foreign.status_code == 403


async def test_what_is_not_understood_is_answered_with_what_would_be(api: Api) -> None:
    agent = await join(api.client)

    for change in ({"type": "hello"}, {"version": "2.0"}):
        answer = (await agent.post(agent.says("inform") | change)).json()["answer"]
        assert answer["type"] == "not_understood"
        assert "request" in answer["payload"]["types"]


async def test_the_first_final_answer_counts(api: Api) -> None:
    agent = await join(api.client)
    asked = await order(api, agent)
    reply = {"correlation": {"inReplyTo": asked}}
    await agent.post(agent.says("done", payload={"result": {"n": 1}}, **reply))

    late = await agent.post(agent.says("failure", **LEAST[MessageType.FAILURE] | reply))

    assert (late.status_code, late.json()["code"]) == (409, "message_conflict")
    assert [message.type for message in await lam_of(api).answers(DEFAULT, asked)] == ["done"]
    assert await refusals(api) == ["already_answered"]


async def test_an_answer_from_an_old_lease_is_recorded_and_changes_nothing(api: Api) -> None:
    agent = await join(api.client)
    job = await api.submit()
    await api.run_sql(f"UPDATE jobs SET lease_epoch = 4 WHERE id = '{job['job_id']}'")  # noqa: S608 - a test's own
    asked = await order(api, agent, conversationId=job["job_id"])

    late = await agent.post(
        agent.says("done", payload={"result": {}}, correlation={"inReplyTo": asked, "leaseEpoch": 3})
    )

    assert late.status_code == 409
    assert await lam_of(api).answers(DEFAULT, asked) == []
    assert await refusals(api) == ["stale_epoch"]


async def test_of_progress_the_last_counts_and_a_flood_is_dammed(api: Api) -> None:
    agent = await join(api.client)
    asked = await order(api, agent)

    codes = [
        (
            await agent.post(
                agent.says("inform", status={"progress": n / 100}, correlation={"inReplyTo": asked, "seq": n})
            )
        ).status_code
        for n in (2, 1, *range(3, 30))
    ]

    assert codes[:10] == [202] * 10
    assert codes.count(429) > 5
    kept = await lam_of(api).answers(DEFAULT, asked)
    assert len(kept) == 1
    assert (kept[0].correlation.seq or 0) >= 9


async def test_who_was_not_asked_has_no_say(api: Api) -> None:
    agent, liar = await join(api.client), await join(api.client, name="web-2")
    asked = await order(api, agent)

    for correlation in ({"inReplyTo": asked}, {"inReplyTo": "nothing"}):
        answer = await liar.post(liar.says("done", payload={"result": {}}, correlation=correlation))
        assert (answer.status_code, answer.json()["code"]) == (403, "message_not_allowed")
    other_task = {"inReplyTo": asked, "taskId": "task-2"}
    answer = await agent.post(agent.says("done", payload={"result": {}}, correlation=other_task))
    assert answer.status_code == 403
    assert await lam_of(api).answers(DEFAULT, asked) == []
    assert await refusals(api) == ["not_asked"] * 3


def posing_as(kid: str) -> SigningKey:
    """Return a key of nobody's that signs under the id of another."""
    key = SigningKey.generate()
    key.kid = kid
    return key


async def test_forged_expired_replayed_and_foreign_messages_are_refused_and_audited(api: Api) -> None:
    agent, other = await join(api.client), await join(api.client, name="web-2")
    document, now = agent.says("offer", payload={"capability": "mail.send"}), datetime.now(UTC)
    good = sign(document, agent.key, now, nonce="n" * 20)

    async def refused(sent: dict[str, Any]) -> int:
        return (await api.client.post("/lam/message", json=sent)).status_code

    assert await refused(document) == 401
    assert await refused(good | {"payload": {"capability": "mail.read"}}) == 401
    assert await refused(sign(document, SigningKey.generate(), now)) == 401
    assert await refused(sign(document, posing_as(agent.key.kid), now)) == 401
    assert await refused(sign(document, agent.key, now - timedelta(hours=1))) == 401
    assert await refused(sign(document, agent.key, now + timedelta(hours=1))) == 401
    assert await refused(sign(document, other.key, now)) == 403
    assert await refused(sign(document | {"context": {"tenant": "globex"}}, agent.key, now)) == 403
    assert await refused(sign(document | {"to": ["agent://web/other"]}, agent.key, now)) == 403
    assert await refused(good) == 202
    assert await refused(good) == 401
    await api.client.post(f"/agents/{agent.id}/quarantine")
    assert await refused(sign(document, agent.key, now)) == 403
    assert await refusals(api) == [
        *("unsigned", "forged", "unknown_key", "forged", "expired", "from_the_future"),
        *("wrong_sender", "wrong_tenant", "wrong_addressee", "replayed", "quarantined"),
    ]


async def test_what_waits_for_an_agent_that_dials_in_is_fetched_in_order_and_once(api: Api) -> None:
    agent = await join(api.client)
    sent = [await order(api, agent), await order(api, agent, kind="cancel")]

    async def fetch(after: int) -> list[dict[str, Any]]:
        answer = await api.client.get(f"/agents/{agent.id}/messages", params={"after": after}, headers=agent.bearer)
        return list(answer.json()["messages"])

    found = await fetch(0)
    assert [item["message"]["id"] for item in found] == sent
    seal = seal_of(found[0]["message"])
    check_signature(found[0]["message"], seal, api.services.agents.enrolment.card.keys[0])
    assert [item["message"]["id"] for item in await fetch(0)] == sent, "nothing is lost before it has arrived"
    assert await fetch(found[-1]["n"]) == []
    assert await fetch(0) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 100_000])
async def test_what_is_no_message_is_a_client_error(api: Api, body: bytes) -> None:
    answer = await api.client.post("/lam/message", content=body)

    assert answer.status_code in {401, 413, 422}


async def test_a_message_of_ten_megabytes_is_not_read(api: Api) -> None:
    assert (await api.client.post("/lam/message", content=b"x" * 10_000_000)).status_code == 413
