"""Decides whether a plan may be stored: it is sound, everybody's action exists and is allowed, its values fit."""

from scheduler.core.actions import ActionCatalog
from scheduler.core.assembling import values_of
from scheduler.core.conditions import read_condition
from scheduler.core.errors import ActionForbiddenError, InvalidFieldError, MissingSlotError, UnknownReferenceError
from scheduler.core.intents import RoutedIntent
from scheduler.core.problems import dotted
from scheduler.core.sentences import Sentence
from scheduler.core.sites import SiteProfile
from scheduler.core.task_graph import TaskGraph, ToDo
from scheduler.core.todo import MOST_ITEMS
from scheduler.security.policies import PolicyEngine

_NO_BRACKETS = Sentence(
    "eckige Klammern bezeichnen einzelne Elemente und sind hier nicht erlaubt",
    "brackets name single elements and are not allowed here",
)
_NOT_FILLED = Sentence(
    "{…} steht nur in Vorlagen; ein Text steht in Anführungszeichen",
    "{…} is for templates only; a text stands in quotes",
)
_TOO_MANY = Sentence(f"höchstens {MOST_ITEMS} Elemente sind erlaubt", f"at most {MOST_ITEMS} elements are allowed")
_OF_MANY = frozenset({"items", "count"})
"""The fields of the result of a step with `for_each`."""
_LEAVE_OUT = Sentence(
    "diese Angabe wird noch nicht beachtet; bitte weglassen", "this is not honoured yet; please leave it out"
)


def check_plan(graph: TaskGraph, catalog: ActionCatalog, policy: PolicyEngine) -> None:
    """Raise the InvalidRequestError, or ActionForbiddenError, of the first flaw; it names the path to the field."""
    graph.check()
    for number, todo in enumerate(graph.tasks.values()):
        _check_task(todo, f"task_graph.tasks[{number}]", catalog, policy)
    for number, todo in enumerate(graph.tasks.values()):
        _check_references(todo, f"task_graph.tasks[{number}]", graph, catalog)


def _check_task(todo: ToDo, place: str, catalog: ActionCatalog, policy: PolicyEngine) -> None:
    step = values_of(todo)
    action: str = step["action"]
    if step["risk"] is not None:  # what is asked for is either done or refused
        raise InvalidFieldError(f"{place}.risk", _LEAVE_OUT)
    if step["id"] is not None and "[" in step["id"]:
        raise InvalidFieldError(f"{place}.id", _NO_BRACKETS)
    if step["when"] is not None and read_condition(step["when"]).slots:
        raise InvalidFieldError(f"{place}.when", _NOT_FILLED)
    if isinstance(step["for_each"], list) and len(step["for_each"]) > MOST_ITEMS:
        raise InvalidFieldError(f"{place}.for_each", _TOO_MANY)
    spec = catalog.get(action, field=f"{place}.action")
    decision = policy.decide_action(action)
    if not decision.allowed:
        raise ActionForbiddenError(action, rule=decision.rule, field=f"{place}.action")
    if spec.needs_selector and step["selector"] is None:
        raise InvalidFieldError(f"{place}.selector", _needs(action, "einen Selektor", "a selector"))
    if spec.needs_text and step["text"] is None:
        raise InvalidFieldError(f"{place}.text", _needs(action, "einen Text", "a text"))
    catalog.check_params(action, step["params"], place)


def _check_references(todo: ToDo, place: str, graph: TaskGraph, catalog: ActionCatalog) -> None:
    for reference in todo.references():
        meant = graph.tasks[reference.task]
        fields = _OF_MANY if meant.for_each is not None else catalog.get(meant.action).result
        if reference.field is not None and fields is not None and reference.field not in fields:
            raise UnknownReferenceError(todo.id or "", reference.text, f"{place}.{dotted(reference.path)}")


def _needs(action: str, de: str, en: str) -> Sentence:
    return Sentence(f"{action} braucht {de}", f"{action} needs {en}")


def check_site_slots(routed: RoutedIntent, profile: SiteProfile) -> None:
    """Raise MissingSlotError for what the profile needs to find a document and the request leaves open."""
    for slot in sorted(profile.document.slots if profile.document else ()):
        if not routed.slots.get(slot):
            raise MissingSlotError(routed.name, slot)
