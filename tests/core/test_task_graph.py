"""A plan comes out in the order its dependencies allow, or says exactly where it is wrong."""

import json
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.errors import (
    CycleError,
    DuplicateTaskError,
    EmptyPlanError,
    InvalidFieldError,
    InvalidRequestError,
    UnknownDependencyError,
    UnknownReferenceError,
)
from scheduler.core.ids import TaskId
from scheduler.core.task_graph import TaskGraph, ToDo
from tests.support.examples import examples

Needs = dict[str, tuple[str, ...]]
fewer = examples(50)


def a_graph(needs: Needs) -> TaskGraph:
    graph = TaskGraph()
    for task_id, depends_on in needs.items():
        graph.add_task(ToDo(id=task_id, action="web.click", depends_on=depends_on))
    return graph


def read(*tasks: object) -> TaskGraph:
    return TaskGraph.model_validate({"tasks": list(tasks)})


def batches_of(graph: TaskGraph) -> list[list[str]]:
    return [[todo.id or "" for todo in batch] for batch in graph.get_parallel_batches()]


@st.composite
def plans(draw: st.DrawFn) -> Needs:
    """Draw tasks of which each waits only for earlier ones."""
    size = draw(st.integers(1, 25))
    needs: Needs = {}
    for number in range(size):
        before = st.lists(st.sampled_from(list(needs) or ["-"]), max_size=4)
        needs[f"t{number}"] = tuple(draw(before)) if needs else ()
    return needs


def test_sequential_tasks_come_one_after_the_other() -> None:
    graph = a_graph({"login": (), "download": ("login",), "send": ("download",)})

    assert batches_of(graph) == [["login"], ["download"], ["send"]]
    assert [todo.id for todo in graph.topological_sort()] == ["login", "download", "send"]


def test_parallel_tasks_share_a_batch() -> None:
    graph = a_graph({"a": (), "b": (), "c": ()})

    assert batches_of(graph) == [["a", "b", "c"]]


def test_mixed_dependencies_run_as_early_as_they_can() -> None:
    graph = a_graph(
        {"send": ("invoice", "address"), "login": (), "invoice": ("login",), "address": (), "log": ("send",)}
    )

    assert batches_of(graph) == [["login", "address"], ["invoice"], ["send"], ["log"]]


def test_a_cycle_is_refused_and_shown_in_the_order_of_doing() -> None:
    graph = a_graph({"start": (), "a": ("c", "start"), "b": ("a",), "c": ("b",), "end": ("c",)})

    with pytest.raises(CycleError) as caught:
        graph.topological_sort()

    assert set(caught.value.cycle) == {"a", "b", "c"}
    assert caught.value.cycle[0] == caught.value.cycle[-1]
    assert all(task in graph.tasks[after].dependencies for task, after in pairwise(graph.detect_cycles()))
    assert " -> ".join(caught.value.cycle) in str(caught.value)


def test_a_long_cycle_is_shown_shortened_and_kept_whole() -> None:
    needs: Needs = {f"t{number}": (f"t{(number + 1) % 1000}",) for number in range(1000)}

    with pytest.raises(CycleError) as caught:
        a_graph(needs).check()

    assert len(caught.value.cycle) == 1001
    assert len(str(caught.value)) < 300


def test_a_graph_without_a_cycle_has_none_to_show() -> None:
    assert a_graph({"a": (), "b": ("a",)}).detect_cycles() == []


def test_a_task_that_waits_for_itself_is_a_cycle() -> None:
    assert a_graph({"a": ("a",)}).detect_cycles() == ["a", "a"]


def test_an_empty_graph_has_no_batches_and_is_no_plan() -> None:
    graph = TaskGraph()

    assert graph.get_parallel_batches() == []
    assert graph.topological_sort() == []
    assert len(graph) == 0
    with pytest.raises(EmptyPlanError):
        graph.check()


def test_a_single_task_is_a_plan() -> None:
    graph = a_graph({"only": ()})

    graph.check()

    assert batches_of(graph) == [["only"]]
    assert graph.build_graph() == {"only": ()}


def test_tasks_without_an_id_get_one() -> None:
    graph = TaskGraph()

    made = [graph.add_task(ToDo(action="web.click")) for _ in range(3)]

    assert made == ["task1", "task2", "task3"]
    assert [todo.id for todo in graph.tasks.values()] == made


