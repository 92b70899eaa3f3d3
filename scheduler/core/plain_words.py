"""Takes out of a request what is not to be done: what stays as it is, what is taken back, what waits for a condition.

"Close Word, Excel stays open" is "Close Word". What is only asked about, or said on a condition, is asked for; where it
is not clear what a correction corrects, all is. Requests to send things are looked at by `who_gets_what` before.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from scheduler.core.compound import Orders, Rules
from scheduler.core.hesitation import SET_OFF
from scheduler.core.mood_words import DO_NOT, NOT
from scheduler.core.phrases import tokens_of
from scheduler.core.provisos import ALL_BUT, HELD
from scheduler.core.said_instead import TIMES, has_verb, may_name, with_more, with_other
from scheduler.core.sent_pairs import runs_of
from scheduler.core.slots import FREE_TEXT
from scheduler.core.taken_back import ALSO, EXCUSES, correcting, corrects
from scheduler.core.told_words import tells
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
        filled = [one for part in orders.parts for one in part.routed.all_words.items()]
        values = (one for slot, many in filled if slot not in FREE_TEXT for one in many)
        return bool(self.added) or any(map(self._is_out, values))

    def _is_out(self, words: str) -> bool:
        said = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
        return any(said.search(one) for one in self.out) and not said.search(self.text)


def plain_words(text: str, rules: Rules) -> Plain:
    """Return a request without what its words say is not to be done; the text itself where there is nothing of that."""
    if len(text) > _LONGEST or not (corrects(text) or _MAY_MATTER.search(text) or HELD.search(text)):
        return Plain(text)
    if tells(text):
        return Plain(text)
    if not _closes_or_opens(text):
        return _read(text, rules)
    plain = _read(_EXCEPT.sub(_all_of_them, text), rules)
    return plain._replace(out=(*plain.out, *(found[0][len(found["all"]) :] for found in _EXCEPT.finditer(text))))


def _all_of_them(found: re.Match[str]) -> str:
    """Return what somebody or something is left out of; all programs are named by no word that a program may have."""
    whole = "alles" if found["de"] else "everything"
    return (whole if _PROGRAMS_ALL.fullmatch(found["all"]) else found["all"]) + (found["zu"] or "")


def _closes_or_opens(text: str) -> bool:
    return bool(Words(tokens_of(text)).senses & _PROGRAMS)


class _Part(NamedTuple):
    start: int
    end: int
    words: Words
    conjunction: str
    new_sentence: bool


class _Cut(NamedTuple):
    """A piece of a request that is taken out, and what is said instead."""

    start: int
    end: int
    instead: str = ""


class _Taken(NamedTuple):
    """What the parts of a request that were looked at take out of it; the names are those of Plain."""

    cuts: tuple[_Cut, ...] = ()
    asked: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    stays: bool = False
    """Something stays as it is."""

    def with_cut(
        self,
        *cuts: _Cut,
        asked: tuple[str, ...] = (),
        left: tuple[str, ...] = (),
        taken_back: tuple[str, ...] = (),
        added: tuple[str, ...] = (),
    ) -> "_Taken":
        """Return this with more cuts, and what is said of them."""
        return _Taken(
            self.cuts + cuts,
            self.asked + asked,
            self.left + left,
            self.taken_back + taken_back,
            self.added + added,
            self.stays,
        )

    def plain(self, text: str) -> Plain:
        out = (*self.asked, *self.left, *self.taken_back)
        sure = bool(self.taken_back or self.stays) and not self.asked
        return Plain(self._rest(text), self.asked, self.left, out, self.added, sure)

    def _rest(self, text: str) -> str:
        for start, end, instead in sorted(self.cuts, reverse=True):
            text = text[:start] + instead + text[end:]
        return re.sub(r"^[\s,;]+(?:(?:und|and|aber|but) )?", "", text) if self.cuts else text


def _read(text: str, rules: Rules) -> Plain:
    parts = [
        _Part(run[0].start, run[-1].end, Words(run), conjunction, new)
        for run, conjunction, new in runs_of(text, tokens_of(text))
    ]
    request, taken, place = _Request(text, parts, rules), _Taken(), 0
    while place < len(parts):
        taken, last = request.take(place, taken)
        place = last + 1
    return taken.plain(text)


@dataclass(frozen=True)
class _Request:
    """A request taken apart, which says of each part what it takes out."""

    text: str
    parts: Sequence[_Part]
    rules: Rules

    def take(self, place: int, taken: _Taken) -> tuple[_Taken, int]:
        """Return what is taken out up to a part, and the last part that this speaks of."""
        part, said = self.parts[place], self._said(place)
        out = self._out(place)
        if self._of_programs and len(self.parts) > 1 and _STAYS.fullmatch(said):
            return taken.with_cut(out, left=(said,))._replace(stays=True), place
        if not place:
            return taken, place
        if self._is_held(part, said) or self._is_asked(place):
            return taken.with_cut(out, asked=(said,)), place
        if self._is_left_out(place, said, stays=taken.stays):
            return taken.with_cut(out, left=(said,)), place
        return self._change(place, said, taken)

    def _change(self, place: int, said: str, taken: _Taken) -> tuple[_Taken, int]:
        """Return what a part changes of what was said before it, and the last part that this speaks of."""
        if ALSO.search(said):
            return self._add(place, ALSO.sub("", said).strip(" ,"), taken), place
        if (forgotten := _FORGET.fullmatch(said)) and _closes_or_opens(self.text):
            return self._forget(place, forgotten["one"], taken), place
        if place + 1 == len(self.parts) and self._may_mean(place, said):
            return self._ask_about_all(place, taken), place
        if taken_back := correcting(said):
            return self._correct(place, said[taken_back.end() :].strip(" ,"), taken)
        return taken, place

    @functools.cached_property
    def _of_programs(self) -> bool:
        return any(part.words.senses & _PROGRAMS for part in self.parts)

    def _may_mean(self, place: int, said: str) -> bool:
        """Whether words may say which program is meant instead of the one before."""
        return _I_MEAN.fullmatch(said) is not None and self.parts[place].words.tokens[-1].has("noun", "application")

    def _ask_about_all(self, place: int, taken: _Taken) -> _Taken:
        """Ask about everything up to a part that leaves open what is meant."""
        end = self.parts[place].end
        return taken.with_cut(asked=(self.text[:end],))._replace(cuts=(_Cut(0, end),))

    def _forget(self, place: int, name: str, taken: _Taken) -> _Taken:
        """Leave out one of several named before; ask about all where it is not one of several."""
        before = self.text[: self.parts[place].start]
        found = list(re.finditer(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", before))
        if not found:
            return taken.with_cut(self._out(place), left=(self._said(place),))
        listed = _one_of_several(before, *found[0].span())
        if listed is None or len(found) > 1 or taken.cuts or len(self.rules.orders(before).parts) != 1:
            return self._ask_about_all(place, taken.with_cut(taken_back=(name,)))
        return taken.with_cut(_Cut(*listed), self._out(place), taken_back=(name,))

    def _said(self, place: int) -> str:
        return self.text[self.parts[place].start : self.parts[place].end]

    def _out(self, place: int) -> _Cut:
        """Return the cut that takes out a part with what joins it to the one before it."""
        part = self.parts[place]
        if place and not part.new_sentence:
            return _Cut(self.parts[place - 1].end, part.end)
        joined = _JOINED.search(self.text, 0, part.start)
        return _Cut(joined.start() if joined else part.start, part.end)

    def _is_held(self, part: _Part, said: str) -> bool:
        """Whether words without a verb of their own name something that is to be done on a condition only."""
        names = any(one.kind not in TIMES and may_name(one) for one in part.words.tokens)
        return bool(names and HELD.search(said)) and not has_verb(part.words)

    def _is_asked(self, place: int) -> bool:
        """Whether a sentence without a verb asks about something more: "And Excel?"."""
        part, end = self.parts[place], _ENDS.match(self.text, self.parts[place].end)
        asks = place + 1 == len(self.parts) and self._stands_off(place) and end is not None and end[1] == "?"
        also = part.conjunction != "" or ALSO.search(self._said(place)) is not None
        names = [one for one in part.words.tokens if not ALSO.fullmatch(one.text)]
        if len(names) == 1 and names[0].text[:1].isupper():
            return asks and also
        return asks and also and not has_verb(part.words) and any(map(may_name, names))

    def _stands_off(self, place: int) -> bool:
        """Whether a part is a sentence, or set off from an order before it: "Close Word, and Excel?"."""
        part, before = self.parts[place], self.parts[place - 1]
        set_off = self.text[before.end : part.start].lstrip()[:1] in {",", "-", "–", ";"}
        joined = part.conjunction in {"und", "and"} or ALSO.search(self._said(place)) is not None
        short = len(part.words.tokens) <= _FEW and joined
        return part.new_sentence or (set_off and short and before.words.imperative is not None)

    def _is_left_out(self, place: int, said: str, *, stays: bool) -> bool:
        """Whether words without a verb say what is not meant, and nothing is said instead: "not the credit note"."""
        part, after = self.parts[place], self.parts[place + 1] if place + 1 < len(self.parts) else None
        instead = after is not None and not after.new_sentence and after.conjunction in {"sondern", "but"}
        left_out = _NOT.match(said)
        if not stays and self.text[part.end :][:1] != ":":
            left_out = left_out or _NOT_LAST.fullmatch(said)
        return not instead and not has_verb(part.words) and left_out is not None

    def _correct(self, place: int, instead: str, taken: _Taken) -> tuple[_Taken, int]:
        """Put what is said instead into the part before, and return the last part that this speaks of."""
        last, at = place, place - 1
        while not instead and last + 1 < len(self.parts):
            last += 1
            said = self._said(last)
            again = correcting(said)
            instead = said[again.end() :].strip(" ,") if again else said
        while at and _INTERJECTION.fullmatch(self._said(at)):
            at -= 1
        corrected = with_other(self._said(at), instead, self.rules)
        if corrected is None:
            return taken, place
        cut = _Cut(self.parts[at].start, self.parts[last].end, corrected.order)
        return taken.with_cut(cut, taken_back=(corrected.taken_back,)), last

    def _add(self, place: int, also: str, taken: _Taken) -> _Taken:
        """Put what is meant too into the part before."""
        both = with_more(self._said(place - 1), also, self.rules)
        if both is None:
            return taken
        return taken.with_cut(_Cut(self.parts[place - 1].start, self.parts[place].end, both), added=(also,))


def _one_of_several(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return one of several, with what joins it to the others; None where it stands alone."""
    before, after = _AND_BEFORE.search(text, 0, start), _AND_AFTER.match(text, end)
    if after is not None:
        return start, after.end()
    return (before.start(), end) if before is not None else None
