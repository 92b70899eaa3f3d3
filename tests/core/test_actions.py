"""The catalog knows what can be done and says which parameter is wrong before anything runs."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from scheduler.core.actions import ActionCatalog, ActionSpec, ActionType, Risk, canonical_action
from scheduler.core.errors import InvalidFieldError, UnknownActionError


class Attachment(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    pages: int = 1


class MailParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    to: list[str]
    attachments: list[Attachment] = []
    urgent: bool = False
    limit: int | float = 5


CATALOG = ActionCatalog(
    [
        ActionSpec(name="mail.send", description="send a mail", params=MailParams, risk=Risk.HIGH),
        ActionSpec(name="web.click", description="click", repeatable=True, needs_selector=True),
    ]
)


@pytest.mark.parametrize("short", ActionType)
def test_every_short_name_stands_for_a_dotted_name(short: ActionType) -> None:
    action, params = canonical_action(short, {"op": "goto", "url": "x"})

    assert "." in action
    assert params["url"] == "x"
    assert canonical_action(action, params) == (action, params)


@pytest.mark.parametrize("params", [{}, {"op": ""}, {"op": 5}, {"op": None}])
def test_a_family_needs_its_verb(params: dict[str, Any]) -> None:
    for family in (ActionType.PLAYWRIGHT, ActionType.UIA):
        with pytest.raises(ValueError, match=r"params\.op"):
            canonical_action(family, params)


def test_the_given_params_are_left_alone() -> None:
    params = {"op": "goto"}

    canonical_action("playwright", params)

    assert params == {"op": "goto"}


def test_the_catalog_lists_what_it_was_given() -> None:
    assert [spec.name for spec in CATALOG] == ["mail.send", "web.click"]
    assert "mail.send" in CATALOG
    assert "mail.sent" not in CATALOG
    assert CATALOG.get("web.click").repeatable
    with pytest.raises(ValueError, match="already"):
        ActionCatalog(CATALOG).add(ActionSpec(name="web.click", description="again"))


def test_an_unknown_action_names_the_field_and_the_nearest() -> None:
    with pytest.raises(UnknownActionError) as caught:
        CATALOG.get("mail.snd", field="task_graph.tasks[2].action")

    assert caught.value.field == "task_graph.tasks[2].action"
    assert caught.value.nearest == ("mail.send",)


@pytest.mark.parametrize(
    "params",
    [
        {"to": ["a@b.de"]},
        {"to": "${login.address}"},
        {"to": ["${login.address}"], "urgent": "${login.urgent}", "limit": "${login.n}"},
        {"to": [], "attachments": ["${download}"]},
        {"to": [], "attachments": [{"path": "${download.path}", "pages": "${download.pages}"}]},
    ],
)
def test_right_params_pass_and_references_count_as_any_type(params: dict[str, Any]) -> None:
    CATALOG.check_params("mail.send", params, "task_graph.tasks[0]")


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "to"),
        ({"to": "a@b.de"}, "to"),
        ({"to": ["a", 5]}, "to[1]"),
        ({"to": [], "tpyo": 1}, "tpyo"),
        ({"to": [], "tpyo": "${a.b}"}, "tpyo"),
        ({"to": [], "attachments": [{"path": "x"}, {"pages": 2}]}, "attachments[1].path"),
        ({"to": ["${a.b}"], "urgent": "perhaps"}, "urgent"),
    ],
)
def test_a_wrong_param_is_named_with_its_path(params: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        CATALOG.check_params("mail.send", params, "task_graph.tasks[0]")

    assert caught.value.field == f"task_graph.tasks[0].params.{path}"


def test_an_action_without_params_takes_none() -> None:
    CATALOG.check_params("web.click", {}, "task_graph.tasks[0]")
    with pytest.raises(InvalidFieldError):
        CATALOG.check_params("web.click", {"x": 1}, "task_graph.tasks[0]")
