"""What is drawn by chance for a group of jobs that is lived through twice, see groups.py."""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final

from scheduler.core.ids import JobId
from tests.support.runs import FIND, SEND

LEASE: Final = timedelta(seconds=10)


@dataclass(kw_only=True)
class Fault:
    """What befalls a job, or without one the worker: at a time, or at the job's n-th write."""

    kind: str
    job: int | None = None
    at: float = 0.0
    write: int = 0


@dataclass
class Case:
    """What a seed stands for. A step is its action, what it waits for, and how its attempts go."""

    seed: int
    jobs: list[list[tuple[str, tuple[str, ...], tuple[str, ...]]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    concurrency: int = 16
    clears_up: bool = False

    def __post_init__(self) -> None:
        chance = Random(self.seed)  # noqa: S311 - to be repeated
        self.concurrency = chance.choice([1, 4, 16, 64])
        self.clears_up = chance.random() < 0.15
        for _ in range(chance.randint(1, 24)):
            self.jobs.append([self._step(chance, number) for number in range(chance.choice([1, 1, 1, 2, 3]))])
        some = chance.sample(range(len(self.jobs)), k=min(len(self.jobs), chance.choice([0, 1, 1, 2, 4])))
        for job in some:
            kind = chance.choice(["cancel", "cancel", "steal", "hand back", "busy", "slow", "unanswered", "breaks"])
            when = chance.choice([0, 0.001, 0.01, 0.2, 1])
            self.faults.append(Fault(kind=kind, job=job, at=when, write=chance.randint(1, 3)))
        if chance.random() < 0.2:
            self.faults.append(Fault(kind="stop", at=chance.choice([0.001, 0.02, 0.5])))

    @staticmethod
    def _step(chance: Random, number: int) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        after = (f"s{number - 1}",) if number and chance.random() < 0.7 else ()
        ways = ["now"] * 8 + ["turn", "wait", "long", "fails", "flickers", "breaks", "unclear", "unclear"]
        return chance.choice([FIND, SEND]), after, tuple(chance.choice(ways) for _ in range(2))

    @property
    def meant(self) -> frozenset[int]:
        """The jobs that a fault is meant for."""
        return frozenset(fault.job for fault in self.faults if fault.job is not None)

    @property
    def stops(self) -> list[float]:
        return [fault.at for fault in self.faults if fault.kind == "stop"]


def id_of(number: int) -> JobId:
    return JobId(f"job{number}")
