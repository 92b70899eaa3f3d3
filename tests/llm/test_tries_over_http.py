"""Tries over the real adapter: a server that is silent is asked again, and the way to ask for a form is found once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from scheduler.llm.openai_provider import OpenAIProvider
from scheduler.llm.terms import Patience, Terms
from tests.llm.conftest import PATIENT, Records
from tests.llm.test_tries import Greeting
from tests.support.model_server import KEY, MODEL, Move, openai_server


async def test_real_server_that_is_silent_once_is_asked_again(records: Records) -> None:
    patience = replace(PATIENT, each=timedelta(seconds=1), tries=30)
    with openai_server() as server:
        server.play(Move(delay=60))
        provider = OpenAIProvider(
            KEY, MODEL, base_url=f"{server.url}/v1", terms=Terms(patience=patience, recorder=records)
        )

        assert await provider.generate("Grüße Anna") == "Hallo Anna"
        await provider.close()

    assert [records.outcomes[0], records.outcomes[-1]] == ["llm_timeout", "ok"]


async def test_form_is_found_by_many_at_once_and_each_try_is_on_record(records: Records) -> None:
    with openai_server() as server:
        server.forms = {"json_object"}
        server.otherwise = Move(text='{"word": "Hallo", "to": "Anna"}', delay=0.05)
        provider = OpenAIProvider(
            KEY, MODEL, base_url=f"{server.url}/v1", terms=Terms(patience=Patience(tries=3), recorder=records)
        )

        answers = await asyncio.gather(*(provider.generate_structured("Grüße Anna", Greeting) for _ in range(8)))
        first = len(server.requests)
        await provider.generate_structured("Grüße Anna", Greeting)
        asked = len(server.requests)
        await provider.close()

    assert answers == [Greeting(word="Hallo", to="Anna")] * 8
    assert asked == first + 1, "the way that works is kept"
    assert len(records.all) == asked
    assert set(records.outcomes) == {"llm_request", "ok"}
    assert records.outcomes.count("ok") == 9


async def test_looking_for_the_form_uses_up_no_try(records: Records) -> None:
    with openai_server() as server:
        server.forms = {"json_object"}
        server.otherwise = Move(text='{"word": "Hallo", "to": "Anna"}')
        terms = Terms(patience=Patience(tries=1), recorder=records)
        provider = OpenAIProvider(KEY, MODEL, base_url=f"{server.url}/v1", terms=terms)

        await provider.generate_structured("Grüße Anna", Greeting)
        await provider.close()

    assert records.outcomes == ["llm_request", "llm_request", "ok"]
    assert [record.attempt for record in records.all] == [1, 2, 3]
    assert [record.usage.total for record in records.all] == [0, 0, 18]
