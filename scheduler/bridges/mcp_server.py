"""The scheduler as an MCP server: tools to plan, submit, watch, answer and cancel jobs, and to read what they gave.

The tools know no job of their own; each call goes to the public API in the name of the caller. Nothing can be approved
through them.
"""

import asyncio
import base64
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final, ParamSpec, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import (
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    InputRequiredResult,
    TextContent,
    ToolAnnotations,
)
from pydantic import Field

from scheduler.bridges.desk import FINAL, Desk, DeskDownError, DeskRefusedError, open_questions
from scheduler.bridges.mcp_questions import ask, can_ask
from scheduler.bridges.mcp_views import JobLine, JobsView, JobView, PlanView, ResultView

Desks = Callable[[Mapping[str, str] | None], Desk]
"""Gives the desk of a caller by the headers of its request; None: there are none, as over stdio."""

P = ParamSpec("P")
R = TypeVar("R")

_INSTRUCTIONS: Final = """CPA carries out office work: a sentence in German or English becomes a plan, the plan a
durable job, the job verified work in a browser, in mail, files and calendars. Look at plan_preview first when the user
has not seen what would happen. Submit with an idempotency_key, so that the same wish sent again does nothing twice.
Then watch_job until it has ended or asks something; pass questions on to the user and never make up an answer."""
_MOST_OF_A_FILE: Final = 2_000_000  # bytes
_LOOK: Final = 2.0  # seconds between looks at a job of which no event tells, such as one that asks for a code
_LOOKS_ONLY: Final = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ACTS: Final = ToolAnnotations(destructive_hint=True, idempotent_hint=True, open_world_hint=True)
_CHANGES: Final = ToolAnnotations(destructive_hint=False, idempotent_hint=True, open_world_hint=False)

Sentence = Annotated[str, Field(max_length=10_000, description="What is to be done, in German or English.")]
JobId = Annotated[str, Field(min_length=1, max_length=128)]


def make_mcp_server(desks: Desks) -> MCPServer:
    """Return the server; every transport serves the same one."""
    server: MCPServer = MCPServer(
        "cpa", title="CPA", instructions=_INSTRUCTIONS, log_level="WARNING", subscriptions=False
    )
    tools = JobTools(desks)
    for tool, hints in (
        (tools.plan_preview, _LOOKS_ONLY),
        (tools.submit_job, _ACTS),
        (tools.watch_job, _CHANGES),
        (tools.get_job, _LOOKS_ONLY),
        (tools.answer_question, _CHANGES),
        (tools.cancel_job, _CHANGES),
        (tools.list_jobs, _LOOKS_ONLY),
        (tools.get_result, _LOOKS_ONLY),
        (tools.get_file, _LOOKS_ONLY),
    ):
        server.add_tool(tool, annotations=hints)
    return server


