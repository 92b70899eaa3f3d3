"""Sends one mail in a process of its own, which may be told to kill itself at a crash point.

Arguments: the world as JSON, `{"smtp": PORT, "imap": PORT}` or `{"maildir": FOLDER}`; folder of the artifacts; crash
point or `none`.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from scheduler.core.crash_points import CrashPoint, arm
from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import ExecutionContext
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.maildir_transport import MaildirTransport
from scheduler.executors.smtp_imap_transport import SmtpImapTransport
from tests.support.memory_mail import an_account

CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("send"), effect_key="f" * 64)
TODO = ToDo(id="send", action="mail.send", params={"to": "anna@example.com", "subject": "Rechnung 4711"})


def an_executor(world: Mapping[str, Any], folder: Path, *, settle: float = 10) -> MailExecutor:
    artifacts = ArtifactStore(folder)
    if "maildir" in world:
        return MailExecutor(transport=MaildirTransport(Path(world["maildir"]), an_account()), artifacts=artifacts)
    transport = SmtpImapTransport(an_account(**world), settle=timedelta(seconds=settle))
    return MailExecutor(transport=transport, artifacts=artifacts)


if __name__ == "__main__":
    if sys.argv[3] != "none":
        arm(CrashPoint(sys.argv[3]))
    result = asyncio.run(an_executor(json.loads(sys.argv[1]), Path(sys.argv[2])).execute(TODO, CONTEXT))
    sys.exit(0 if result.success else 1)
