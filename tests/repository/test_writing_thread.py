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
    thread.start()
    yield thread
    thread.shutdown()


def test_works_in_order_in_one_thread_of_its_own(thread: WritingThread) -> None:
    done: list[tuple[int, str]] = []
    for number in range(100):
        thread.submit(lambda number: done.append((number, threading.current_thread().name)), number)
    thread.shutdown()

    assert done == [(number, "writes") for number in range(100)]


def test_may_be_shut_down_and_started_again(thread: WritingThread) -> None:
    thread.shutdown()
    thread.shutdown()
    thread.start()
    thread.start()
    done = threading.Event()
    thread.submit(done.set)

    assert done.wait(30)


def test_can_be_started_later_where_the_system_gives_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    thread, done = WritingThread("writes"), threading.Event()
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refused)
        with pytest.raises(RuntimeError):
            thread.start()
    thread.start()
    thread.submit(done.set)
    heard = done.wait(30)
    thread.shutdown()

    assert heard


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
