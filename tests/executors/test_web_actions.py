"""The web actions can be put into a catalog, and their parameters are checked before a plan is stored."""

from typing import Any

import pytest

from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import InvalidFieldError
from scheduler.executors.web_actions import WEB_ACTIONS

CATALOG = ActionCatalog(WEB_ACTIONS)


def test_only_what_changes_nothing_outside_may_be_repeated() -> None:
    once = {spec.name for spec in CATALOG if not spec.repeatable}

    assert once == {"web.click", "web.press", "web.drag", "web.upload"}


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("web.goto", {"url": "https://portal.de/a?b=1"}),
        ("web.goto", {"url": "${search.value}"}),
        ("web.click", {"dialog": "accept"}),
        ("web.select", {"label": "Österreich"}),
        ("web.wait_for", {"state": "hidden"}),
        ("web.download", {"url": "/files/7"}),
        ("web.upload", {"files": ["artifact://job/fetch/a.pdf"]}),
        ("web.upload", {"files": ["${fetch.artifact}"]}),
        ("web.upload", {"files": "${zip.artifacts}"}),
        ("web.click", {"dialog": "accept", "answer": "4711", "trace": True}),
        ("web.drag", {"to": ["#goal", "text=Ziel"]}),
        ("web.extract", {"table": True, "fields": {"Betrag": "number", "am": {"header": "Datum", "type": "date"}}}),
        ("web.extract", {"all": True, "fields": {"name": {"selector": "h2"}}}),
        ("web.login", {"credential": "portal", "url": "https://portal.de/", "check": {"text": "Abmelden"}}),
    ],
)
def test_good_parameters_pass(action: str, params: dict[str, Any]) -> None:
    CATALOG.check_params(action, params, "task_graph.tasks[0]")


@pytest.mark.parametrize(
    ("action", "params", "field"),
    [
        ("web.goto", {}, "params.url"),
        ("web.goto", {"url": "file:///etc/passwd"}, "params.url"),
        ("web.goto", {"url": "javascript:alert(1)"}, "params.url"),
        ("web.select", {}, "params"),
        ("web.select", {"value": "a", "label": "b"}, "params"),
        ("web.press", {"key": ""}, "params.key"),
        ("web.wait_for", {"state": "gone"}, "params.state"),
        ("web.upload", {"files": []}, "params.files"),
        ("web.upload", {"files": ["/etc/passwd"]}, "params.files[0]"),
        ("web.fill", {"text": "x"}, "params.text"),
        ("web.click", {"answer": "4711"}, "params"),
        ("web.drag", {}, "params.to"),
        ("web.scroll", {"to": "top", "by": 5}, "params"),
        ("web.extract", {"type": "money"}, "params.type"),
        ("web.extract", {"fields": {"name": "text"}}, "params"),
        ("web.login", {"credential": "a/b", "url": "https://p.de/", "check": {"text": "x"}}, "params.credential"),
        ("web.login", {"credential": "portal", "url": "https://p.de/", "check": {}}, "params.check"),
    ],
)
def test_wrong_parameters_are_named(action: str, params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        CATALOG.check_params(action, params, "task_graph.tasks[0]")

    assert caught.value.field.startswith(f"task_graph.tasks[0].{field}")
