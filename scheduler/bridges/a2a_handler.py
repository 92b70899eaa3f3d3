"""The scheduler as an A2A agent: messages become jobs or answers to their questions, jobs are told as tasks.

Nothing is kept here: every task is the job itself, as the public API tells it to the caller.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from a2a.helpers.proto_helpers import get_data_parts, get_text_parts
from a2a.server.context import ServerCallContext
from a2a.server.events.event_queue import Event
from a2a.server.request_handlers.request_handler import RequestHandler, validate_request_params
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatusUpdateEvent,
)
from a2a.utils.errors import (
    A2AError,
    ContentTypeNotSupportedError,
    ExtendedAgentCardNotConfiguredError,
    InternalError,
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)

from scheduler.bridges.a2a_tasks import JOB_STATUSES, artifacts_of, context_of, settled, status_of, task_of
from scheduler.bridges.desk import FINAL, Desk, DeskDownError, DeskRefusedError, open_questions

_LONGEST: Final = 600.0  # seconds that a message without a stream is waited for; the task goes on
_LOOK: Final = 2.0
_STOPS: Final = 5.0

Desks = Callable[[Mapping[str, str]], Desk]


class A2aHandler(RequestHandler):
    """`desks` gives the desk of a caller by the headers of its request."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    @validate_request_params
    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task | Message:
        """Begin or continue a job; wait until it has ended or asks, unless an answer at once is wanted."""
        desk, base = self._caller(context)
        with _told():
            job = await _taken(desk, params.message)
            if not params.configuration.return_immediately:
                job = await _settled_within(_LONGEST, desk, job)
            return task_of(job, base, history=_history(params.configuration))

    @validate_request_params
    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        """Begin or continue a job, and tell what happens until it has ended or asks."""
        desk, base = self._caller(context)
        with _told():
            job = await _taken(desk, params.message)
            async for event in _stream(desk, job, base):
                yield event

    @validate_request_params
    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        """Tell what happens to a job from now on."""
        desk, base = self._caller(context)
        with _told():
            job = await desk.job(params.id)
            if job["status"] in FINAL:
                raise UnsupportedOperationError(message=f"Task {params.id} has ended")
            async for event in _stream(desk, job, base):
                yield event

    @validate_request_params
    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task | None:
        desk, base = self._caller(context)
        with _told():
            return task_of(await desk.job(params.id), base, history=_history(params))

    @validate_request_params
    async def on_cancel_task(self, params: CancelTaskRequest, context: ServerCallContext) -> Task | None:
        """Ask for a job to stop, and give it a moment to do so."""
        desk, base = self._caller(context)
        with _told():
            try:
                await desk.cancel(params.id)
            except DeskRefusedError as error:
                if error.status == 409:
                    raise TaskNotCancelableError(message=error.words) from error
                raise
            return task_of(await _settled_within(_STOPS, desk, await desk.job(params.id)), base)

    @validate_request_params
    async def on_list_tasks(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        """List jobs, newest first. They are not indexed by contextId."""
        desk, base = self._caller(context)
        if params.context_id:
            raise UnsupportedOperationError(message="Tasks cannot be listed by contextId here")
        limit = min(params.page_size or 50, 100)
        statuses = None if params.status == TaskState.TASK_STATE_UNSPECIFIED else JOB_STATUSES.get(params.status, [])
        with _told():
            if statuses == []:
                return ListTasksResponse(page_size=limit)
            page = await desk.jobs(limit, status=statuses, cursor=params.page_token or None)
            found = [await desk.job(job["job_id"]) for job in page["jobs"]]
        tasks = [task_of(job, base, history=_history(params), artifacts=params.include_artifacts) for job in found]
        return ListTasksResponse(
            tasks=tasks, next_page_token=page["next_cursor"] or "", page_size=limit, total_size=page["total"]
        )

    async def on_create_task_push_notification_config(self, params: object, context: object) -> NoReturn:  # noqa: ARG002
        raise PushNotificationNotSupportedError

    async def on_get_task_push_notification_config(self, params: object, context: object) -> NoReturn:  # noqa: ARG002
        raise PushNotificationNotSupportedError

    async def on_list_task_push_notification_configs(self, params: object, context: object) -> NoReturn:  # noqa: ARG002
        raise PushNotificationNotSupportedError

    async def on_delete_task_push_notification_config(self, params: object, context: object) -> NoReturn:  # noqa: ARG002
        raise PushNotificationNotSupportedError

    async def on_get_extended_agent_card(self, params: object, context: object) -> NoReturn:  # noqa: ARG002
        raise ExtendedAgentCardNotConfiguredError

    def _caller(self, context: ServerCallContext) -> tuple[Desk, str]:
        return self._desks(context.state["headers"]), str(context.state["base"])


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the service refuses as errors of the protocol, in the service's own words."""
    try:
        yield
    except DeskRefusedError as error:
        raise _as_a2a(error) from error
    except DeskDownError as error:
        raise InternalError(message=str(error)) from error


def _as_a2a(error: DeskRefusedError) -> A2AError:
    data = {name: str(error.problem[name]) for name in ("code", "field") if error.problem.get(name)}
    if error.status == 404:
        return TaskNotFoundError(message=error.words, data=data)
    if error.status == 409:
        return UnsupportedOperationError(message=error.words, data=data)
    kind = InvalidParamsError if error.status in {403, 413, 422} else InternalError
    return kind(message=error.words, data=data)


async def _taken(desk: Desk, message: Message) -> dict[str, Any]:
    """Take a message as a new order, once by its id, or as the answer to what its task asks; return the job."""
    texts, data = get_text_parts(message.parts), get_data_parts(message.parts)
    if not message.task_id:
        if not texts or data:
            raise ContentTypeNotSupportedError(message="An order is a text: what is to be done, in German or English")
        group: dict[str, Any] = {"context_id": message.context_id} if message.context_id else {}
        return await desk.submit("\n".join(texts), key=f"a2a-{message.message_id}"[:200], **group)
    job = await desk.job(message.task_id)
    if any(question["secret"] for question in open_questions(job)):
        raise UnsupportedOperationError(message=status_of(job).message.parts[0].text)
    answers = data[0].get("answers") if data and isinstance(data[0], dict) else None
    given = {str(key): str(value) for key, value in answers.items()} if isinstance(answers, dict) else "\n".join(texts)
    await desk.answer(message.task_id, given)
    return await desk.job(message.task_id)


async def _follow(
    desk: Desk, job: dict[str, Any], patience: float = float("inf"), after: int = 0
) -> AsyncIterator[tuple[Mapping[str, Any] | None, dict[str, Any]]]:
    """Yield each event with the job as it is then, and at last the job alone; ends when it has settled, or in time."""
    loop = asyncio.get_running_loop()
    end, job_id = loop.time() + patience, job["job"]["job_id"]
    while True:
        over = settled(job) or loop.time() >= end
        events = await desk.happened(job_id, after, 0 if over else min(_LOOK, end - loop.time()))
        for event in events:
            after = event["seq"]
            yield event, job
        if over:
            yield None, job
            return
        job = await desk.job(job_id)


async def _settled_within(patience: float, desk: Desk, job: dict[str, Any]) -> dict[str, Any]:
    """Return the job once it has settled, or as it is then."""
    last = job
    async for _, now in _follow(desk, job, patience):
        last = now
    return last


async def _stream(desk: Desk, job: dict[str, Any], base: str) -> AsyncIterator[Event]:
    """Yield the task, each event as its status, what its steps gave, and the status in which it has settled."""
    yield task_of(job, base, artifacts=False)
    job_id, context = job["job"]["job_id"], context_of(job)
    seen = await desk.happened(job_id, 0)
    async for event, now in _follow(desk, job, after=seen[-1]["seq"] if seen and not settled(job) else 0):
        if event is not None and not settled(now):
            task = f": {event['task_id']}" if event.get("task_id") else ""
            said = status_of(now, f"{event['type'].replace('_', ' ')}{task}")
            yield TaskStatusUpdateEvent(task_id=job_id, context_id=context, status=said)
        elif event is None:
            for artifact in artifacts_of(now, base):
                yield TaskArtifactUpdateEvent(task_id=job_id, context_id=context, artifact=artifact, last_chunk=True)
            yield TaskStatusUpdateEvent(task_id=job_id, context_id=context, status=status_of(now))


def _history(said: Any) -> int | None:  # noqa: ANN401 - every request that may say it
    return int(said.history_length) if said.HasField("history_length") else None
