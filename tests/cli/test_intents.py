"""`cpa intents`: what sentences can mean is listed, shown, taught, tried and forgotten."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

pytestmark = pytest.mark.component

DONE, FAILED, REFUSED = 0, 1, 3
STORNO = """
name: cancel_order
description: {de: Eine Bestellung stornieren, en: Cancel an order}
examples: {de: ["storniere die Bestellung [order_id:881]"]}
required: [order_id]
task_template:
  - id: note
    action: file.copy
    params: {source: vorlage.txt, destination: 'storno-{order_id}.txt'}
    reason: 'Bestellung {order_id} stornieren'
"""
SENTENCE = "mach mal den Kram klar mit dem Lastenheft.docx"


def test_intents_are_listed_and_shown(cli: CommandLine) -> None:
    listed = cli("intents", "list")
    names = [one["name"] for one in json.loads(cli("intents", "list", "--json").output)["intents"]]
    shown = json.loads(cli("intents", "show", "send_mail", "--json").output)

    assert listed.exit_code == DONE
    assert "send_mail" in listed.output
    assert "send_mail" in names
    assert shown["examples"]["de"][0] in " ".join(cli("intents", "show", "send_mail").output.split())
    assert cli("intents", "show", "nothing").exit_code == REFUSED


def test_a_sentence_is_taught_tried_and_forgotten(cli: CommandLine) -> None:
    before = cli("intents", "test", SENTENCE)
    taught = cli("intents", "teach", "export_pdf", SENTENCE)
    found = cli("intents", "test", SENTENCE.replace("Lastenheft", "Pflichtenheft"))
    identity = taught.output.split("(")[1].split(")")[0]

    assert (before.exit_code, taught.exit_code, found.exit_code) == (FAILED, DONE, DONE)
    assert "export_pdf  file_name = Pflichtenheft.docx" in found.output
    assert "1 gelehrt" in cli("intents", "list").output
    assert f"{identity}  {SENTENCE}" in cli("intents", "show", "export_pdf").output
    assert "Vergessen" in cli("intents", "forget", identity).output
    assert cli("intents", "test", SENTENCE).exit_code == FAILED
    assert cli("intents", "forget", identity).exit_code == REFUSED


def test_an_intent_is_added_from_a_file_and_forgotten_by_its_name(cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "storno.yaml"
    file.write_text(STORNO, encoding="utf-8")
    flawed = tmp_path / "flawed.yaml"
    flawed.write_text(STORNO.replace("file.copy", "file.fly").replace("cancel_order", "other"), encoding="utf-8")

    added = cli("intents", "add", str(file))
    again = cli("intents", "add", str(file))
    wrong = cli("intents", "add", str(flawed))
    found = cli("intents", "test", "Bitte die Bestellung 4711 stornieren und Teams schließen")

    assert "cancel_order ist gelernt" in added.output
    assert (again.exit_code, wrong.exit_code) == (REFUSED, REFUSED)
    assert "file.fly" in wrong.output
    assert "cancel_order  order_id = 4711" in found.output
    assert "cancel_order  Eine Bestellung stornieren" in cli("intents", "list").output
    assert cli("intents", "forget", "cancel_order").exit_code == DONE
    assert cli("intents", "show", "cancel_order").exit_code == REFUSED


def test_what_cannot_be_taught_is_said(cli: CommandLine) -> None:
    assert cli("intents", "teach", "nothing", SENTENCE).exit_code == REFUSED
    refused = cli("intents", "teach", "export_pdf", "der [foo:1] Kram")

    assert refused.exit_code == REFUSED
    assert "foo" in refused.output
