"""Conditions of steps: what they say, what is refused, and that nothing in them is ever run."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scheduler.core.conditions import ConditionError, literal, read_condition
from scheduler.core.errors import ConditionUnclearError
from scheduler.core.ids import TaskId
from scheduler.core.todo import ToDo

RESULTS: dict[TaskId, Any] = {
    TaskId("a"): {"n": 5, "s": "7", "some": [1, "2"], "none": [], "t": "Rechnung 4711", "z": None, "yes": True, "no": 0}
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("${a.n} == 5", True),
        ("${a.n} != 5", False),
        ("${a.s} > 6.5", True),
        ("${a.s} == '7'", True),
        ("${a.s} <= 7 and ${a.n} >= 5", True),
        ("'4711' in ${a.t}", True),
        ("'x' not in ${a.t}", True),
        ("2 in ${a.some}", True),
        ("${a.n} in [1, 2, '5']", True),
        ("'n' in ${a}", True),
        ("empty ${a.none} and empty ${a.z} and empty ${a.missing} and empty ${b.c}", True),
        ("empty ${a.t}", False),
        ("exists ${a.none}", True),
        ("exists ${a.z} or exists ${b.c}", False),
        ("not exists ${b.c}", True),
        ("not not ${a.yes}", True),
        ("${a.no}", False),
        ("${a.none}", False),
        ("false or (true and not false)", True),
        ("true or false and false", True),
        ("(true or false) and false", False),
        ("true == 1", False),
        ('${a.some.1} == "2"', True),
        ("'it\\'s' == \"it's\"", True),
        ("'a' < 'b'", True),
        ("-1.5 < 0", True),
        ("null == ${a.z}", True),
    ],
)
def test_what_a_condition_says(text: str, holds: bool) -> None:
    assert read_condition(text).holds(RESULTS) is holds


@pytest.mark.parametrize("text", ["'a' < 3", "${b.c} == 1", "${a.missing}", "1 in 2", "[] < [1]", "1 in ${a.q}"])
def test_what_cannot_be_decided_is_an_error_that_names_the_condition(text: str) -> None:
    with pytest.raises(ConditionUnclearError) as caught:
        read_condition(text).holds(RESULTS)

    assert caught.value.facts["condition"] == text


@pytest.mark.parametrize(
    "text",
    ["a", "${x", "${ x }", "1 <", "in", "x == 1", "exists", "(1", "[1,", "1 not 2", "1 2", "'a", "1 = 1",
     "__import__('os')", "${a.b}.c()", "1; 2", "lambda: 1",
     "(" * 100 + "1" + ")" * 100, "not " * 100 + "1", "'" + "x" * 1001 + "'"],
)  # fmt: skip
def test_what_is_no_condition_is_refused_with_the_step(text: str) -> None:
    with pytest.raises(ConditionError):
        read_condition(text)
    with pytest.raises(ValidationError, match="when"):
        ToDo(id="step", action="web.click", when=text)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    try:
        condition = read_condition(text)
    except ConditionError:
        return
    with contextlib.suppress(ConditionUnclearError):
        assert condition.holds(RESULTS) in {True, False}


@given(st.text(max_size=100))
def test_words_of_a_person_are_one_text_and_nothing_else(words: str) -> None:
    condition = read_condition(f"{literal(words)} == ${{b.words}}")

    assert condition.holds({TaskId("b"): {"words": words}})
    assert [reference.task for reference in condition.references] == ["b"]
    assert not read_condition(f"exists {literal(None)}").holds({})


def test_a_condition_makes_the_step_wait_but_not_need() -> None:
    todo = ToDo(id="step", action="web.click", when="exists ${a.b} and ${c} == 1", params={"x": "${d.e}"})

    assert set(todo.dependencies) == {"a", "c", "d"}
    assert todo.needed == {"d"}


def test_in_a_step_for_each_item_and_index_are_no_tasks() -> None:
    todo = ToDo(id="step", action="web.click", for_each="${a.b}", when="${item.x} > ${index}", text="${item}")

    assert todo.dependencies == ("a",)
    assert todo.asks_per_item
    assert not ToDo(id="step", action="web.click", for_each="${a.b}", when="exists ${c.d}").asks_per_item


@pytest.mark.parametrize("value", ["list", "${a.b} and more", "${", 5, {"a": 1}])
def test_what_is_no_list_nor_a_reference_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="for_each"):
        ToDo.model_validate({"id": "step", "action": "web.click", "for_each": value})
