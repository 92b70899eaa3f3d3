"""Our executor and raw Playwright, in turn, in contexts of the same browser."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.web.steps import EXPECTED, STEPS, asked_at, serve_form
from scheduler.core.ids import JobId, TaskId
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.executors.web_allowance import Allowance
from scheduler.executors.web_guard import GuardRails
from scheduler.executors.web_keeper import EvidenceKeeper, Level
from scheduler.security.secrets_manager import SecretsManager

if TYPE_CHECKING:
    from playwright.async_api import Page

Round = Callable[[], Awaitable[None]]
_TIMES = count(1)


def todos(url: str) -> list[ToDo]:
    """Return the twelve steps as a plan has them, and the look at what came of them."""
    found = []
    for number, (action, *rest) in enumerate(STEPS):
        document: dict[str, object] = {"id": f"step{number}", "action": f"web.{action}"}
        if action == "goto":
            document["params"] = {"url": url}
        else:
            document["selector"] = f"#{rest[0]}"
        if action == "fill":
            document["text"] = rest[1]
        if action == "select":
            document["params"] = {"value": rest[1]}
        found.append(ToDo.model_validate(document))
    return [*found, ToDo.model_validate({"id": "read", "action": "web.extract", "selector": "#result"})]


async def a_job(executor: PlaywrightExecutor, plan: list[ToDo], job: JobId, *, verified: bool = False) -> None:
    """Do the steps of one job. Raises RuntimeError when one fails or is not what it should be.

    Each time they are tasks of their own, as in a real job, so that no evidence stands where new one is to be kept.
    """
    time_of_job = next(_TIMES)
    for todo in plan:
        context = ExecutionContext(job_id=job, task_id=TaskId(f"{todo.id}-{time_of_job}"))
        ended = await executor.execute(todo, context)
        if ended.error is not None:
            raise RuntimeError(f"{todo.action}: {ended.error.message}")
        if verified and (await executor.verify(todo, context)).happened is False:
            raise RuntimeError(f"{todo.action} did not happen")
    if ended.result["text"] != EXPECTED:
        raise RuntimeError(f"the form says {ended.result['text']!r}")


async def raw(page: "Page", url: str) -> None:
    """Do the same with Playwright alone."""
    for action, *rest in STEPS:
        if action == "goto":
            await page.goto(url, wait_until="domcontentloaded")
        elif action == "fill":
            await page.fill(f"#{rest[0]}", rest[1])
        elif action == "select":
            await page.select_option(f"#{rest[0]}", rest[1])
        elif action == "check":
            await page.check(f"#{rest[0]}")
        else:
            await page.click(f"#{rest[0]}")
    if await page.inner_text("#result") != EXPECTED:
        raise RuntimeError("the form says something else")


def an_executor(root: Path, url: str, evidence: Level = "errors") -> PlaywrightExecutor:
    """Return an executor that keeps its files in `root` and may visit the form."""
    return PlaywrightExecutor(
        artifacts=ArtifactStore(root / "artifacts"),
        screenshots=ScreenshotStore(root / "screenshots"),
        secrets=SecretsManager(environment={}),
        sessions=root / "sessions",
        evidence=evidence,
        rails=GuardRails(allowance=Allowance(domains=(urlsplit(url).netloc,))),
    )


async def _with_evidence(executor: PlaywrightExecutor, plan: list[ToDo], level: Level = "steps") -> None:
    """Keep the page as text after every step and a picture after every change of it; with `all` also before."""
    kept = executor._keeper  # noqa: SLF001 - the same executor, and so the same browser, is the point
    executor._keeper = EvidenceKeeper(level=level, trace=False)  # noqa: SLF001
    try:
        await a_job(executor, plan, JobId("evidence"))
        await executor._jobs[JobId("evidence")].watched()  # noqa: SLF001 - what was promised must have been seen
    finally:
        executor._keeper = kept  # noqa: SLF001


async def _interleaved(ways: Mapping[str, Round], rounds: int) -> dict[str, list[float]]:
    """Run every way once a round, each round beginning with another; milliseconds by way."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(-2, rounds):  # two to warm up
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            begun = time.perf_counter()
            await ways[name]()
            if number >= 0:
                taken[name].append((time.perf_counter() - begun) * 1000)
    return taken


async def measure(rounds: int) -> dict[str, list[float]]:
    """Return milliseconds a round of twelve steps and a look: raw, ours, ours verified and with evidence."""
    url, server = serve_form()
    plan = todos(url)
    with TemporaryDirectory() as folder:
        async with an_executor(Path(folder), url) as executor:
            ours, checked = JobId("ours"), JobId("checked")
            await a_job(executor, plan, ours)
            browser = executor._jobs[ours].context.browser  # noqa: SLF001 - the same browser is the point
            if browser is None:
                raise RuntimeError("there is no browser")
            page = await (await browser.new_context()).new_page()
            taken = await _interleaved(
                {
                    "raw": lambda: raw(page, url),
                    "ours": lambda: a_job(executor, plan, ours),
                    "ours, verified": lambda: a_job(executor, plan, checked, verified=True),
                    "ours, evidence": lambda: _with_evidence(executor, plan),
                    "ours, all evidence": lambda: _with_evidence(executor, plan, "all"),
                },
                rounds,
            )
    server.shutdown()
    return taken


async def crowd(jobs: int) -> tuple[float, int]:
    """Return the seconds that so many jobs take at once, each with a context of its own, and how many failed."""
    url, server = serve_form()
    plan = todos(url)

    async def one(executor: PlaywrightExecutor, job: JobId) -> None:
        await a_job(executor, plan, job, verified=True)
        await executor.let_go(job, ended=True)

    with TemporaryDirectory() as folder:
        async with an_executor(Path(folder), url) as executor:
            await one(executor, JobId("warm-up"))
            begun = time.perf_counter()
            ended = await asyncio.gather(
                *(one(executor, JobId(f"job-{number}")) for number in range(jobs)), return_exceptions=True
            )
            taken = time.perf_counter() - begun
    server.shutdown()
    for failure in {repr(error) for error in ended if error is not None}:
        print(failure)
    return taken, sum(error is not None for error in ended)


async def warm_start(jobs: int) -> float:
    """Return the median milliseconds from the order to a new job's first request at the site, the browser running."""
    url, server = serve_form()
    first = todos(url)[0]
    taken = []
    with TemporaryDirectory() as folder:
        async with an_executor(Path(folder), url) as executor:
            for number in range(jobs + 1):
                job = JobId(f"job-{number}")
                begun = time.perf_counter()
                await executor.execute(first, ExecutionContext(job_id=job, task_id=TaskId("step0")))
                if number:  # the first one starts the browser
                    taken.append((asked_at(server) - begun) * 1000)
                await executor.let_go(job, ended=True)
    server.shutdown()
    return statistics.median(taken)
