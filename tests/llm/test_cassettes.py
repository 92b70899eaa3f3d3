"""The adapters over exchanges on file: what they send, word for word, and what they make of answers in full dress."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from scheduler.core.errors import LLMAuthError, LLMRefusedError, LLMRequestError
from scheduler.core.spending import Usage
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.ollama_provider import OllamaProvider
from scheduler.llm.openai_provider import OpenAIProvider
from scheduler.llm.terms import Patience, Terms
from tests.llm.conftest import Records
from tests.support.cassettes import replaying
from tests.support.model_server import KEY

GREET = "Grüße Anna"
PATIENT = Patience(total=timedelta(seconds=10), tries=2)


class Greeting(BaseModel):
    model_config = ConfigDict(extra="forbid")

    word: str
    to: str


def openai(url: str, records: Records | None = None) -> LLMProvider:
    terms = Terms(patience=PATIENT, recorder=records or Records())
    return OpenAIProvider(KEY, "gpt-4o", base_url=f"{url}/v1", terms=terms)


def ollama(url: str, records: Records | None = None) -> LLMProvider:
    return OllamaProvider(url, "llama3.1:8b", terms=Terms(patience=PATIENT, recorder=records or Records()))


@asynccontextmanager
async def closing(provider: LLMProvider) -> AsyncIterator[LLMProvider]:
    try:
        yield provider
    finally:
        await provider.close()


async def in_form(given: LLMProvider) -> Any:  # noqa: ANN401 - what a play gives
    async with closing(given) as provider:
        return await provider.generate_structured(GREET, Greeting, system="Be brief.", max_tokens=50)


async def in_words(given: LLMProvider) -> Any:  # noqa: ANN401 - what a play gives
    async with closing(given) as provider:
        return await provider.generate(GREET, max_tokens=50)


async def in_pieces(given: LLMProvider) -> Any:  # noqa: ANN401 - what a play gives
    async with closing(given) as provider:
        return [piece async for piece in provider.stream(GREET, max_tokens=50)]


PLAYS: dict[str, Callable[[str], Awaitable[Any]]] = {
    "openai_form": lambda url: in_form(openai(url)),
    "openai_limit_then_words": lambda url: in_words(openai(url)),
    "openai_refusal": lambda url: in_words(openai(url)),
    "openai_stream": lambda url: in_pieces(openai(url)),
    "openai_wrong_key": lambda url: in_words(openai(url)),
    "ollama_form": lambda url: in_form(ollama(url)),
    "ollama_stream": lambda url: in_pieces(ollama(url)),
    "ollama_no_model": lambda url: in_words(ollama(url)),
}
GOOD = {
    "openai_form": Greeting(word="Hallo", to="Anna"),
    "openai_limit_then_words": "Hallo Anna, schöne Grüße!",
    "openai_stream": ["Hallo", " Anna", "!"],
    "ollama_form": Greeting(word="Hallo", to="Anna"),
    "ollama_stream": ["Hallo", " Anna", "!"],
}
BAD = {"openai_refusal": LLMRefusedError, "openai_wrong_key": LLMAuthError, "ollama_no_model": LLMRequestError}


@pytest.mark.parametrize("name", GOOD)
async def test_what_is_sent_and_read_is_what_is_on_file(name: str) -> None:
    with replaying(name) as url:
        assert await PLAYS[name](url) == GOOD[name]


@pytest.mark.parametrize("name", BAD)
async def test_errors_on_file_are_told_by_their_kind(name: str) -> None:
    with replaying(name) as url, pytest.raises(BAD[name]):
        await PLAYS[name](url)


@pytest.mark.parametrize(
    ("name", "make", "used"), [("openai_form", openai, Usage(61, 11)), ("ollama_form", ollama, Usage(26, 12))]
)
async def test_usage_is_read_from_answers_in_full_dress(
    name: str, make: Callable[[str, Records], LLMProvider], used: Usage
) -> None:
    records = Records()
    with replaying(name) as url:
        await in_form(make(url, records))

    assert [record.usage for record in records.all] == [used]


async def test_what_is_not_on_the_cassette_fails() -> None:
    async def ask_otherwise() -> None:
        with replaying("openai_form") as url, contextlib.suppress(LLMRequestError):
            async with closing(openai(url)) as provider:
                await provider.generate("Grüße Bob")

    with pytest.raises(AssertionError, match="not on the cassette"):
        await ask_otherwise()


async def test_what_is_left_on_the_cassette_fails() -> None:
    with pytest.raises(AssertionError, match="not asked for"), replaying("openai_form"):
        pass
