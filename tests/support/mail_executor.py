"""Fixtures of the mail executor: over a mail server in memory, seen from the side of one account."""

from pathlib import Path

import pytest

from scheduler.core.ids import JobId, TaskId
from scheduler.executors.base_executor import ExecutionContext
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_executor import MailExecutor
from tests.support.memory_mail import MemoryMailServer, MemoryMailTransport, an_account

ANNA, BERT, US = "anna@example.com", "bert@example.com", "cpa@example.com"
CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("send"), effect_key="e" * 64)


@pytest.fixture
def server() -> MemoryMailServer:
    return MemoryMailServer()


@pytest.fixture
def transport(server: MemoryMailServer) -> MemoryMailTransport:
    return MemoryMailTransport(server, an_account())


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path)


@pytest.fixture
def executor(transport: MemoryMailTransport, artifacts: ArtifactStore) -> MailExecutor:
    return MailExecutor(transport=transport, artifacts=artifacts)
