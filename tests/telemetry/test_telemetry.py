"""Spans of a job, its steps and what an agent does of them, told to a collector that speaks OTLP."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from scheduler.core.trace_context import of_run, trace_of
from scheduler.telemetry import telemetry
from scheduler.telemetry.telemetry import begin_span, end_span, set_up_traces, traceparent_of, traces_are_on
from tests.support.agent_processes import Neighbourhood, neighbourhood
from tests.support.services import clean_environment, router, running_api, some_settings
from tests.support.store import migrated_file, store_path

__all__ = ["clean_environment", "migrated_file", "router", "store_path"]


class Told(NamedTuple):
    """A span as it reached the collector; ids as hexadecimal digits."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    facts: dict[str, Any]
    well: bool


class Collector:
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        kept = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.extend(read(ExportTraceServiceRequest.FromString(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - its own name

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def read(request: ExportTraceServiceRequest) -> Iterator[Told]:
    for resource in request.resource_spans:
        service = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            facts = {one.key: one.value.string_value or one.value.int_value for one in span.attributes}
            ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
            yield Told(service, span.name, *ids, facts, span.status.code == 1)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    kept = Collector()
    serving = threading.Thread(target=kept.server.serve_forever)
    serving.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", kept.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")  # milliseconds
    yield kept
    kept.server.shutdown()
    serving.join()
    kept.server.server_close()


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(telemetry._Traces, "tracer", None)
    yield
    if (tracer := telemetry._Traces.tracer) is not None:
        tracer.span_processor.shutdown()  # type: ignore[attr-defined]  # of the SDK


class Kept(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[Any] = []

    def export(self, spans: Any) -> SpanExportResult:  # noqa: ANN401 - the SDK's
        self.spans += spans
        return SpanExportResult.SUCCESS


@pytest.mark.usefixtures("traced")
def test_nobody_who_says_nothing_of_traces_pays_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    set_up_traces("cpa")

    assert not traces_are_on()
    assert begin_span("step", "") is None
    end_span(None)


@pytest.mark.usefixtures("traced")
def test_a_span_is_below_the_one_it_names_and_says_how_it_ended() -> None:
    kept = Kept()
    set_up_traces("cpa", kept)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    span = begin_span("step mail.send", parent, task_id="send", attempt=2)
    assert span is not None
    end_span(span, "mail_refused")
    end_span(begin_span("step web.click", "nonsense"))

    below, alone = kept.spans
    assert traceparent_of(below)[:36] == parent[:36]
    assert f"{below.parent.span_id:016x}" == parent.split("-")[2]
    assert dict(below.attributes) == {"cpa.task.id": "send", "cpa.attempt": 2, "error.type": "mail_refused"}
    assert not below.status.is_ok
    assert (alone.parent, alone.status.is_ok) == (None, True)


@pytest.fixture
async def near(tmp_path: Path, store_path: Path, router: Any) -> AsyncIterator[Neighbourhood]:  # noqa: ANN401
    settings = some_settings(tmp_path, store_path)
    async with running_api(settings, router, worker=True) as api, neighbourhood(api, tmp_path) as one:
        yield one


@pytest.mark.integration
@pytest.mark.usefixtures("clean_environment", "traced")
async def test_a_job_is_one_trace_from_the_scheduler_to_the_agent(near: Neighbourhood, collector: Collector) -> None:
    set_up_traces("cpa")
    agent = await near.start()
    late = {"params": {"wait": 9}, "timeout": 0.3, "depends_on": ["note"]}
    steps = [{"id": "note", "action": "data.note", "text": "a", "timeout": 20}]
    steps += [{"id": "fail", "action": "data.note", "text": "a", **late}]
    order = {"intent": "custom", "task_graph": {"tasks": steps}}
    job_id = (await near.api.client.post("/jobs", json=order)).json()["job_id"]

    async with asyncio.timeout(30):
        while not {"job custom", "agent data.note"} <= {told.name for told in collector.told}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    mine = [told for told in collector.told if told.trace == trace_of(job_id)]
    (job,) = [told for told in mine if told.name == "job custom"]
    tried = {told.span: told for told in mine if told.name == "step data.note"}
    by_agent = [told for told in mine if told.name == "agent data.note"]
    assert (job.service, job.parent, job.span) == ("cpa", "", of_run(job_id, 1).split("-")[2])
    assert {told.parent for told in tried.values()} == {job.span}
    assert [told.facts["cpa.attempt"] for told in tried.values()][:1] == [1]
    assert by_agent
    assert {told.service for told in by_agent} == {"cpa-agent"}
    assert {told.facts["cpa.agent"] for told in by_agent} == {agent.name}
    assert {told.parent for told in by_agent} <= set(tried)
    assert [told.well for told in tried.values() if told.facts["cpa.task.id"] == "note"] == [True]
    assert {told.facts["error.type"] for told in mine if not told.well} >= {"failed"}
