"""Every try to ask a model is a span, within the run of the job that it was made for."""

import json
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from scheduler.core.errors import LLMRefusedError, LLMUnavailableError
from scheduler.core.ids import JobId, TenantId, new_id
from scheduler.core.spending import Price, Spender, Usage
from scheduler.core.trace_context import of_run, trace_of
from scheduler.llm.exchange import Completion, Finish
from scheduler.llm.mock_provider import MockProvider, Scripted
from scheduler.llm.terms import Terms
from tests.support.model_answers import plan
from tests.support.services import clean_environment, router, running_api, some_settings
from tests.support.store import migrated_file, store_path
from tests.support.traces import spans

__all__ = ["clean_environment", "migrated_file", "router", "spans", "store_path"]

STRANGE = "Erzähl bob@example.com einen Witz"
NOTHING = json.dumps({"intent": "unknown", "confidence": 0.2, "slots": [], "reason": "nothing fits"})
FIND = {"id": "find", "action": "file.find", "params": {"pattern": "Witz"}}


def parent_of(span: ReadableSpan) -> str:
    return "" if span.parent is None else f"00-{span.parent.trace_id:032x}-{span.parent.span_id:016x}-01"


async def no_sleep(_: float) -> None:
    """Wait for nothing."""


async def test_each_try_is_a_span_with_model_outcome_and_tokens(spans: InMemorySpanExporter) -> None:
    job = JobId(new_id())
    answers: list[Scripted] = [LLMUnavailableError("mock", "gone"), Completion("Geheime Antwort", usage=Usage(11, 7))]
    provider = MockProvider(answers, terms=Terms(prices={"script": Price(1.0, 1.0)}, sleep=no_sleep))

    await provider.generate("Geheime Frage", spender=Spender(TenantId("acme"), job, 2), purpose="plan", prompt_id="p@1")

    failed, good = spans.get_finished_spans()
    facts = {"cpa.tenant": "acme", "cpa.job.id": job, "cpa.prompt": "p@1"}
    model = {"gen_ai.provider.name": "mock", "gen_ai.request.model": "script"}
    used = {"gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 7, "cpa.micros": 18}
    none = {"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0, "cpa.micros": 0}
    error = {"error.type": "llm_unavailable", "cpa.outcome": "llm_unavailable"}
    assert dict(failed.attributes or {}) == facts | model | none | error | {"cpa.attempt": 1}
    assert dict(good.attributes or {}) == facts | model | used | {"cpa.outcome": "ok", "cpa.attempt": 2}
    assert (failed.status.is_ok, good.status.is_ok) == (False, True)
    assert {parent_of(failed), parent_of(good)} == {of_run(job, 2)}
    assert "Geheim" not in failed.to_json() + good.to_json()


async def test_an_answer_of_no_use_is_told_as_that(spans: InMemorySpanExporter) -> None:
    provider = MockProvider([Completion("Nein danke", Finish.REFUSED)])

    with pytest.raises(LLMRefusedError):
        await provider.generate("?")

    (span,) = spans.get_finished_spans()
    assert ((span.attributes or {})["error.type"], parent_of(span)) == ("llm_refused", "")


@pytest.mark.component
@pytest.mark.usefixtures("clean_environment")
async def test_a_job_that_a_model_has_planned_is_one_trace(
    spans: InMemorySpanExporter,
    tmp_path: Path,
    store_path: Path,
    router: object,
) -> None:
    model = MockProvider([NOTHING, plan(FIND)])
    async with running_api(some_settings(tmp_path, store_path), router, worker=True, provider=model) as api:  # type: ignore[arg-type]
        job_id = JobId((await api.submit(STRANGE))["job_id"])
        assert (await api.ended(job_id))["status"] == "done"

    mine = [span for span in spans.get_finished_spans() if f"{span.context.trace_id:032x}" == trace_of(job_id)]
    below = [span.name for span in mine if parent_of(span) == of_run(job_id, 1)]
    assert below == ["llm intent", "llm plan", "step file.find"]
    assert [span.name for span in mine if span.parent is None] == ["job custom"]
