"""Traces: a span for each run of a job, for each attempt at a step, and for what an agent does of it.

Off unless the standard variables of OpenTelemetry say where spans go (`OTEL_EXPORTER_OTLP_ENDPOINT`); then nothing of
it is imported. A span holds ids, codes and times, never what is done with. Spans are not tied to asyncio tasks: a run
and its steps share them.
"""

import os
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from scheduler.core.trace_context import traceparent

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

WHERE: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_OFF: Final = "OTEL_SDK_DISABLED"

log = structlog.get_logger(__name__)


class _Traces:
    """What was set up in this process; None: nothing is traced."""

    tracer: "Tracer | None" = None
    next_ids: "tuple[int, int] | None" = None


def set_up_traces(service: str, exporter: "SpanExporter | None" = None) -> None:
    """Send spans where the environment says, or to `exporter` at once. Meant for the start of a process."""
    wanted = any(os.environ.get(name) for name in WHERE) and os.environ.get(_OFF, "").lower() != "true"
    if exporter is None and not wanted:
        return
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - only those pay who trace
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415

        if exporter is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    except ImportError as error:
        log.warning("traces_not_set_up", error=str(error), install="pip install cpa[traces]")
        return

    class Ids(RandomIdGenerator):
        """Random, but for a span whose ids others know before it is told."""

        def generate_trace_id(self) -> int:
            return super().generate_trace_id() if _Traces.next_ids is None else _Traces.next_ids[0]

        def generate_span_id(self) -> int:
            return super().generate_span_id() if _Traces.next_ids is None else _Traces.next_ids[1]

    name = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": service}
    provider = TracerProvider(resource=Resource.create(name), id_generator=Ids())
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter()) if exporter is None else SimpleSpanProcessor(exporter)
    )
    _Traces.tracer = provider.get_tracer("cpa")


def traces_are_on() -> bool:
    return _Traces.tracer is not None


def begin_span(name: str, parent: str, **facts: str | int) -> "Span | None":
    """Begin a span below a traceparent; None: nothing is traced. Each fact becomes `cpa.FACT`."""
    if _Traces.tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    context = TraceContextTextMapPropagator().extract({"traceparent": parent})
    return _Traces.tracer.start_span(name, context, attributes=_named(facts))


def end_span(span: "Span | None", code: str | None = None, **facts: str | int) -> None:
    """End a span. `code`: that of an error; None: it went well."""
    if span is None:
        return
    from opentelemetry.trace import StatusCode  # noqa: PLC0415

    span.set_attributes(_named(facts) | ({} if code is None else {"error.type": code}))
    span.set_status(StatusCode.OK if code is None else StatusCode.ERROR)
    span.end()


def tell_span(name: str, itself: str, began: datetime, code: str | None = None, **facts: str | int) -> None:
    """Tell of what began before and has ended now, under the ids that its traceparent names."""
    if _Traces.tracer is None:
        return
    from opentelemetry.context import Context  # noqa: PLC0415

    _, trace, span, _ = itself.split("-")
    _Traces.next_ids = int(trace, 16), int(span, 16)
    try:
        told = _Traces.tracer.start_span(
            name, Context(), attributes=_named(facts), start_time=int(began.timestamp() * 1e9)
        )
    finally:
        _Traces.next_ids = None
    end_span(told, code)


def traceparent_of(span: "Span") -> str:
    """Return what names a span to those who do part of it."""
    ids = span.get_span_context()
    return traceparent(f"{ids.trace_id:032x}", f"{ids.span_id:016x}")


def _named(facts: dict[str, str | int]) -> dict[str, str | int]:
    return {f"cpa.{name.replace('_', '.')}": value for name, value in facts.items()}
