"""Reads a request: takes it apart into clauses, keeps those that order something, and says of each what it wants.

What is only told beside the orders is kept apart, and gives pronouns their meaning: "Im Ordner A liegt die Liste. Schick sie an Tom."
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from scheduler.core.clause_mood import FOR_OTHERS, MAYBE, NOTHING, ORDER, WISH, Mood, mood_of
from scheduler.core.clauses import AFTER, AND, BEFORE, IF, Clause, clauses_of
from scheduler.core.frames import LIKELY, PERHAPS, SURE, Signs, intent_of, of_told, signs_of
from scheduler.core.lexicon import FOREIGN
from scheduler.core.phrases import Phrase, Token, phrases_of
from scheduler.core.questions_read import asked_for
from scheduler.core.slot_finder import is_place
from scheduler.core.words import ADDRESS, I_WE, Words

_PRONOUNS: Final = frozenset(
    ["ihn", "sie", "es", "it", "them", "das", "die", "den", "der", "dies", "diese", "diesen", "dieses", "this", "that", "those", "these", "beides", "beide", "both", "alles", "er", "there", "dort", "dorthin"]
)
_HARMLESS_IF: Final = re.compile(
    r"(?i)^(?:wenn|falls|sobald|if|when|whenever|once|as soon as|sofern)(?: du| sie| you| es| it| ihr| u|'s|'?s)?(?: das)?(?:'s)? ?(?:mal |gerade |kurz |so |nichts |einen |a |the |get |got |have |find |irgendwie |das |dann |noch |are |re )*"
    r"(?:zeit|luft|kannst|können|koennen|könntest|könnten|geht|gehts|möglich|moeglich|passt|magst|mögen|fertig|minute|moment|sec|second|time|chance|can|could|possible|ok|okay|convenient|dazu kommst|umstände|dagegen|mind|done|ready|nötig|necessary|needed|free|recht ist|machbar|schaffst|schon dabei|dabei|at it|so|ja|yes|weg|raus|erledigt|gone|sent|not already|willst|like|may|eh|sowieso)\b"
)
_CONTRAST: Final = re.compile(
    r"(?i)\b(?:nicht|not) (?:der |die |das |den |dem |the )?(?:[^\s,.!?]+ ){1,4}?,?(?:sondern|but) |,? (?:nee,? (?:halt|warte)|ach was|no,? (?:hang on|wait)|nein,? (?:warte|halt)|quatsch|scratch that)(?=,? )"
)
_DONE: Final = re.compile(r"(?i)\b(?:hast|haben|habt|have|'ve|fertig|bist|done|sind|ist|are)\b")
_LATER_FIRST: Final = frozenset({"vorher", "zuvor", "davor", "beforehand"})
_COPIES: Final = frozenset({"cc", "kopie", "bcc", "copy", "copying", "cc'd", "anhaengen", "anhang", "attach", "attached", "attachment", "beilegen", "beifuegen", "angehaengt", "haeng", "betreff", "subject"})
_LOGS_IN: Final = frozenset({"log", "logge", "logg", "melde", "einloggen", "anmelden", "sign"})
_SENDING: Final = frozenset({"send_mail", "fetch_and_send"})
_SHORTEST_MAYBE: Final = 3
_MOST_ORDERS: Final = 20
_NOT_THINGS: Final = frozenset({"mail", "mailbox"})


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


class Request(NamedTuple):
    """The orders in the sequence of doing, what was only told, and why nothing is ordered if nothing is."""

    orders: tuple[Order, ...]
    overlooked: tuple[str, ...] = ()
    reason: str = ""


@dataclass
class _Thing:
    words: str
    kinds: frozenset[str]
    place: str = ""
    ordered: bool = False
    """An order before names it; what that is about becomes clear there."""


def read_request(text: str) -> Request:
    """Return what a request orders. `text` has single spaces."""
    return _Reader(_CONTRAST.sub("", text)).read()


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
        self._things: list[_Thing] = []
        self._mood = NOTHING
        self._skip_next = ""
        self._asking = False
        self._place = ""
        self._dated = False

    def read(self) -> Request:
        clauses = clauses_of(self._text)
        for place, clause in enumerate(clauses):
            self._clause(clause, clauses[place + 1] if place + 1 < len(clauses) else None, clauses[place - 1] if place else None)
        self._orders += self._later
        orders = _joined(self._orders)
        if all(one.mood == MAYBE and not one.intent and not one.foreign for one in orders):
            self._reasons += ["no order" for _ in orders]
            orders = []
        reason = ""
        if not orders:
            reason = next((one for one in self._reasons if one and one != "courtesy"), self._reasons[0] if self._reasons else "")
        return Request(tuple(orders[:_MOST_ORDERS]), tuple(self._overlooked), reason)

    def _clause(self, clause: Clause, after: Clause | None, before: Clause | None) -> None:
        words, said = Words(clause.core), clause.text(self._text)
        if not words.content:
            return
        if self._skip_next and clause.joined:
            self._none(said, self._skip_next, words)
            return
        if clause.joined and clause.question and self._asking and words.imperative is not None and words.imperative.key not in ADDRESS and not words.imperative.has("modal"):
            self._none(said, "question", words)
            return
        self._skip_next = ""
        if clause.sub and self._depends(clause, words, said, after, before):
            return
        if clause.joined and self._mood == NOTHING and _goes_on_telling(clause, words):
            self._none(said, "statement", words)
            return
        self._asking = words.asks
        asked = asked_for(said, clause.told)
        mood = Mood(ORDER) if asked else mood_of(clause, words, said, self._mood)
        if mood.kind == "praise":
            self._praise(clause, words, said)
            return
        if clause.after_verb is not None:
            self._gap(clause, said)
            return
        if mood.kind == NOTHING:
            self._none(said, mood.reason, words)
            if words.lemmas("tell", "idle", "write") & _REPORTING and not words.asks:
                self._skip_next = "reported"
            return
        if clause.told and "ensure" in words.senses or (clause.told and mood.kind in {WISH, NOTHING} and _wishes_of_you(clause)):
            self._praise(clause, words, said)
            return
        if mood.kind == WISH and clause.joined == "," and self._mood == ORDER and words.content[0].key in I_WE and _tells_why(words):
            self._none(said, "statement", words)
            return
        order = self._order(clause, words, said, mood.kind, asked)
        if order is None:
            self._none(said, mood.reason or "no order", words)
            self._mood = mood.kind if mood.kind in {ORDER, WISH} else NOTHING
            return
        self._mood = mood.kind if mood.kind != MAYBE or order.intent else NOTHING
        self._add(order, words)

    def _none(self, said: str, reason: str, words: Words) -> None:
        self._mood = NOTHING
        self._reasons.append(reason)
        if reason == "courtesy":
            return
        self._overlooked.append(said)
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
        inner = _without_head(clause, words)
        if inner.tokens:
            said = self._text[inner.tokens[0].start : max(inner.tokens[-1].end, clause.end)].strip(" ,;")
        addresses = mood_of(clause, words, clause.text(self._text), NOTHING).kind == ORDER
        order = self._order(replace_core(clause, inner), inner, said, ORDER, None) if addresses and inner.verbs else None
        if clause.sub in IF and self._mood == "praise":
            wished = self._order(replace_core(clause, inner), inner, said, WISH, None)
            if wished is not None and wished.sure >= PERHAPS:
                self._add(wished, words)
                self._mood = WISH
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
        if clause.sub in IF and _HARMLESS_IF.match(whole):
            return True
        perfect = bool(_DONE.search(whole)) or inner.first_form == "gerund"
        if clause.sub in AFTER | {"wenn", "when", "if"} and order is not None and order.intent and order.sure >= LIKELY and perfect:
            if clause.joined and self._orders:
                last = self._orders.pop()
                self._orders += [order, replace(last, in_order=True)]
            else:
                self._orders.append(order)
                if after is not None:
                    after.in_order = True
            return True
        if clause.sub in {"nachdem", "after", "bis", "until", "till", "solange"} and clause.sub != "solange":
            self._overlooked.append(said)
            return True
        if clause.sub in AFTER and not addresses or clause.sub in IF:
            self._reasons.append("conditional")
            if clause.joined and before is not None and self._orders and not after_is_joined(after):
                last = self._orders.pop()
                self._overlooked.append(last.text)
            elif clause.joined and self._mood == "praise":
                return True
            else:
                self._skip_next = "conditional"
            self._overlooked.append(said)
            return True
        return True

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
        self._add(replace(last, text=said, said=f"{verb.text} {said}", in_order=clause.in_order, own_thing=True), Words(clause.core))

    def _order(self, clause: Clause, words: Words, said: str, mood: str, asked: tuple[str, float] | None) -> Order | None:
        """Return the order a clause holds; None where its words do not tell of any."""
        extra, filled, refers = self._filled(clause, words, said)
        signs = signs_of(words, said, told=bool(clause.told), extra=extra)
        order = Order(said, filled, in_order=clause.in_order, signs=signs, mood=mood, refers=refers)
        order.own_thing = signs.document or signs.thing or signs.name or bool(signs.nouns & {"application", "portal", "appointment", "form", "table"}) if not refers else False
        foreign = bool(signs.senses & {FOREIGN, "print"}) and not signs.senses & {"write", "reply", "tell"}
        intent, sure = asked or intent_of(signs)
        if clause.told and not asked:
            told = of_told(signs.senses, " ".join(one.text for one in clause.told))
            intent, sure = told if told is not None else (intent, sure)
        if mood == FOR_OTHERS:
            intent, sure = ("fetch_and_send" if signs.place else "send_mail", LIKELY if signs.by_mail else PERHAPS) if (signs.document or refers or signs.pdf) else ("", 0.0)
        if foreign and (not intent or sure < SURE or ("print" in signs.senses and intent != "export_pdf")):
            order.foreign, intent, sure = words.lemmas(FOREIGN, "print") or frozenset({FOREIGN}), "", 0.0
        elif mood == MAYBE and sure < LIKELY:
            if len(words.content) < _SHORTEST_MAYBE:
                return None
            intent, sure = "", 0.0
        elif mood in {WISH, FOR_OTHERS} and not intent:
            return None
        if intent in _SENDING and not refers:
            order.own_thing = signs.document or signs.told or (signs.thing and not signs.person) or bool(signs.senses & {"write", "tell", "reply"})
        if "travel" in signs.nouns and signs.senses & {"make", "need", "fetch"} and intent != "fill_form":
            order.foreign, intent, sure = frozenset({"book"}), "", 0.0
        order.intent, order.sure = intent, sure
        return order

    def _filled(self, clause: Clause, words: Words, said: str) -> tuple[frozenset[str], str, bool]:
        """Return the kinds a pronoun stands for, the words with them in its place, and whether there is such a pronoun."""
        token = _pronoun(words)
        if token is None and not (_names_nothing(words) or self._leaves_out(clause, words, said)):
            return frozenset(), said, False
        thing = self._things[-1] if self._things else None
        if thing is None:
            return frozenset({"dated"} if self._dated else ()), said, True
        extra = set(thing.kinds) | ({"dated"} if self._dated else set())
        if self._place and not thing.place:
            thing = replace(thing, place=self._place)
        offset = self._text.find(said, clause.start)
        at = token.start - offset if token is not None else -1
        filled = said
        if thing.ordered:
            return frozenset(extra | ({"place"} if thing.place else set())) - {"place"}, said, True
        if token is None:
            filled = f"{thing.words} {said}"
        if 0 <= at < len(said) and said[at : at + len(token.text)] == token.text:
            filled = f"{said[:at]}{thing.words}{said[at + len(token.text) :]}"
        if thing.place:
            filled = _with_place(filled, thing)
            extra.add("place")
        return frozenset(extra), filled, True

    def _leaves_out(self, clause: Clause, words: Words, said: str) -> bool:
        """Whether an order does not say what it is about though something was spoken of: "an die Versicherung mailen"."""
        if not self._things or clause.told or not words.senses & {"send", "forward", "open", "convert", "extract"}:
            return False
        s = signs_of(words, said, told=False)
        return not (s.document or s.thing or s.name or s.app or s.nouns & {"portal", "appointment", "form", "table", "mail", "mailbox", "web"} or s.kinds & {"url", "file", "quoted"})

    def _remember(self, words: Words, *, ordered: bool = False) -> None:
        """Keep what a clause speaks of, for the pronouns after it."""
        phrases = sorted((one for one in _plain_phrases(words) if one.tokens), key=lambda one: (not (_kinds(one) - {"name"}), bool(one.before)))
        place = next((one for one in phrases if is_place(one) or (not words.verbs and one.noun("folder", "portal") and not one.noun("document"))), None)
        if self._mood == NOTHING and place is not None:
            self._place = self._text[place.start : place.tokens[-1].end]
        self._dated = self._dated or any(one.kind in {"date", "time"} for one in words.tokens)
        for phrase in phrases:
            kinds = _kinds(phrase)
            if not kinds or (phrase is place and len(phrases) > 1):
                continue
            told = self._text[phrase.tokens[0].start : _end_of(phrase, phrases, place)]
            where = self._text[place.start : place.tokens[-1].end] if place is not None and place is not phrase else ""
            self._things.append(_Thing(told, kinds, where, ordered))
            break
        else:
            if place is not None:
                told = self._text[place.tokens[0].start : place.tokens[-1].end]
                self._things.append(_Thing(told, _kinds(place), "", ordered))


_REPORTING: Final = frozenset({"sagen", "say", "meinen", "schreiben", "write", "tell", "fragen", "ask", "erzählen", "mean", "behaupten"})


def _goes_on_telling(clause: Clause, words: Words) -> bool:
    """Whether what looks like an order belongs to what was told before: "it logged me out and shut", "ich bat ihn, … zu öffnen"."""
    first = words.imperative
    return words.last_form == "to" and clause.joined == "," or (first is not None and clause.joined in AND and first.key in {"shut", "put", "set", "let", "quit", "read"})


def _wishes_of_you(clause: Clause) -> bool:
    """Whether what is told is what you are to do: "I wonder if you'd …", "ich hoffe, dass du …"."""
    keys = [one.key for one in clause.told[:2]]
    return len(keys) > 1 and keys[0] in {"if", "whether", "ob", "dass", "that"} and keys[1].partition("'")[0] in {"you", "du", "sie", "someone", "jemand"}


def _tells_why(words: Words) -> bool:
    """Whether a wish after an order only gives its reason: "…, ich muss was nachsehen", "…, I need it for the call"."""
    if _pronoun(words) is not None:
        return not words.keys & {"mail", "pdf", "an", "to", "per", "als"}
    return bool(words.keys & {"muss", "muessen", "must", "have", "will", "wollen"}) and not words.keys & {"bitte", "please"}


def after_is_joined(after: Clause | None) -> bool:
    return after is not None and bool(after.joined) and False


_BELONGS: Final = frozenset({"von", "vom", "mit", "fuer", "fuers", "der", "des", "of", "for", "with", "from", "zum", "zur", "zu", "about"})


def _end_of(phrase: Phrase, phrases: Sequence[Phrase], place: Phrase | None) -> int:
    """Return where a thing ends with what belongs to it: "der Vertrag mit Müller"."""
    end = phrase.tokens[-1].end
    for one in sorted(phrases, key=lambda each: each.start):
        if one is not place and one.before in _BELONGS and 0 <= one.start - end <= 1:
            end = one.tokens[-1].end
    return end


def _plain_phrases(words: Words) -> list[Phrase]:
    """Return the phrases between auxiliaries and verbs, without subjects that are pronouns."""
    found, run = list[Phrase](), list[Token]()
    for token in words.tokens:
        if token.has("auxiliary") or token.has("modal") or token.key.partition("'")[0] in {"there", "that", "it", "i", "we", "he", "she"}:
            found += phrases_of(run)
            run = []
        else:
            run.append(token)
    return found + phrases_of(run)


def _names_nothing(words: Words) -> bool:
    """Whether an order has verbs only, and leaves out what it is about: "bitte suchen"."""
    return bool(words.verbs) and all(
        one.is_verb or one.has("adverbs") or one.has("modal") or one.kind == "mark" or one.key in {"du", "sie", "you", "bitte", "please", "einmal", "mir", "me", "for", "für", "fuer", "a", "look", "have", "take", "will", "ya", "einen", "blick", "werfen", "wirf"} or (one.has("prepositions") and len(words.content) < 4)
        for one in words.content
    )


def _kinds(phrase: Phrase) -> frozenset[str]:
    found = {m.sense for t in phrase.tokens for m in t.meanings if m.kind == "noun"} - {"person_title", "format", "generic", "web"}
    if phrase.kind("file"):
        found.add("document")
    if phrase.kind("url"):
        found.add("portal")
    if not found and not phrase.before and phrase.tokens[0].kind == "word" and not phrase.tokens[0].meanings and len(phrase.tokens) <= 2:
        found.add("name")
    if not found and not phrase.before and phrase.tokens[0].has("determiners") and len(phrase.tokens) > 1:
        found.add("document")
    return frozenset(found)


def _pronoun(words: Words) -> Token | None:
    """Return the pronoun that stands for what the clause is about."""
    for place, token in enumerate(words.content):
        after = words.content[place + 1] if place + 1 < len(words.content) else None
        if token.key in {"it", "them", "ihn", "es", "dies", "beides", "dieses", "das"} and token.kind == "word":
            if after is not None and after.has("noun") and token.key in {"das", "dieses"}:
                continue
            if token.key in {"das", "dieses", "es"} and after is not None and not (after.is_verb or after.has("prepositions") or after.has("adverbs") or after.has("modal") or after.kind == "mark" or after.has("self") or after.has("auxiliary")):
                continue
            return token
        if token.key in {"sie", "die", "den", "der", "this", "that", "diese", "diesen", "those", "er"}:
            before = words.content[place - 1] if place else None
            if token.key == "sie" and (before is None or before.has("modal") or (before.is_verb and before.key.endswith("en"))):
                continue
            if before is not None and before.has("prepositions"):
                continue
            if after is None or after.kind == "mark" or after.has("adverbs") or after.has("modal") or after.has("auxiliary") or after.has("self") or (after.has("prepositions") and not after.has("determiners")) or (
                after.is_verb and not after.has("noun")
            ) or after.key in {"ihm", "ihr", "ihnen", "muss", "gehoert", "braeuchte", "ich"} or after.is_name:
                if after is not None and after.is_name and token.key in {"die", "den", "der"} and token.text[:1].islower() and not after.has("noun"):
                    continue
                return token
    return None


def _with_place(said: str, thing: _Thing) -> str:
    return said.replace(thing.words, f"{thing.words} {thing.place}", 1) if thing.words in said else said


def _without_head(clause: Clause, words: Words) -> Words:
    """Return a dependent clause without the word it begins with, its subject and its auxiliary."""
    tokens = [one for one in clause.core if one is not words.content[0] or one.key not in BEFORE | AFTER | IF]
    while tokens and tokens[0].key in {"du", "sie", "you", "ihr", "u", "wir", "we", "you've", "youve", "ya", "as", "soon", "have"}:
        tokens = tokens[1:]
    while tokens and (tokens[-1].has("auxiliary") or tokens[-1].kind == "mark" or tokens[-1].key in {"fertig", "done"}):
        tokens = tokens[:-1]
    return Words(tokens)


def replace_core(clause: Clause, words: Words) -> Clause:
    return replace(clause, core=words.tokens)


def _joined(orders: Sequence[Order]) -> list[Order]:
    """Make one of what is one order in two clauses: to get something and to send it, the same said again."""
    found = list[Order]()
    for order in orders:
        last = found[-1] if found else None
        one = None if last is None else _one_of(last, order)
        if one is None:
            found.append(order)
        else:
            found[-1] = one
    return found


def _one_of(last: Order, order: Order) -> Order | None:  # noqa: PLR0911 - a table of cases
    """Return the one order that two clauses make, or None."""
    if last.signs is None or order.signs is None or last.foreign or order.foreign:
        return None
    both = f"{last.said} und {order.text}" if last.said[-1:] not in ".!?" else f"{last.said} {order.text}"
    if last.intent in _SENDING and order.signs.keys & _COPIES and order.intent in {"", *_SENDING} and not order.signs.document:
        return replace(last, text=f"{last.text}, {order.text}", said=f"{last.said}, {order.text}")
    if last.intent in _SENDING and order.signs.senses == {"tell"} and not order.signs.person:
        return replace(last, text=f"{last.text}, {order.text}", said=f"{last.said} und {order.text}")
    if last.mood == FOR_OTHERS and order.intent in _SENDING and not order.own_thing:
        return replace(last, text=f"{last.text}, {order.text}", said=both, sure=SURE)
    if last.intent == "navigate_url" and last.signs.keys & _LOGS_IN and order.signs.senses & {"fetch", "download"} and order.intent in {"", "download_file"}:
        return replace(order, text=f"{last.text}, {order.text}", said=both, intent="download_file", sure=LIKELY, in_order=last.in_order, signs=order.signs._replace(place=True))
    gets = bool(last.signs.senses & {"fetch", "download", "save", "need", "belong", "lie"}) or last.mood == WISH
    if gets and last.signs.place and order.intent in _SENDING and not order.own_thing and last.intent in {"download_file", "fetch_and_send", "", "open_document", "search_document", "read_mail"}:
        return replace(order, text=f"{last.text}, {order.text}", said=both, intent="fetch_and_send", sure=SURE, in_order=last.in_order, own_thing=True, signs=last.signs)
    if not last.intent and not last.own_thing and order.intent and not last.signs.nouns and not last.signs.person:
        return replace(order, text=f"{last.text}, {order.text}")
    if not order.intent and not order.own_thing and not (order.signs.senses & {"print"}) and not order.signs.person:
        return replace(last, text=f"{last.text}, {order.text}")
    if not order.own_thing and order.intent == last.intent and order.intent and order.intent not in _SENDING:
        return replace(last, text=f"{last.text}, {order.text}", said=f"{last.said}, {order.text}", sure=max(last.sure, order.sure))
    if not last.intent and last.mood == WISH and not order.own_thing and order.intent:
        return replace(order, text=f"{last.text}, {order.text}")
    if last.mood in {WISH, MAYBE} and last.sure < SURE and not order.own_thing and order.intent and order.sure >= last.sure and "need" in last.signs.senses:
        return replace(order, text=f"{last.text}, {order.text}")
    return None
