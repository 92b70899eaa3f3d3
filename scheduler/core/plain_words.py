"""Takes out of a request what is not to be done: what stays as it is, what is taken back, what waits for a condition.

"Close Word, Excel stays open" is "Close Word". What is only asked about, or said on a condition, is asked for; where it
is not clear what a correction corrects, all is. Requests to send things are looked at by `who_gets_what` before.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from scheduler.core.apart import asked_about
from scheduler.core.compound import Orders, Rules
from scheduler.core.hesitation import SET_OFF
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.mood_words import DO_NOT, NOT
from scheduler.core.order_joining import SENDING
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.provisos import ALL_BUT, HELD
from scheduler.core.sent_pairs import runs_of
from scheduler.core.slots import FREE_TEXT
from scheduler.core.taken_back import EXCUSES, correcting, corrects
from scheduler.core.told_words import TOLD, tells
from scheduler.core.words import Words

_LONGEST: Final = 400
"""Characters of a request that is looked at; longer ones are texts."""
_OPEN: Final = r"(?:offen|open|an|on|auf|running|laufen|geöffnet|up|alone|in ruhe)"
_STAYS: Final = re.compile(
    rf"(?i)(?!.*\b(?:nimmer|{NOT}|no longer|kein\w*|needn't|{DO_NOT})\b)"
    rf"(?:(?:.* )?(?:bleibt?|bleiben|stays?|remains?|lass\w*|leave|keep)\b.*\b{_OPEN}"
    r"|\w[\w .+-]* (?:bleibt|(?:can|may|should|must|has to) (?:stay|remain)(?: open)?"
    r"|soll\w* (?:offen |auf |an )?bleiben"
    rf"|(?:ist|is|sind|are) (?:schon|already|bereits|noch|still) {_OPEN}|läuft (?:schon|bereits|noch))"
    rf"|\w[\w .+-]* (?:offen|an|auf|open|running) (?:lassen|bleiben)|\w[\w .+-]* lass\w*(?: bitte)? {_OPEN}"
    r"|\w[\w .+-]* brauche?n? (?:ich|wir) (?:noch|weiter\w*|gerade)|(?:ich|wir) brauche?n? [\w .+-]+ noch"
    r"|(?:i|we) still need [\w .+-]+|(?:i['’]m|we['’]re|i am|we are) still (?:using|(?:working )?in|on) [\w .+-]+)"
)
_EXCEPT: Final = re.compile(
    r"(?i)\b(?P<all>(?:(?P<de>alles|alle[rn]?|jede\w*|sämtliche\w*)|all|any|every|everything)(?: (?!zu\b)\w+){0,2}?)"
    rf"(?P<zu> zu)?,?(?: nur| just)? (?:{ALL_BUT} [^,.;!?]+|[^,.;!?]+ ausgenommen)"
)
_PROGRAMS_ALL: Final = re.compile(
    r"(?i)alle\w?|all|any|every|jede\w*|.*(?:programm|fenster|anwendung|\bapps?\b|application|program|window).*"
)
_ONCE_I: Final = re.compile(
    r"(?i)\b(?:sobald|once|as soon as|erst wenn|erst nachdem|(?:but )?(?:only )?after|when|until) (?:ich|wir|i|we)"
    r"(?:['’](?:ve|m|re)|\b(?= (?:have|am|are|say|give|tell|[^,.;!?]+ (?:habe|haben|bin|sind)\b)))"
)
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
"""It waits for what somebody else does."""
_ASKS: Final = re.compile(
    r"(?i)\b(?:ask|check|see|know|find|look|wonder|tell|frag\w*|prüf\w*|schau\w*|sag\w*|guck\w*|sieh|such\w*|nachsehen"
    r"|wäre\w*|would|[iw]e?'d|happier|fände\w*|hätte\w*|schön|nett|lieb|toll|gut|nice|good|great)\b"
)
"""What asks whether it is so, or wishes that it were."""
_WAITS: Final = SENDING | {"close_app"}
"""The orders of which it matters most that they wait until they are to be done."""
_INTERJECTION: Final = re.compile(rf"(?i)(?:ach|oh|{EXCUSES}|{SET_OFF})")
_NOT: Final = re.compile(
    r"(?i)(?:bitte |auch )?(?:nicht|not)(?: auch| etwa)? (?!nur|only|just|mehr|später|later|vor|before|zu |so )\S"
)
_NOT_LAST: Final = re.compile(r"(?i)(?!.*\b(?:doch|lieber|besser|noch|mehr)\b)[\w.+-]+(?: bitte)? (?:nicht|not)")
_I_MEAN: Final = re.compile(r"(?i)meine \w+")
"""What may correct, said of a program, or name one more: "Mach Word zu, meine Excel"."""
_FORGET: Final = re.compile(r"(?i)(?:forget|vergiss) (?!(?:it|that|es|das)$)(?P<one>[\w.+-]+)")
_JOINED: Final = re.compile(r"(?i)\b(?:und|and|aber|but)\s+$")
_AND_BEFORE: Final = re.compile(r"(?i)(?:,| und| and) $")
_AND_AFTER: Final = re.compile(r"(?:,| und| and) (?=[A-ZÄÖÜ])")
_ALSO: Final = re.compile(r"(?i)\b(?:auch|too|also|as well|ebenfalls)\b")
_FEW: Final = 4
_PROGRAMS: Final = frozenset({"close", "open", "start"})
_ENDS: Final = re.compile(r"[^.!?]*([.!?]|$)")
_MAY_MATTER: Final = re.compile(
    r"(?i)\b(?:bleib\w*|stays?|remains?|keep|leave|lass\w*|läuft"
    r"|(?:ist|is|sind|are) (?:schon|already|bereits|noch|still)|brauche?n?|auch|too|as well"
    r"|still (?:need|using|working|in)|außer|ausser|except|apart|bis auf|ausnahme"
    r"|other than|(?:all|any|every\w*)(?: \w+){0,2} but|save for|ausgenommen)\b"
    r"|[,–-] ?(?:but |aber |auch |bitte )*(?:not|nicht)\b"
    r"|, ?(?:but |aber )?[\w.+-]+(?: bitte)? (?:not|nicht)(?=[,.;!?]|$)"
    r"|, ?meine \w+[.! ]*$|\b(?:forget|vergiss) \w+(?=[,.!]| and\b| und\b|$)"
    r"|\b(?:and|und|auch|too|also|as well|ebenfalls)\b[^.!?]*\?"
)
_SLOTS: Final = {
    "open_app": "application",
    "close_app": "application",
    "open_document": "document",
    "search_document": "document",
    "export_pdf": "document",
    "download_file": "document",
    "web_search": "query",
}
"""What an order is about, which a correction may take back."""
_TIMES: Final = frozenset({"date", "time"})
_BEFORE_PERSON: Final = frozenset({"mit", "with"})


class Plain(NamedTuple):
    """A request without what is not to be done. `asked` is to be asked about, `left` is told of as overlooked.

    `out` is all that was taken out, what was taken back too; `sure`: the rest is what is ordered without a doubt.
    """

    text: str
    asked: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    """What is said to be meant, too: "und das Datenblatt auch"."""
    sure: bool = False

    def spares(self, orders: Orders) -> bool:
        """Whether orders of the whole request may do something to what is taken out here, or else to what is added."""
        values = [one for part in orders.parts for slot, one in _values(part.routed) if slot not in FREE_TEXT]
        return bool(self.added) or any(map(self._is_out, values))

    def _is_out(self, words: str) -> bool:
        said = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
        return any(said.search(one) for one in self.out) and not said.search(self.text)


@dataclass
class _Part:
    start: int
    end: int
    words: Words
    conjunction: str
    new_sentence: bool


def plain_words(text: str, rules: Rules) -> Plain:
    """Return a request without what its words say is not to be done; the text itself where there is nothing of that."""
    if len(text) > _LONGEST or not (corrects(text) or _MAY_MATTER.search(text) or HELD.search(text)):
        return Plain(text)
    if tells(text):
        return Plain(text)
    if not _closes_or_opens(text):
        return _Reader(text, rules).read()
    plain = _Reader(_EXCEPT.sub(_all_of_them, text), rules).read()
    return plain._replace(out=(*plain.out, *(found[0][len(found["all"]) :] for found in _EXCEPT.finditer(text))))


def _all_of_them(found: re.Match[str]) -> str:
    """Return what somebody or something is left out of; all programs are named by no word that a program may have."""
    whole = "alles" if found["de"] else "everything"
    return (whole if _PROGRAMS_ALL.fullmatch(found["all"]) else found["all"]) + (found["zu"] or "")


def without_waiting(text: str, orders: Orders) -> Orders:
    """Return orders, those to send and to close asked about that wait for something we do: no sign tells of that."""
    found = _ONCE_I.search(text) or _ON_CONDITION.search(text)
    if found is None or TOLD.search(text):
        return orders
    named = found.groupdict().get("name")
    waits = SENDING if named else _WAITS
    clause = re.split(r"[,.;!?]", text[found.start() :])[0] if named else ""
    start = max(text.rfind(mark, 0, found.start()) for mark in ".!?") + 1
    if _ASKS.search(text, start, found.start()):
        return orders
    end = _ENDS.match(text, found.start())
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
    inside = {one in condition for slot, one in _values(routed) if slot == "application"}
    return routed.name == "close_app" and len(inside) > 1


def _values(routed: RoutedIntent) -> Iterator[tuple[str, str]]:
    for slot, many in routed.words.items():
        yield from ((slot, one) for one in ([many] if isinstance(many, str) else many))


def _closes_or_opens(text: str) -> bool:
    return bool(Words(tokens_of(text)).senses & _PROGRAMS)


class _Reader:
    def __init__(self, text: str, rules: Rules) -> None:
        self._text = text
        self._rules = rules
        self._parts = [
            _Part(run[0].start, run[-1].end, Words(run), conjunction, new)
            for run, conjunction, new in runs_of(text, tokens_of(text))
        ]
        self._out: list[tuple[int, int, str]] = []
        self._asked: list[str] = []
        self._left: list[str] = []
        self._taken_back: list[str] = []
        self._added: list[str] = []
        self._stays = False

    def read(self) -> Plain:
        programs = any(part.words.senses & _PROGRAMS for part in self._parts)
        place = 0
        while place < len(self._parts):
            part, said = self._parts[place], self._said(place)
            if programs and len(self._parts) > 1 and _STAYS.fullmatch(said):
                self._leave_out(place, self._left)
                self._stays = True
            elif place and (self._is_held(part, said) or self._is_asked(place)):
                self._leave_out(place, self._asked)
            elif place and self._is_left_out(place, said):
                self._leave_out(place, self._left)
            elif place and _ALSO.search(said):
                self._add(place, _ALSO.sub("", said).strip(" ,"))
            elif place and (forgotten := _FORGET.fullmatch(said)) and _closes_or_opens(self._text):
                self._forget(place, forgotten["one"])
            elif part is self._parts[-1] and place and self._may_mean(part, said):
                self._ask_about_all(place)
            elif place and (taken_back := correcting(said)):
                place = self._correct(place, said[taken_back.end() :].strip(" ,"))
            place += 1
        out = (*self._asked, *self._left, *self._taken_back)
        sure = bool(self._taken_back or self._stays) and not self._asked
        return Plain(self._rest(), tuple(self._asked), tuple(self._left), out, tuple(self._added), sure)

    def _may_mean(self, part: _Part, said: str) -> bool:
        """Whether words may say which program is meant instead of the one before."""
        return _I_MEAN.fullmatch(said) is not None and part.words.tokens[-1].has("noun", "application")

    def _ask_about_all(self, place: int) -> None:
        """Ask about everything up to a part that leaves open what is meant."""
        end = self._parts[place].end
        self._asked.append(self._text[:end])
        self._out = [(0, end, "")]

    def _forget(self, place: int, name: str) -> None:
        """Leave out one of several named before; ask about all where it is not one of several."""
        before, end = self._text[: self._parts[place].start], self._parts[place].end
        found = list(re.finditer(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", before))
        if not found:
            self._leave_out(place, self._left)
            return
        listed = _one_of_several(before, *found[0].span())
        self._taken_back.append(name)
        if listed is not None and len(found) == 1 and not self._out and len(self._rules.orders(before).parts) == 1:
            self._out += [(*listed, ""), (self._from(place), end, "")]
        else:
            self._ask_about_all(place)

    def _said(self, place: int) -> str:
        return self._text[self._parts[place].start : self._parts[place].end]

    def _leave_out(self, place: int, into: list[str]) -> None:
        into.append(self._said(place))
        self._out.append((self._from(place), self._parts[place].end, ""))

    def _from(self, place: int) -> int:
        """Return where what joins a part to the one before it begins."""
        if place and not self._parts[place].new_sentence:
            return self._parts[place - 1].end
        joined = _JOINED.search(self._text, 0, self._parts[place].start)
        return joined.start() if joined else self._parts[place].start

    def _is_held(self, part: _Part, said: str) -> bool:
        """Whether words without a verb of their own name something that is to be done on a condition only."""
        names = any(one.kind not in _TIMES and _may_name(one) for one in part.words.tokens)
        return bool(names and HELD.search(said)) and not _has_verb(part.words)

    def _is_asked(self, place: int) -> bool:
        """Whether a sentence without a verb asks about something more: "And Excel?"."""
        part, end = self._parts[place], _ENDS.match(self._text, self._parts[place].end)
        asks = part is self._parts[-1] and self._stands_off(place) and end is not None and end[1] == "?"
        also = part.conjunction != "" or _ALSO.search(self._said(place)) is not None
        names = [one for one in part.words.tokens if not _ALSO.fullmatch(one.text)]
        if len(names) == 1 and names[0].text[:1].isupper():
            return asks and also
        return asks and also and not _has_verb(part.words) and any(_may_name(one) for one in names)

    def _stands_off(self, place: int) -> bool:
        """Whether a part is a sentence, or set off from an order before it: "Close Word, and Excel?"."""
        part, before = self._parts[place], self._parts[place - 1]
        set_off = self._text[before.end : part.start].lstrip()[:1] in {",", "-", "–", ";"}
        joined = part.conjunction in {"und", "and"} or _ALSO.search(self._said(place)) is not None
        short = len(part.words.tokens) <= _FEW and joined
        return part.new_sentence or (set_off and short and before.words.imperative is not None)

    def _is_left_out(self, place: int, said: str) -> bool:
        """Whether words without a verb say what is not meant, and nothing is said instead: "not the credit note"."""
        after = self._parts[place + 1] if place + 1 < len(self._parts) else None
        instead = after is not None and not after.new_sentence and after.conjunction in {"sondern", "but"}
        left_out = _NOT.match(said)
        if not self._stays and self._text[self._parts[place].end :][:1] != ":":
            left_out = left_out or _NOT_LAST.fullmatch(said)
        return not instead and not _has_verb(self._parts[place].words) and left_out is not None

    def _correct(self, place: int, instead: str) -> int:
        """Put what is said instead into the part before, and return the last part that this takes."""
        last = place
        while not instead and last + 1 < len(self._parts):
            last += 1
            said = self._said(last)
            again = correcting(said)
            instead = said[again.end() :].strip(" ,") if again else said
        tokens = tokens_of(instead)
        if not instead or _has_verb(Words(tokens)) or not any(_may_name(one) for one in tokens):
            return place
        at = place - 1
        while at and _INTERJECTION.fullmatch(self._said(at)):
            at -= 1
        before = self._parts[at]
        corrected = self._corrected(self._text[before.start : before.end], tokens, instead)
        if corrected is None:
            return place
        self._out.append((before.start, self._parts[last].end, corrected))
        return last

    def _add(self, place: int, also: str) -> None:
        """Put what is meant too into the part before, whose verb and kind it shares."""
        before, tokens = self._parts[place - 1], tokens_of(also)
        said = self._text[before.start : before.end]
        if _has_verb(Words(tokens)) or not any(_may_name(one) for one in tokens) or tokens[0].has("prepositions"):
            return
        orders = self._rules.orders(said).parts
        name = orders[0].routed.name
        known = orders[0].routed.words.get(_SLOTS.get(name, ""), "")
        if len(orders) == 1 and isinstance(known, str) and known and said.count(known) == 1:
            between = "and" if orders[0].routed.locale == "en" else "und"
            self._added.append(also)
            self._out.append((before.start, self._parts[place].end, said.replace(known, f"{known} {between} {also}")))

    def _corrected(self, said: str, tokens: Sequence[Token], instead: str) -> str | None:
        """Return an order with other words for what it is about, a day or a person; None where these are not clear."""
        orders = self._rules.orders(said).parts
        routed = orders[0].routed
        if len(orders) != 1 or routed.name == UNKNOWN:
            return None
        slot = _slot_of(routed.name, tokens)
        start = next((at for at, one in enumerate(tokens) if not _is_small(one)), 0)
        if any(one.has("prepositions") for one in tokens[:start]) and slot in _SLOTS.values():
            return None
        words = instead[tokens[start].start :]
        known = routed.words.get(slot, "")
        if not isinstance(known, str) or said.count(known) != 1:
            return None
        self._taken_back.append(known)
        return said.replace(known, words)

    def _rest(self) -> str:
        text = self._text
        for start, end, instead in sorted(self._out, reverse=True):
            text = text[:start] + instead + text[end:]
        return re.sub(r"^[\s,;]+(?:(?:und|and|aber|but) )?", "", text) if self._out else text


def _one_of_several(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return one of several, with what joins it to the others; None where it stands alone."""
    before, after = _AND_BEFORE.search(text, 0, start), _AND_AFTER.match(text, end)
    if after is not None:
        return start, after.end()
    return (before.start(), end) if before is not None else None


def _slot_of(intent: str, tokens: Sequence[Token]) -> str:
    """Return the slot that words may fill instead of what was said."""
    if intent != "create_appointment":
        return _SLOTS.get(intent, "")
    kinds = [one.kind for one in tokens if one.kind in {"date", "time"}]
    person = tokens[0].key in _BEFORE_PERSON or tokens[0].is_name
    return kinds[0] if kinds and not person else "participants" if person else ""


def _may_name(token: Token) -> bool:
    """Whether a word may name a program, a thing, a person or a day."""
    if token.kind != "word":
        return token.kind not in {"mark", "quoted"}
    return not _is_small(token) and (token.text[:1].isupper() or token.has("noun") or any(map(str.isdigit, token.text)))


def _has_verb(words: Words) -> bool:
    """Whether there is a verb; "am" is a preposition here."""
    helps = any(one.has("modal") or (one.has("auxiliary") and one.key != "am") for one in words.tokens)
    return helps or words.has_full_verb


def _is_small(token: Token) -> bool:
    return any(map(token.has, ("determiners", "prepositions", "adverbs", "pronouns")))
