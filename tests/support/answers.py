"""Where tests keep what people have answered to steps."""

from collections.abc import Mapping

from scheduler.core.ids import JobId, TaskId


class MemoryAnswers:
    """Answers in memory, as `Answers` keeps them in files."""

    def __init__(self) -> None:
        self.given: dict[tuple[JobId, TaskId], dict[str, str]] = {}

    def give(self, job_id: JobId, task_id: TaskId, answers: Mapping[str, str]) -> None:
        self.given[job_id, task_id] = dict(answers)

    def of(self, job_id: JobId, task_id: TaskId) -> Mapping[str, str]:
        return self.given.get((job_id, task_id), {})

    def forget(self, job_id: JobId, task_id: TaskId | None = None) -> None:
        for place in [place for place in self.given if place[0] == job_id and task_id in {None, place[1]}]:
            del self.given[place]
