"""Counts what asking models has cost within a stretch of code, whoever asks there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from scheduler.core.spending import MICRO, CallRecord

_meter: ContextVar[list[CallRecord] | None] = ContextVar("meter", default=None)


class Spent(NamedTuple):
    """What was spent on models; `money` None: the price of one of them is not known."""

    calls: int = 0
    tokens: int = 0
    money: float | None = 0.0

    @classmethod
    def of(cls, records: Sequence[CallRecord]) -> "Spent":
        """Add up tries, failed ones too."""
        micros = [record.micros for record in records]
        money = None if None in micros else sum(one or 0 for one in micros) / MICRO
        return cls(len(records), sum(record.usage.total for record in records), money)


@contextmanager
def metered() -> Iterator[list[CallRecord]]:
    """Gather the tries that are made until the end, in this task and in those it starts."""
    records: list[CallRecord] = []
    token = _meter.set(records)
    try:
        yield records
    finally:
        _meter.reset(token)


def count(record: CallRecord) -> None:
    """Put a try on the meter, if there is one."""
    records = _meter.get()
    if records is not None:
        records.append(record)
