"""A reference brings in exactly the value it names: never code, never a secret, never another reference."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.errors import InvalidInputError
from scheduler.core.ids import TaskId
from scheduler.core.references import escape, references_in, resolve, strings_in

RESULTS: dict[TaskId, dict[str, Any]] = {
    TaskId("download"): {
        "path": "artifact://j/d/Rechnung 4711.pdf",
        "pages": 3,
        "rows": [{"name": "Jörg"}, {"name": "Anna"}],
        "ok": True,
        "nothing": None,
        "Straße": "Hauptstraße 1",
    },
    TaskId("evil"): {
        "secret": "secret://portal.password",
        "Secret": "SECRET://portal.password",
        "in_list": ["x", {"deep": "see secret://portal.password"}],
        "as_key": {"secret://portal.password": 1},
        "scheme": "secret:",
        "rest": "//portal.password",
        "name": "portal.password",
        "reference": "${download.path}",
        "escape": "$${download.path}",
    },
}


@given(st.text())
def test_whatever_is_escaped_resolves_to_itself(text: str) -> None:
    assert list(references_in(escape(text))) == []
    assert resolve(escape(text), {}) == text


@given(st.text(), st.text())
def test_a_value_comes_in_as_it_is(before: str, value: str) -> None:
    text = f"{escape(before)} ${{a.x}}"

    assert resolve(text, {TaskId("a"): {"x": value}}) == f"{before} {value}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${download.path}", "artifact://j/d/Rechnung 4711.pdf"),
        ("${download.pages}", 3),
        ("${download.ok}", True),
        ("${download.nothing}", None),
        ("${download.rows}", [{"name": "Jörg"}, {"name": "Anna"}]),
        ("${download.rows.1.name}", "Anna"),
        ("${download.Straße}", "Hauptstraße 1"),
        ("${download}", RESULTS[TaskId("download")]),
        ("Seiten: ${download.pages}, ok: ${download.ok}", "Seiten: 3, ok: true"),
        ("Zeilen: ${download.rows.0}", 'Zeilen: {"name": "Jörg"}'),
        ("$${download.path} ${download.pages}", "${download.path} 3"),
        ("$$${download.path}", "$${download.path}"),
        ("100 $ und {x}", "100 $ und {x}"),
        ({"a": ["${download.pages}", ("${download.ok}",)], "b": 5}, {"a": [3, [True]], "b": 5}),
        ("${evil.reference}", "${download.path}"),
        ("<${evil.reference}>", "<${download.path}>"),
        ("<${evil.escape}>", "<$${download.path}>"),
    ],
)
def test_references_are_replaced(value: object, expected: object) -> None:
    assert resolve(value, RESULTS) == expected


@pytest.mark.parametrize(
    "value",
    [
        "${evil.secret}",
        "${evil.Secret}",
        "${evil.in_list}",
        "${evil.as_key}",
        "${evil}",
        "Passwort: ${evil.secret}",
        "${evil.scheme}${evil.rest}",
        "secret:${evil.rest}",
        "secret://${evil.name}",
        {"deep": ["secret://${evil.name}"]},
    ],
)
def test_a_result_never_names_a_secret(value: object) -> None:
    with pytest.raises(InvalidInputError, match="secret"):
        resolve(value, RESULTS)


def test_the_plan_itself_may_name_a_secret() -> None:
    assert resolve("secret://portal.password", RESULTS) == "secret://portal.password"


@pytest.mark.parametrize(
    "text",
    [
        "${ghost.path}",
        "${ghost}",
        "${download.ghost}",
        "${download.rows.2}",
        "${download.rows.²}",
        "${download.path.x}",
    ],
)
def test_a_reference_to_nothing_is_an_error_that_names_it(text: str) -> None:
    for value in (text, f"Anbei: {text}"):
        with pytest.raises(InvalidInputError) as caught:
            resolve(value, RESULTS)
        assert caught.value.facts["field"] == text


@pytest.mark.parametrize("text", ["${", "${}", "${a b}", "${a.}", "${.a}", "${1a}", "${a.b", "ok ${a.b} ${c", "${ä.b}"])
def test_a_malformed_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a reference"):
        list(references_in({"x": [text]}))


def test_references_are_found_with_their_places() -> None:
    value = {"to": ["${a.mail}", "x"], "body": "${b.text} and ${a.name}", "n": 5, "literal": "$${c.d}"}

    found = [(reference.task, reference.text, reference.path) for reference in references_in(value, ("params",))]

    assert found == [
        ("a", "${a.mail}", ("params", "to", 0)),
        ("b", "${b.text}", ("params", "body")),
        ("a", "${a.name}", ("params", "body")),
    ]


def test_strings_are_found_at_any_depth() -> None:
    assert list(strings_in({"a": ["x", ("y", {"b": "z"})], "c": 5})) == ["x", "y", "z"]
