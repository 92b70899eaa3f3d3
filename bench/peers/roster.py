"""Who takes part: in which venv each contestant lives, what it needs, and how much work is enough to measure it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Store(StrEnum):
    """What holds the jobs; a server is started for every run and stopped after it."""

    REDIS = "redis"
    TEMPORAL = "temporal"
    FILE = "file"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One contestant. `jobs` is what it drains in one round, `settings` are variables for its processes.

    `ours` counts until the database is final; for peers the last execution has to do.
    """

    name: str
    module: str
    store: Store
    venv: str = ".venv-bench-peers"
    jobs: int = 0
    round_trips: int = 60
    ours: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        return ROOT / self.venv / "bin" / "python"


def _ours(name: str, store: Store, action: str) -> Entry:
    return Entry(
        name=name,
        module="ours",
        store=store,
        venv=".venv",
        jobs=12_000,
        ours=True,
        settings={"BENCH_ACTION": action},
    )


OURS_REDIS = _ours("ours-redis", Store.REDIS, "web.noop")
OURS_REDIS_FIRST = _ours("ours-redis-first", Store.REDIS, "web.once")
OURS_SQLITE = _ours("ours-sqlite", Store.FILE, "web.noop")
OURS_SQLITE_FIRST = _ours("ours-sqlite-first", Store.FILE, "web.once")
OURS = (OURS_REDIS, OURS_REDIS_FIRST, OURS_SQLITE, OURS_SQLITE_FIRST)

PEERS = (
    Entry(name="dramatiq", module="dramatiq_redis", store=Store.REDIS, jobs=5_000),
    Entry(name="saq", module="saq_redis", store=Store.REDIS, jobs=3_000),
    Entry(name="arq", module="arq_redis", store=Store.REDIS, venv=".venv-bench-arq", jobs=3_000),
    Entry(name="taskiq", module="taskiq_redis_stream", store=Store.REDIS, jobs=2_500),
    Entry(name="celery", module="celery_redis", store=Store.REDIS, jobs=2_000),
    Entry(name="rq", module="rq_redis", store=Store.REDIS, jobs=500),
    Entry(name="huey-redis", module="huey_local", store=Store.REDIS, jobs=4_000),
    Entry(name="streaq", module="streaq_redis", store=Store.REDIS, jobs=1_500, round_trips=30),
    Entry(name="huey-sqlite", module="huey_local", store=Store.FILE, jobs=6_000, settings={"BENCH_HUEY": "sqlite"}),
    Entry(name="dbos-sqlite", module="dbos_sqlite", store=Store.FILE, jobs=200, round_trips=20),
    Entry(name="temporal-dev", module="temporal_dev", store=Store.TEMPORAL, jobs=60, round_trips=10),
    Entry(name="prefect-local", module="prefect_local", store=Store.FILE, venv=".venv-bench-prefect", round_trips=5),
)
EVERYONE = (*OURS, *PEERS)


def named(name: str) -> Entry:
    """Return a contestant by its name. Raises KeyError."""
    return {entry.name: entry for entry in EVERYONE}[name]
