"""Without a mailbox a mail step fails and says which settings are missing; nothing pretends to be sent."""

from pathlib import Path

import pytest

from scheduler.core.ids import JobId, TaskId
from scheduler.core.sentences import sentence
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import ExecutionContext
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.mail_unconfigured import UnconfiguredTransport

CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("send"), effect_key="f" * 64)
MISSING = ("CPA_MAIL_ADDRESS", "CPA_MAIL_SMTP_HOST")


@pytest.mark.parametrize(
    "todo",
    [
        ToDo(id="send", action="mail.send", params={"to": ["anna@example.com"], "subject": "x"}),
        ToDo(id="read", action="mail.read"),
        ToDo(id="search", action="mail.search", params={"words": "Rechnung"}),
    ],
)
async def test_a_mail_step_fails_for_good_and_names_what_is_missing(tmp_path: Path, todo: ToDo) -> None:
    executor = MailExecutor(transport=UnconfiguredTransport(MISSING), artifacts=ArtifactStore(tmp_path))

    result = await executor.execute(todo, CONTEXT)

    assert not result.success
    assert result.error is not None
    assert (result.error.code, result.error.retryable, result.error.effect) == ("mail_not_set_up", False, "none")
    assert sentence(result.error.code, "de", result.error.facts) == (
        "Es ist kein Postfach eingerichtet. Bitte CPA_MAIL_ADDRESS, CPA_MAIL_SMTP_HOST setzen; „cpa doctor“ prüft es. "
        "Es wurde nichts verschickt."
    )
