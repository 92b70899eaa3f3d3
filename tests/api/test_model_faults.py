"""Whatever goes wrong with a model, a request over HTTP ends in time, is paid rightly, and goes on by rules."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import pytest

from scheduler.llm.openai_provider import OpenAIProvider  # noqa: F401 - most of a second that no deadline is to contain
from scheduler.settings import LLMSettings
from tests.support.model_answers import plan
from tests.support.model_server import KEY, MODEL, ModelServer, Move, ollama_server, openai_server
from tests.support.routers import the_router
from tests.support.services import SENTENCE, Api, OpenApi

pytestmark = pytest.mark.fault

DEADLINE = 1.5
STRANGE = "Erzähl bob@example.com einen Witz"
NOTHING = json.dumps({"intent": "unknown", "confidence": 0.2, "slots": [], "reason": "nothing fits"})
FIND = {"id": "find", "action": "file.find", "params": {"pattern": "Witz"}}
USED = 18
"""Tokens that the servers count for each answer."""


class Fault(NamedTuple):
    move: Move
    tries: int
    """Of the two questions: what is wanted, and which plan does it."""
    tokens: int | None = 0
    """What is counted; None: more than nothing, because nobody knows."""
    asks: bool = False
    """Whether the person is asked what is meant, because a model did answer, but nothing of use."""
    only: str = ""


FAULTS = {
    "rate limit": Fault(Move(status=429, headers={"Retry-After": "0"}), 4),
    "rate limit for an hour": Fault(Move(status=429, headers={"Retry-After": "3600"}), 2),
    "server error": Fault(Move(status=500), 4),
    "no answer": Fault(Move(delay=DEADLINE + 1), 2, None),
    "cut off": Fault(Move(text=plan(FIND), cut_after=60), 4, None),
    "slow drip": Fault(Move(text=plan(FIND), drip=0.3), 2, None),
    "refusal": Fault(Move(refusal="I cannot help with that"), 2, 2 * USED, only="openai"),
    "truncated": Fault(Move(text='{"tasks": [', finish="length"), 2, 2 * USED),
    "no JSON at all": Fault(Move(garbage=True), 4, None),
    "invalid JSON": Fault(Move(text="Gern! Hier ist der Plan."), 4, 4 * USED, asks=True),
    "wrong schema": Fault(Move(text='{"word": "Hallo"}'), 4, 4 * USED, asks=True),
    "wrong key": Fault(Move(status=401, message="bad key"), 2),
    "unknown model": Fault(Move(status=404, message="no such model"), 2),
}
SERVERS: dict[str, Callable[[], AbstractContextManager[ModelServer]]] = {
    "openai": openai_server,
    "ollama": ollama_server,
}


def settings_for(kind: str, server: ModelServer, **more: object) -> LLMSettings:
    url = f"{server.url}/v1" if kind == "openai" else server.url
    fields = {
        "provider": kind,
        "model": MODEL,
        "url": url,
        "CPA_LLM_KEY": KEY,
        "deadline_seconds": DEADLINE,
        "tries": 2,
    }
    return LLMSettings.model_validate(fields | more)


def spent(api: Api) -> int:
    return int(api.query("SELECT coalesce(sum(tokens), 0) FROM spending WHERE account LIKE 'day %'")[0][0])


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in SERVERS for name, fault in FAULTS.items() if fault.only in {"", kind}]
)
async def test_a_request_ends_in_time_and_what_rules_know_goes_on(open_api: OpenApi, kind: str, name: str) -> None:
    fault = FAULTS[name]
    with SERVERS[kind]() as server:
        server.otherwise = fault.move
        async with open_api(worker=True, llm=settings_for(kind, server)) as api:
            await api.services.planner.beyond.split(
                STRANGE, the_router()
            )  # what was learned is read, seconds when cold
            began = time.monotonic()
            answer = await api.client.post("/schedule", json={"text": STRANGE})
            took, cost = time.monotonic() - began, spent(api)
            job = await api.submit(SENTENCE)
            ended = await api.ended(job["job_id"])
            rows = api.rows()

        assert took < 2 * DEADLINE + 2, "each of two questions has its deadline"
        assert len(server.requests) == fault.tries
        assert cost == fault.tokens if fault.tokens is not None else cost > 0
    if fault.asks:
        assert answer.json()["status"] == "waiting"
    else:
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_intent")
    assert (ended["status"], job["way"]) == ("done", "rules"), "what rules know asks nobody"
    assert rows["jobs"] == 1 + fault.asks


@pytest.mark.parametrize("text", [STRANGE, "Such den Vertrag, bügel die Hemden, koch einen Kaffee und gieß die Blumen"])
async def test_all_questions_over_one_request_end_within_its_own_deadline(open_api: OpenApi, text: str) -> None:
    with openai_server() as server:
        server.otherwise = Move(text=NOTHING, delay=0.7)
        async with open_api(llm=settings_for("openai", server, deadline_seconds=60, request_seconds=1)) as api:
            await api.client.post("/plan", json={"text": STRANGE})  # what was learned is read
            began = time.monotonic()
            answer = await api.client.post("/schedule", json={"text": text})
            took = time.monotonic() - began

    assert took < 3, "an order asks up to four questions"
    assert answer.json().get("status") == "waiting" or answer.json()["code"] == "unknown_intent"


async def test_what_passes_by_itself_costs_one_try_more(open_api: OpenApi) -> None:
    with openai_server() as server:
        server.play(Move(status=503), Move(text=NOTHING), Move(status=429, headers={"Retry-After": "0"}))
        server.otherwise = Move(text=plan(FIND))
        async with open_api(llm=settings_for("openai", server, deadline_seconds=10)) as api:
            job = await api.submit(STRANGE)
            (account,) = api.query(f"SELECT tokens FROM spending WHERE account = 'job {job['job_id']}'")  # noqa: S608

    assert (job["way"], len(server.requests)) == ("llm", 4)
    assert account[0] == 2 * USED, "the job pays what was answered"


async def test_a_hundred_requests_at_once_never_overdraw_the_day(open_api: OpenApi, tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(f"as_of: 2026-01-01\ncurrency: EUR\nmodels:\n  {MODEL}: {{input: 1.0, output: 1.0}}\n", "utf-8")
    with openai_server() as server:
        server.otherwise = Move(text=NOTHING, usage=False)  # so that each call costs the most it can
        llm = settings_for("openai", server, deadline_seconds=60, cost_a_day=0.1, prices_file=prices, at_once=100)
        async with open_api(llm=llm) as api:
            texts = [{"text": STRANGE, "context": {"n": number}} for number in range(100)]
            answers = await asyncio.gather(*(api.client.post("/schedule", json=text) for text in texts))
            (tokens, micros), asked = (
                api.query("SELECT tokens, micros FROM spending WHERE account LIKE 'day %'")[0],
                len(server.requests),
            )

    assert {answer.status_code for answer in answers} <= {202, 422}
    assert 1 <= asked < 100
    assert micros <= 100_000
    assert micros == tokens, "what was paid is what was asked, at its most"
