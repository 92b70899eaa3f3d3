"""DBOS on SQLite: a workflow of its own for every job, through a queue it looks at every 10 ms (default: 1 s)."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dbos import DBOS, DBOSClient, run_dbos_database_migrations

from bench.peers.contestant import FOLDER, Contestant, hold, tick

URL = f"sqlite:///{FOLDER / 'dbos.sqlite'}"
QUEUE = "bench"
LOOK = 0.01
CLIENT_THREADS = 8

DBOS(
    config={
        "name": "bench",
        "system_database_url": URL,
        "log_level": "ERROR",
        "application_version": "1",
        "executor_id": "worker",
        "run_admin_server": False,
        "notification_listener_polling_interval_sec": LOOK,
    }
)


@DBOS.workflow(name="noop")
def noop() -> None:
    tick()


@DBOS.step(name="step")
def step() -> None:
    tick()


@DBOS.workflow(name="held")
def held() -> None:
    hold()


@DBOS.workflow(name="fan")
def fan_flow(width: int) -> None:
    step()
    children = [DBOS.enqueue_workflow(QUEUE, noop) for _ in range(width)]
    for child in children:
        child.get_result(polling_interval_sec=LOOK)
    step()


@DBOS.workflow(name="chain")
def chain_flow(length: int) -> None:
    for _ in range(length):
        step()


def worker() -> None:
    DBOS.launch()
    DBOS.register_queue(QUEUE, polling_interval_sec=LOOK, worker_concurrency=64)
    while True:
        time.sleep(3600)


class Client:
    client: Any

    def connect(self) -> None:
        run_dbos_database_migrations(URL)
        self.client = DBOSClient(system_database_url=URL)

    def start(self, workflow: str, *arguments: int) -> Any:  # noqa: ANN401 - a handle of DBOS
        options = {"workflow_name": workflow, "queue_name": QUEUE, "app_version": "1"}
        return self.client.enqueue(options, *arguments)

    def run(self, workflow: str, *arguments: int) -> None:
        self.start(workflow, *arguments).get_result(polling_interval_sec=0.002)

    def bulk(self, jobs: int) -> None:
        """Start them one by one, in threads: there is no call for many."""
        with ThreadPoolExecutor(CLIENT_THREADS) as pool:
            list(pool.map(lambda _number: self.start("noop"), range(jobs)))


_client = Client()
CONTESTANT = Contestant(
    worker=worker,
    connect=_client.connect,
    one=lambda: _client.start("noop"),
    bulk=_client.bulk,
    roundtrip=lambda: _client.run("noop"),
    fan=lambda width: _client.run("fan", width),
    chain=lambda length: _client.run("chain", length),
    hold=lambda _number: _client.start("held"),
)
