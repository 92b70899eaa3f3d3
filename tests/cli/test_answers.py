"""What a job asks is shown at the terminal, and answered there."""

import pytest

from tests.support.command_line import CommandLine

pytestmark = pytest.mark.component

WAITS, USAGE = 5, 2
LACKS = "Schick eine Mail mit dem Text: Bis morgen"


def test_a_job_that_asks_is_answered_by_key(cli: CommandLine) -> None:
    ended = cli("run", LACKS)
    (job_id,) = cli.job_ids()

    assert ended.exit_code == WAITS
    assert "An wen soll es gehen?" in ended.output
    assert f"cpa answer {job_id}" in ended.output
    assert cli("answer", job_id, "slot.recipient=anna@example.com").exit_code == 0
    shown = cli("job", job_id).output
    assert "fragt nach" in shown
    assert "beantwortet" in shown


def test_what_is_asked_is_asked_at_the_terminal(cli: CommandLine) -> None:
    cli("run", LACKS)
    (job_id,) = cli.job_ids()

    assert cli("answer", job_id, typed="anna@example.com\n").exit_code == 0
    assert cli("answer", job_id).exit_code == USAGE


@pytest.mark.parametrize("words", ["anna@example.com", "-"])
def test_the_only_question_needs_no_key(cli: CommandLine, words: str) -> None:
    cli("run", LACKS)
    (job_id,) = cli.job_ids()

    assert cli("answer", job_id, words, typed="anna@example.com\n").exit_code == 0
