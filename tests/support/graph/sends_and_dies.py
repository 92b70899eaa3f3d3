"""Sends one mail through the fake of Graph in a process of its own, which may be told to kill itself.

Arguments: address of the fake, file of its authority, folder of the artifacts, crash point or `none`.
"""

import asyncio
import ssl
import sys
from datetime import timedelta
from pathlib import Path

from scheduler.core.crash_points import CrashPoint, arm
from scheduler.executors.files import ArtifactStore
from scheduler.executors.graph_account import GraphAccount
from scheduler.executors.graph_login import GraphLogin
from scheduler.executors.graph_transport import GraphTransport
from scheduler.executors.mail_executor import MailExecutor
from tests.support.graph.identity import CLIENT, SECRET, TENANT
from tests.support.sends_and_dies import CONTEXT, TODO


def an_executor(base: str, authority: str, folder: Path, *, settle: float = 10) -> MailExecutor:
    account = GraphAccount(
        address="cpa@example.com",
        tenant=TENANT,
        client_id=CLIENT,
        secret=lambda: SECRET,
        authority=base,
        root=base,
        settle=timedelta(seconds=settle),
    )
    tls = ssl.create_default_context(cafile=authority)
    transport = GraphTransport(account, GraphLogin(account, tls=tls), tls=tls)
    return MailExecutor(transport=transport, artifacts=ArtifactStore(folder))


if __name__ == "__main__":
    if sys.argv[4] != "none":
        arm(CrashPoint(sys.argv[4]))
    result = asyncio.run(an_executor(sys.argv[1], sys.argv[2], Path(sys.argv[3])).execute(TODO, CONTEXT))
    sys.exit(0 if result.success else 1)
