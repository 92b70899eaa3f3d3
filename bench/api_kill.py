"""Kills the API while clients submit jobs, and looks for every job it had answered after a restart."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

from bench.api_process import ApiProcess, running_api
from bench.http_load import Answers, keyed_posts, load, missing


def an_order(number: int) -> bytes:
    """Return an order with a plan that no other number has."""
    step = {"id": "find", "action": "file.find", "params": {"pattern": f"Rechnung {number}*.pdf"}}
    return json.dumps({"task_graph": {"tasks": [step]}}).encode()


def kill_under_load(
    folder: Path, enough: Callable[[Answers], bool], *, clients: int, queue_url: str = ""
) -> tuple[list[str], list[str]]:
    """Kill it as soon as there are enough answers; return the jobs that were answered, and those of them now lost."""
    first = ApiProcess(folder, queue_url=queue_url)
    try:
        first.wait()
        answered = asyncio.run(_answered_until_killed(first, enough, clients))
    finally:
        first.kill()
    with running_api(folder, queue_url=queue_url) as second:
        lost = asyncio.run(missing(second.port, [f"/jobs/{job_id}" for job_id in answered]))
    return answered, lost


async def _answered_until_killed(api: ApiProcess, enough: Callable[[Answers], bool], clients: int) -> list[str]:
    def goes_on(answers: Answers) -> bool:
        if enough(answers):
            api.kill()
        return True

    answers = await load(api.port, clients, keyed_posts("/jobs", an_order, f"kill-{time.time_ns()}-"), goes_on)
    return [json.loads(body)["job_id"] for body in answers.accepted]
