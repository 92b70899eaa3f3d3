"""One order, and when two clauses make one: to get something and to send it, the same said again."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from scheduler.core.clause_mood import FOR_OTHERS, MAYBE, ORDER, WISH
from scheduler.core.frames import LIKELY, SURE
from scheduler.core.letters import word_set
from scheduler.core.signs import Signs

_COPIES: Final = word_set(
    """
    cc kopie bcc copy copying cc'd anhaengen anhang attach attached attachment beilegen beifuegen angehaengt
    haeng betreff subject
    """
)


_LOGS_IN: Final = frozenset({"log", "logge", "logg", "melde", "einloggen", "anmelden", "sign"})


SENDING: Final = frozenset({"send_mail", "fetch_and_send"})


@dataclass
class Order:
    """One order: its words, the same with what its pronouns stand for, and what it wants."""

    text: str
    said: str
    intent: str = ""
    sure: float = 0.0
    in_order: bool = False
    signs: Signs | None = None
    mood: str = ORDER
    things: list[str] = field(default_factory=list)
    own_thing: bool = True
    """Whether it names itself what it is about; else a pronoun does, or nothing."""
    foreign: frozenset[str] = frozenset()
    """The verbs of which nothing is configured."""
    refers: bool = False


def joined(orders: Sequence[Order]) -> list[Order]:
    """Make one of what is one order in two clauses: to get something and to send it, the same said again."""
    found = list[Order]()
    for order in orders:
        last = found[-1] if found else None
        one = None if last is None else _one_of(last, order)
        if one is None:
            found.append(order)
        else:
            found[-1] = one
    return found


def _one_of(last: Order, order: Order) -> Order | None:  # noqa: PLR0911 - a table of cases
    """Return the one order that two clauses make, or None."""
    if last.signs is None or order.signs is None or last.foreign or order.foreign:
        return None
    both = f"{last.said} und {order.text}" if last.said[-1:] not in ".!?" else f"{last.said} {order.text}"
    if (
        last.intent in SENDING
        and order.signs.keys & _COPIES
        and order.intent in {"", *SENDING}
        and not order.signs.document
    ):
        return replace(last, text=f"{last.text}, {order.text}", said=f"{last.said}, {order.text}")
    if last.intent in SENDING and order.signs.senses == {"tell"} and not order.signs.person:
        return replace(last, text=f"{last.text}, {order.text}", said=f"{last.said} und {order.text}")
    if last.mood == FOR_OTHERS and order.intent in SENDING and not order.own_thing:
        return replace(last, text=f"{last.text}, {order.text}", said=both, sure=SURE)
    if (
        last.intent == "navigate_url"
        and last.signs.keys & _LOGS_IN
        and order.signs.senses & {"fetch", "download"}
        and order.intent in {"", "download_file"}
    ):
        return replace(
            order,
            text=f"{last.text}, {order.text}",
            said=both,
            intent="download_file",
            sure=LIKELY,
            in_order=last.in_order,
            signs=order.signs._replace(place=True),
        )
    gets = bool(last.signs.senses & {"fetch", "download", "save", "need", "belong", "lie"}) or last.mood == WISH
    if (
        gets
        and last.signs.place
        and order.intent in SENDING
        and not order.own_thing
        and last.intent in {"download_file", "fetch_and_send", "", "open_document", "search_document", "read_mail"}
    ):
        return replace(
            order,
            text=f"{last.text}, {order.text}",
            said=both,
            intent="fetch_and_send",
            sure=SURE,
            in_order=last.in_order,
            own_thing=True,
            signs=last.signs,
        )
    if not last.intent and not last.own_thing and order.intent and not last.signs.nouns and not last.signs.person:
        return replace(order, text=f"{last.text}, {order.text}")
    if not order.intent and not order.own_thing and not (order.signs.senses & {"print"}) and not order.signs.person:
        return replace(last, text=f"{last.text}, {order.text}")
    if not order.own_thing and order.intent == last.intent and order.intent and order.intent not in SENDING:
        return replace(
            last, text=f"{last.text}, {order.text}", said=f"{last.said}, {order.text}", sure=max(last.sure, order.sure)
        )
    if not last.intent and last.mood == WISH and not order.own_thing and order.intent:
        return replace(order, text=f"{last.text}, {order.text}")
    if (
        last.mood in {WISH, MAYBE}
        and last.sure < SURE
        and not order.own_thing
        and order.intent
        and order.sure >= last.sure
        and "need" in last.signs.senses
    ):
        return replace(order, text=f"{last.text}, {order.text}")
    return None
