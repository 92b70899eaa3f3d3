"""Keeps an order once that a request says twice: "Zoom can go now, they've all hung up. Shut it, would you"."""

import re
from typing import Final

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.phrases import tokens_of
from scheduler.core.words import Words

_AGAIN: Final = re.compile(r"(?i)\b(?:again|twice|once more|another|nochmals?|noch ?mal|noch ein\w*|erneut|zweimal)\b")


def said_once(orders: Orders) -> Orders:
    """Return the orders without those that want what one before wants, and name nothing: they say "it", or less."""
    kept = list[int]()
    place_of = dict[int, int]()
    for number, part in enumerate(orders.parts):
        same = next((one for one in kept if _repeats(part, orders.parts[one])), None)
        if same is None:
            kept.append(number)
        place_of[number] = kept.index(number if same is None else same)
    if len(kept) == len(orders.parts):
        return orders
    return orders._replace(parts=tuple(_moved(orders.parts[number], place_of, place_of[number]) for number in kept))


def _repeats(part: OrderPart, before: OrderPart) -> bool:
    if part.routed.name in {UNKNOWN, ""} or part.routed.name != before.routed.name or not part.routed.slots:
        return False
    if _AGAIN.search(part.text) or not part.routed.slots.items() <= before.routed.slots.items():
        return False
    words = Words(tokens_of(part.own or part.text))
    return words.has_verb and not any(word.has("noun") for word in words.tokens)


def _moved(part: OrderPart, place_of: dict[int, int], place: int) -> OrderPart:
    after = tuple(dict.fromkeys(place_of[one] for one in part.after if place_of[one] != place))
    return part._replace(after=after, refers=None if part.refers is None else place_of[part.refers])
