"""`cpa agents`: who does steps, and what an operator does with them."""

import json

import pytest

from tests.support.agents import FIELDS
from tests.support.command_line import CommandLine

pytestmark = pytest.mark.component

DONE, USAGE, REFUSED = 0, 2, 3


def joined(cli: CommandLine, token: str = "") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def register() -> int:
        return (await cli.api.client.post("/agents/register", json=FIELDS, headers=headers)).status_code

    return cli.bridge.portal.call(register)


def test_an_operator_lets_an_agent_in_looks_drains_and_removes_it(cli: CommandLine) -> None:
    made = cli("agents", "enrol", "--for", "2h", "--type", "web", "--capability", "web.*")
    assert joined(cli, made.output.split()[0]) == 201

    listed, shown = cli("agents", "list"), cli("agents", "show", "web-1")
    stands = {
        command: cli("agents", command, "web-1", "--reason", "Wartung").output
        for command in ("drain", "quarantine", "release")
    }
    agent = json.loads(cli("agents", "show", "web-1", "--json").output)

    assert "Gilt bis" in made.output
    assert "web-1" in listed.output
    assert "1 Agenten" in listed.output
    assert "meldet sich selbst" in shown.output
    assert agent["agent_id"] in shown.output
    assert [
        word for word in ("draining", "quarantined", "online") if any(word in text for text in stands.values())
    ] == [
        "draining",
        "quarantined",
        "online",
    ]
    assert (agent["status"], agent["reason"]) == ("online", "Wartung")
    assert json.loads(cli("agents", "list", "--json", "--status", "offline").output)["total"] == 0
    assert cli("agents", "remove", agent["agent_id"]).exit_code == DONE
    assert json.loads(cli("agents", "list", "--json").output)["total"] == 0


def test_what_is_mistaken_is_said(cli: CommandLine) -> None:
    unknown, duration, type_ = (
        cli("agents", "show", "web-7"),
        cli("agents", "enrol", "--for", "soon"),
        cli("agents", "list", "--type", "robot"),
    )

    assert (unknown.exit_code, duration.exit_code, type_.exit_code) == (REFUSED, USAGE, REFUSED)
    assert "cpa agents list" in unknown.output
    assert "keine Dauer" in duration.output


def test_an_a2a_agent_that_is_not_there_is_not_taken_in(cli: CommandLine) -> None:
    nobody = cli("agents", "add-a2a", "http://127.0.0.1:9", "--name", "printer")
    assert nobody.exit_code == REFUSED
    assert "nicht zu erreichen" in nobody.output
