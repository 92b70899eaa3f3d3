"""What the tools of the MCP server answer with, as models read it: short, and each with what to do next."""

import json
from collections.abc import Mapping
from typing import Any, Final, Self

from pydantic import BaseModel, Field

from scheduler.bridges.desk import FINAL, open_questions

MOST_OF_A_RESULT: Final = 20_000
"""Characters of a step's result that are shown; the rest is in its files."""


class PlannedStep(BaseModel):
    """A step of a plan."""

    id: str
    action: str
    reason: str = ""
    depends_on: list[str] = Field(default_factory=list)


class PlanView(BaseModel):
    """What a sentence would do."""

    intent: str
    slots: dict[str, str] = Field(description="What was understood of the sentence.")
    steps: list[PlannedStep]
    overlooked: list[str] = Field(description="Statements of the sentence that nothing is done about.")
    lacking: list[str] = Field(description="What is not set up for it: a job of it would fail. Tell the user.")
    plan_hash: str

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> Self:
        tasks = plan["task_graph"]["tasks"]
        fields = ("intent", "slots", "overlooked", "plan_hash")
        steps = [{name: todo[name] for name in PlannedStep.model_fields if todo.get(name)} for todo in tasks]
        lacking = [lack["text"] for lack in plan["lacking"]]
        return cls.model_validate({name: plan[name] for name in fields} | {"steps": steps, "lacking": lacking})


class QuestionView(BaseModel):
    """What a job asks. Of `choices` one is the answer, unless `open`."""

    key: str
    text: str
    choices: list[str] = Field(default_factory=list)
    open: bool = True
    secret: bool = Field(default=False, description="A person answers it at CPA itself, never through you.")

    @classmethod
    def of(cls, question: Mapping[str, Any]) -> Self:
        labels = [choice["label"] for choice in question["choices"]]
        return cls(choices=labels, **{name: question[name] for name in ("key", "text", "open", "secret")})


class StepView(BaseModel):
    """A step, and how far it has come."""

    task_id: str
    action: str
    status: str
    reason: str = ""
    verified: bool | None = None
    error_code: str | None = None


class JobView(BaseModel):
    """A job. `last_event` is what `after` of watch_job goes on from."""

    job_id: str
    status: str
    description: str
    intent: str
    error: str | None = None
    existing: bool = Field(default=False, description="Told by submit_job: with `unique` this job was there already.")
    questions: list[QuestionView] = Field(default_factory=list)
    steps: list[StepView] = Field(default_factory=list)
    last_event: int = 0
    next: str = Field(description="What to do now.")

    @classmethod
    def of(cls, job: Mapping[str, Any], last_event: int = 0) -> Self:
        short = job["job"]
        return cls(
            questions=[QuestionView.of(question) for question in open_questions(job)],
            steps=[
                StepView.model_validate({name: one[name] for name in StepView.model_fields}) for one in job["tasks"]
            ],
            last_event=last_event,
            existing=job.get("existing", False),
            next=_next(job),
            **{name: short[name] for name in ("job_id", "status", "description", "intent", "error")},
        )


class JobLine(BaseModel):
    """A job in a list."""

    job_id: str
    status: str
    description: str
    created_at: str
    error: str | None = None


class JobsView(BaseModel):
    """Jobs, newest first. `next_cursor` leads to the next page."""

    jobs: list[JobLine]
    total: int
    next_cursor: str | None = None


class StepResult(StepView):
    """What a step gave, and what shows it. `picture` and `files` are addresses for get_file."""

    result: dict[str, Any] | None = None
    shortened: bool = Field(default=False, description="The result was too long; only `text` of it is shown, in part.")
    picture: str | None = None
    files: list[str] = Field(default_factory=list)

    @classmethod
    def told(cls, task: Mapping[str, Any], artifacts: list[str]) -> Self:
        mine = [path for path in artifacts if path.split("/")[4:5] == [task["task_id"]]]
        fields: dict[str, Any] = {name: task[name] for name in (*StepView.model_fields, "result", "picture")}
        text = json.dumps(task["result"], ensure_ascii=False)
        if len(text) > MOST_OF_A_RESULT:
            fields |= {"result": {"text": text[:MOST_OF_A_RESULT]}, "shortened": True}
        return cls(files=mine, **fields)


class ResultView(BaseModel):
    """How a job ended, with what each step gave."""

    job_id: str
    status: str
    error: str | None
    steps: list[StepResult]

    @classmethod
    def of(cls, job: Mapping[str, Any]) -> Self:
        short = job["job"]
        steps = [StepResult.told(task, job["artifacts"]) for task in job["tasks"]]
        return cls(job_id=short["job_id"], status=short["status"], error=short["error"], steps=steps)


def _next(job: Mapping[str, Any]) -> str:
    job_id, asked = job["job"]["job_id"], open_questions(job)
    if any(question["secret"] for question in asked):
        return f"It asks for something secret: a person answers with `cpa answer {job_id}`. Then watch_job."
    if asked:
        return "It asks: pass the questions on to the user, and their answers to answer_question."
    if job["status"] in FINAL:
        return "It has ended; get_result tells what it gave." if job["status"] == "done" else "It has ended."
    return "It goes on; watch_job waits for what happens."
