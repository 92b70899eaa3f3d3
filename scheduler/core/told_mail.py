"""Finds a mail whose text is told in a clause, "Schreib Tom, Eva bekommt die Liste": nothing in it is ordered of us.

It counts only where the reading of the whole takes something out of that clause, or leaves it out of the mail.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from scheduler.core.apart import asked_about
from scheduler.core.clauses import Clause, clauses_of
from scheduler.core.compound import OrderPart, Orders
from scheduler.core.dictation import dictation
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.letters import word_set
from scheduler.core.order_joining import SENDING
from scheduler.core.persons_named import person_end
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.quotation import MARKS
from scheduler.core.slots import FREE_TEXT
from scheduler.core.word_forms import IMPERATIVE, INFINITIVE
from scheduler.core.words import Words

_LONGEST: Final = 400
"""Characters of a request that is looked at; longer ones are texts."""
_BEFORE: Final = """
    bitte please und and dann then also auch just mal jetzt now kindly could can would will you i'd we'd like want to
    ok hey
    """
_MAY_TELL: Final = re.compile(
    rf"(?i)(?:^|[\n,.;:!?()–-]|\b(?:{'|'.join(_BEFORE.split())}))\s*"
    r"(?:schreib\w*|sag\w*|teile?|antworte?|maile?|richte?|gib|gebt|lass|let|ask|frage?|remind|erinnere|write|tell|text"
    r"|e-?mail|message|reply|answer|inform\w*|note)\b"
)
_AROUND: Final = f" ,;.!{MARKS}"
_TELLING: Final = frozenset({"write", "tell", "reply"})
_MAILING: Final = word_set("mail maile mailst email e-mail text ask frag frage remind erinnere")
_BEFORE_VERB: Final = word_set(_BEFORE)
_THEN: Final = re.compile(r"(?i)(?:dann|then|danach|afterwards|after that)\b")
_JOINED: Final = re.compile(r"(?i)(?:,|\b(?:und|and))\s+$")
_AND_THAT: Final = re.compile(r"(?i),? (?:und|and) (?:an |to )?(?P<who>[^,.;:!?]{2,40}?),? (?P<that>dass|that) ")
_THAT: Final = re.compile(r"(?i)^(?:dass|daß|that)\s+")
_VERB_LAST: Final = frozenset({"dass", "weil", "damit"})
_SHALL: Final = word_set("soll sollen sollte sollten should")
_SUBJECTS: Final = word_set("i we he she they it ich wir er sie es")
_WHEN: Final = frozenset({"date", "time"})
_MEETING: Final = frozenset({"create_appointment"})
_LEFT_ALONE: Final = FREE_TEXT | _WHEN
_NOT_TELLING: Final = frozenset({"let's", "lets", "let’s", "thank", "danke"})
_SENDS_OR_SEEKS: Final = SENDING | {"web_search", "search_mail", "read_mail", "search_document"}
_NAME: Final = r"[^\s,.;:!?]+(?: [^\s,.;:!?]+)?"
_COPIED: Final = re.compile(
    r"(?i)(?:,| und| and) (?:(?:und|and|mit|with|please|bitte|setze?|nimm|put|have) )*"
    rf"(?:(?:cc|kopie an|copy to):? (?:an |to )?(?P<behind>{_NAME})"
    rf"|(?P<before>{_NAME}) (?:in|im|ins|on) (?:cc|kopie|copy))"
    r"(?=\s*(?:[,.;!]|$))"
)
"""Who gets a copy, behind what is told: "…, dass wir annehmen, Eva in cc"."""
_KNOW: Final = word_set("know bescheid wissen")
_THAT_WORDS: Final = frozenset({"that", "dass"})
_SHORTEST: Final = 2
_FIRST_WORDS: Final = 5
_JOINS: Final = re.compile(r"(?i)^[\s,;.!?:–-]*(?:(?:und|and|sowie) )?|[\s,;]+(?:(?:und|and)\s*)?$")

_TO_DO: Final = re.compile(r"to [a-z]")


class ToldMail(NamedTuple):
    """A request with a mail in it whose text is told: the order to write, that text, and what stands beside both."""

    before: str
    head: str
    body: str
    after: str
    each: bool = False
    """Behind it others are told something else, so that it is read apart in any case."""
    copied: str = ""
    """Who gets a copy."""

    def misread(self, orders: Orders) -> bool:
        """Whether orders of the whole request are about what is only told, or have a mail without its text."""
        known = [part.routed for part in orders.parts if part.routed.name != UNKNOWN]
        bare = any(one.name == "send_mail" for one in known) and not any("body" in one.slots for one in known)
        lost = bool(known) and not any(one.name in _SENDS_OR_SEEKS for one in known)
        uncopied = bool(self.copied) and not any("cc" in one.slots for one in known)
        return (
            uncopied
            or self.each
            or self._cuts(known)
            or self._takes_told(orders)
            or self._mixes(orders)
            or lost
            or (bare and not self.before)
        )

    def _cuts(self, known: Sequence[RoutedIntent]) -> bool:
        """Whether a mail has only the end of the text that is told, from a conjunction on."""
        bodies = [one.slots["body"] for one in known if one.name in SENDING and "body" in one.slots]
        before = [self.body.partition(one)[0] for one in bodies if one in self.body]
        return any(_JOINED.search(one) for one in before)

    def _mixes(self, orders: Orders) -> bool:
        """Whether an order sends both to whom it is told and to whom an order before names."""
        for part in orders.parts:
            persons = part.routed.all_words.get("recipient", [])
            told = any(one in self.head and one not in self.before for one in persons)
            if told and any(one in self.before and one not in self.head for one in persons):
                return True
        return False

    def _takes_told(self, orders: Orders) -> bool:
        outside = " ".join((self.before, self.head, self.copied, self.after))
        for part in orders.parts:
            for slot, words in part.routed.all_words.items():
                if slot in _LEFT_ALONE:
                    continue
                if any((one in self.body or self.body in one) and one not in outside for one in words):
                    return True
        return False

    @property
    def dictated(self) -> str:
        """The same in the form in which texts are dictated."""
        return f"{self.head}: {self.body}"

    @property
    def told(self) -> str:
        """The same as a request of its own."""
        return f"{self.head}, {self.body}"

    def written(self, orders: Orders) -> OrderPart | None:
        """Return the one mail in these orders, with the text that is told; None where it is not that one."""
        if len(orders.parts) != 1 or orders.parts[0].routed.name not in SENDING:
            return None
        if self._takes_told(orders) or self._mixes(orders):
            return None
        routed = orders.parts[0].routed
        copied = {"cc": self.copied} if self.copied else {}
        routed = routed.model_copy(update={"slots": {**routed.slots, "body": self.body, **copied}})
        return OrderPart(self.told, routed)


def told_mail(text: str) -> ToldMail | None:
    """Return the mail that a request tells the text of in a clause; None where there is none."""
    if len(text) > _LONGEST or _MAY_TELL.search(text) is None:
        return None
    if dictation(text)[1] is not None:
        return None
    clauses = clauses_of(text)
    for place, clause in enumerate(clauses):
        span = _told_in(clause, clauses[place + 1 :])
        if span is None:
            continue
        start, end = span
        if (each := _told_each(text, clause, start)) is not None:
            return each
        copied_at, behind, copied = _copied(text, start)
        body = _THAT.sub("", text[start : copied_at or end].strip(_AROUND))
        head = _JOINS.sub("", text[clause.start : start])
        if not body or "&" in body:
            return None
        before = _JOINS.sub("", text[: clause.start])
        return ToldMail(before, head, body, _JOINS.sub("", text[behind or end :]), copied=copied)
    return None


def _copied(text: str, start: int) -> tuple[int, int, str]:
    """Return where words begin and end that say who gets a copy of what is told from `start` on, and who."""
    for found in _COPIED.finditer(text, start):
        who = found["behind"] or found["before"]
        tokens = tokens_of(who)
        if tokens and person_end(tokens, 0) == len(tokens):
            return found.start(), found.end(), who
    return 0, 0, ""


def _told_each(text: str, clause: Clause, start: int) -> ToldMail | None:
    """Return the first of several mails that have a text each: "Schreib Anna, dass …, und Tom, dass …"."""
    for found in _AND_THAT.finditer(text, start):
        persons = tokens_of(found["who"])
        if persons and person_end(persons, 0) == len(persons):
            verb = "Schreib" if found["that"] == "dass" else clause.core[_verb(clause.core)].text
            before, head = _JOINS.sub("", text[: clause.start]), _JOINS.sub("", text[clause.start : start])
            body = _THAT.sub("", text[start : found.start()].strip(_AROUND))
            return ToldMail(
                before, head, body, f"{verb} {found['who']}, {found['that']} {text[found.end() :]}", each=True
            )
    return None


def _told_in(clause: Clause, later: Sequence[Clause]) -> tuple[int, int] | None:
    """Return where what a clause orders to write begins and ends."""
    if not _writes(clause.core):
        return None
    if clause.told:
        goes_on = clause.told[0].is_verb and clause.told[0].text.islower()
        start = (goes_on and _bare(clause.core)) or clause.told[0].start
        return None if _is_pronoun(clause.told) else (start, _end_of(clause.told, later))
    if bare := _bare(clause.core):
        return bare, _end_of_rest(clause.core[-1].end, later)
    return _quoted(clause.core) or _declared(clause.core, later)


def _writes(core: Sequence[Token]) -> bool:
    """Whether words order to write to somebody else."""
    place = _verb(core)
    if place == len(core) or core[place].key in _NOT_TELLING or any(one.has("self") for one in core):
        return False
    writes = any(one.sense in _TELLING for one in core[place].meanings) or core[place].key in _MAILING
    return writes and all(one.key in _BEFORE_VERB for one in core[:place])


def _declared(core: Sequence[Token], later: Sequence[Clause]) -> tuple[int, int] | None:
    """Return where a clause of its own stands behind nothing but the person: "Email Tom, Eva gets the list"."""
    after = later[0] if later else None
    told = after is not None and after.joined == "," and not after.sub and Words(after.core).declares
    names_only = person_end(core, _verb(core) + 1) == len(core)
    return (after.start, after.end) if after is not None and told and names_only else None


def _is_pronoun(told: Sequence[Token]) -> bool:
    """Whether "that" stands for something here: "email that to Tom"."""
    return told[0].key == "that" and (len(told) < _SHORTEST or told[1].has("prepositions"))


def _end_of(told: Sequence[Token], later: Sequence[Clause]) -> int:
    """Return where what is told ends: a clause goes on until its verb comes, "soll" to the last verb it is for."""
    end, shall = told[-1].end, bool(Words(told).keys & _SHALL)
    unfinished = told[0].key in _VERB_LAST and not Words(told[1:]).has_predicate
    for one in later:
        more = Words(one.core)
        goes_on = more.has_predicate if unfinished else shall and more.last_form == INFINITIVE
        if not one.joined or one.told or one.in_order or more.first_form == IMPERATIVE or not goes_on:
            break
        end, unfinished = one.end, False
    return end


def _end_of_rest(end: int, later: Sequence[Clause]) -> int:
    """Return where words end that only go on with what is told: "to send Tom the offer and Eva the list"."""
    for one in later:
        more = Words(one.core)
        if not one.joined or one.told or one.in_order or more.has_predicate:
            break
        end = one.end
    return end


def _verb(core: Sequence[Token]) -> int:
    first = core[:_FIRST_WORDS]
    return next((at for at, one in enumerate(first) if one.is_verb or one.key in _MAILING), len(core))


def _bare(core: Sequence[Token]) -> int:
    """Return where a clause begins that nothing sets off: "Write Anna I need the list"; 0 where there is none."""
    verb = _verb(core)
    if verb == len(core):
        return 0
    first = _whom(core, verb)
    last = person_end(core, first) or (first + 1 if _is_small_name(core, first) else 0)
    for end in range(last, first, -1):
        rest = list(core[end:])
        if rest and rest[0].key in _KNOW:
            rest = rest[1:]
        if len(rest) < _SHORTEST:
            continue
        subject = rest[0].key in _SUBJECTS or rest[0].is_name
        that = rest[0].key in _THAT_WORDS and len(rest) > _SHORTEST
        if (
            that
            or (subject and Words(rest).declares)
            or (rest[0].key == "to" and rest[1].is_verb and rest[1].text.islower())
        ):
            return rest[0].start
    return 0


def _is_small_name(core: Sequence[Token], place: int) -> bool:
    """Whether a name written small stands here, who is told the clause behind it: "write anna i need the list"."""
    after = core[place + 1 : place + 2]
    unknown = bool(after) and core[place].kind == "word" and not core[place].meanings
    return unknown and after[0].key in _SUBJECTS


def _quoted(core: Sequence[Token]) -> tuple[int, int] | None:
    """Return where a quotation stands that is all there is behind the person: 'Schreib Tom "schließ Excel"'."""
    first = _whom(core, _verb(core))
    end = person_end(core, first)
    quoted = end == len(core) - 1 and core[end].kind == "quoted"
    return (core[end].start, core[end].end) if quoted else None


def _whom(core: Sequence[Token], verb: int) -> int:
    """Return where the person stands that something is written to."""
    return verb + 2 if core[verb + 1 : verb + 2] and core[verb + 1].key in {"to", "an"} else verb + 1


def _dated(orders: Orders, whole: Orders) -> Orders:
    """Return orders, a meeting in them on the day of the one in the whole: "Tell Eva we meet at 5 and enter it"."""
    met = next((one.routed.slots for one in whole.parts if one.routed.name in _MEETING), {})
    when = {slot: words for slot, words in met.items() if slot in _WHEN}
    parts = [
        one._replace(routed=one.routed.model_copy(update={"slots": {**when, **one.routed.slots}}))
        if one.routed.name in _MEETING and not _WHEN & one.routed.slots.keys()
        else one
        for one in orders.parts
    ]
    return orders._replace(parts=tuple(parts))


def told_apart(mail: ToldMail, before: Orders, read: Sequence[Orders], after: Orders) -> Orders:
    """Return the orders before a mail, it as the first of its readings that fits, asked about else, those behind.

    What somebody is to be told "to" do may be an order to us as well, so that it counts for nothing that it is a mail
    where it is dictated: "Write Tom to close Excel" is asked about.
    """
    readings = read[1:] if _TO_DO.match(mail.body) else read
    written = next((one for one in map(mail.written, readings) if one is not None), None)
    after = _dated(after, read[-1])
    mails = Orders((written or asked_about(mail.told),))
    found = list[OrderPart]()
    then = _THEN.match(mail.after) is not None
    for orders in (before, mails, after):
        first = len(found)
        found += [
            one._replace(
                after=tuple(first + at for at in one.after), refers=None if one.refers is None else first + one.refers
            )
            for one in orders.parts
        ]
    if then and after.parts:
        place = len(before.parts) + 1
        found[place] = found[place]._replace(after=(place - 1, *found[place].after))
    return Orders(tuple(found), (*before.overlooked, *after.overlooked))
