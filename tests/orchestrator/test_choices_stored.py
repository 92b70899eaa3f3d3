"""Skipped steps and steps for each element over a real store: what is stored, shown, resumed and retried."""

import asyncio
from datetime import timedelta
from typing import Any

from scheduler.core.errors import SiteUnreachableError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId
from scheduler.core.job import JobStatus
from scheduler.core.task_executor_interface import ExecutionContext
from tests.support.clock import FakeClock
from tests.support.executors import FakeExecutors, World, fails, gives, hangs
from tests.support.orchestration import Office
from tests.support.runs import FIND, a_step

STEPS = (
    a_step("find", action=FIND),
    a_step("each", for_each="${find.list}", text="${index}: ${item.name}", when="${item.name} != 'b'"),
    a_step("pack", params={"all": "${each.items}", "first": "${each.items.0.as}", "count": "${each.count}"}),
    a_step("never", when="${each.count} > 5"),
)
LIST = {"list": [{"name": name} for name in "abc"]}


async def says(world: World, context: ExecutionContext) -> dict[str, Any]:
    world.happens(context)
    return {"as": str(context.task_id)}


def scripts(**others: Any) -> dict[str, Any]:  # noqa: ANN401 - Attempts
    return {"find": [gives(LIST)], "each[0]": [says], "each[2]": [says], **others}


async def test_each_element_is_a_stored_task_and_later_steps_get_the_list(
    office: Office, executors: FakeExecutors
) -> None:
    executors.scripts.update(scripts())

    job = await office.run(*STEPS)

    assert job.status is JobStatus.DONE
    rows = await office.rows(job.id)
    assert list(rows) == ["find", "each", "pack", "never", "each[0]", "each[1]", "each[2]"]
    assert {name: row.status.value for name, row in rows.items() if row.status.value != "done"} == {
        "each[1]": "skipped", "never": "skipped"
    }  # fmt: skip
    assert [executors.asked[name][0][0].text for name in ("each[0]", "each[2]")] == ["0: a", "2: c"]
    assert executors.asked["pack"][0][0].params == {
        "all": [{"as": "each[0]"}, {"as": "each[2]"}], "first": "each[0]", "count": 2
    }  # fmt: skip
    assert len({row.effect_key for row in rows.values() if row.effect_key}) == 4
    lines = [(event.type, event.task_id) for event in await office.events(job.id)]
    assert (EventType.TASK_EXPANDED, "each") in lines
    skipped = next(event for event in await office.events(job.id) if event.task_id == "never")
    assert skipped.data["error"] == "Ausgelassen, weil die Bedingung „${each.count} > 5“ nicht zutrifft."
    assert ("test.send", "success", None) in await office.audit(job.id)


async def test_a_worker_that_dies_in_the_middle_leaves_its_elements_to_the_next(
    office: Office, executors: FakeExecutors, clock: FakeClock
) -> None:
    begun = asyncio.Event()
    dying = FakeExecutors(**scripts(**{"each[2]": [hangs(begun)]}), world=executors.world)
    job = await office.accept(*STEPS)
    run = asyncio.create_task(office.another_orchestrator(dying).process(await office.lease()))
    await begun.wait()
    await office.until(lambda: _is_done(office, job.id, "each[0]"))
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    clock.advance(timedelta(seconds=11))

    executors.scripts.update(scripts(find=[gives({"list": []})]))
    await office.orchestrator.process(await office.lease())

    assert (await office.now(job.id)).status is JobStatus.DONE
    assert (await office.rows(job.id))["each"].result == {"items": [{"as": "each[0]"}, {"as": "each[2]"}], "count": 2}
    assert executors.asked["find"] == []
    assert executors.asked["each[0]"] == []
    assert set(executors.world.effects.values()) == {1}


async def _is_done(office: Office, job_id: JobId, task_id: str) -> bool:
    rows = await office.rows(job_id)
    return task_id in rows and rows[task_id].status.value == "done"


async def test_the_next_run_keeps_the_list_and_what_is_done(office: Office, executors: FakeExecutors) -> None:
    broken = SiteUnreachableError("https://portal.example.com", "it did not answer")
    executors.scripts.update(scripts(**{"each[2]": [fails(broken), fails(broken), fails(broken), says]}))
    job = await office.run(*STEPS)
    assert (job.status, await office.statuses(job.id)) == (
        JobStatus.FAILED,
        {"find": "done", "each": "skipped", "pack": "skipped", "never": "skipped", "each[0]": "done",
         "each[1]": "skipped", "each[2]": "failed"},
    )  # fmt: skip

    await office.store.queue.retry(job.id)
    await office.orchestrator.process(await office.lease())

    assert (await office.now(job.id)).status is JobStatus.DONE
    assert (await office.rows(job.id))["each"].result == {"items": [{"as": "each[0]"}, {"as": "each[2]"}], "count": 2}
    assert len(executors.asked["each[0]"]) == 1


async def test_a_skipped_condition_is_asked_anew_in_the_next_run(office: Office, executors: FakeExecutors) -> None:
    executors.scripts["send"] = [fails(SiteUnreachableError("u", "w")), fails(SiteUnreachableError("u", "w")),
                                 fails(SiteUnreachableError("u", "w")), gives()]  # fmt: skip
    job = await office.run(a_step("no", when="false"), a_step("send", "no"))
    assert await office.statuses(job.id) == {"no": "skipped", "send": "failed"}

    await office.store.queue.retry(job.id)
    await office.orchestrator.process(await office.lease())

    assert await office.statuses(job.id) == {"no": "skipped", "send": "done"}
