"""Gives an order of several what its pronouns mean: the document, the person or the page that orders before it named."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from scheduler.core.slot_persons import person_meant, pronoun_of_person
from scheduler.core.slot_times import times_in
from scheduler.core.taken_back import ALSO
from scheduler.core.word_kinds import TO_THEM

_PRONOUN: Final = re.compile(
    r"(?i)(?:sie|es|ihn|diese[nrs]?|das|den|die|it|them|this|that|beides|both|alles|(?:das |die |the )?"
    r"(?:ergebnis(?:se)?|datei|dokument|pdf|results?|file|document))"
)
_OUT_OF_IT: Final = re.compile(
    r"(?i)\b(?:da(?:r)?aus|draus|davon|darin|hieraus|out of (?:it|that|this|them)|(?:from|of|in) (?:it|that|them|there))\b"
)
_MAIL: Final = re.compile(r"(?i)(?:(?:die|diese|the|that|this) )?(?:(?:e-?)?(?:mails?|nachricht|message)|one)")
_SENT_ON: Final = re.compile(
    r"(?i)\b(?:leite?|schicke?|sende?|maile?|forward|send|pass|email) (?:(?:mir|uns|bitte|me|us|please) )*"
    r"(?:sie|diese|it|this|them(?! (?:an?|the|my|our|that|this)\b)|die(?= (?:an|bitte|mit|weiter|dann)\b)"
    r"|(?:die|diese|the|this|that) (?:e-?)?mails?)\b"
)
"""The mail is what is sent, whatever is written beside it: "leite sie mit dem Hinweis weiter, dass …"."""
_SEVERAL: Final = re.compile(r"(?i)(?:beide[sn]?|both|alle[sn]?|them)")
_NO_MAIL: Final = re.compile(r"(?i)(?:ihn|den|diesen)")
"""German words for what is no mail: that is feminine."""
_AT_PLACES: Final = frozenset({"download_file", "fill_form", "extract_table", "fetch_and_send"})
_PLACES: Final = ("portal", "url", "application", "folder")
_THERE: Final = re.compile(r"(?i)\b(?:dort|there|von da|darauf|auf ihr|daraus|from it|on it)\b")
TAKES_DOCUMENT: Final = frozenset({"send_mail", "open_document", "export_pdf", "extract_table"})
SEEKS_MAIL: Final = frozenset({"search_mail", "read_mail"})
"""Intents whose mail the next order may forward."""
_AIMED: Final = {"send_mail": "recipient", "fetch_and_send": "recipient", "create_appointment": "participants"}
_NAMING: Final = ("recipient", "participants", "sender", "cc")


class Named(NamedTuple):
    """One order of a request: its intent, its words, and what they fill."""

    intent: str
    text: str
    slots: Mapping[str, str]


class Carried(NamedTuple):
    """The slots of an order with what it takes from others, and the place of the order whose result it means."""

    slots: dict[str, str]
    refers: int | None


def carried(order: Named, earlier: Sequence[Named], message: str, *, means_earlier: bool) -> Carried:
    """Fill what an order leaves to those before it; `message` is the whole request, as it was read."""
    slots = dict(order.slots)
    if order.intent in _AT_PLACES and not slots.keys() & {*_PLACES} and _THERE.search(order.text):
        slots |= next((one for last in reversed(earlier) if (one := _page_of(last))), {})
    refers = _document(order, slots, earlier, means_earlier=means_earlier)
    _person(order, slots, earlier, message)
    if order.intent == "fill_form" and "amount" not in slots and len(amounts := _amounts(message)) == 1:
        slots["amount"] = amounts[0]
    return Carried(slots, refers)


def _document(order: Named, slots: dict[str, str], earlier: Sequence[Named], *, means_earlier: bool) -> int | None:
    """Fill the document that is meant, and return the place of the order that named it; None where none is meant."""
    no_mail = _NO_MAIL.fullmatch(slots.get("document", ""))
    given = (at for at, one in enumerate(earlier) if (one.intent in SEEKS_MAIL and not no_mail) or _thing_of(one))
    place = max(given, default=None)
    if place is None:
        return None
    if earlier[place].intent in SEEKS_MAIL:
        return _mail(order, slots, earlier, place, means_earlier=means_earlier)
    thing = _thing_of(earlier[place])
    unnamed = order.intent in TAKES_DOCUMENT and not slots.keys() & {"document", "file_name", "body", "url"}
    if (unnamed and (means_earlier or _OUT_OF_IT.search(order.text))) or _PRONOUN.fullmatch(slots.get("document", "")):
        slots.pop("document", None)
        slots |= thing
        return place
    same = slots.get("document") in thing.values()
    return place if same and order.intent in TAKES_DOCUMENT else None


def _mail(
    order: Named, slots: dict[str, str], earlier: Sequence[Named], place: int, *, means_earlier: bool
) -> int | None:
    """Return the place of the order that finds the mail which is to be sent on; None where another thing is meant."""
    thing = slots.get("document", "")
    if order.intent != "send_mail" or slots.keys() & {"file_name", "url"}:
        return None
    if _SEVERAL.fullmatch(thing) and sum(one.intent in SEEKS_MAIL for one in earlier) > 1:
        return None
    if any(one.fullmatch(thing) for one in (_PRONOUN, _MAIL, ALSO)):
        del slots["document"]
        return place
    told = slots.get("body", "")
    own = order.text.partition(told)[0] if told else order.text
    sent_on = _SENT_ON.search(own) or (means_earlier and not told)
    return place if sent_on and not thing else None


def _thing_of(order: Named) -> dict[str, str]:
    """Return what an order gets or makes, its number too; a search stands for what it finds."""
    slots = order.slots
    if order.intent == "extract_table" and slots.get("table"):
        return {"document": slots["table"]}
    if slots.get("document"):
        return {name: slots[name] for name in ("document", "document_id") if slots.get(name)}
    if slots.get("file_name"):
        return {"file_name": slots["file_name"]}
    return next(({"document": slots[name]} for name in ("table", "query", "url") if slots.get(name)), {})


def _page_of(order: Named) -> dict[str, str]:
    """Return the page an order goes to, as "there" means it."""
    slots = order.slots if order.intent == "navigate_url" else {}
    return {name: slots[name] for name in ("url", "portal") if slots.get(name)}


def _amounts(message: str) -> list[str]:
    """Return the sums of money in a request: one that is told beside a form belongs in it."""
    return [message[one.start : one.end] for one in times_in(message) if one.kind == "amount"]


def _person(order: Named, slots: dict[str, str], earlier: Sequence[Named], message: str) -> None:
    """Fill whom a pronoun means."""
    slot = _AIMED.get(order.intent)
    if slot is None or (slot in slots and slots[slot].casefold() not in TO_THEM):
        return
    body = order.text.find(slots["body"]) if slots.get("body") else -1
    own = order.text[:body] if body > 0 else order.text
    token = pronoun_of_person(own, invites=slot == "participants")
    if token is None:
        return
    start = max(message.find(order.text), 0)
    before = message[:start] if start else " ".join(one.text for one in earlier)
    known = [
        (place, place + len(words))
        for one in earlier
        for name in _NAMING
        if (words := one.slots.get(name, "")) and (place := before.rfind(words)) >= 0
    ]
    meant = person_meant(token.key, before, known)
    if meant is not None:
        slots[slot] = before[slice(*meant)]
