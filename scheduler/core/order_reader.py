"""Reads a request: takes it apart into clauses, keeps those that order something, and says of each what it wants.

What is only told beside the orders is kept apart, and gives pronouns their meaning: "Im Ordner A liegt die Liste. Schick sie an Tom."
"""

from dataclasses import replace
from typing import Final, NamedTuple

from scheduler.core.asides import (
    CONTRAST,
    DONE,
    HARMLESS_IF,
    REPORTING,
    goes_on_telling,
    tells_why,
    wishes_of_you,
    without_head,
)
from scheduler.core.atoms import AFTER, BEFORE, IF
from scheduler.core.clause_mood import FOR_OTHERS, MAYBE, NOTHING, ORDER, WISH, Mood, mood_of
from scheduler.core.clauses import Clause, clauses_of
from scheduler.core.frames import LIKELY, PERHAPS, SURE, WROTE, intent_of, of_told
from scheduler.core.lexicon import FOREIGN
from scheduler.core.order_joining import SENDING, Order, joined
from scheduler.core.questions_read import asked_for
from scheduler.core.remarks import only_informs, remarks_in, without_remarks
from scheduler.core.signs import signs_of
from scheduler.core.slot_finder import is_place
from scheduler.core.spoken_of import NOT_FOUND, Thing, end_of, kinds, names_nothing, plain_phrases, pronoun, with_place
from scheduler.core.word_kinds import ADDRESS, I_WE
from scheduler.core.words import Words

_LATER_FIRST: Final = frozenset({"vorher", "zuvor", "davor", "beforehand"})
_SHORTEST_MAYBE: Final = 3
_MOST_ORDERS: Final = 20
MAY_BE_AN_ORDER: Final = frozenset({"", "no order", "statement", "wish", "courtesy"})
"""The reasons for which nothing is ordered that what was learned or taught may know better."""
_SEEKS: Final = frozenset({"find", "show", "fetch"})
_NOT_THINGS: Final = frozenset({"mail", "mailbox"})


class Request(NamedTuple):
    """The orders in the sequence of doing, what was only told, and why nothing is ordered if nothing is."""

    orders: tuple[Order, ...]
    overlooked: tuple[str, ...] = ()
    reason: str = ""


def read_request(text: str) -> Request:
    """Return what a request orders. `text` has single spaces."""
    if only_informs(text):
        return Request((), (text,), "told for information")
    read = _Reader(CONTRAST.sub("", without_remarks(text))).read()
    said = tuple(text[start:end].strip(" ,") for start, end in remarks_in(text)) if read.orders else ()
    return read._replace(overlooked=(*read.overlooked, *said))


def no_order(text: str) -> str:
    """Return why a text is surely no order: question, past, negated, ...; empty if it may be one."""
    reason = read_request(text).reason
    return "" if reason in MAY_BE_AN_ORDER else reason


