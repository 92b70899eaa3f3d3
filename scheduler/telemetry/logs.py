"""Sets up the log: one JSON line per state change, with the correlation id of the request or job it belongs to.

Lines of libraries that use the standard `logging` come out the same way.
"""

import json
import logging
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Literal, TextIO

import structlog

from scheduler.core.ids import JobId

Redact = Callable[[str], str]
_run: ContextVar[tuple[JobId, int] | None] = ContextVar("run", default=None)


def log_of_run(job_id: JobId, run: int) -> None:
    """Have what is logged from now on in this task name the run. Every run says so: one variable, and no more."""
    _run.set((job_id, run))


def log_of_no_run() -> None:
    """Have what is logged from now on in this task name no run: it is about several."""
    _run.set(None)


def name_run(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Name the run in a line of the log that is about one."""
    run = _run.get()
    return event if run is None else {"job_id": run[0], "run": run[1], **event}


def set_up_logs(
    level: Literal["debug", "info", "warning", "error"],
    form: Literal["json", "text"],
    redact: Redact,
    stream: TextIO | None = None,
) -> None:
    """Send logs to `stream`, else to standard error; `redact` takes secrets out. Meant for the start of a process."""
    stream = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    first: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        name_run,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        _without_secrets(redact),
        structlog.processors.JSONRenderer(serializer=_to_json)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty()),
    ]
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))


def _without_secrets(redact: Redact) -> structlog.typing.Processor:
    def clean(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        try:
            return {key: _redacted(value, redact) for key, value in event.items()}
        except (OSError, ValueError) as error:  # what is secret cannot be read now: then nothing may be told
            return {
                "event": "not_told",
                "reason": str(error),
                **{key: event.get(key) for key in ("level", "timestamp")},
            }

    return clean


def _redacted(value: Any, redact: Redact) -> Any:  # noqa: ANN401 - whatever was logged
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(part, redact) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(part, redact) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


def _to_json(event: object, **_options: object) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)
