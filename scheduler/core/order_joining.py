"""One order, and when two clauses make one: to get something and to send it, the same said again."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from scheduler.core.clause_mood import FOR_OTHERS, MAYBE, ORDER, WISH
from scheduler.core.doing_sequence import in_doing_sequence
from scheduler.core.frames import LIKELY, SURE
from scheduler.core.letters import word_set
from scheduler.core.signs import Signs
from scheduler.core.word_kinds import TO_THEM

_COPIES: Final = word_set(
    """
    cc kopie bcc copy copying cc'd anhaengen anhang attach attached attachment beilegen beifuegen angehaengt
    haeng betreff subject
    """
)


_IN: Final = frozenset({"in", "im", "unter", "auf", "under", "to", "into", "on"})


_LOGS_IN: Final = frozenset({"log", "logge", "logg", "melde", "einloggen", "anmelden", "sign"})


SENDING: Final = frozenset({"send_mail", "fetch_and_send"})


_SEEN: Final = frozenset({"read_mail", "search_mail", "search_document", "open_document"})


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
    got: bool = False
    """It is got first, and then sent."""
    stands: str = ""
    """The words of its clause as they stand, with what joins it to the one before and the marks behind it."""


def in_sequence(orders: Sequence[Order]) -> list[Order]:
    """Return orders in the sequence of doing, those bound to the one before them that the words put there."""
    done = in_doing_sequence([one.stands for one in orders])
    return [replace(orders[one.place], in_order=orders[one.place].in_order or one.follows) for one in done]


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
        if len(found) > 1 and found[-1].got and found[-2].intent == "navigate_url":
            there, sent = found[-2], found.pop()
            both = f"{there.said} und {sent.said}"
            found[-1] = replace(sent, text=f"{there.text}, {sent.text}", said=both, intent="fetch_and_send", got=False)
    return found


def _one_of(last: Order, order: Order) -> Order | None:
    """Return the one order that two clauses make, or None."""
    if last.signs is None or order.signs is None or last.foreign or order.foreign:
        return None
    return (
        _got_and_sent(last, order, last.signs)
        or _sent_too(last, order, last.signs, order.signs)
        or _said_again(last, order, last.signs, order.signs)
    )


def _got_and_sent(last: Order, order: Order, spoken: Signs) -> Order | None:
    """Return the one order of getting something, no place said, and sending it."""
    if "fetch" in spoken.senses and not last.intent and order.intent in SENDING and not order.own_thing:
        intent = "fetch_and_send" if spoken.place or spoken.whence else "send_mail"
        return replace(
            order, text=f"{last.text}, {order.text}", said=f"{last.said} und {order.text}", intent=intent, sure=SURE, in_order=last.in_order, own_thing=True,
            signs=spoken, got=True,
        )  # fmt: skip
    return None


def _sent_too(last: Order, order: Order, spoken: Signs, signs: Signs) -> Order | None:
    """Return the order to send that two clauses make: what is got and sent, who gets a copy, what is to be said."""
    both = f"{last.said} und {order.text}" if last.said[-1:] not in ".!?" else f"{last.said} {order.text}"
    if last.intent in SENDING and signs.keys & _COPIES and order.intent in {"", *SENDING} and not signs.document:
        return replace(last, text=f"{last.text}, {order.text}", said=f"{last.said}, {order.text}")
    if last.intent in SENDING and signs.senses == {"tell"} and not signs.person:
        return replace(last, text=f"{last.text}, {order.text}", said=f"{last.said} und {order.text}")
    speaks = signs.senses & {"tell", "write", "reply"} and signs.keys & TO_THEM
    if last.intent in SENDING and order.intent in {"", "send_mail"} and speaks and not (signs.person or signs.document):
        return replace(last, text=f"{last.text}, {order.text}", said=f"{last.said} und {order.text}")
    if last.mood == FOR_OTHERS and order.intent in SENDING and not order.own_thing:
        fetched = order if order.intent == "fetch_and_send" else last
        return replace(last, text=f"{last.text}, {order.text}", said=both, sure=SURE, intent=fetched.intent)
    if (
        last.intent == "navigate_url"
        and spoken.keys & _LOGS_IN
        and signs.senses & {"fetch", "download"}
        and order.intent in {"", "download_file"}
    ):
        return replace(
            order,
            text=f"{last.text}, {order.text}",
            said=both,
            intent="download_file",
            sure=LIKELY,
            in_order=last.in_order,
            signs=signs._replace(place=True),
        )
    gets = bool(spoken.senses & {"fetch", "save", "need", "belong", "lie"}) or last.mood == WISH
    downloads = bool(spoken.senses & {"download", "save"}) and last.intent == "download_file"
    if (
        gets
        and not downloads
        and spoken.place
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
            signs=spoken,
        )
    return None


def _said_again(last: Order, order: Order, spoken: Signs, signs: Signs) -> Order | None:
    """Return the order of which one clause only says a part, or the same again."""
    if not last.intent and not last.own_thing and order.intent and not spoken.nouns and not spoken.person:
        return replace(order, text=f"{last.text}, {order.text}")
    if not order.intent and not order.own_thing and not (signs.senses & {"print"}) and not signs.person:
        return replace(last, text=f"{last.text}, {order.text}")
    if last.intent == "export_pdf" and not order.own_thing and signs.senses == {"save"} and signs.keys & _IN:
        return replace(last, text=f"{last.text}, {order.text}", said=f"{last.said} und {order.text}")
    if not order.own_thing and order.intent == last.intent and order.intent and order.intent not in SENDING:
        return replace(
            last, text=f"{last.text}, {order.text}", said=f"{last.said}, {order.text}", sure=max(last.sure, order.sure)
        )
    if not last.intent and last.mood in {WISH, MAYBE} and order.refers and order.intent == "create_appointment":
        return replace(order, text=f"{last.text}, {order.text}")
    if (
        last.mood == WISH
        and "need" in spoken.senses
        and last.intent in _SEEN
        and order.intent in _SEEN
        and order.mood == ORDER
        and not order.own_thing
    ):
        return replace(order, text=f"{last.text}, {order.text}")
    if last.intent == "read_mail" and order.intent == "open_document" and order.refers and not signs.document:
        return replace(last, text=f"{last.text}, {order.text}")
    if last.mood == FOR_OTHERS and last.sure < LIKELY and order.mood == ORDER and order.intent not in {"", *SENDING}:
        return replace(order, text=f"{last.text}, {order.text}")
    if not last.intent and last.mood == WISH and not order.own_thing and order.intent:
        return replace(order, text=f"{last.text}, {order.text}")
    if (
        last.mood in {WISH, MAYBE}
        and last.sure < SURE
        and not order.own_thing
        and order.intent
        and order.sure >= last.sure
        and "need" in spoken.senses
    ):
        return replace(order, text=f"{last.text}, {order.text}")
    return None
