"""Puts together what was taught and what was read beside it in one request; no order of it is lost."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scheduler.core.compound import OrderPart, Orders, resolved
from scheduler.core.doing_sequence import in_doing_sequence
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.lexicon import lexicon
from scheduler.core.no_order import NoOrder
from scheduler.core.order_reader import read_request
from scheduler.core.taught import content_words
from scheduler.core.taught_book import TaughtPart

_ASIDES: Final = frozenset(
    {NoOrder.SAID_ONLY, NoOrder.STATEMENT, NoOrder.QUESTION, NoOrder.INFORMATION, NoOrder.OF_OTHERS, NoOrder.COURTESY}
)
"""What may stand beside an order and changes nothing of it."""
_CONDITION: Final = re.compile(r"(?i)\W*(?:vorausgesetzt|sofern|falls|wenn|if|provided|assuming|unless|es sei denn)\b")
_JOINER: Final = re.compile(r"(?i)(?:(?:und|and|&|\+|[-–•]|\d{1,2}[.)])\s+)+")
_REMINDER: Final = re.compile(
    r"(?i)\W*(?:(?:bitte|please|und|and) )*(?:vergiss|vergesst|vergessen sie|nicht vergessen|don'?t forget|remember)"
    r"(?: (?:bitte|auch|nicht|to|please))*\W*"
)
_PRONOUN: Final = re.compile(r"(?i)\b(?:sie|es|ihn|diese[nrs]?|das|it|them|this|that)\b")
_TAKES_DOCUMENT: Final = frozenset({"send_mail", "open_document", "export_pdf", "extract_table"})
_NAMES_IT: Final = frozenset({"document", "file_name", "body", "url"})


def alone(text: str) -> str:
    """Return the words of an order without the conjunction that joins it to the one before."""
    return _JOINER.sub("", text, count=1) if _JOINER.match(text) else text


def together(parts: Sequence[TaughtPart], read: Sequence[Orders], message: str) -> Orders:
    """Return the orders of a request in the sequence of doing.

    `read` are those that were read in each part; of one that was taught, any.
    """
    orders, overlooked, taught = list[OrderPart](), list[str](), set[int]()
    for done in in_doing_sequence([part.text for part in parts]):
        part, before = parts[done.place], len(orders)
        if part.routed is not None:
            taught.add(before)
            found = Orders((_order(part, part.routed),))
        else:
            found = read[done.place]
            asides = [one.text for one in found.parts if _is_aside(one)]
            overlooked += [*found.overlooked, *(text for text in asides if not _only_polite(text))]
            found = _without_asides(found)
        orders += _moved(found, before, follows=done.follows and before > 0)
    known = resolved([_meaning(orders, place, taught) for place in range(len(orders))], message)
    kept = tuple(_referring(known, place, taught) for place in range(len(known)))
    if len(kept) == 1 and taught:
        return Orders((_of_whole(kept[0], message),), tuple(overlooked))
    return Orders(kept, tuple(overlooked))


def _order(part: TaughtPart, routed: RoutedIntent) -> OrderPart:
    text = alone(part.text)
    return OrderPart(text, _said_from(routed, normalise(text), normalise(part.text)))


def _of_whole(one: OrderPart, message: str) -> OrderPart:
    """Return the only order of a request, its words with their places in all of it."""
    return one._replace(text=message, routed=_said_from(one.routed, normalise(message), normalise(one.text)))


def _said_from(routed: RoutedIntent, text: str, words: str) -> RoutedIntent:
    """Return an order read in `words` with the places of its slots in `text`; one is a part of the other."""
    by = text.find(words) if len(text) > len(words) else -words.find(text)
    said = tuple(one._replace(start=one.start + by, end=one.end + by) for one in routed.said)
    return routed.model_copy(update={"said": said})


def _moved(found: Orders, by: int, *, follows: bool) -> Iterator[OrderPart]:
    """Yield orders with their places behind those of others."""
    for place, one in enumerate(found.parts):
        after = tuple(by + other for other in one.after)
        yield one._replace(after=after or ((by - 1,) if follows and place == 0 else ()))


def _without_asides(found: Orders) -> Orders:
    kept = [place for place, one in enumerate(found.parts) if not _is_aside(one)]
    parts = [found.parts[place] for place in kept]
    return Orders(
        tuple(one._replace(after=tuple(kept.index(other) for other in one.after if other in kept)) for one in parts)
    )


def _is_aside(one: OrderPart) -> bool:
    """Whether a part that nobody understood neither is an order nor says anything of one."""
    if one.routed.name != UNKNOWN or _CONDITION.match(one.text):
        return False
    if _REMINDER.fullmatch(one.text):
        return True
    text = normalise(one.text)
    request = read_request(text)
    return not request.orders and (request.reason in _ASIDES or not content_words(text))


def _only_polite(text: str) -> bool:
    words = normalise(text)
    reminds = _REMINDER.fullmatch(words) is not None
    return reminds or not content_words(words) or read_request(words).reason is NoOrder.COURTESY


def _meaning(orders: Sequence[OrderPart], place: int, taught: set[int]) -> OrderPart:
    """Return an order that says "it" as one that means what the order before it, a taught one, is about."""
    one = orders[place]
    routed = one.routed
    means = (
        place not in taught
        and place - 1 in taught
        and routed.name in _TAKES_DOCUMENT
        and not _NAMES_IT & {name for name, words in routed.slots.items() if not _PRONOUN.fullmatch(words)}
        and _PRONOUN.search(one.text)
    )
    return one._replace(means_earlier=True) if means else one


def _referring(orders: Sequence[OrderPart], place: int, taught: set[int]) -> OrderPart:
    """Return an order that means the result of a taught one with what that is about as its document."""
    one = orders[place]
    if not one.means_earlier or one.refers is not None or place - 1 not in taught:
        return one
    slots = {name: words for name, words in one.routed.slots.items() if name != "document"}
    if thing := _thing(orders[place - 1]):
        slots["document"] = thing
    after = one.after or (place - 1,)
    return one._replace(refers=place - 1, after=after, routed=one.routed.model_copy(update={"slots": slots}))


def _thing(order: OrderPart) -> str:
    """Return what an order is about: the words behind its first article, "Monatsbericht" of "den Monatsbericht für"."""
    found = list[str]()
    begun = False
    for word in re.findall(r"[\w-]+", order.text):
        meanings = lexicon().meanings(word)
        kinds = {one.kind for one in meanings}
        if "determiners" in kinds and not found:
            begun = True
        elif begun:
            if not kinds.isdisjoint({"determiners", "prepositions", "adverbs", "pronouns"}):
                break
            if word[0].islower() and any(one.orders for one in meanings):
                break
            found.append(word)
    return " ".join(found)
