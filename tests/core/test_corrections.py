"""What an operator may correct, what that changes, and what is refused, said of the field of the correction."""

from typing import Any

import pytest

from scheduler.core.corrections import Change, Correction, correct, merged
from scheduler.core.errors import InvalidFieldError, UnknownReferenceError
from scheduler.core.ids import JobId, TaskId, effect_key
from scheduler.core.task_graph import TaskGraph
from tests.support.builders import a_job

DOWNLOAD, SEND = TaskId("download"), TaskId("send")
TASKS: list[dict[str, Any]] = [
    {"id": "download", "action": "web.download", "selector": "text=Rechnung"},
    {
        "id": "send",
        "action": "mail.send",
        "text": "Anbei.",
        "params": {"to": ["anna@exmaple.com", "bert@example.com"], "attachments": ["${download.artifact}"]},
        "timeout": 10,
    },
]
JOB = a_job(task_graph=TaskGraph.model_validate({"tasks": TASKS}), context={"desk": 7, "slots": {"name": "Jörg 📎"}})


def test_a_value_is_corrected_and_the_change_is_listed() -> None:
    correction = Correction.model_validate(
        {"tasks": {"send": {"params": {"to": ["anna@example.com", "bert@example.com"]}, "text": "Größe 5 📎"}}}
    )

    corrected = correct(JOB, {DOWNLOAD}, correction)

    assert corrected.task_graph.tasks[SEND].params["to"] == ["anna@example.com", "bert@example.com"]
    assert corrected.task_graph.tasks[SEND].text == "Größe 5 📎"
    assert corrected.changes == (
        Change(path="tasks.send.text", before="Anbei.", after="Größe 5 📎"),
        Change(path="tasks.send.params.to[0]", before="anna@exmaple.com", after="anna@example.com"),
    )


def test_what_is_not_named_stays_and_so_do_its_effect_keys() -> None:
    corrected = correct(JOB, set(), Correction.model_validate({"tasks": {"send": {"text": "Neu"}}}))

    keys = [
        {name: effect_key(JobId("j"), name, todo.canonical()) for name, todo in graph.tasks.items()}
        for graph in (JOB.task_graph, corrected.task_graph)
    ]
    assert keys[0][DOWNLOAD] == keys[1][DOWNLOAD]
    assert keys[0][SEND] != keys[1][SEND]


def test_null_takes_a_value_away() -> None:
    correction = Correction.model_validate({"tasks": {"send": {"text": None, "params": {"attachments": None}}}})

    corrected = correct(JOB, {DOWNLOAD}, correction)

    assert corrected.task_graph.tasks[SEND].text is None
    assert corrected.task_graph.tasks[SEND].params == {"to": ["anna@exmaple.com", "bert@example.com"]}
    assert [(change.path, change.after) for change in corrected.changes] == [
        ("tasks.send.text", None),
        ("tasks.send.params.attachments", None),
    ]


def test_selector_timeout_retry_and_condition_are_replaced() -> None:
    change = {
        "selector": ["label=Rechnung", "text=Rechnung"],
        "timeout": 60,
        "retry": {"max_attempts": 5},
        "verify": {"text": "fertig"},
    }

    todo = correct(JOB, set(), Correction.model_validate({"tasks": {"download": change}})).task_graph.tasks[DOWNLOAD]

    assert str(todo.selector) == "label=Rechnung | text=Rechnung"
    assert (todo.timeout, todo.retry.max_attempts) == (60, 5)
    assert todo.verify is not None


def test_the_context_is_patched() -> None:
    corrected = correct(JOB, set(), Correction.model_validate({"context": {"desk": None, "slots": {"name": "Anna"}}}))

    assert corrected.context == {"slots": {"name": "Anna"}}
    assert [change.path for change in corrected.changes] == ["context.desk", "context.slots.name"]
    assert corrected.task_graph == JOB.task_graph


def test_nothing_said_changes_nothing() -> None:
    assert correct(JOB, {SEND}, Correction()).changes == ()


@pytest.mark.parametrize(
    ("tasks", "field"),
    [
        ({"download": {"text": "x"}}, "tasks.download"),
        ({"nothing": {"text": "x"}}, "tasks.nothing"),
        ({"send": {"timeout": -1}}, "tasks.send.timeout"),
        ({"send": {"params": {"to": "${"}}}, "tasks.send.params.to"),
    ],
)
def test_what_is_refused_names_the_field_of_the_correction(tasks: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        correct(JOB, {DOWNLOAD}, Correction.model_validate({"tasks": tasks}))

    assert caught.value.field == field


def test_a_reference_to_no_task_is_left_to_the_plan_check() -> None:
    graph = correct(JOB, set(), Correction.model_validate({"tasks": {"send": {"text": "${x.y}"}}})).task_graph

    with pytest.raises(UnknownReferenceError):
        graph.check()


@pytest.mark.parametrize("field", ["id", "action", "depends_on", "agent", "unknown"])
def test_what_a_task_is_cannot_be_corrected(field: str) -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        Correction.model_validate({"tasks": {"send": {field: "x"}}})


@pytest.mark.parametrize(
    ("value", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merging_follows_rfc_7396(value: dict[str, Any], patch: dict[str, Any], result: dict[str, Any]) -> None:
    assert merged(value, patch) == result