def test_a_made_id_gives_way_to_one_that_was_chosen() -> None:
    added = TaskGraph()
    added.add_task(ToDo(id="task2", action="web.click"))

    assert added.add_task(ToDo(action="web.click")) == "task2_"
    assert list(read({"action": "web.click"}, {"id": "task1", "action": "web.click"}).tasks) == ["task1_", "task1"]


def test_indices_stand_for_the_tasks_added_before() -> None:
    graph = TaskGraph()
    graph.add_task(ToDo(id="login", action="web.click"))
    graph.add_task(ToDo(action="web.click", depends_on=(0,)))
    graph.add_task(ToDo(action="web.click", depends_on=("login", 1)))

    assert [todo.dependencies for todo in graph.tasks.values()] == [(), ("login",), ("login", "task2")]
    with pytest.raises(UnknownDependencyError) as caught:
        graph.add_task(ToDo(action="web.click", depends_on=("login", 3)))
    assert caught.value.field == "task_graph.tasks[3].depends_on[1]"
    assert len(graph) == 3


def test_indices_of_a_document_may_point_forward() -> None:
    graph = read({"action": "web.click", "depends_on": [1]}, {"action": "web.click"})

    assert batches_of(graph) == [["task2"], ["task1"]]


def test_thousands_of_tasks_by_index_are_taken_in_at_once() -> None:
    graph = TaskGraph()
    for number in range(5_000):
        graph.add_task(ToDo(action="web.click", depends_on=(number - 1,) if number else ()))

    assert len(graph.get_parallel_batches()) == 5_000


def test_the_same_task_twice_is_refused_and_the_first_stays() -> None:
    graph = TaskGraph()
    first = ToDo(id="a", action="web.click")
    graph.add_task(first)

    for again in (first, ToDo(id="a", action="mail.send")):
        with pytest.raises(DuplicateTaskError) as caught:
            graph.add_task(again)
        assert caught.value.field == "task_graph.tasks[1].id"
    assert graph.tasks[TaskId("a")].action == "web.click"


def test_the_same_task_twice_in_a_document_is_refused() -> None:
    with pytest.raises(DuplicateTaskError) as caught:
        read({"id": "a", "action": "web.click"}, {"id": "a", "action": "web.click"})

    assert caught.value.field == "task_graph.tasks[1].id"


def test_an_unknown_dependency_is_named_with_its_place() -> None:
    graph = a_graph({"a": (), "b": ("a", "ghost")})

    for question in (graph.build_graph, graph.topological_sort, graph.detect_cycles, graph.check):
        with pytest.raises(UnknownDependencyError) as caught:
            question()
        assert caught.value.field == "task_graph.tasks[1].depends_on[1]"
        assert caught.value.facts["dependency"] == "ghost"


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({"text": "Anbei ${ghost.path}"}, "text"),
        ({"params": {"to": ["x", {"y": "${ghost.path}"}]}}, "params.to[1].y"),
        ({"selector": "text=${ghost.name}"}, "selector.locators[0].value"),
        ({"verify": {"url": "/${ghost.id}"}}, "verify.url"),
    ],
)
def test_an_unknown_reference_is_named_with_its_place(step: dict[str, Any], place: str) -> None:
    graph = read({"action": "web.click"}, {"action": "mail.send", **step})

    with pytest.raises(UnknownReferenceError) as caught:
        graph.check()

    assert caught.value.field == f"task_graph.tasks[1].{place}"
    assert caught.value.facts["reference"].startswith("${ghost.")


def test_a_reference_makes_the_dependency() -> None:
    graph = read(
        {"id": "send", "action": "mail.send", "params": {"attachments": ["${download.path}"]}},
        {"id": "download", "action": "web.download"},
    )

    assert batches_of(graph) == [["download"], ["send"]]
    assert graph.build_graph() == {"send": (), "download": ("send",)}


def test_a_frozen_graph_refuses_every_change() -> None:
    graph = a_graph({"a": ()})
    graph.freeze()

    with pytest.raises(TypeError, match="frozen"):
        graph.add_task(ToDo(id="b", action="web.click"))
    with pytest.raises(TypeError):
        graph.tasks[TaskId("b")] = ToDo(id="b", action="web.click")
    assert list(graph.tasks) == ["a"]
    assert batches_of(graph) == [["a"]]


