"""A step takes the short names of actions, refuses what it cannot mean, and keeps its values as they are."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scheduler.core.errors import InvalidInputError
from scheduler.core.ids import TaskId
from scheduler.core.problems import first_problem
from scheduler.core.references import escape
from scheduler.core.todo import ToDo
from tests.support.examples import examples


def problem_of(document: object) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        ToDo.model_validate(document)
    return first_problem(caught.value)


@pytest.mark.parametrize(
    ("document", "action", "params"),
    [
        ({"action": "open_app"}, "app.open", {}),
        ({"action": "click"}, "desktop.click", {}),
        ({"action": "type"}, "desktop.type", {}),
        ({"action": "wait_for"}, "desktop.wait_for", {}),
        ({"action": "send_mail", "params": {"to": ["a@b.de"]}}, "mail.send", {"to": ["a@b.de"]}),
        ({"action": "playwright", "params": {"op": "goto", "url": "http://x"}}, "web.goto", {"url": "http://x"}),
        ({"action": "uia", "params": {"op": "click"}}, "desktop.click", {}),
        ({"action": "mail.send"}, "mail.send", {}),
        ({"action": "acme.frobnicate"}, "acme.frobnicate", {}),
    ],
)
def test_short_names_and_dotted_names_are_both_accepted(
    document: dict[str, Any], action: str, params: dict[str, Any]
) -> None:
    step = ToDo.model_validate(document)

    assert (step.action, step.params) == (action, params)
    assert ToDo.model_validate(step.model_dump(exclude_unset=True)) == step


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"action": "playwright", "params": {"url": "http://x"}}, "params.op"),
        ({"action": "uia", "params": {"op": 5}}, "params.op"),
        ({"action": ""}, "action"),
        ({"action": None}, "action"),
        ({"action": "a" * 65}, "action"),
        ({"action": "web.click", "id": "zwei Worte"}, "id"),
        ({"action": "web.click", "id": "a\n"}, "id"),
        ({"action": "web.click", "id": "straße"}, "id"),
        ({"action": "web.click", "timeout": 0}, "timeout"),
        ({"action": "web.click", "timeout": float("nan")}, "timeout"),
        ({"action": "web.click", "timeout": float("inf")}, "timeout"),
        ({"action": "web.click", "depends_on": "a"}, "depends_on"),
        ({"action": "web.click", "depends_on": [-1]}, "depends_on[0]"),
        ({"action": "web.click", "depends_on": ["a", 1.5]}, "depends_on[1]"),
        ({"action": "web.click", "depends_on": ["a\n"]}, "depends_on[0]"),
        ({"action": "web.click", "params": ["to"]}, "params"),
        ({"action": "web.click", "params": {"x": float("nan")}}, "params.x"),
        ({"action": "web.click", "params": {"x": ["\ud800"]}}, "params.x[0]"),
        ({"action": "web.click", "text": 5}, "text"),
        ({"action": "web.click", "text": "${}"}, "text"),
        ({"action": "web.click", "params": {"a": {"b": "${x y}"}}}, "params.a.b"),
        ({"action": "web.click", "verify": {}}, "verify"),
        ({"action": "web.click", "verify": {"selector": ""}}, "verify.selector.value"),
        ({"action": "web.click", "verify": {"text": "a", "value": "b"}}, "verify"),
        ({"action": "web.click", "verify": {"sha256": "abc"}}, "verify.sha256"),
        ({"action": "web.click", "selector": "role=Two Words"}, "selector"),
        ({"action": "web.click", "failure_code": "no_such_sentence"}, "failure_code"),
        ({"action": "web.click", "risk": "deadly"}, "risk"),
        ({"action": "web.click", "colour": "red"}, "colour"),
    ],
)
def test_what_a_step_cannot_mean_is_refused_with_the_path_to_it(document: object, path: str) -> None:
    assert problem_of(document)[0] == path


def test_params_nested_without_end_are_refused() -> None:
    deep: Any = "bottom"
    for _ in range(500):
        deep = [deep]

    path, problem = problem_of({"action": "web.click", "params": {"x": deep}})

    assert path.startswith("params.x[0][0]")
    assert "deep" in problem


def test_a_step_waits_once_for_each_task_it_names_or_refers_to() -> None:
    step = ToDo(id="c", action="web.fill", depends_on=("b", "a", "b"), text="${a.x} ${d.y} $${e.z}")

    assert step.dependencies == ("b", "a", "d")
    assert step.node == ("c", ("b", "a", "d"))


def test_a_copy_waits_for_what_the_copy_names() -> None:
    step = ToDo(id="c", action="web.fill", depends_on=("a",), text="${b.x}")

    copy = step.model_copy(update={"depends_on": ("z",), "text": "plain"})

    assert copy.dependencies == ("z",)
    assert copy.node == ("c", ("z",))
    assert step.dependencies == ("a", "b")


def test_a_step_with_an_index_or_without_an_id_has_no_place_in_a_graph_yet() -> None:
    assert ToDo(action="web.click").node is None
    assert ToDo(id="a", action="web.click", depends_on=(0,)).node is None


def test_a_document_keeps_the_step() -> None:
    step = ToDo.model_validate(
        {
            "id": "download",
            "action": "web.download",
            "selector": ["label=Rechnung", "role=button[name=Laden]"],
            "depends_on": ["login", 0],
            "params": {"name": "Rechnung für Jörg 📎.pdf", "n": 1.5, "deep": [None, True]},
            "retry": {"max_attempts": 5, "base_delay": "PT3S", "codes": ["timeout"]},
            "verify": {"url": "/done", "absent": "text=Fehler"},
            "failure_code": "document_not_found",
        }
    )

    assert ToDo.model_validate_json(step.model_dump_json()) == step
    assert ToDo.model_validate_json(step.model_dump_json(exclude_defaults=True)) == step


def test_canonical_json_says_what_is_done_and_nothing_else() -> None:
    step = ToDo(id="a", action="send_mail", params={"to": "ü@x.de", "cc": None}, reason="weil", timeout=5)
    same = ToDo(id="b", action="mail.send", params={"cc": None, "to": "ü@x.de"}, depends_on=("a",))

    assert step.canonical() == same.canonical()
    assert step.canonical() != step.model_copy(update={"text": "Hallo"}).canonical()
    assert json.loads(step.canonical())["params"] == {"cc": None, "to": "ü@x.de"}
    assert "ü" in step.canonical()


def test_a_resolved_step_holds_the_values_and_still_knows_what_it_waited_for() -> None:
    step = ToDo(
        id="send",
        action="mail.send",
        text="Für ${login.name}: $${preis}",
        selector="label=${login.name}",
        params={"attachments": ["${download.path}"], "count": "${download.count}"},
    )

    resolved = step.resolved(
        {TaskId("login"): {"name": "Jörg"}, TaskId("download"): {"path": "artifact://j/d/4711.pdf", "count": 3}}
    )

    assert resolved.text == "Für Jörg: ${preis}"
    assert str(resolved.selector) == "label=Jörg"
    assert resolved.params == {"attachments": ["artifact://j/d/4711.pdf"], "count": 3}
    assert resolved.dependencies == step.dependencies == ("login", "download")


def test_an_escape_is_taken_back_also_where_there_is_no_reference() -> None:
    assert ToDo(action="web.fill", text="kostet $${5}").resolved({}).text == "kostet ${5}"


@pytest.mark.parametrize("value", ["${other.secret}", "${", "${ broken", "$${x.y}"])
def test_what_a_page_says_is_never_read_as_a_reference(value: str) -> None:
    step = ToDo(id="b", action="web.fill", text="${a.text}", params={"x": "<${a.text}>"})

    resolved = step.resolved({TaskId("a"): {"text": value}, TaskId("other"): {"secret": "s"}})

    assert resolved.text == value
    assert resolved.params == {"x": f"<{value}>"}


def test_a_value_of_the_wrong_type_is_an_error_of_the_step() -> None:
    step = ToDo(id="b", action="web.fill", text="${a.count}")

    with pytest.raises(InvalidInputError) as caught:
        step.resolved({TaskId("a"): {"count": 3}})

    assert caught.value.facts["field"] == "b.text"


@examples(50)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=50))
def test_every_text_that_was_escaped_comes_through_a_step_as_it_was(text: str) -> None:
    step = ToDo(id="a", action="web.fill", text=escape(text), params={"x": [escape(text)]})

    resolved = step.resolved({})

    assert step.dependencies == ()
    assert resolved.text == text
    assert resolved.params == {"x": [text]}
