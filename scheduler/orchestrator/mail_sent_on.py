"""Plans "such die Mail von Anna und leite sie an Tom weiter": one order finds a mail, another sends it on."""

from collections.abc import Container, Mapping, Sequence
from typing import Final

from scheduler.core.compound import OrderPart
from scheduler.core.intents import RoutedIntent
from scheduler.core.slot_carried import SEEKS_MAIL
from scheduler.core.todo import ToDo
from scheduler.orchestrator.planned_request import PlannedRequest

_FINDS: Final = "mail.search"
_SENDS: Final = "mail.send"
_STANDING: Final = ("subject", "body")
"""What a mail that goes out says by itself; one that is sent on says what it said."""
_THING: Final = "document"
_MAIL: Final = {"de": "Mail", "en": "mail"}


def that_send_on(parts: Mapping[int, OrderPart]) -> set[int]:
    """Return the places of the orders that send the mail on that another of `parts`, by their places, finds.

    Templates are the house's own: one without such steps finds or sends otherwise.
    """
    return {place for place, part in parts.items() if _sends_on(part, parts)}


def _sends_on(part: OrderPart, parts: Mapping[int, OrderPart]) -> bool:
    found = None if part.refers is None else parts.get(part.refers)
    if found is None or part.routed.name != "send_mail" or found.routed.name not in SEEKS_MAIL:
        return False
    return _has(found.routed, _FINDS) and _has(part.routed, _SENDS)


def _has(routed: RoutedIntent, action: str) -> bool:
    return any(todo.action == action for todo in routed.task_template)


def with_mail(routed: RoutedIntent) -> RoutedIntent:
    """Return an order that sends a mail on with that mail as the thing that is sent, so that none is asked for."""
    return routed.model_copy(update={"slots": {**routed.slots, _THING: _MAIL[routed.locale]}})


def without_mail(planned: PlannedRequest) -> PlannedRequest:
    """Take back what `with_mail` did: nobody said that word."""
    return planned.model_copy(
        update={
            "slots": {name: words for name, words in planned.slots.items() if name != _THING},
            "typed": tuple(one for one in planned.typed if one.name != _THING),
        }
    )


def of_one_mail(todos: Sequence[ToDo]) -> list[ToDo]:
    """Return steps that find a single mail; which of several is asked when they are done."""
    return [
        todo.model_copy(update={"params": {**todo.params, "one": True}}) if todo.action == _FINDS else todo
        for todo in todos
    ]


def sending_on(todos: Sequence[ToDo], finding: Sequence[ToDo], said: Container[str]) -> list[ToDo]:
    """Return the step that sends on the mail which `finding` finds, instead of steps that send a file.

    `said` are the slots that the request fills: the subject and the words beside the mail are kept if they are said.
    """
    found = next(f"${{{todo.id}.id}}" for todo in finding if todo.action == _FINDS)
    return [_sent_on(todo, found, said) for todo in todos if todo.action == _SENDS]


def _sent_on(todo: ToDo, mail: str, said: Container[str]) -> ToDo:
    standing = {"attachments", *(name for name in _STANDING if name not in said)}
    params = {name: value for name, value in todo.params.items() if name not in standing}
    return todo.model_copy(update={"params": {**params, "forwards": mail}, "depends_on": ()})
