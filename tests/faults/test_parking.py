"""kill -9 at each write of a job that asks, is answered and goes on; two schedulers and two people at once."""

import asyncio
import signal
from collections import Counter

import pytest

from scheduler.core.crash_points import CrashPoint
from tests.support.fault_process import FaultProcess, answers
from tests.support.scene import Scene, Scenes, a_look, a_mark, an_ask, an_order
from tests.support.world import EFFECT

pytestmark = pytest.mark.fault

WRITES = [point for point in CrashPoint if point.partition("_")[2] in {"claim", "progress", "step"}]
ANSWERS = [point for point in CrashPoint if point.partition("_")[2] in {"answer", "session"}]
_VISITS = 8
_AT_ONCE = 4


async def _killed(scenes: Scenes, point: CrashPoint, visit: int) -> bool:
    """Have a job ask, be answered and done, while one of those who have a hand in it dies at a point; say if it did."""
    doomed = {"CRASH_AT": f"{point}:{visit}"}
    async with scenes.another() as scene, scene.client() as services:
        (job_id,) = await scene.submit(services, an_order(an_ask("login"), a_mark("send", "login")))
        workers = [scene.worker(**({} if point in ANSWERS else doomed))]
        people: list[FaultProcess] = []

        def goes_on() -> bool:
            """Replace who has died, and have the job answered while it asks."""
            if not workers[-1].alive:
                workers.append(scene.worker())
            if scene.statuses()[job_id] == "waiting" and not (people and people[-1].alive):
                dies = doomed if point in ANSWERS and not people else {}
                people.append(scene.asker("answer", [job_id], "told", **dies))
            return scene.all_ended()

        await scene.until(goes_on)
        await asyncio.gather(*(person.wait() for person in people))
        await workers[-1].stop()
        assert set(scene.statuses().values()) == {"done"}, (point, visit)
        assert sorted(scene.world.count(EFFECT).values()) == [1, 1]
        scene.check()
        return any(process.exit_code == -signal.SIGKILL for process in (*workers, *people))


@pytest.mark.slow_fault
@pytest.mark.parametrize("point", [*WRITES, *ANSWERS])
async def test_nothing_is_lost_and_nothing_happens_twice_at_any_write(point: CrashPoint, scenes: Scenes) -> None:
    deaths = [await _killed(scenes, point, visit) for visit in range(1, _VISITS)]

    assert deaths[0], "it never comes by there"


async def test_who_is_killed_while_a_job_is_parked_or_answered_loses_nothing(scenes: Scenes) -> None:
    """A few of them, at once: the commit that parks, the answer, its file, and the claim that goes on."""
    few = [
        (CrashPoint.BEFORE_PROGRESS, 2), (CrashPoint.AFTER_PROGRESS, 2), (CrashPoint.AFTER_CLAIM, 2),
        (CrashPoint.BEFORE_ANSWER, 1), (CrashPoint.AFTER_ANSWER, 1), (CrashPoint.AFTER_SESSION, 1),
    ]  # fmt: skip
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(point: CrashPoint, visit: int) -> bool:
        async with gate:
            return await _killed(scenes, point, visit)

    assert await asyncio.gather(*(one(*place) for place in few)) == [True] * len(few)


async def test_two_schedulers_and_two_people_answer_each_job_once(either_scene: Scene) -> None:
    """And with one place each, they run other jobs meanwhile."""
    either_scene.settings["WORKER_CONCURRENCY"] = "1"
    workers = [either_scene.worker() for _ in range(2)]
    async with either_scene.client() as services:
        asking = await either_scene.submit(services, *[an_order(an_ask("login"), a_mark("send", "login"))] * 10)
        others = await either_scene.submit(services, *[an_order(a_look("find"), a_mark("send", "find"))] * 5)
        await either_scene.ended(*others)
        await either_scene.until(lambda: {either_scene.statuses()[job_id] for job_id in asking} == {"waiting"})
        people = [either_scene.asker("answer", asking, f"told{number}") for number in range(2)]
        await asyncio.gather(*(person.wait() for person in people))
        await either_scene.ended()
    for worker in workers:
        await worker.stop()

    told = [answer for number in range(2) for answer in answers(either_scene.home.folder / f"told{number}")]
    assert Counter(answer["answer"] for answer in told) == {"pending": 10, "!not_waiting": 10}
    assert set(either_scene.statuses().values()) == {"done"}
    assert not list((either_scene.home.folder / "answers").rglob("*.json"))
    either_scene.check()
