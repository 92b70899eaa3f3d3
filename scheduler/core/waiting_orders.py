"""Asks about orders to send and to close that wait for what somebody does first: "Close Word once I've saved".

No sign would tell that it is done, so they are not done unasked. What only asks whether it is so waits for nothing.
"""

import re
from typing import Final

from scheduler.core.apart import asked_about
from scheduler.core.compound import Orders
from scheduler.core.intents import RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.order_joining import SENDING
from scheduler.core.told_words import TOLD

_ONCE_I: Final = re.compile(
    r"(?i)\b(?:sobald|once|as soon as|erst wenn|erst nachdem|(?:but )?(?:only )?after|when|until) (?:ich|wir|i|we)"
    r"(?:['’](?:ve|m|re)|\b(?= (?:have|am|are|say|give|tell|[^,.;!?]+ (?:habe|haben|bin|sind)\b)))"
)
"""It waits for what we do: "once I've saved it", "sobald ich fertig bin"."""
_ON_CONDITION: Final = re.compile(
    r"(?i)\b(?:(?:only|nur|but only),? (?:if|when|wenn|falls)|provided(?: that)?|unless|vorausgesetzt|es sei denn)\b"
    r"(?! (?:you|du|possible|möglich|nötig|necessary|needed)\b)"
    r"|\bif it\b(?! ?(?:['’]s|is) (?:ok|okay|possible|all right|alright|fine|convenient|not|no)\b| isn['’]t)"
    r"|\b(?:if|wenn|falls) (?:he|she|they|(?-i:er|sie)"
    r"|(?P<name>(?-i:(?:Herr |Frau |Mr |Ms )?(?!Sie\b|I\b|Du\b)[A-ZÄÖÜ]\w+)))"
    r"(?:['’]|\b)"
    r"|(?<=[?] )(?:sonst|ansonsten|andernfalls|otherwise),? (?:bitte |please )?"
    r"(?:schick|send|mail|leite|forward|schließ|close)"
)
"""It waits for what somebody else does: "only if Tom agrees", "if it's done"."""
_BEFORE: Final = re.compile(
    r"(?i)(?:(?:aber|but|and|und|all|alles|both|beides|das|this|that|bitte|please|do|mach\w*|erst|only|nur|it)\W{1,3})*"
)
"""What may stand before a condition that is all a sentence says."""
_ASKS: Final = re.compile(
    r"(?i)\b(?:ask|check|see|know|find|look|wonder|tell|frag\w*|prüf\w*|schau\w*|sag\w*|guck\w*|sieh|such\w*|nachsehen"
    r"|wäre\w*|would|[iw]e?'d|happier|fände\w*|hätte\w*|schön|nett|lieb|toll|gut|nice|good|great)\b"
)
"""What asks whether it is so, or wishes that it were."""
_WAITS: Final = SENDING | {"close_app"}
"""The orders of which it matters most that they wait until they are to be done."""
_ENDS: Final = re.compile(r"[.!?]")


def waits_for(clause: str) -> bool:
    """Whether words behind orders say only that these wait for something: "but only if Tom agrees"."""
    found = _ONCE_I.search(clause) or _ON_CONDITION.search(clause)
    return found is not None and "," not in clause and _BEFORE.fullmatch(clause, 0, found.start()) is not None


def without_waiting(text: str, orders: Orders) -> Orders:
    """Return orders, those to send and to close asked about that wait for something: no sign tells of that."""
    found = _ONCE_I.search(text) or _ON_CONDITION.search(text)
    if found is None or TOLD.search(text):
        return orders
    named = found.groupdict().get("name")
    waits = SENDING if named else _WAITS
    clause = re.split(r"[,.;!?]", text[found.start() :])[0] if named else ""
    start = max(text.rfind(mark, 0, found.start()) for mark in ".!?") + 1
    if _ASKS.search(text, start, found.start()):
        return orders
    end = _ENDS.search(text, found.start())
    sentence = normalise(text[start : end.end() if end else len(text)])
    parts = [
        asked_about(part.text, (part.routed.name,))
        if (part.routed.name in waits or _closes(part.routed, clause))
        and (normalise(part.text) in sentence or sentence in normalise(part.text))
        else part
        for part in orders.parts
    ]
    return orders._replace(parts=tuple(parts))


def _closes(routed: RoutedIntent, condition: str) -> bool:
    """Whether an order ends a program that is only named in what it waits for: "Close Word if Excel is closed"."""
    inside = {one in condition for one in routed.all_words.get("application", ())}
    return routed.name == "close_app" and len(inside) > 1
