"""Sends one mail over real servers in a process of its own, which may be told to kill itself at a crash point.

Arguments: SMTP port, IMAP port, folder of the artifacts, crash point or `none`.
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from scheduler.core.crash_points import CrashPoint, arm
from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import ExecutionContext
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.smtp_imap_transport import SmtpImapTransport
from tests.support.memory_mail import an_account

CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("send"), effect_key="f" * 64)
TODO = ToDo(id="send", action="mail.send", params={"to": "anna@example.com", "subject": "Rechnung 4711"})


def an_executor(smtp: int, imap: int, folder: Path, *, settle: float = 10) -> MailExecutor:
    transport = SmtpImapTransport(an_account(smtp=smtp, imap=imap), settle=timedelta(seconds=settle))
    return MailExecutor(transport=transport, artifacts=ArtifactStore(folder))


if __name__ == "__main__":
    if sys.argv[4] != "none":
        arm(CrashPoint(sys.argv[4]))
    result = asyncio.run(an_executor(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])).execute(TODO, CONTEXT))
    sys.exit(0 if result.success else 1)
