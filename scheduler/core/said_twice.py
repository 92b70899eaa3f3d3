"""Keeps an order once that a request says twice: "Zoom can go now, they've all hung up. Shut it, would you".

Whatever else the second one says may be what it is said for: "Send it again", "encrypted", "the other one".
"""

import re
from typing import Final

from scheduler.core.closing_words import PLEASE_WORDS, THANKS_WORDS
from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.letters import word_set
from scheduler.core.phrases import tokens_of
from scheduler.core.word_kinds import ADDRESS, POLITE, PRONOUNS, SUBJECTS, YOU
from scheduler.core.words import Words

_REFERS: Final = word_set("it them him her this that es sie ihn ihm ihr ihnen das den die der dem dies me mir us uns")
_TO: Final = word_set("to an for fuer")
_SMALL: Final = (
    PLEASE_WORDS
    | THANKS_WORDS
    | word_set(
        """
    and und so then dann na los ok okay mal schon doch ja einfach ruhig kurz
    schnell eben gleich sofort jetzt nun now just quickly right away immediately
    """
    )
)
"""What is polite or urges, and names neither a manner nor a time that makes another order of the same words."""
_MARKS: Final = re.compile(r"[,;.!?]\s+|\s[–—-]\s")
_WHO: Final = SUBJECTS - PRONOUNS
_ADDS_NOTHING: Final = _REFERS | _TO | _SMALL | POLITE | ADDRESS | YOU


def said_once(orders: Orders) -> Orders:
    """Return the orders without those that only repeat the one right before them, or behind: those are overlooked."""
    parts, kept, places = orders.parts, list[int](), list[int]()
    if any(_only_names(one) for one in orders.overlooked):
        return orders
    for number, part in enumerate(parts):
        last = parts[kept[-1]] if kept else None
        if last is not None and last.means_earlier and _repeats(last, part):
            kept[-1] = number
        elif last is None or not _repeats(part, last):
            kept.append(number)
        places.append(len(kept) - 1)
    if len(kept) == len(parts):
        return orders
    left = tuple(part.text for number, part in enumerate(parts) if number not in kept)
    moved = tuple(_moved(parts[number], places, place) for place, number in enumerate(kept))
    return orders._replace(parts=moved, overlooked=(*orders.overlooked, *left))


def _repeats(part: OrderPart, other: OrderPart) -> bool:
    """Whether an order wants what another one wants, and says no more than its verb: "Shut it, would you"."""
    routed = part.routed
    if routed.name in {UNKNOWN, ""} or routed.name != other.routed.name or not routed.slots:
        return False
    if not routed.slots.items() <= other.routed.slots.items():
        return False
    words = Words(tokens_of(_last_said(part.own or part.text)))
    acts = [(verb, meanings) for _, verb, meanings in words.verbs if verb.key not in POLITE | ADDRESS][:1]
    said = {verb.key for verb, _ in acts} | {one.apart for _, meanings in acts for one in meanings if one.apart}
    return bool(acts) and all(one.kind == "mark" or one.key in said | _ADDS_NOTHING for one in words.tokens)


def _last_said(text: str) -> str:
    """Return what a part says last, where what stands before it orders nothing: "bin fertig damit, bitte beenden"."""
    *before, last = _MARKS.split(text.rstrip(" .!?"))
    orders = any(Words(tokens_of(one)).imperative is not None or Words(tokens_of(one)).particle for one in before)
    return text if orders else last


def _only_names(remark: str) -> bool:
    """Whether a remark names something and tells nothing of it, so that a bare order behind may mean that."""
    words = Words(tokens_of(remark))
    tells = words.has_verb or any(one.key.partition("'")[0] in _WHO for one in words.tokens)
    return not tells and any(one.has("noun") or one.is_name or one.has("determiners") for one in words.tokens)


def _moved(part: OrderPart, places: list[int], place: int) -> OrderPart:
    after = tuple(dict.fromkeys(places[one] for one in part.after if places[one] != place))
    refers = None if part.refers is None or places[part.refers] == place else places[part.refers]
    return part._replace(after=after, refers=refers)
