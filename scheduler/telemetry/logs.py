"""Sets up the log: one JSON line per state change, with the correlation id of the request or job it belongs to."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, Literal

import structlog


def set_up_logs(
    level: Literal["debug", "info", "warning", "error"],
    form: Literal["json", "text"],
    redact: Callable[[str], str],
) -> None:
    """Send logs to standard error; `redact` takes secrets out of every text. Meant for the start of a process."""

    def without_secrets(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {key: _redacted(value, redact) for key, value in event.items()}

    renderer = (
        structlog.processors.JSONRenderer(serializer=_to_json)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:  # noqa: ANN401 - whatever was logged
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(part, redact) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(part, redact) for part in value]
    return value


def _to_json(event: object, **_options: object) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)
