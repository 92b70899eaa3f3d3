"""The thread that commits does what it is given, in order, and keeps nothing of it."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from scheduler.repository.writing_thread import WritingThread


@pytest.fixture
def thread() -> Iterator[WritingThread]:
    thread = WritingThread("writes")
    yield thread
    thread.shutdown()


def test_works_in_order_in_one_thread_of_its_own(thread: WritingThread) -> None:
    done: list[tuple[int, str]] = []
    for number in range(100):
        thread.submit(lambda number: done.append((number, threading.current_thread().name)), number)
    thread.shutdown()

    assert done == [(number, "writes") for number in range(100)]


def test_may_be_shut_down_again_and_used_again(thread: WritingThread) -> None:
    thread.shutdown()
    thread.submit(lambda: None)
    thread.shutdown()
    thread.shutdown()
    done = threading.Event()
    thread.submit(done.set)

    assert done.wait(30)


def test_keeps_nothing_while_it_waits(thread: WritingThread) -> None:
    class Given:
        pass

    given, done = Given(), threading.Event()
    known = weakref.ref(given)
    thread.submit(lambda _: None, given)
    del given
    thread.submit(done.set)
    assert done.wait(30)
    gc.collect()

    assert known() is None