def test_the_digest_depends_on_the_plan_alone() -> None:
    first = read({"id": "a", "action": "data.put", "params": {"x": 1, "y": "ü"}, "retry": {"codes": ["b", "a", "c"]}})
    second = read({"id": "a", "params": {"y": "ü", "x": 1}, "action": "data.put", "retry": {"codes": ["c", "b", "a"]}})

    assert first.freeze() == first.freeze() == second.freeze()
    assert first.freeze() != read({"id": "a", "action": "data.put"}).freeze()


def test_graphs_are_equal_when_their_plans_are() -> None:
    frozen = a_graph({"a": (), "b": ("a",)})
    frozen.freeze()
    frozen.get_parallel_batches()

    assert frozen == a_graph({"a": (), "b": ("a",)})
    assert frozen != a_graph({"b": ("a",), "a": ()})
    assert frozen != "a graph"


@pytest.mark.parametrize(
    ("task", "field"),
    [
        ("click", "task_graph.tasks[1]"),
        ({}, "task_graph.tasks[1].action"),
        ({"action": 5}, "task_graph.tasks[1].action"),
        ({"action": "web.click", "timeout": "soon"}, "task_graph.tasks[1].timeout"),
        ({"action": "web.click", "depends_on": ["a", "two words"]}, "task_graph.tasks[1].depends_on[1]"),
        ({"action": "web.click", "depends_on": [True]}, "task_graph.tasks[1].depends_on[0]"),
        ({"action": "web.click", "typo": 1}, "task_graph.tasks[1].typo"),
        ({"action": "web.click", "retry": {"max_attempts": 0}}, "task_graph.tasks[1].retry.max_attempts"),
        ({"action": "web.click", "params": {"to": ["${x"]}}, "task_graph.tasks[1].params.to[0]"),
        ({"action": "playwright"}, "task_graph.tasks[1].params.op"),
    ],
)
def test_a_wrong_task_is_named_with_its_field(task: object, field: str) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        read({"action": "web.click"}, task)

    assert caught.value.field == field


@pytest.mark.parametrize("tasks", [None, 5, "web.click", {"a": {"action": "web.click"}}])
def test_tasks_must_be_a_list(tasks: object) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        TaskGraph.model_validate({"tasks": tasks})

    assert caught.value.field == "task_graph.tasks"


def test_the_schema_of_the_document_says_that_tasks_are_a_list() -> None:
    assert TaskGraph.model_json_schema()["properties"]["tasks"]["type"] == "array"


@fewer
@given(plans())
def test_a_document_keeps_the_graph(needs: Needs) -> None:
    graph = a_graph(needs)

    again = TaskGraph.model_validate_json(graph.model_dump_json())

    assert again == graph
    assert again.freeze() == graph.freeze()
    assert list(json.loads(graph.model_dump_json())) == ["tasks"]


@fewer
@given(plans())
def test_batches_hold_every_task_once_as_early_as_possible(needs: Needs) -> None:
    batches = batches_of(a_graph(needs))

    level = {task: number for number, batch in enumerate(batches) for task in batch}
    assert sorted(task for batch in batches for task in batch) == sorted(needs)
    assert level == {task: 1 + max((level[other] for other in needed), default=-1) for task, needed in needs.items()}


@fewer
@given(plans(), st.randoms(use_true_random=False))
def test_batches_do_not_depend_on_the_order_of_adding(needs: Needs, chance: random.Random) -> None:
    shuffled = list(needs.items())
    chance.shuffle(shuffled)

    graph, other = a_graph(needs), a_graph(dict(shuffled))

    assert [set(batch) for batch in batches_of(graph)] == [set(batch) for batch in batches_of(other)]
    assert {task: set(waiting) for task, waiting in graph.build_graph().items()} == {
        task: set(waiting) for task, waiting in other.build_graph().items()
    }


@fewer
@given(plans(), st.data())
def test_a_cycle_that_is_shown_is_real(needs: Needs, data: st.DataObject) -> None:
    for _ in range(3):
        task, needed = data.draw(st.tuples(st.sampled_from(list(needs)), st.sampled_from(list(needs))))
        needs[task] += (needed,)
    graph = a_graph(needs)

    cycle = graph.detect_cycles()

    if cycle:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(before in needs[after] for before, after in pairwise(cycle))
        with pytest.raises(InvalidRequestError):
            graph.check()
    else:
        assert sum(len(batch) for batch in graph.get_parallel_batches()) == len(needs)
