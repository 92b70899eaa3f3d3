"""What is other in one plan than in another is told by step and field."""

from typing import Any

from scheduler.core.plan_diff import diff_plans
from scheduler.core.task_graph import TaskGraph


def a_graph(*tasks: dict[str, Any]) -> TaskGraph:
    return TaskGraph.model_validate({"tasks": list(tasks)})


OPEN = {"id": "open", "action": "web.goto", "params": {"url": "https://example.com"}}
MAIL = {"id": "mail", "action": "mail.send", "params": {"to": ["a@example.com"], "subject": "x"}}


def test_steps_and_fields() -> None:
    before = a_graph(OPEN, MAIL)
    after = a_graph({**MAIL, "params": {"to": ["b@example.com"]}, "reason": "so"}, {"id": "new", "action": "web.click"})

    diff = diff_plans(before, after)

    assert (diff.added, diff.removed) == (("new",), ("open",))
    assert [(one.path, one.before, one.after) for one in diff.changed] == [
        ("mail.params.to[0]", "a@example.com", "b@example.com"),
        ("mail.params.subject", "x", None),
        ("mail.reason", None, "so"),
    ]


def test_a_plan_is_no_other_than_itself() -> None:
    assert diff_plans(a_graph(OPEN), a_graph(OPEN)).empty
