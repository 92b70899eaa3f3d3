"""Plans at the command line: shown, changed, compared, run by their hash."""

import json

import pytest

from tests.support.command_line import CommandLine
from tests.support.services import SENTENCE

pytestmark = pytest.mark.component

DONE, USAGE, REFUSED = 0, 2, 3


def test_a_plan_that_was_shown_is_changed_compared_and_run(cli: CommandLine) -> None:
    other = SENTENCE.replace("anna@example.com", "bob@example.com")
    first = json.loads(cli("plan", "--json", SENTENCE).output)["plan_hash"]
    second = json.loads(cli("plan", other, "--before", first, "--json").output)

    compared, same, again = (
        cli("plan", "diff", first, second["plan_hash"]),
        cli("plan", "diff", first, first),
        cli("plan", "show", second["plan_hash"]),
    )
    stale, ran = cli("run", "--plan", first), cli("run", "--plan", second["plan_hash"])
    (job_id,) = cli.job_ids()

    assert second["version"] == 2
    assert "~ send.params.to[0]: anna@example.com → bob@example.com" in compared.output
    assert "Kein Unterschied" in same.output
    assert "Fassung 2" in again.output
    assert (stale.exit_code, ran.exit_code) == (REFUSED, DONE)
    assert "verstanden als fetch_and_send durch Regeln" in cli("job", job_id).output
    assert cli("plan", "show", "0" * 64).exit_code == REFUSED
    assert cli("run", "--plan", first, SENTENCE).exit_code == USAGE
    assert cli("run").exit_code == USAGE
