"""Templates that use others: what comes out, what fills it, and what is refused when the file is read."""

from typing import Any

import pytest

from scheduler.core.intents import IntentFileError, RoutedIntent, read_intents
from scheduler.core.task_graph import TaskGraph
from scheduler.core.templates import check_template, fill_template

FETCH = {
    "name": "fetch",
    "required": ["document"],
    "only_with": {"keep": ["folder"]},
    "texts": {"why": {"de": "{document} wird gebraucht", "en": "{document} is needed"}},
    "task_template": [
        {"id": "login", "action": "site.login", "params": {"site": "{portal?}"}, "reason": "{why}"},
        {"id": "download", "action": "site.download", "params": {"what": "{document}"}, "depends_on": ["login"]},
        {"id": "keep", "action": "file.copy", "params": {"source": "${download.artifact}"}, "when": "exists {folder}"},
        {"id": "check", "action": "data.check", "params": {"file": "${download.artifact}", "of": "${login.site}"}},
    ],
}
SEARCH = {"id": "search", "action": "mail.search", "params": {"words": "{query}"}}


def a_use(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"id": "get", "use": "fetch", "slots": {"document": "{title}", "portal": "Lieferanten"}, **changes}


def an_intent(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"name": "outer", "task_template": list(steps), **fields}


def filled(*intents: dict[str, Any], **slots: str) -> TaskGraph:
    """Read the file, check the first intent, and fill its template."""
    book = read_intents({"intents": list(intents)})
    outer = book.intents[0]
    check_template(outer, "test")
    return fill_template(RoutedIntent(**outer.model_dump(), slots=slots, locale="de"), {})


def documents(graph: TaskGraph) -> dict[str, dict[str, Any]]:
    return {step["id"]: step for step in graph.model_dump(mode="json")["tasks"]}


def test_steps_come_in_under_names_of_their_own_and_the_last_stands_for_all() -> None:
    outer = an_intent(SEARCH, a_use(depends_on=["search"]), {"id": "send", "action": "mail.send", "text": "${get.ok}"})

    steps = documents(filled(outer, FETCH, query="x", title="Rechnung", folder="Archiv"))

    assert list(steps) == ["search", "get-login", "get-download", "get-keep", "get", "send"]
    assert steps["get-login"]["params"] == {"site": "Lieferanten"}
    assert steps["get-login"]["reason"] == "Rechnung wird gebraucht"
    assert steps["get-login"]["depends_on"] == ["search"]
    assert steps["get-download"]["params"] == {"what": "Rechnung"}
    assert steps["get-download"]["depends_on"] == ["get-login"]
    assert steps["get-keep"]["when"] == "exists 'Archiv'"
    assert steps["get"]["params"] == {"file": "${get-download.artifact}", "of": "${get-login.site}"}
    assert steps["send"]["text"] == "${get.ok}"


def test_provisos_of_both_templates_hold() -> None:
    outer = an_intent(SEARCH, a_use(when="exists ${search.first}"), only_with={"get": ["title"]})

    without_folder = documents(filled(outer, FETCH, query="x", title="Rechnung"))
    without_any = documents(filled(outer, FETCH, query="x"))

    assert list(without_folder) == ["search", "get-login", "get-download", "get"]
    assert without_folder["get-login"]["when"] == "exists ${search.first}"
    assert list(without_any) == ["search"]


def test_what_the_inner_template_requires_the_outer_does() -> None:
    book = read_intents({"intents": [an_intent(a_use()), FETCH]})

    assert book.intents[0].required == ("title",)


def test_a_slot_may_be_a_result() -> None:
    steps = documents(filled(an_intent(SEARCH, a_use(slots={"document": "${search.name}"})), FETCH, query="x"))

    assert steps["get-download"]["params"] == {"what": "${search.name}"}
    assert "depends_on" not in steps["get-login"]


def test_templates_may_be_used_twice_and_within_one_another() -> None:
    middle = {**an_intent(a_use(id="inner")), "name": "middle"}
    outer = an_intent({"id": "a", "use": "middle"}, {"id": "b", "use": "middle", "slots": {"title": "Angebot"}})

    steps = documents(filled(outer, middle, FETCH, title="Rechnung"))

    assert list(steps)[:3] == ["a-inner-login", "a-inner-download", "a"]
    assert steps["a-inner-download"]["params"] == {"what": "Rechnung"}
    assert steps["b-inner-download"]["params"] == {"what": "Angebot"}


def test_a_circle_is_shown() -> None:
    first = {"name": "outer", "task_template": [{"id": "x", "use": "other"}]}
    other = {"name": "other", "task_template": [{"id": "y", "use": "outer"}]}

    with pytest.raises(IntentFileError, match="outer → other → outer"):
        read_intents({"intents": [first, other]})


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"id": "x", "use": "nobody"}, "no intent 'nobody'"),
        ({"use": "fetch"}, "needs an id"),
        ({"id": "x", "use": "fetch", "for_each": [1]}, "for_each cannot stand beside use"),
        ({"id": "x", "use": "fetch", "slots": {"dokument": "{query}"}}, "'dokument' is no slot"),
        ({"id": "x", "use": "fetch", "slots": {"document": 5}}, "a slot, a text or a reference"),
        ({"id": "x", "use": "fetch", "slots": ["document"]}, "must name slots"),
        ({"id": "x", "use": "fields"}, "step for each field"),
        ({"id": "x", "use": "mail", "slots": {"recipient": "Anna"}}, "cannot be a fixed text"),
    ],
)
def test_what_cannot_be_put_in_is_refused_when_the_file_is_read(step: dict[str, Any], says: str) -> None:
    fields = {"name": "fields", "per_field": "s", "task_template": [{"id": "s", "action": "web.fill"}]}
    mail = {
        "name": "mail",
        "task_template": [{"id": "s", "action": "mail.send", "params": {"to": "{recipient|addresses}"}}],
    }

    with pytest.raises(IntentFileError, match=says):
        read_intents({"intents": [an_intent(step), FETCH, fields, mail]})


@pytest.mark.parametrize(("slots", "when"), [({}, "exists null and null != '0'"), ({"folder": "a'b ${x}"}, None)])
def test_slots_in_a_condition_are_texts_or_nothing(slots: dict[str, str], when: str | None) -> None:
    step = {**SEARCH, "params": {}, "when": "exists {folder} and {folder} != '0'"}

    found = documents(filled(an_intent(step), **slots))["search"]["when"]

    assert found == (when or "exists 'a\\'b ${x}' and 'a\\'b ${x}' != '0'")


def test_a_slot_in_quotes_is_refused() -> None:
    (outer,) = read_intents({"intents": [an_intent({**SEARCH, "when": "'{folder}' == 'x'"})]}).intents

    with pytest.raises(IntentFileError, match="without quotes"):
        check_template(outer, "test")


def test_a_condition_may_ask_after_a_step_that_was_left_out() -> None:
    steps: list[dict[str, Any]] = [SEARCH, {"id": "tell", "action": "mail.send", "when": "not exists ${search.count}"}]

    found = documents(filled(an_intent(*steps, only_with={"search": ["query"]})))

    assert (list(found), found["tell"]["when"]) == (["tell"], "not exists null")
