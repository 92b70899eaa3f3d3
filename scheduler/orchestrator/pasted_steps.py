"""Which steps of a plan follow only from what a person pasted into their request: a person must see them first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scheduler.core.address_book import AddressBook, UnfitNameError
from scheduler.core.compound import OrderPart
from scheduler.core.intents import UNKNOWN
from scheduler.llm.grounding import Invented, invented, literals, was_said
from scheduler.orchestrator.plan_questions import of_order
from scheduler.orchestrator.planned_request import PlannedRequest


def steps_of_pasted_orders(
    planned: PlannedRequest, parts: Sequence[OrderPart], own: Sequence[OrderPart], answers: Mapping[str, str]
) -> set[str]:
    """Return the steps of orders that are none of the `own`, those read in the words of the person alone.

    An order about which a person has answered a question has been seen.
    """
    foreign = set(_without_own(parts, own))
    if not planned.orders:
        return {*planned.task_graph.tasks} if foreign and not answers else set()
    about = [of_order(answers, place) for place in range(len(parts))]
    kept = [place for place, said in enumerate(about) if said.get("intent") != UNKNOWN]
    return {
        task
        for place, order in zip(kept, planned.orders, strict=True)
        if place in foreign and not about[place]
        for task in order.tasks
    }


def steps_that_aim(
    planned: PlannedRequest, whole: Sequence[str], own: Sequence[str], addresses: AddressBook
) -> set[str]:
    """Return the steps that aim at what the `whole` sources hold and the `own` do not, or at whom only those name."""
    steps = [*planned.task_graph.tasks.values()]
    nowhere = set[Invented](invented(steps, whole))
    found = {one.task for one in invented(steps, own) if one.aims and one not in nowhere}
    named = {words for words in planned.slots.values() if not was_said(words, own)}
    meant = {address for words in named for address in _addresses(words, addresses) if not was_said(address, own)}
    return found | {str(step.id) for step in steps if not meant.isdisjoint(literals(step))}


def _without_own(parts: Iterable[OrderPart], own: Iterable[OrderPart]) -> Iterator[int]:
    """Yield the places of the parts that no own order answers to: the one that says the same, or wants the same."""
    left = [part.routed for part in own]
    unsaid = list[tuple[int, str]]()
    for place, part in enumerate(parts):
        same = next((one for one in left if (one.name, one.slots) == (part.routed.name, part.routed.slots)), None)
        if same is None:
            unsaid.append((place, part.routed.name))
        else:
            left.remove(same)
    names = [one.name for one in left]
    for place, name in unsaid:
        if name in names:
            names.remove(name)
        else:
            yield place


def _addresses(words: str, addresses: AddressBook) -> Sequence[str]:
    try:
        return addresses(words)
    except UnfitNameError:
        return ()
