"""Says why the order that rules read in a request is done though examples may doubt it, or that people are asked.

One ground is enough. It is sought here alone and handed on as a value, so that nobody needs to know the others.
"""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.frames import SURE
from scheduler.core.language import normalise
from scheduler.core.mood_words import NEGATION
from scheduler.core.order_cuts import cut
from scheduler.core.phrases import tokens_of
from scheduler.core.plain_form import orders_plainly
from scheduler.core.taken_back import HALTS
from scheduler.core.words import Words
from scheduler.llm.order_alone import order_alone, reminds, undone_beside, urges
from scheduler.llm.ordering import Bands


class Ground(StrEnum):
    """Why an order that rules read is done. Only what is likely is weighed; all else is done as rules read it."""

    NONE = "none"
    """It is not done: people are asked."""
    LIKELY = "likely"
    """Examples find it likely that anything is ordered."""
    PLAIN = "plain"
    """It has the plainest form, alone, beside a mere remark or each of several, and is not unlikely: "Close Word"."""
    AGREED = "agreed"
    """Rules, examples of orders and whole requests all read the same harmless order."""
    REMINDED = "reminded"
    """The request reminds of a plain order: "Don't forget to close Word"."""
    ALONE = "alone"
    """A plain order stands beside a mere remark, and examples take it for one without that: "Tom waits, open Word"."""


class Form(NamedTuple):
    """How a request says the one order that rules are sure of."""

    alone: str = ""
    """The plain order without the mere remarks beside it; empty where there are none, or more than remarks."""
    plain: bool = False
    """The whole has one of the plainest forms of orders."""
    beside: bool = False
    """Something is said beside the order,"""
    taken_back: bool = False
    """which takes it back, doubts or quotes it; then it counts for nothing how plain it is."""
    reminds: bool = False
    urges: bool = False
    every: bool = False
    """It is several orders, nothing is said beside them, and each has one of the plainest forms."""


_AROUND: Final = " ,.;!?"
_JOINS: Final = re.compile(r"(?i)(?:[\W_]|\b(?:und|and|sowie|then|dann|danach|after that|afterwards|please|bitte)\b)*")
_HELD: Final = re.compile(
    r"(?i)\b(?:wenn|falls|sobald|sofern|solange|if|when|once|unless|until|only|provided)\b"
    rf"|^\W*(?:{HALTS})\b"
)
"""What may make an order wait for what nobody watches, or stops it."""
NOT_SURE: Final = Form()
"""The form where rules are not sure of one order."""


def form_of(text: str, read: Orders, intent: str) -> Form:
    """Return how a request says its one order, of which rules are sure that it has this intent."""
    if undone_beside(text, read):
        return Form(taken_back=True)
    return Form(
        alone=order_alone(text, read),
        plain=orders_plainly(text, intent),
        beside=bool(read.overlooked) or len(read.parts) > 1,
        reminds=reminds(text),
        urges=urges(read),
    )


def form_of_several(text: str, read: Orders) -> Form:
    """Return how a request says several orders, of each of which rules are sure."""
    sure = not read.overlooked and all(part.routed.score >= SURE for part in read.parts)
    plain = sure and not undone_beside(text, read) and all(map(_is_plain, read.parts))
    return Form(every=plain and not _HELD.search(text) and _says_nothing_else(text, read.parts))


def _says_nothing_else(text: str, parts: Sequence[OrderPart]) -> bool:
    """Whether a request is its orders and what joins them: rules may pass over ", sobald sie antwortet"."""
    for part in parts:
        words = normalise(part.text).strip(_AROUND)
        for piece in (words,) if words in text else words.split(", "):  # "hol die Rechnung, schick sie" was joined
            before, found, behind = text.partition(piece)
            if not found:
                return False
            text = f"{before} {behind}"
    return _JOINS.fullmatch(text) is not None


def _is_plain(part: OrderPart) -> bool:
    """Whether all of an order says plainly what to do, also what stands behind a mark: no ", das war ein Scherz".

    It has an imperative, "Bitte Tom, Anna zu schreiben" is told to Tom, and no other verb unless rules explain every
    word: "schließ Excel ist falsch".
    """
    text, words = normalise(part.text), Words(tokens_of(normalise(part.text)))
    pieces = cut(text)
    alone = part.routed.score == 1 or all(len(Words(tokens_of(one)).verbs) <= 1 for one in pieces)
    plain = words.imperative is not None and words.finite is None and not NEGATION & words.keys
    return plain and alone and all(orders_plainly(one, part.routed.name) for one in pieces)


def ground_of(
    form: Form, ordered: float, bands: Bands, *, all_agree: Callable[[], bool], ordered_alone: Callable[[str], bool]
) -> Ground:
    """Return why orders of rules are done, `ordered` being how likely anything is ordered.

    `ordered_alone` says of the words of the order alone whether examples take them for it; that takes milliseconds.
    """
    if form.taken_back:
        return Ground.NONE
    if ordered >= bands.act:
        return Ground.LIKELY
    plainly = ordered >= bands.act_if_plain and (form.alone or (form.plain and not form.beside))
    if plainly or (form.every and ordered >= bands.ask):
        return Ground.PLAIN
    if ordered >= bands.act_if_agreed and all_agree():
        return Ground.AGREED
    if form.alone and form.reminds:
        return Ground.REMINDED
    heard = form.alone and (form.urges or ordered >= bands.ask)
    return Ground.ALONE if heard and ordered_alone(form.alone) else Ground.NONE
