"""Reads a request: takes it apart into clauses, keeps those that order something, and says of each what it wants.

What is only told beside the orders is kept apart, and gives pronouns their meaning: "Im Ordner A liegt die Liste. Schick sie an Tom."
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from scheduler.core.asides import (
    CONTRAST,
    DONE,
    HARMLESS_IF,
    REPORTING,
    forbids,
    goes_on_telling,
    is_head,
    tells_what_to_do,
    tells_why,
    without_head,
)
from scheduler.core.asked_told import asked_where
from scheduler.core.atoms import AFTER, AND, BEFORE, IF
from scheduler.core.clause_mood import FOR_OTHERS, MAYBE, NOTHING, ORDER, WISH, Mood, mood_of
from scheduler.core.clause_order import Saying, Wanted, order_of
from scheduler.core.clauses import Clause, clauses_of, with_content
from scheduler.core.frames import LIKELY, PERHAPS, WROTE
from scheduler.core.headings import is_heading
from scheduler.core.lexicon import FOREIGN
from scheduler.core.no_order import NoOrder
from scheduler.core.order_joining import Order, in_sequence, joined
from scheduler.core.questions_read import asked_for
from scheduler.core.remarks import only_informs, remarks_in, without_remarks
from scheduler.core.said_only import announced, still_told, surely_told
from scheduler.core.signs import signs_of
from scheduler.core.slot_finder import is_place
from scheduler.core.spoken_of import plain_phrases
from scheduler.core.spoken_things import SpokenOf
from scheduler.core.word_kinds import ADDRESS, I_WE
from scheduler.core.words import Words

_MOST_ORDERS: Final = 20
MAY_BE_AN_ORDER: Final = frozenset({None, NoOrder.NOT_SEEN, NoOrder.STATEMENT, NoOrder.WISH, NoOrder.COURTESY})
"""The reasons for which nothing is ordered that what was learned or taught may know better."""
_ASKS_NICELY: Final = frozenset({"bitte", "please", "kindly", "pls", "mal"})
_HAVING: Final = frozenset(
    {"have", "has", "get", "gets", "got", "receive", "receives", "hat", "bekommt", "kriegt", "erhaelt"}
)
_WOULD_YOU: Final = frozenset({"could", "would", "koenntest", "koennten", "wuerdest", "wuerden", "koennt"})
_NOT_THINGS: Final = frozenset({"mail", "mailbox"})


class Request(NamedTuple):
    """The orders in the sequence of doing, what was only told, and why nothing is ordered if nothing is."""

    orders: tuple[Order, ...]
    overlooked: tuple[str, ...] = ()
    reason: NoOrder | None = None


def read_request(text: str) -> Request:
    """Return what a request orders. `text` has single spaces."""
    if only_informs(text):
        return Request((), (text,), NoOrder.INFORMATION)
    if announced(text) or is_heading(text):
        return Request((), (text,), NoOrder.SAID_ONLY)
    read = _Reader(CONTRAST.sub("", without_remarks(text))).read()
    said = tuple(text[start:end].strip(" ,") for start, end in remarks_in(text)) if read.orders else ()
    return read._replace(overlooked=(*read.overlooked, *said))


def no_order(text: str) -> NoOrder | None:
    """Return why a text is surely no order: question, past, negated, ...; None if it may be one."""
    reason = read_request(text).reason
    return None if reason in MAY_BE_AN_ORDER else reason


def foreign_verbs(text: str) -> frozenset[str]:
    """Return the verbs of an example of which nothing is configured as yet."""
    return frozenset().union(*(Words(clause.core).lemmas(FOREIGN) for clause in clauses_of(text)))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._orders: list[Order] = []
        self._overlooked: list[str] = []
        self._reasons: list[NoOrder | None] = []
        self._mood = NOTHING
        self._skip_next: NoOrder | None = None
        self._asking = False
        self._wrote = ""
        self._spoken = SpokenOf(text)
        self._head: Clause | None = None
        self._stands = ""

    def read(self) -> Request:
        clauses = clauses_of(self._text)
        for place, clause in enumerate(clauses):
            after = clauses[place + 1] if place + 1 < len(clauses) else None
            known, stands = [*self._orders], self._text[clause.start : after.start if after else None]
            before = "" if clause.sub else self._stands
            self._stands = " ".join(f"{before} {clause.joined} {stands}".split()).lstrip("+ ,:–-")
            self._clause(clause, after, clauses[place - 1] if place else None)
            if clause.joined and known and len(self._orders) > len(known):
                known[-1].stands = known[-1].stands.rstrip(" ,.!?;")
            if len(self._orders) > len(known) or clause.sub or self._stands[-1:] in ".!?;":
                self._stands = ""
        orders = joined(in_sequence(self._orders))
        if all(one.mood == MAYBE and not one.intent and not one.foreign for one in orders):
            self._reasons += [NoOrder.NOT_SEEN for _ in orders]
            orders = []
        if NoOrder.NEGATED in self._reasons and not any(one.intent or one.foreign for one in orders):
            orders = []
        reason = None if orders else _why_nothing(self._reasons)
        return Request(tuple(orders[:_MOST_ORDERS]), tuple(self._overlooked), reason)

    def _clause(self, clause: Clause, after: Clause | None, before: Clause | None) -> None:
        words, said = Words(clause.core), clause.text(self._text)
        if not words.content:
            return
        skipped = self._skipped(clause, words)
        if skipped:
            self._none(said, skipped, words)
            return
        self._skip_next = None
        if clause.sub and self._depends(clause, words, said, after, before):
            return
        self._asking = words.asks
        if told := self._only_told(clause, words, said):
            self._none(said, told, words)
            return
        asked = self._asked(clause, words, said)
        mood = Mood(ORDER) if asked else mood_of(clause, words, said, self._mood)
        if mood.kind == "praise":
            self._praise(clause, words, said)
            return
        if clause.after_verb is not None:
            self._gap(clause, said)
            return
        if words.lemmas("tell") == {"bitten"} and words.keys & I_WE and words.keys & {"sie", "dich", "euch"}:
            self._mood = "praise"
            return
        if mood.kind == NOTHING:
            self._none(said, mood.reason, words)
            if words.lemmas("tell", "idle", "write") & REPORTING and not words.asks:
                self._skip_next = NoOrder.REPORTED
            return
        if tells_what_to_do(clause, words, mood):
            self._praise(clause, words, said)
            return
        if self._gives_reason(clause, words, mood):
            self._none(said, NoOrder.STATEMENT, words)
            return
        if mood.kind == MAYBE and is_head(clause, words, after):
            self._head = clause
            self._spoken.remember(words, only_told=self._mood == NOTHING)
            return
        order = self._order(clause, words, said, mood.kind, asked)
        if order is None or (mood.kind == FOR_OTHERS and self._only_reason(clause, order)):
            self._none(said, mood.reason or NoOrder.NOT_SEEN, words)
            self._mood = mood.kind if mood.kind in {ORDER, WISH} else NOTHING
            return
        self._mood = mood.kind if mood.kind != MAYBE or order.intent else NOTHING
        self._add(order, words)
        if clause.told and order.intent == "search_document":
            self._spoken.remember(Words(clause.told[1:]), ordered=True)

    def _only_told(self, clause: Clause, words: Words, said: str) -> NoOrder | None:
        """Return why a clause is surely only told, alone or because it goes on with what is told; else nothing."""
        goes_on = clause.joined and self._mood == NOTHING
        if goes_on and self._reasons[-1:] == [NoOrder.SAID_ONLY] and still_told(clause.joined, words, said):
            return NoOrder.SAID_ONLY
        if goes_on and goes_on_telling(clause, words):
            return NoOrder.STATEMENT
        core = self._text[clause.core[0].start : clause.core[-1].end]
        if forbids(clause, words):
            return NoOrder.NEGATED
        if not surely_told(words, core, question=clause.question):
            return None
        if clause.joined in AND and self._orders and " " not in self._orders[-1].text:
            self._orders.pop()  # "Suchen und Finden ist …"
        return NoOrder.SAID_ONLY

    def _asked(self, clause: Clause, words: Words, said: str) -> Wanted | None:
        """Return the intent of a question that asks to be shown something."""
        reports = clause.joined == "," and self._mood == NOTHING and not clause.question and self._overlooked
        asked = None if reports and said[:3].casefold() in {"hat", "has", "hab"} else asked_for(said)
        return asked or (asked_where(clause, words, self._text) if clause.question else None)

    def _only_reason(self, clause: Clause, order: Order) -> bool:
        """Whether that somebody needs something only gives the reason of the order before."""
        ordered = self._mood == ORDER and self._orders and self._orders[-1].intent
        return bool(ordered) and order.sure <= PERHAPS and clause.joined != "und"

    def _gives_reason(self, clause: Clause, words: Words, mood: Mood) -> bool:
        """Whether a wish only gives the reason of the order before it."""
        return (
            mood.kind == WISH
            and clause.joined == ","
            and (self._mood == ORDER or self._reasons[-1:] == [NoOrder.NEGATED])
            and words.content[0].key in I_WE
            and tells_why(words)
        )

    def _skipped(self, clause: Clause, words: Words) -> NoOrder | None:
        """Return why a clause is not looked at: what stands before it says that it is no order."""
        goes_on = self._skip_next is NoOrder.REPORTED and (
            words.keys & _ASKS_NICELY or (self._wrote and "find" in words.senses)
        )
        if self._skip_next and clause.joined and not goes_on:
            return self._skip_next
        first = words.imperative
        asks_on = clause.joined and clause.question and self._asking
        if asks_on and first is not None and first.key not in ADDRESS and not first.has("modal"):
            return NoOrder.QUESTION
        return None

    def _none(self, said: str, reason: NoOrder | None, words: Words) -> None:
        self._mood = NOTHING
        self._reasons.append(reason)
        if reason is NoOrder.COURTESY:
            return
        self._overlooked.append(said)
        self._wrote = said if WROTE.search(said) else self._wrote
        self._spoken.remember(words, only_told=self._mood == NOTHING)

    def _add(self, order: Order, words: Words) -> None:
        self._append(order)
        self._spoken.remember(words, ordered=bool(order.intent), only_told=self._mood == NOTHING)

    def _append(self, order: Order) -> None:
        order.stands = self._stands
        self._orders.append(order)

    def _depends(self, clause: Clause, words: Words, said: str, after: Clause | None, before: Clause | None) -> bool:
        """Read "bevor du …", "nachdem du …", "wenn …"; False where it is to be read like any other clause."""
        inner = without_head(clause, words)
        if inner.tokens:
            said = self._text[inner.tokens[0].start : max(inner.tokens[-1].end, clause.end)].strip(" ,;")
        addresses = mood_of(clause, words, clause.text(self._text), NOTHING).kind == ORDER
        order = self._order(_with_core(clause, inner), inner, said, ORDER) if addresses and inner.verbs else None
        if clause.sub in IF and self._mood == "praise":
            told = _with_core(clause, inner)
            self._wished(self._wish(told, inner, said), words)
            return True
        if clause.sub in {"if", "wenn"} and order is not None and order.intent and words.keys & _WOULD_YOU:
            self._wished(order, words)
            return True
        if clause.sub == "because":
            self._overlooked.append(said)
            self._spoken.remember(words, only_told=self._mood == NOTHING)
            return True
        if clause.sub in BEFORE:
            if order is not None and order.intent:
                self._append(order)
            return True
        whole = clause.text(self._text)
        if clause.sub in IF | AFTER and HARMLESS_IF.match(whole):
            return True
        perfect = bool(DONE.search(whole)) or inner.first_form == "gerund"
        if (
            clause.sub in AFTER | {"wenn", "when", "if"}
            and order is not None
            and order.intent
            and order.sure >= LIKELY
            and perfect
        ):
            self._append(order)
            if after is not None and not clause.joined:
                after.in_order = True
            return True
        if clause.sub in {"nachdem", "after", "bis", "until", "till"}:
            self._overlooked.append(said)
        elif clause.sub in IF or not addresses:
            self._conditional(clause, said, before)
        return True

    def _conditional(self, clause: Clause, said: str, before: Clause | None) -> None:
        """Leave out the order that waits for something to happen: the one before, or the ones after."""
        self._reasons.append(NoOrder.CONDITIONAL)
        if clause.joined and before is not None and self._orders:
            self._overlooked.append(self._orders.pop().text)
        else:
            self._skip_next = NoOrder.CONDITIONAL
        self._overlooked.append(said)

    def _wish(self, clause: Clause, words: Words, said: str) -> Order | None:
        """Return what is wished: that something is done, or that somebody has something."""
        signs = signs_of(words, told=bool(clause.told))
        order = self._order(clause, words, said, WISH)
        if order is None and signs.document and (signs.person or words.keys & _HAVING):
            return self._order(clause, words, said, FOR_OTHERS)
        return order

    def _wished(self, order: Order | None, words: Words) -> None:
        if order is not None and order.sure >= PERHAPS:
            self._add(order, words)
            self._mood = WISH

    def _praise(self, clause: Clause, words: Words, said: str) -> None:
        """Read "es wäre gut, wenn du …": what is told is wished."""
        self._mood = "praise"
        if clause.told:
            inside = with_content(clause, clause.told[1:])
            told = Words(inside.core)
            order = self._wish(inside, told, said)
            if order is not None and order.sure >= PERHAPS:
                self._add(order, words)
                self._mood = WISH
                return
        place = next((at for at, one in enumerate(clause.core) if one.key in {"wenn", "dass", "if", "that"}), None)
        inner = Words(clause.core[place + 1 :]) if place is not None else Words(clause.core)
        inside = _with_core(clause, inner)
        order = self._wish(inside, inner, said)
        if order is not None and order.sure >= PERHAPS:
            self._add(order, words)
            self._mood = WISH
        else:
            self._reasons.append(NoOrder.WISH)

    def _gap(self, clause: Clause, said: str) -> None:
        """Read an order that leaves out its verb: "… und die Rechnung an Tom"."""
        last = self._orders[-1] if self._orders else None
        verb = clause.after_verb
        if last is None or verb is None or not last.intent:
            self._none(said, NoOrder.NOT_SEEN, Words(clause.core))
            return
        self._add(
            replace(last, text=said, said=f"{verb.text} {said}", in_order=clause.in_order, own_thing=True),
            Words(clause.core),
        )

    def _order(self, clause: Clause, words: Words, text: str, mood: str, asked: Wanted | None = None) -> Order | None:
        """Return the order a clause holds; None where its words do not tell of any."""
        kinds, filled, refers = self._spoken.filled(clause, words, text)
        said = Saying(text, filled, kinds, refers, self._wrote)
        if self._head is not None:
            said, self._head = self._headed(self._head, clause, said), None
        return order_of(clause, words, said, mood, self._text, asked)

    def _headed(self, head: Clause, clause: Clause, said: Saying) -> Saying:
        """Return the words of a clause with those that stand before it, and the kinds of things that these tell of."""
        place = any(is_place(one) for one in plain_phrases(Words(head.core)))
        return said._replace(
            text=self._text[head.start : clause.end].strip(" ,;"),
            filled=f"{head.text(self._text)}, {said.filled}",
            kinds=said.kinds | ({"place"} if place else frozenset()),
        )


def _why_nothing(reasons: Sequence[NoOrder | None]) -> NoOrder | None:
    """Return why nothing is ordered, of the reasons of all clauses: the first that says more than that it is said."""
    if NoOrder.FUTURE in reasons and NoOrder.NOT_SEEN not in reasons:
        return NoOrder.FUTURE
    told = [one for one in reasons if one is not None and one is not NoOrder.COURTESY]
    reason = next((one for one in told if one is not NoOrder.SAID_ONLY), next(iter(told or reasons), None))
    return NoOrder.STATEMENT if reason is NoOrder.OF_OTHERS and NoOrder.NOT_SEEN in reasons else reason


def _with_core(clause: Clause, words: Words) -> Clause:
    return replace(clause, core=words.tokens)
