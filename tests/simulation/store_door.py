"""How processes reach the store: a transaction takes time, may find the store busy, may kill, and may go unanswered."""

from collections.abc import Callable
from typing import TypeVar

from scheduler.core.errors import CPAError, StoreBusyError
from tests.simulation.agenda import Agenda, Process
from tests.simulation.chance import Chance, Fault
from tests.simulation.model_rows import RepeatedEntryError

Answer = TypeVar("Answer")


class StoreDoor:
    """`kill` kills a process. While `busy_until` has not come, no transaction begins."""

    def __init__(self, agenda: Agenda, chance: Chance, kill: Callable[[Process], None]) -> None:
        self._agenda = agenda
        self._chance = chance
        self._kill = kill
        self.busy_until = 0

    @property
    def busy(self) -> bool:
        return self.busy_until > self._agenda.micros

    def write(
        self,
        process: Process,
        work: Callable[[], Answer],
        then: Callable[[Answer], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run `work` as one transaction of a process, then let it go on; what it raises is told to `failed`."""

        def commit() -> None:
            if self.busy:
                self._chance.seen[Fault.STORE_BUSY] += 1
                self._agenda.after(0.5, lambda: failed(StoreBusyError("model")), process)
            elif self._chance.strikes(Fault.CRASH_BEFORE_COMMIT, 0.1):
                self._kill(process)
            else:
                self._commit(process, work, then, failed)

        self._agenda.after(self._chance.delay(0.0005, 0.02), commit, process)

    def _commit(
        self,
        process: Process,
        work: Callable[[], Answer],
        then: Callable[[Answer], None],
        failed: Callable[[Exception], None],
    ) -> None:
        try:
            answer = work()
        except (CPAError, RepeatedEntryError) as error:
            failed(error)
            return
        if self._chance.strikes(Fault.CRASH_AFTER_COMMIT, 0.1):
            self._kill(process)
        elif self._chance.strikes(Fault.COMMIT_LOST, 0.2):
            self._agenda.after(0.5, lambda: failed(StoreBusyError("model, or so it seems")), process)
        else:
            self._agenda.after(self._chance.delay(0.0005, 0.02), lambda: then(answer), process)
