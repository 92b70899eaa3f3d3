"""Messages with anything in them, signed and unsigned: each is taken or refused, none makes the service fail.

The seed is printed; `FUZZ_SEED=… pytest …` sends the same messages again. What once made it fail stands in `CORPUS`.
"""

import copy
import json
import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from scheduler.core.errors import CPAError
from scheduler.security.lam_signatures import sign
from tests.support.agents import PlayedAgent, join
from tests.support.services import Api

pytestmark = pytest.mark.component

MESSAGES: Final = 400
NASTY: Final[tuple[Any, ...]] = (
    None, True, -1, 0, 1.5, 2**53, 2**70, -(2**70), 1e308, "", " ", "\0", "\ud800", "ü" * 300, "x" * 5000, "agent://x",
    "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-23:59", "2026-02-30T10:00:00Z", "${a.b}", "secret://x", "../../etc",
    [], [[]], [None], ["x"] * 2000, {}, {"": ""}, {"a": {"b": {"c": []}}}, {"__class__": 1}, {"inReplyTo": {}},
)  # fmt: skip
CORPUS: Final[tuple[bytes, ...]] = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": "\\ud800"}',
    b'{"id": "1", "id": "2"}',
    b'{"security": []}',
    b'{"security": {"kid": 7, "sig": null}}',
    b'{"security": {"kid": "x", "sig": "..", "nonce": "x", "created": "x", "expires": "x"}}',
    b'{"to": 1, "security": {"kid": "' + b"k" * 5000 + b'"}}',
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b"[" * 100_000,
    b'{"n": ' + b"9" * 10_000 + b"}",
)


def some_messages(agent: PlayedAgent) -> list[dict[str, Any]]:
    """Return a sound message of every type an agent may send, and of some it may not."""
    until = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    about = {"inReplyTo": "0197", "conversationId": "job", "taskId": "task", "seq": 1, "leaseEpoch": 1}
    bid = {"capability": "web.click", "cost": 1, "etaMs": 5, "load": 0.5, "confidence": 1.0, "validUntil": until}
    payloads: dict[str, dict[str, Any]] = {
        "agree": {},
        "refuse": {"reason": "busy"},
        "inform": {},
        "done": {"result": {"text": "x"}, "evidence": ["a.png"]},
        "failure": {"code": "timeout", "retryable": True, "effect": "unknown", "facts": {"a": "b"}},
        "cancelled": {"effect": "none"},
        "status": {"effect": "done"},
        "offer": bid,
        "discover": {"capability": "web.click", "replyBy": until, "constraints": {}},
        "propose": {"plan": {}},
        "query_status": {},
        "not_understood": {"reason": "?"},
        "request": {"todo": {"id": "t", "action": "web.click", "selector": "#x"}},
        "cancel": {"reason": "x"},
        "reject": {"reason": "x"},
        "confirm": {},
    }
    status = {"state": "running", "progress": 0.5}
    return [
        agent.says(kind, correlation=about, payload=payload, status=status, context={"locale": "de"})
        for kind, payload in payloads.items()
    ]


def spoilt(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return it with some places changed: something nasty in, something out, something added."""
    document = copy.deepcopy(document)
    for _ in range(chance.randint(1, 3)):
        place: Any = document
        while isinstance(place, dict) and place:
            name = chance.choice(list(place))
            if isinstance(place[name], dict) and place[name] and chance.random() < 0.7:
                place = place[name]
                continue
            match chance.randrange(4):
                case 0:
                    del place[name]
                case 1:
                    place[chance.choice(("x", "", "type", "inReplyTo", name.upper()))] = copy.deepcopy(
                        chance.choice(NASTY)
                    )
                case _:
                    place[name] = copy.deepcopy(chance.choice(NASTY))
            break
    return document


async def test_no_message_makes_the_service_fail(api: Api) -> None:
    seed = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(10**6))
    print(f"repeat with: FUZZ_SEED={seed}")  # noqa: T201
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    agent = await join(api.client)
    sound, told = some_messages(agent), Counter[int]()
    for number in range(MESSAGES):
        document = spoilt(sound[number % len(sound)], chance) | {"id": f"fuzz-{number}"}
        try:
            body = json.dumps(sign(document, agent.key, datetime.now(UTC)))
        except (CPAError, ValueError, TypeError):  # what cannot be signed is sent unsigned
            body = json.dumps(document)
        answer = await api.client.post("/lam/message", content=body)
        told[answer.status_code] += 1
        assert answer.status_code < 500, (answer.text, body)

    print(dict(told))  # noqa: T201
    assert told.keys() >= {202, 422}


@pytest.mark.parametrize("body", CORPUS, ids=range(len(CORPUS)))
async def test_nor_does_what_once_did_or_might(api: Api, body: bytes) -> None:
    answer = await api.client.post("/lam/message", content=body)

    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["code"]
