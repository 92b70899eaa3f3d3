"""Spans that are kept in memory instead of told to a collector."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from scheduler.telemetry import telemetry
from scheduler.telemetry.telemetry import set_up_traces


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Trace as a process does in which traces are set up; what has ended is in `get_finished_spans()`."""
    monkeypatch.setattr(telemetry._Traces, "tracer", None)
    kept = InMemorySpanExporter()
    set_up_traces("cpa", kept)
    yield kept
    kept.shutdown()
