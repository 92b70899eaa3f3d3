"""Everything that is left to chance in a history, from one seed: which faults there are, how often, and when."""

from collections import Counter
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What can go wrong. A history has some of them; `Chance.seen` counts what it met."""

    REQUEST_LOST = "message to an agent lost"
    ANSWER_LOST = "answer of an agent lost"
    MESSAGE_REPEATED = "message repeated"
    MESSAGE_LATE = "message late, overtaken by others"
    STORE_BUSY = "store held by another process"
    CRASH_BEFORE_COMMIT = "crash before the commit"
    CRASH_AFTER_COMMIT = "crash after the commit"
    COMMIT_LOST = "commit lost to the caller"
    WORKER_CRASH = "worker crashes"
    WORKER_PAUSE = "worker pauses"
    WORKER_DRAINED = "worker hands back and restarts"
    POISON = "job kills its worker"
    AGENT_CRASH = "agent crashes"
    AGENT_HANGS = "agent hangs"
    AGENT_FAILS = "agent fails"
    LOOK_FAILS = "nobody can look now"
    QUEUE_EMPTIED = "queue emptied"
    QUEUE_REPEATS = "queue hands a job out twice"
    QUEUE_OLD_EPOCH = "queue hands out an old epoch"
    QUEUE_NOT_TOLD = "queue not told of a commit"
    REPLY_LOST = "reply to a client lost"
    PARKED = "job parked by hand"


class Chance:
    """Draws for one history. Faults that a history has occur at a rate of its own; `calm` ends them all.

    Each history has another mix (A. Groce et al., "Swarm Testing", ISSTA 2012): with everything on at once, one fault
    would hide what another does.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a history to be repeated, not a secret
        self.calm = False
        self.seen: Counter[str] = Counter()
        self._rates = {fault: self._rate() for fault in Fault}

    def _rate(self) -> float:
        return self.random.choice((0.0, 0.0, 0.02, 0.05, 0.15))

    def has(self, fault: Fault) -> bool:
        """Whether the history knows this fault at all, and it may still occur."""
        return not self.calm and self._rates[fault] > 0

    def strikes(self, fault: Fault, factor: float = 1.0) -> bool:
        """Whether the fault occurs now."""
        if self.has(fault) and self.random.random() < self._rates[fault] * factor:
            self.seen[fault] += 1
            return True
        return False

    def delay(self, least: float, most: float) -> float:
        """Draw seconds."""
        return self.random.uniform(least, most)

    def odds(self, probability: float) -> bool:
        return self.random.random() < probability