def told(tool: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Tell what the service refuses as an error of the tool, in the service's own words."""

    @functools.wraps(tool)
    async def telling(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await tool(*args, **kwargs)
        except DeskRefusedError as error:
            raise ToolError(error.words) from error
        except DeskDownError as error:
            raise ToolError(str(error)) from error

    return telling


class JobTools:
    """What an MCP client may do with jobs."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    @told
    async def plan_preview(self, text: Sentence, context: Context) -> PlanView:
        """Show the steps a sentence would become. Nothing is stored and nothing runs."""
        return PlanView.of(await self._desk(context).plan(text))

    @told
    async def submit_job(
        self,
        text: Sentence,
        context: Context,
        idempotency_key: Annotated[
            str | None,
            Field(min_length=1, max_length=200, description="The same sentence with the same key is accepted once."),
        ] = None,
        unique: Annotated[
            bool, Field(description="Get the job that is there if one of the same work waits or runs, whoever sent it.")
        ] = False,
        unique_key: Annotated[
            str | None, Field(min_length=1, max_length=255, description="So, too, but told by this key.")
        ] = None,
    ) -> JobView:
        """Have a sentence carried out for real. The job is durable: it goes on whatever becomes of this connection.

        If the sentence lacks something the job waits with questions and does nothing until they are answered.
        """
        wanted = {} if unique_key is None else {"key": unique_key}
        only_one = wanted if unique or wanted else None
        return JobView.of(await self._desk(context).submit(text, key=idempotency_key, unique=only_one))

    @told
    async def watch_job(
        self,
        job_id: JobId,
        context: Context,
        after: Annotated[int, Field(ge=0, description="Tell only of what happens after this event.")] = 0,
        seconds: Annotated[float, Field(ge=0, le=600, description="How long to wait at most.")] = 60,
    ) -> JobView | InputRequiredResult:
        """Wait until a job has ended, asks something, or the time is over; what happens is told as progress.

        If your client can ask the user, the job's questions are put to them and their answers are given to the job.
        """
        desk, loop = self._desk(context), asyncio.get_running_loop()
        end, complaint = loop.time() + seconds, None
        while True:
            job = await desk.job(job_id)
            questions = open_questions(job)
            asked_long_enough = complaint is not None and loop.time() >= end
            if questions and can_ask(context, questions) and not asked_long_enough:
                answers = await ask(context, questions, complaint)
                if isinstance(answers, InputRequiredResult):
                    return answers
                if answers is not None:
                    complaint = await _answered(desk, job_id, answers)
                    continue
            over = bool(questions) or job["status"] in FINAL or loop.time() >= end
            for event in await desk.happened(job_id, after, 0 if over else min(_LOOK, end - loop.time())):
                after = event["seq"]
                await _tell(context, job, event)
            if over:
                return JobView.of(job, after)

    @told
    async def get_job(self, job_id: JobId, context: Context) -> JobView:
        """Show how far a job has come and what it asks, without waiting."""
        return JobView.of(await self._desk(context).job(job_id))

    @told
    async def answer_question(
        self,
        job_id: JobId,
        answers: Annotated[dict[str, str], Field(min_length=1, description="Answers by the `key` of their question.")],
        context: Context,
    ) -> JobView:
        """Give a job the user's answers to its questions; it goes on, or asks for more. Never answer by guessing."""
        desk = self._desk(context)
        job = await desk.job(job_id)
        if any(question["secret"] for question in open_questions(job)):
            raise ToolError(JobView.of(job).next)
        await desk.answer(job_id, answers)
        return JobView.of(await desk.job(job_id))

    @told
    async def cancel_job(self, job_id: JobId, context: Context) -> JobView:
        """Ask for a job to stop. What it has done already stays done; watch_job tells when it has stopped."""
        desk = self._desk(context)
        await desk.cancel(job_id)
        return JobView.of(await desk.job(job_id))

    @told
    async def list_jobs(
        self,
        context: Context,
        limit: Annotated[int, Field(ge=1, le=100)] = 20,
        status: Annotated[list[str] | None, Field(description="Only with one of these.")] = None,
        text: Annotated[str | None, Field(max_length=200, description="Only with all these words.")] = None,
        cursor: Annotated[str | None, Field(description="`next_cursor` of the page before.")] = None,
    ) -> JobsView:
        """List jobs, newest first. Status: pending, running, waiting, cancelling, done, failed, cancelled."""
        page = await self._desk(context).jobs(limit, status=status, text=text, cursor=cursor)
        lines = [JobLine.model_validate({name: job[name] for name in JobLine.model_fields}) for job in page["jobs"]]
        return JobsView(jobs=lines, total=page["total"], next_cursor=page["next_cursor"])

    @told
    async def get_result(self, job_id: JobId, context: Context) -> ResultView:
        """Show what each step of a job gave, whether that was verified, and which pictures and files show it."""
        return ResultView.of(await self._desk(context).job(job_id))

    @told
    async def get_file(
        self,
        path: Annotated[str, Field(pattern=r"^/jobs/[^?#]+$", description="As get_result names it.")],
        context: Context,
    ) -> CallToolResult:
        """Read a picture or a file that a job has produced."""
        content, kind = await self._desk(context).file(path)
        if len(content) > _MOST_OF_A_FILE:
            raise ToolError(f"The file has {len(content)} bytes, more than {_MOST_OF_A_FILE}; fetch it from the API.")
        return CallToolResult(content=[_block(path, content, kind.partition(";")[0])])

    def _desk(self, context: Context) -> Desk:
        return self._desks(context.headers)


async def _answered(desk: Desk, job_id: str, answers: Mapping[str, str]) -> str:
    """Give the answers; return what is wrong with them, if anything. That somebody else was faster is fine."""
    try:
        await desk.answer(job_id, answers)
    except DeskRefusedError as error:
        if error.status == 422:
            return str(error)
        if error.status != 409:
            raise
    return ""


async def _tell(context: Context, job: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    """Tell an event as progress: how many of its kind there were is not known, but their numbers grow."""
    task = f": {event['task_id']}" if event.get("task_id") else ""
    message = f"{event['type'].replace('_', ' ')}{task} ({len(job['tasks'])} steps)"
    await context.report_progress(float(event["seq"]), None, message)


def _block(path: str, content: bytes, kind: str) -> ContentBlock:
    if kind.startswith("image/"):
        return ImageContent(type="image", data=base64.b64encode(content).decode(), mime_type=kind)
    if kind.startswith("text/") or kind == "application/json":
        return TextContent(type="text", text=content.decode(errors="replace"))
    blob = BlobResourceContents(uri=f"cpa:{path}", mime_type=kind, blob=base64.b64encode(content).decode())
    return EmbeddedResource(type="resource", resource=blob)
