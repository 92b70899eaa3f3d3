"""The log: JSON lines with an id and without secrets, those of libraries too."""

import contextvars
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from scheduler.core.ids import JobId
from scheduler.telemetry.logs import log_of_run, set_up_logs


@pytest.fixture
def untouched_logs() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _redact(text: str) -> str:
    return text.replace("geheim", "•••")


@pytest.mark.usefixtures("untouched_logs")
def test_log_lines_are_json_with_the_id_and_without_secrets() -> None:
    stream = io.StringIO()
    set_up_logs("info", "json", _redact, stream)

    with structlog.contextvars.bound_contextvars(correlation_id="id-3"):
        structlog.get_logger().info("tätig", password="geheim", deep={"list": ["so geheim"]}, path=Path("/geheim"))
        logging.getLogger("uvicorn.error").error("the port %s is taken", "geheim")
        structlog.get_logger().error("crashed", exc_info=ValueError("geheim in a trace"))
    structlog.get_logger().debug("not shown")

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["tätig", "the port ••• is taken", "crashed"]
    assert {line["correlation_id"] for line in lines} == {"id-3"}
    assert [line["level"] for line in lines] == ["info", "error", "error"]
    assert (lines[0]["password"], lines[0]["deep"], lines[0]["path"]) == ("•••", {"list": ["so •••"]}, "/•••")
    assert lines[1]["logger"] == "uvicorn.error"
    assert "geheim" not in stream.getvalue()


@pytest.mark.usefixtures("untouched_logs")
def test_lines_of_a_run_name_it_unless_they_name_another_job() -> None:
    stream = io.StringIO()
    set_up_logs("info", "json", _redact, stream)

    def in_a_run() -> None:
        log_of_run(JobId("job-7"), 2)
        structlog.get_logger().info("lease_lost")
        logging.getLogger("uvicorn.error").error("by a library")
        structlog.get_logger().info("job_put_aside", job_id="job-8")

    contextvars.copy_context().run(in_a_run)
    structlog.get_logger().info("worker_stopped")

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("job_id") for line in lines] == ["job-7", "job-7", "job-8", None]
    assert [line.get("run") for line in lines] == [2, 2, 2, None]


@pytest.mark.usefixtures("untouched_logs")
def test_when_secrets_cannot_be_known_nothing_is_told() -> None:
    def unreadable(_text: str) -> str:
        raise PermissionError("secrets.yaml may be read by others")

    stream = io.StringIO()
    set_up_logs("info", "json", unreadable, stream)

    structlog.get_logger().info("login", password="geheim")

    line = json.loads(stream.getvalue())
    assert line["event"] == "not_told"
    assert line["reason"] == "secrets.yaml may be read by others"
    assert "geheim" not in stream.getvalue()
