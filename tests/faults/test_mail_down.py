"""The mail server goes away and comes back: the job waits for it, and the mail goes out once."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.office import Office
from tests.support.cpa_client import LIMIT, SENTENCE, Cpa, running_cpa
from tests.support.tcp_fault import FaultProxy

pytestmark = [pytest.mark.e2e, pytest.mark.fault]


@contextlib.contextmanager
def _in_front_of(*ports: int) -> Iterator[list[FaultProxy]]:
    """Put a proxy before each port, in a thread with a loop of its own."""
    loop, stop, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    proxies = [FaultProxy(port) for port in ports]

    async def serve() -> None:
        async with contextlib.AsyncExitStack() as stack:
            for proxy in proxies:
                await stack.enter_async_context(proxy.running())
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield proxies
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def _wait_for_the_first_failure(cpa: Cpa, job_id: str) -> None:
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        tasks = cpa.http.get(f"/jobs/{job_id}").json()["tasks"]
        if any(task["task_id"] == "send" and task["attempts"] for task in tasks):
            return
        time.sleep(0.1)
    raise AssertionError("the mail was never tried")


@pytest.mark.parametrize("gone", [1.0, pytest.param(60.0, marks=pytest.mark.slow_fault)])
def test_a_mail_server_that_is_away_for_a_while_delays_the_mail_and_doubles_nothing(
    office: Office, tmp_path: Path, gone: float
) -> None:
    with _in_front_of(office.mail.smtp_port, office.mail.imap_port) as (smtp, imap):
        ports = {"CPA_MAIL_SMTP_PORT": str(smtp.port), "CPA_MAIL_IMAP_PORT": str(imap.port)}
        with running_cpa(office, tmp_path, **ports) as cpa:
            for proxy in (smtp, imap):
                proxy.refuse = True
            job_id = cpa.http.post("/schedule", json={"text": SENTENCE}).json()["job_id"]
            _wait_for_the_first_failure(cpa, job_id)
            time.sleep(gone)
            before = len(office.mail.messages("anna@example.com"))
            for proxy in (smtp, imap):
                proxy.refuse = False

            detail = cpa.ended(job_id)
            events = cpa.http.get(f"/jobs/{job_id}/timeline").json()["events"]

    attempts = [event for event in events if event["type"] == "task_started" and event["task_id"] == "send"]
    assert detail["status"] == "done", detail
    assert before == 0
    assert len(attempts) > 1
    assert len(office.mail.messages("anna@example.com")) == 1
    assert len(office.mail.messages("cpa@example.com", "Sent")) == 1
