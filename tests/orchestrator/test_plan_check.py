"""Whether a plan may be stored: sound, known, allowed, and its values fit; the first flaw is named with its place."""

import pytest

from scheduler.core.actions import ActionCatalog, ActionSpec
from scheduler.core.errors import (
    ActionForbiddenError,
    CPAError,
    CycleError,
    EmptyPlanError,
    InvalidFieldError,
    UnknownActionError,
    UnknownReferenceError,
)
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from scheduler.executors.mail_actions import SendMail
from scheduler.orchestrator.plan_check import check_plan
from scheduler.security.policies import PolicyEngine, PolicyTable, Rule

CATALOG = ActionCatalog(
    [
        ActionSpec(name="web.click", description="", needs_selector=True),
        ActionSpec(name="web.fill", description="", needs_selector=True, needs_text=True),
        ActionSpec(name="web.look", description=""),
        ActionSpec(name="web.read", description="", result=frozenset({"text"})),
        ActionSpec(name="mail.send", description="", params=SendMail),
        ActionSpec(name="file.delete", description=""),
    ]
)
POLICY = PolicyEngine(
    PolicyTable(actions=(Rule(rule="work", allow=("web.*", "mail.*")), Rule(rule="keep", deny=("*.delete",))))
)
MAIL = {"to": ["anna@example.com"], "subject": "Rechnung"}


def _plan(*todos: ToDo) -> TaskGraph:
    graph = TaskGraph()
    for todo in todos:
        graph.add_task(todo)
    return graph


def _look(**fields: object) -> ToDo:
    return ToDo.model_validate({"id": "look", "action": "web.look", **fields})


def test_a_sound_plan_passes() -> None:
    plan = _plan(
        _look(),
        ToDo.model_validate({"id": "click", "action": "web.click", "selector": "#ok", "depends_on": ["look"]}),
        ToDo(
            id="send", action="mail.send", params=MAIL | {"subject": "${look.title}", "attachments": ["${look.file}"]}
        ),
    )

    check_plan(plan, CATALOG, POLICY)


@pytest.mark.parametrize("reference", ["${read}", "${read.text}", "${read.text.0}", "$${read.title}", "${look.title}"])
def test_a_reference_to_what_a_result_may_have_passes(reference: str) -> None:
    plan = _plan(_look(id="look"), ToDo(id="read", action="web.read"), _look(id="last", text=reference))

    check_plan(plan, CATALOG, POLICY)


@pytest.mark.parametrize(
    ("plan", "error", "field"),
    [
        (_plan(), EmptyPlanError, "task_graph.tasks"),
        (
            _plan(_look(depends_on=["click"]), ToDo.model_validate({"id": "click", "action": "web.look",
                                                                    "depends_on": ["look"]})),
            CycleError, "task_graph.tasks",
        ),
        (_plan(_look(text="${nobody.file}")), UnknownReferenceError, "task_graph.tasks[0].text"),
        (_plan(_look(text="${read.title}"), ToDo(id="read", action="web.read")), UnknownReferenceError,
         "task_graph.tasks[0].text"),
        (_plan(_look(), ToDo(id="x", action="web.lok")), UnknownActionError, "task_graph.tasks[1].action"),
        (_plan(_look(), ToDo(id="x", action="file.delete")), ActionForbiddenError, "task_graph.tasks[1].action"),
        (_plan(ToDo(id="x", action="web.click")), InvalidFieldError, "task_graph.tasks[0].selector"),
        (_plan(_look(), _look(id="x", risk="low")), InvalidFieldError, "task_graph.tasks[1].risk"),
        (_plan(_look(risk="high")), InvalidFieldError, "task_graph.tasks[0].risk"),
        (_plan(ToDo.model_validate({"id": "x", "action": "web.fill", "selector": "#a"})), InvalidFieldError,
         "task_graph.tasks[0].text"),
        (_plan(ToDo(id="x", action="mail.send", params={**MAIL, "to": ["anna@example.com", "b@"]})), InvalidFieldError,
         "task_graph.tasks[0].params.to[1]"),
        (_plan(ToDo(id="x", action="mail.send", params={"subject": "${look.x}"}), _look()), InvalidFieldError,
         "task_graph.tasks[0].params.to"),
        (_plan(ToDo(id="x", action="mail.send", params={**MAIL, "copy": 1})), InvalidFieldError,
         "task_graph.tasks[0].params.copy"),
    ],
)  # fmt: skip
def test_the_first_flaw_is_named_with_its_place(plan: TaskGraph, error: type[CPAError], field: str) -> None:
    with pytest.raises(error) as caught:
        check_plan(plan, CATALOG, POLICY)

    assert caught.value.facts["field"] == field


def test_a_forbidden_action_names_its_rule() -> None:
    with pytest.raises(ActionForbiddenError) as caught:
        check_plan(_plan(ToDo(id="x", action="file.delete")), CATALOG, POLICY)

    assert caught.value.facts["rule"] == "keep"


def test_what_is_missing_is_said_in_both_languages() -> None:
    with pytest.raises(InvalidFieldError) as caught:
        check_plan(_plan(ToDo(id="x", action="web.click")), CATALOG, POLICY)

    assert caught.value.facts["problem"] == "web.click needs a selector"
    assert caught.value.facts["problem_de"] == "web.click braucht einen Selektor"