def foreign_verbs(text: str) -> frozenset[str]:
    """Return the verbs of an example of which nothing is configured as yet."""
    return frozenset().union(*(Words(clause.core).lemmas(FOREIGN) for clause in clauses_of(text)))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._orders: list[Order] = []
        self._later: list[Order] = []  # what is to be done after the next order: "bevor du …"
        self._overlooked: list[str] = []
        self._reasons: list[str] = []
        self._things: list[Thing] = []
        self._mood = NOTHING
        self._skip_next = ""
        self._asking = False
        self._place = ""
        self._wrote = ""
        self._dated = False

    def read(self) -> Request:
        clauses = clauses_of(self._text)
        for place, clause in enumerate(clauses):
            self._clause(
                clause, clauses[place + 1] if place + 1 < len(clauses) else None, clauses[place - 1] if place else None
            )
        self._orders += self._later
        orders = joined(self._orders)
        if all(one.mood == MAYBE and not one.intent and not one.foreign for one in orders):
            self._reasons += ["no order" for _ in orders]
            orders = []
        reason = ""
        if not orders:
            reason = next(
                (one for one in self._reasons if one and one != "courtesy"), self._reasons[0] if self._reasons else ""
            )
        return Request(tuple(orders[:_MOST_ORDERS]), tuple(self._overlooked), reason)

    def _clause(self, clause: Clause, after: Clause | None, before: Clause | None) -> None:
        words, said = Words(clause.core), clause.text(self._text)
        if not words.content:
            return
        skipped = self._skipped(clause, words)
        if skipped:
            self._none(said, skipped, words)
            return
        self._skip_next = ""
        if clause.sub and self._depends(clause, words, said, after, before):
            return
        if clause.joined and self._mood == NOTHING and goes_on_telling(clause, words):
            self._none(said, "statement", words)
            return
        self._asking = words.asks
        asked = asked_for(said)
        mood = Mood(ORDER) if asked else mood_of(clause, words, said, self._mood)
        if mood.kind == "praise":
            self._praise(clause, words, said)
            return
        if clause.after_verb is not None:
            self._gap(clause, said)
            return
        if mood.kind == NOTHING:
            self._none(said, mood.reason, words)
            if words.lemmas("tell", "idle", "write") & REPORTING and not words.asks:
                self._skip_next = "reported"
            return
        if (clause.told and "ensure" in words.senses) or (
            clause.told and mood.kind in {WISH, NOTHING} and wishes_of_you(clause)
        ):
            self._praise(clause, words, said)
            return
        if (
            mood.kind == WISH
            and clause.joined == ","
            and (self._mood == ORDER or self._reasons[-1:] == ["negated"])
            and words.content[0].key in I_WE
            and tells_why(words)
        ):
            self._none(said, "statement", words)
            return
        order = self._order(clause, words, said, mood.kind, asked)
        if order is None:
            self._none(said, mood.reason or "no order", words)
            self._mood = mood.kind if mood.kind in {ORDER, WISH} else NOTHING
            return
        self._mood = mood.kind if mood.kind != MAYBE or order.intent else NOTHING
        self._add(order, words)

    def _skipped(self, clause: Clause, words: Words) -> str:
        """Return why a clause is not looked at: what stands before it says that it is no order."""
        if self._skip_next and clause.joined:
            return self._skip_next
        first = words.imperative
        asks_on = clause.joined and clause.question and self._asking
        if asks_on and first is not None and first.key not in ADDRESS and not first.has("modal"):
            return "question"
        return ""

    def _none(self, said: str, reason: str, words: Words) -> None:
        self._mood = NOTHING
        self._reasons.append(reason)
        if reason == "courtesy":
            return
        self._overlooked.append(said)
        self._wrote = said if WROTE.search(said) else self._wrote
        self._remember(words)

    def _add(self, order: Order, words: Words) -> None:
        if self._later and not order.in_order:
            self._orders.append(order)
            self._orders += [replace(one, in_order=True) for one in self._later]
            self._later = []
        elif words.keys & _LATER_FIRST and self._orders:
            self._orders.insert(len(self._orders) - 1, order)
        else:
            self._orders.append(order)
        self._remember(words, ordered=bool(order.intent))

    def _depends(self, clause: Clause, words: Words, said: str, after: Clause | None, before: Clause | None) -> bool:
        """Read "bevor du …", "nachdem du …", "wenn …"; False where it is to be read like any other clause."""
        inner = without_head(clause, words)
        if inner.tokens:
            said = self._text[inner.tokens[0].start : max(inner.tokens[-1].end, clause.end)].strip(" ,;")
        addresses = mood_of(clause, words, clause.text(self._text), NOTHING).kind == ORDER
        order = (
            self._order(replace_core(clause, inner), inner, said, ORDER, None) if addresses and inner.verbs else None
        )
        if clause.sub in IF and self._mood == "praise":
            self._wished(self._order(replace_core(clause, inner), inner, said, WISH, None), words)
            return True
        if clause.sub == "because":
            self._overlooked.append(said)
            self._remember(words)
            return True
        if clause.sub in BEFORE:
            if order is not None and order.intent:
                order.in_order = True
                if clause.joined and self._orders:
                    self._orders.append(order)
                else:
                    self._later.append(order)
            return True
        whole = clause.text(self._text)
        if clause.sub in IF and HARMLESS_IF.match(whole):
            return True
        perfect = bool(DONE.search(whole)) or inner.first_form == "gerund"
        if (
            clause.sub in AFTER | {"wenn", "when", "if"}
            and order is not None
            and order.intent
            and order.sure >= LIKELY
            and perfect
        ):
            if clause.joined and self._orders:
                last = self._orders.pop()
                self._orders += [order, replace(last, in_order=True)]
            else:
                self._orders.append(order)
                if after is not None:
                    after.in_order = True
            return True
        if clause.sub in {"nachdem", "after", "bis", "until", "till"}:
            self._overlooked.append(said)
        elif clause.sub in IF or not addresses:
            self._conditional(clause, said, before)
        return True

    def _conditional(self, clause: Clause, said: str, before: Clause | None) -> None:
        """Leave out the order that waits for something to happen: the one before, or the ones after."""
        self._reasons.append("conditional")
        if clause.joined and before is not None and self._orders:
            self._overlooked.append(self._orders.pop().text)
        else:
            self._skip_next = "conditional"
        self._overlooked.append(said)

    def _wished(self, order: Order | None, words: Words) -> None:
        if order is not None and order.sure >= PERHAPS:
            self._add(order, words)
            self._mood = WISH

    def _praise(self, clause: Clause, words: Words, said: str) -> None:
        """Read "es wäre gut, wenn du …": what is told is wished."""
        self._mood = "praise"
        if clause.told:
            told = Words(clause.told[1:])
            order = self._order(replace_core(clause, told), told, said, WISH, None)
            if order is not None and order.sure >= PERHAPS:
                self._add(order, words)
                self._mood = WISH
                return
        place = next((at for at, one in enumerate(clause.core) if one.key in {"wenn", "dass", "if", "that"}), None)
        inner = Words(clause.core[place + 1 :]) if place is not None else Words(clause.core)
        order = self._order(replace_core(clause, inner), inner, said, WISH, None)
        if order is not None and order.sure >= PERHAPS:
            self._add(order, words)
            self._mood = WISH
        else:
            self._reasons.append("wish")

    def _gap(self, clause: Clause, said: str) -> None:
        """Read an order that leaves out its verb: "… und die Rechnung an Tom"."""
        last = self._orders[-1] if self._orders else None
        verb = clause.after_verb
        if last is None or verb is None or not last.intent:
            self._none(said, "no order", Words(clause.core))
            return
        self._add(
            replace(last, text=said, said=f"{verb.text} {said}", in_order=clause.in_order, own_thing=True),
            Words(clause.core),
        )

    def _order(
        self, clause: Clause, words: Words, said: str, mood: str, asked: tuple[str, float] | None
    ) -> Order | None:
        """Return the order a clause holds; None where its words do not tell of any."""
        extra, filled, refers = self._filled(clause, words, said)
        signs = signs_of(words, told=bool(clause.told), extra=extra)
        order = Order(said, filled, in_order=clause.in_order, signs=signs, mood=mood, refers=refers)
        order.own_thing = (
            signs.document
            or signs.thing
            or signs.name
            or bool(signs.nouns & {"application", "portal", "appointment", "form", "table"})
            if not refers
            else False
        )
        foreign = bool(signs.senses & {FOREIGN, "print"}) and not signs.senses & {"write", "reply", "tell"}
        intent, sure = asked or intent_of(signs)
        if clause.told and not asked:
            told = of_told(signs.senses, " ".join(one.text for one in clause.told))
            intent, sure = told if told is not None else (intent, sure)
        if mood == FOR_OTHERS:
            intent, sure = (
                ("fetch_and_send" if signs.place else "send_mail", LIKELY if signs.by_mail else PERHAPS)
                if (signs.document or refers or signs.pdf)
                else ("", 0.0)
            )
        if foreign and (not intent or sure < SURE or ("print" in signs.senses and intent != "export_pdf")):
            order.foreign, intent, sure = words.lemmas(FOREIGN, "print") or frozenset({FOREIGN}), "", 0.0
        elif mood == MAYBE and sure < LIKELY:
            if len(words.content) < _SHORTEST_MAYBE:
                return None
            intent, sure = "", 0.0
        elif mood in {WISH, FOR_OTHERS} and not intent:
            return None
        if intent in SENDING and not refers:
            order.own_thing = (
                signs.document
                or signs.told
                or (signs.thing and not signs.person)
                or bool(signs.senses & {"write", "tell", "reply"})
            )
        if "travel" in signs.nouns and signs.senses & {"make", "need", "fetch"} and intent != "fill_form":
            order.foreign, intent, sure = frozenset({"book"}), "", 0.0
        if refers and self._wrote and intent in {"", "search_document"} and signs.senses & _SEEKS:
            intent, sure, order.said = "search_mail", SURE, f"{self._wrote}, {said}"
        order.intent, order.sure = intent, sure
        return order

    def _filled(self, clause: Clause, words: Words, said: str) -> tuple[frozenset[str], str, bool]:
        """Return the kinds a pronoun stands for, the words with them in its place, and whether there is such a pronoun."""
        token = pronoun(words)
        if token is None and not (names_nothing(words) or self._leaves_out(clause, words)):
            return frozenset(), said, False
        thing = self._things[-1] if self._things else None
        if thing is None:
            return frozenset({"dated"} if self._dated else ()), said, True
        extra = set(thing.kinds) | ({"dated"} if self._dated else set())
        if self._place and not thing.place:
            thing = replace(thing, place=self._place)
        offset = self._text.find(said, clause.start)
        at = token.start - offset if token is not None else -1
        length = len(token.text) if token is not None else 0
        filled = said
        if thing.ordered:
            return frozenset(extra | ({"place"} if thing.place else set())) - {"place"}, said, True
        if token is None:
            filled = f"{thing.words} {said}"
        if token is not None and 0 <= at < len(said) and said[at : at + length] == token.text:
            filled = f"{said[:at]}{thing.words}{said[at + length :]}"
        if thing.place:
            filled = with_place(filled, thing)
            extra.add("place")
        return frozenset(extra), filled, True

    def _leaves_out(self, clause: Clause, words: Words) -> bool:
        """Whether an order does not say what it is about though something was spoken of: "an die Versicherung mailen"."""
        if not self._things or clause.told or not words.senses & {"send", "forward", "open", "convert", "extract"}:
            return False
        s = signs_of(words, told=False)
        return not (
            s.document
            or s.thing
            or s.name
            or s.app
            or s.nouns & {"portal", "appointment", "form", "table", "mail", "mailbox", "web"}
            or s.kinds & {"url", "file", "quoted"}
        )

    def _remember(self, words: Words, *, ordered: bool = False) -> None:
        """Keep what a clause speaks of, for the pronouns after it."""
        phrases = sorted(
            (one for one in plain_phrases(words) if one.tokens),
            key=lambda one: (not (kinds(one) - {"name"}), bool(one.before)),
        )
        place = next(
            (
                one
                for one in phrases
                if is_place(one) or (not words.verbs and one.noun("folder", "portal") and not one.noun("document"))
            ),
            None,
        )
        if self._mood == NOTHING and place is not None:
            self._place = self._text[place.start : place.tokens[-1].end]
        self._dated = self._dated or any(one.kind in {"date", "time"} for one in words.tokens)
        for phrase in phrases:
            found = kinds(phrase)
            if not found or (phrase is place and len(phrases) > 1):
                continue
            told = NOT_FOUND.sub("", self._text[phrase.tokens[0].start : end_of(phrase, phrases, place)])
            where = self._text[place.start : place.tokens[-1].end] if place is not None and place is not phrase else ""
            self._things.append(Thing(told, found, where, ordered))
            break
        else:
            if place is not None:
                told = self._text[place.tokens[0].start : place.tokens[-1].end]
                self._things.append(Thing(told, kinds(place), "", ordered))


def replace_core(clause: Clause, words: Words) -> Clause:
    return replace(clause, core=words.tokens)
