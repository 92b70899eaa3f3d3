"""Says which order a clause holds, and what it wants: by the verbs and things it speaks of, and by its mood."""

from typing import Final, NamedTuple

from scheduler.core.asked_told import asked_in
from scheduler.core.clause_mood import FOR_OTHERS, MAYBE, WISH
from scheduler.core.clauses import Clause
from scheduler.core.frames import LIKELY, PERHAPS, SURE, intent_of
from scheduler.core.lexicon import FOREIGN
from scheduler.core.order_joining import SENDING, Order
from scheduler.core.signs import Signs, of_no_intent, signs_of
from scheduler.core.words import Words

_SHORTEST_MAYBE: Final = 3
_SEEKS: Final = frozenset({"find", "show", "fetch"})
_THINGS: Final = frozenset({"application", "portal", "appointment", "form", "table"})
_WRITES: Final = frozenset({"write", "reply", "tell"})
Wanted = tuple[str, float]
"""An intent, and how sure it is."""


class Saying(NamedTuple):
    """The words of a clause, and what was told before that they go on with."""

    text: str
    filled: str
    """The words with what its pronouns stand for."""
    kinds: frozenset[str] = frozenset()
    """The kinds of things that its pronouns stand for."""
    refers: bool = False
    """There is a pronoun, or what it is about is left out."""
    wrote: str = ""
    """Who wrote something, as it was told: "Tom hat geschrieben"."""


def order_of(
    clause: Clause, words: Words, said: Saying, mood: str, whole: str, asked: Wanted | None = None
) -> Order | None:
    """Return the order that a clause of the `whole` holds; None where its words do not tell of any.

    `asked` is what it asks to be shown, if it is a question for something.
    """
    signs = signs_of(words, told=bool(clause.told), extra=said.kinds)
    order = Order(said.text, said.filled, in_order=clause.in_order, signs=signs, mood=mood, refers=said.refers)
    intent, sure = _wanted(clause, signs, mood, whole, asked=asked, refers=said.refers)
    foreign = signs.senses & {FOREIGN, "print"} and not signs.senses & _WRITES
    if foreign and (not intent or sure < SURE or ("print" in signs.senses and intent != "export_pdf")):
        order.foreign, intent, sure = words.lemmas(FOREIGN, "print") or frozenset({FOREIGN}), "", 0.0
    elif mood == MAYBE and sure < LIKELY:
        if len(words.content) < _SHORTEST_MAYBE:
            return None
        intent, sure = "", 0.0
    elif mood in {WISH, FOR_OTHERS} and not intent:
        return None
    order.own_thing = not said.refers and _names_its_thing(signs, intent)
    if unlike := of_no_intent(signs, intent):
        order.foreign, intent, sure = frozenset({unlike}), "", 0.0
    if said.refers and said.wrote and intent in {"", "search_document"} and signs.senses & _SEEKS:
        intent, sure, order.said = "search_mail", SURE, f"{said.wrote}, {said.text}"
    order.intent, order.sure = intent, sure
    return order


def _wanted(clause: Clause, signs: Signs, mood: str, whole: str, *, asked: Wanted | None, refers: bool) -> Wanted:
    """Return the intent of a clause by its signs; none where these tell of none."""
    if mood == FOR_OTHERS:
        if not (signs.document or refers or signs.pdf):
            return "", 0.0
        return "fetch_and_send" if signs.place else "send_mail", LIKELY if signs.by_mail else PERHAPS
    if asked:
        return asked
    told = asked_in(clause, signs, whole) if clause.told else None
    return intent_of(signs) if told is None else told


def _names_its_thing(signs: Signs, intent: str) -> bool:
    """Whether an order names itself what it is about."""
    if intent in SENDING:
        return signs.document or signs.told or (signs.thing and not signs.person) or bool(signs.senses & _WRITES)
    return signs.document or signs.thing or signs.name or bool(signs.nouns & _THINGS)
