"""A job whose step uses a tool of an MCP server over HTTP, through the whole service: plan, rules, worker, result."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from scheduler.container import open_services
from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import DEFAULT_TENANT
from scheduler.core.orders import JobOrder
from scheduler.settings.hands import HandsSettings
from tests.support.agent_server import START_LIMIT
from tests.support.services import clean_environment, some_settings
from tests.support.store import migrated_file

pytestmark = pytest.mark.integration

__all__ = ["clean_environment", "migrated_file"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    surroundings = {**os.environ, "COUNTS": str(tmp_path / "counts")}
    command = [sys.executable, "-m", "tests.support.mcp_tools", str(port)]
    with subprocess.Popen(command, env=surroundings) as process:
        try:
            _await_up(port)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()


def _await_up(port: int) -> None:
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not start")


@pytest.mark.usefixtures("clean_environment")
async def test_a_step_of_a_job_uses_a_tool(server: str, tmp_path: Path, migrated_file: Path) -> None:
    (tmp_path / "mcp.yaml").write_text(yaml.safe_dump({"servers": {"books": {"url": server, "seconds": 30}}}))
    settings = some_settings(tmp_path / "data", Path(shutil.copy(migrated_file, tmp_path / "cpa.db")))
    settings = settings.model_copy(update={"hands": HandsSettings(mcp_file=tmp_path / "mcp.yaml")})
    step = {"id": "find", "action": "mcp.books.look_up", "params": {"isbn": "978", "pages": 5}}
    wrong = {**step, "params": {"isbn": 978}}
    async with open_services(settings) as services, asyncio.TaskGroup() as owner:
        owner.create_task(services.worker.run())
        with pytest.raises(InvalidFieldError, match=r"task_graph.tasks\[0\].params.isbn"):
            await services.jobs.create(
                JobOrder.model_validate({"task_graph": {"tasks": [wrong]}}), tenant=DEFAULT_TENANT
            )

        job = await services.jobs.create(
            JobOrder.model_validate({"task_graph": {"tasks": [step]}}), tenant=DEFAULT_TENANT
        )
        while not (found := (await services.jobs.detail(job.id, DEFAULT_TENANT)))[0].status.final:
            seen = services.changes.changes
            await services.changes.wait(seen, 0.2)
        services.worker.drain()

    (task,) = found[1]
    assert found[0].status == "done", found[0].error
    assert task.result is not None
    assert task.result["data"] == {"title": "Book 978", "pages": 5}
    assert (tmp_path / "counts").read_text() == "look_up\n"
