"""An armed process dies at the point and at the visit it was told to; any other does not notice the marks."""

import signal
import subprocess
import sys

import pytest

from scheduler.core.crash_points import CrashPoint, crash_points, reached

PROGRAM = """
import asyncio, sys
from scheduler.core.crash_points import CrashPoint, arm, crash_points

@crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
def record(number):
    print("record", number, flush=True)
    return number

@crash_points(CrashPoint.BEFORE_MAIL_SEND, CrashPoint.AFTER_MAIL_SEND)
async def send(number):
    print("send", number, flush=True)

arm(CrashPoint(sys.argv[1]), int(sys.argv[2]))
for number in range(1, 4):
    record(number)
    asyncio.run(send(number))
print("end")
"""


def run(point: CrashPoint, visit: int) -> tuple[int, list[str]]:
    call = [sys.executable, "-c", PROGRAM, point, str(visit)]
    ended = subprocess.run(call, capture_output=True, text=True, timeout=30, check=False)
    return ended.returncode, ended.stdout.splitlines()


@pytest.mark.fault
@pytest.mark.integration
@pytest.mark.parametrize(
    ("point", "visit", "lines"),
    [
        (CrashPoint.BEFORE_RECORD, 1, []),
        (CrashPoint.AFTER_RECORD, 1, ["record 1"]),
        (CrashPoint.BEFORE_MAIL_SEND, 2, ["record 1", "send 1", "record 2"]),
        (CrashPoint.AFTER_MAIL_SEND, 2, ["record 1", "send 1", "record 2", "send 2"]),
    ],
)
def test_the_process_dies_at_the_visit_it_was_told(point: CrashPoint, visit: int, lines: list[str]) -> None:
    assert run(point, visit) == (-signal.SIGKILL, lines)


@pytest.mark.fault
@pytest.mark.integration
def test_a_visit_that_never_comes_kills_nothing() -> None:
    assert run(CrashPoint.BEFORE_RECORD, 4)[1][-1] == "end"


def test_without_an_order_the_marks_change_nothing() -> None:
    @crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
    def record(number: int, *, twice: bool) -> int:
        """Record."""
        return number * 2 if twice else number

    reached(CrashPoint.BEFORE_RECORD)

    assert record(2, twice=True) == 4
    assert (record.__name__, record.__doc__) == ("record", "Record.")


async def test_without_an_order_async_marks_change_nothing() -> None:
    @crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
    async def record(number: int) -> int:
        return number

    assert await record(3) == 3


def test_an_operation_that_fails_fails_as_before() -> None:
    @crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
    def record() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        record()
