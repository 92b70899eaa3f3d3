"""Providers to ask: scripted, and the real adapters over loopback servers that speak like the real ones."""

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from scheduler.core.spending import CallRecord
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.ollama_provider import OllamaProvider
from scheduler.llm.openai_provider import OpenAIProvider
from scheduler.llm.terms import Patience, Terms
from tests.support.model_server import KEY, MODEL, ModelServer, ollama_server, openai_server
from tests.support.virtual_time import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]

PATIENT = Patience(tries=3, first_pause=timedelta(milliseconds=5))
"""A minute: no machine is so slow that it ends these calls."""
QUICK = replace(PATIENT, total=timedelta(seconds=1.5))
"""For who never answers."""


class Records:
    """Keeps what was noted."""

    def __init__(self) -> None:
        self.all: list[CallRecord] = []

    async def record(self, record: CallRecord) -> None:
        self.all.append(record)

    @property
    def outcomes(self) -> list[str]:
        return [record.outcome for record in self.all]


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
def patience() -> Patience:
    return PATIENT


@pytest.fixture
def terms(records: Records, patience: Patience) -> Terms:
    return Terms(patience=patience, recorder=records)


_tls = cache(ssl.create_default_context)
"""Clients take one each, though the servers here speak none; to read all authorities takes longer than most tests."""

MakeProvider = Callable[[ModelServer, Terms], LLMProvider]


def _openai(server: ModelServer, terms: Terms) -> LLMProvider:
    return OpenAIProvider(KEY, MODEL, base_url=f"{server.url}/v1", terms=terms)


def _ollama(server: ModelServer, terms: Terms) -> LLMProvider:
    return OllamaProvider(server.url, MODEL, terms=terms)


@pytest.fixture(params=["openai", "ollama"])
async def served(
    request: pytest.FixtureRequest, terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[LLMProvider, ModelServer]]:
    """A real adapter, and the server behind it."""
    monkeypatch.setattr(ssl, "create_default_context", _tls)
    serve, make = (openai_server, _openai) if request.param == "openai" else (ollama_server, _ollama)
    with serve() as server:
        provider = make(server, terms)
        yield provider, server
        await provider.close()
