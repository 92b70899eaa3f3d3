"""What is allowed: a rule that denies wins, what no rule names is denied, every answer names its rule."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.executors.app_executor import AppExecutor
from scheduler.executors.calendar_executor import CalendarExecutor
from scheduler.executors.data_executor import DataExecutor
from scheduler.executors.document_executor import DocumentExecutor
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.security.policies import PolicyEngine, PolicyTable, Rule

TABLE = PolicyTable(
    actions=(
        Rule(rule="browse", allow=("web.*",)),
        Rule(rule="mail", allow=("mail.send",)),
        Rule(rule="no-uploads", deny=("web.upload", "*.delete")),
    ),
    apps=(Rule(rule="office", allow=("Outlook", "libreoffice*")), Rule(rule="no-draw", deny=("libreoffice-draw",))),
)


@pytest.mark.parametrize(
    ("action", "allowed", "rule"),
    [
        ("web.click", True, "browse"),
        ("web.upload", False, "no-uploads"),
        ("WEB.UPLOAD", False, "no-uploads"),
        ("web.delete", False, "no-uploads"),
        ("mail.send", True, "mail"),
        ("mail.read", False, "default-deny"),
        ("web", False, "default-deny"),
        ("", False, "default-deny"),
    ],
)
def test_an_action_is_decided_by_the_rule_that_is_named(action: str, allowed: bool, rule: str) -> None:
    decision = PolicyEngine(TABLE).decide_action(action)

    assert (decision.allowed, decision.rule) == (allowed, rule)
    assert PolicyEngine(TABLE).check_action_allowed(action) is allowed


@pytest.mark.parametrize(
    ("app", "allowed", "rule"),
    [
        ("outlook", True, "office"),
        ("OUTLOOK", True, "office"),
        ("LibreOffice-Writer", True, "office"),
        ("LibreOffice-Draw", False, "no-draw"),
        ("regedit", False, "default-deny"),
    ],
)
def test_an_application_is_decided_whatever_its_case(app: str, allowed: bool, rule: str) -> None:
    decision = PolicyEngine(TABLE).decide_app(app)

    assert (decision.allowed, decision.rule) == (allowed, rule)
    assert PolicyEngine(TABLE).check_app_allowed(app) is allowed


@given(st.text(max_size=30), st.permutations(TABLE.actions))
def test_the_order_of_the_rules_changes_no_decision(action: str, rules: list[Rule]) -> None:
    shuffled = PolicyEngine(PolicyTable(actions=tuple(rules)))

    assert shuffled.check_action_allowed(action) == PolicyEngine(TABLE).check_action_allowed(action)


@given(st.text(max_size=30))
def test_an_empty_table_allows_nothing(action: str) -> None:
    assert not PolicyEngine(PolicyTable()).check_action_allowed(action)


def test_the_table_of_the_package_allows_what_we_can_do_but_deleting_and_nothing_unknown() -> None:
    policy = PolicyEngine.load()
    ours = (
        PlaywrightExecutor,
        MailExecutor,
        FileExecutor,
        DataExecutor,
        DocumentExecutor,
        AppExecutor,
        CalendarExecutor,
    )
    specs = [spec for executor in ours for spec in executor.actions]

    assert [spec.name for spec in specs if not policy.check_action_allowed(spec.name)] == ["file.delete"]
    assert not policy.check_action_allowed("app.run_command")
    assert not policy.check_action_allowed("desktop.click")
    assert policy.check_app_allowed("Chromium")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("actions: [", "policies.yaml"),
        ("- a", "policies.yaml"),
        ("actions: [{rule: x}]", "neither allows nor denies"),
        ("actions: [{rule: x, alow: ['web.*']}]", "alow"),
        ("rules: []", "rules"),
    ],
)
def test_a_table_that_is_none_is_refused_and_named(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(text)

    with pytest.raises(ValueError, match=problem) as caught:
        PolicyEngine.load(file)

    assert str(file) in str(caught.value)


def test_an_empty_file_allows_nothing(tmp_path: Path) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text("")

    assert not PolicyEngine.load(file).check_action_allowed("web.click")
