"""Temporal's development server on a file: a workflow of one activity for every job."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client as TemporalClient
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bench.peers.contestant import TEMPORAL, Contestant, hold_async, tick

QUEUE = "bench"
LIMIT = timedelta(seconds=60)
AT_ONCE = 50


@activity.defn
async def do_nothing() -> None:
    tick()


@activity.defn
async def outlast() -> None:
    await hold_async()


async def activity_of(function: Any) -> None:  # noqa: ANN401 - an activity
    await workflow.execute_activity(function, start_to_close_timeout=LIMIT)


@workflow.defn
class Noop:
    @workflow.run
    async def run(self) -> None:
        await activity_of(do_nothing)


@workflow.defn
class Held:
    @workflow.run
    async def run(self) -> None:
        await activity_of(outlast)


@workflow.defn
class Fan:
    @workflow.run
    async def run(self, width: int) -> None:
        await activity_of(do_nothing)
        await asyncio.gather(*(activity_of(do_nothing) for _ in range(width)))
        await activity_of(do_nothing)


@workflow.defn
class Chain:
    @workflow.run
    async def run(self, length: int) -> None:
        for _ in range(length):
            await activity_of(do_nothing)


async def worker() -> None:
    await Worker(
        await TemporalClient.connect(TEMPORAL),
        task_queue=QUEUE,
        workflows=[Noop, Held, Fan, Chain],
        activities=[do_nothing, outlast],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ).run()


class Client:
    client: Any

    async def connect(self) -> None:
        self.client = await TemporalClient.connect(TEMPORAL)

    async def start(self, flow: Any, *arguments: int) -> Any:  # noqa: ANN401 - a workflow and its handle
        return await self.client.start_workflow(flow, *arguments, id=uuid.uuid4().hex, task_queue=QUEUE)

    async def run(self, flow: Any, *arguments: int) -> None:  # noqa: ANN401 - a workflow
        handle = await self.start(flow, *arguments)
        await handle.result()

    async def bulk(self, jobs: int) -> None:
        for begun in range(0, jobs, AT_ONCE):
            await asyncio.gather(*(self.start(Noop.run) for _ in range(min(AT_ONCE, jobs - begun))))


_client = Client()
CONTESTANT = Contestant(
    worker=worker,
    connect=_client.connect,
    one=lambda: _client.start(Noop.run),
    bulk=_client.bulk,
    roundtrip=lambda: _client.run(Noop.run),
    fan=lambda width: _client.run(Fan.run, width),
    chain=lambda length: _client.run(Chain.run, length),
    hold=lambda _number: _client.start(Held.run),
)
