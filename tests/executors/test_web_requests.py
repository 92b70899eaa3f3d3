"""From a sentence to what it does on a page: a form that is sent, a table that becomes a file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.ids import TaskId
from scheduler.core.task_executor_interface import BaseExecutor, ExecutionContext, ExecutionResult
from scheduler.executor_wiring import make_registry, make_sites
from scheduler.executors.data_executor import DataExecutor
from scheduler.orchestrator.planned_request import PlannedRequest
from scheduler.orchestrator.planner import Planner
from scheduler.security.policies import PolicyEngine
from tests.support.clock import FakeClock
from tests.support.routers import the_router
from tests.support.services import some_settings
from tests.support.site import Site
from tests.support.sites import FakeSites
from tests.support.web import WebJob

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture
def planner(web_job: WebJob, tmp_path: Path) -> Planner:
    settings, desk = some_settings(tmp_path, tmp_path / "cpa.db"), web_job.desk
    screenshots = web_job.executor._tools.screenshots
    known = (desk.secrets, desk.artifacts, screenshots, make_sites(settings))
    return Planner(
        router=the_router(),
        catalog=make_registry(settings, *known).catalog,
        policy=PolicyEngine.load(),
        sites=FakeSites({}),
        clock=FakeClock(datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),
        search_url="https://search.example/?q={query}",
    )


async def carried_out(job: WebJob, planned: PlannedRequest) -> dict[str, ExecutionResult]:
    """Do the steps of a plan one after the other, each seen to have happened, up to the first that fails."""
    data = DataExecutor(root=job.desk.root, artifacts=job.desk.artifacts)
    ended: dict[str, ExecutionResult] = {}
    for todo in planned.task_graph.topological_sort():
        results: dict[TaskId, dict[str, Any]] = {TaskId(name): one.result for name, one in ended.items()}
        executor: BaseExecutor = job.executor if todo.action.startswith("web.") else data
        step = todo.resolved(results).model_copy(update={"timeout": 8.0})
        context = ExecutionContext(job_id=job.id, task_id=TaskId(str(todo.id)))
        ended[str(todo.id)] = await executor.execute(step, context)
        if ended[str(todo.id)].error is not None or (await executor.verify(step, context)).happened is False:
            break
    return ended


async def test_a_form_is_sent_when_that_is_ordered_and_the_preview_says_so(
    web_job: WebJob, web_site: Site, planner: Planner
) -> None:
    text = f"Fülle das Formular auf {web_site.url('/apply')} mit Name: Max, Kontakt: max@example.com aus"
    before = len(web_site.orders)

    kept = await planner.plan(text)
    sent = await planner.plan(f"{text} und sende es ab")
    await carried_out(web_job, kept)

    assert web_site.orders[before:] == []
    assert [todo.reason for todo in kept.task_graph.tasks.values()][-1].endswith("abgeschickt wird es nicht")
    assert [todo.reason for todo in sent.task_graph.tasks.values()][-3:] == [
        "Das ausgefüllte Formular zeigen; danach wird es abgeschickt",
        "Das Formular abschicken",
        "Zeigen, was die Seite darauf sagt",
    ]

    ended = await carried_out(web_job, sent)

    assert list(ended)[-1] == "sent"
    assert ended["submit"].result["title"] == "Danke"
    assert web_site.orders[before:] == ["/orders"]


async def test_a_form_whose_field_is_refused_was_not_sent(web_job: WebJob, web_site: Site, planner: Planner) -> None:
    text = f"Fill in the form on {web_site.url('/apply')} with Name: Max, Kontakt: nowhere and submit it"
    before = len(web_site.orders)

    ended = await carried_out(web_job, await planner.plan(text))

    assert list(ended)[-1] == "submit"
    assert web_site.orders[before:] == []


async def test_a_table_that_a_page_builds_itself_becomes_a_file(
    web_job: WebJob, web_site: Site, planner: Planner
) -> None:
    planned = await planner.plan(f"Hol die Kurstabelle von {web_site.url('/rates')} als CSV")

    ended = await carried_out(web_job, planned)

    assert ended["extract_web"].result["rows"] == [{"Währung": "USD", "Kurs": 1.08}]
    assert ended["extract_web"].result["name"] == "rates.csv"
