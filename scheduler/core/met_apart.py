"""Keeps apart whom each of several appointments is with: "Invite Anna on Monday and Tom on Tuesday" are two.

Read as one request, everybody would be invited to both.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from scheduler.core.letters import word_set
from scheduler.core.persons_named import person_end
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.provisos import HELD
from scheduler.core.sent_pairs import runs_of
from scheduler.core.taken_back import correcting
from scheduler.core.told_words import tells
from scheduler.core.who_gets_what import Piece
from scheduler.core.words import Words

_LONGEST: Final = 200
"""Characters of a request that is looked at."""
_MAY_MEET: Final = re.compile(
    r"(?i)\b(?:invite|lade|lad|einladen|termine?|meetings?|appointments?|calls?|besprechung|treffen|schedule|book|meet|vereinbare?|arrange)\b"
)
_WITH: Final = frozenset({"mit", "with"})
_AT: Final = word_set(
    "am um on at ab gegen zum zur for fuer in von from bis to the der den dem naechsten next this diesen"
)
_ALSO: Final = word_set("auch also noch one einen another dann then")
_ONLY_THEN: Final = re.compile(r"(?i) (?:aber |but )?(?:erst|only)\b")
_THEN: Final = re.compile(r"(?i)^(?:(?:und|and) )?(?:dann|then|danach|afterwards)\b,? ?")
_OR: Final = frozenset({"oder", "or"})
_NO_NEW: Final = re.compile(
    r"(?i)\b(?:for|für|zu|zum|zur|to|of|von) (?:the|my|our|den|die|das|dem|der|mein\w*|unser\w*) [^\W\d]+"
    r"(?: (?:mit|with))?\W*$"
    r"|\b(?:show|zeige?n?|list|find\w*|such\w*|read|lies|cancel|sage?|absagen|storni\w*|lösche?n?|delete|verschieb\w*|move"
    r"|reschedule|check|see|tell|print|drucke?n?|send\w*|schicke?n?|öffne\w*|open|prepare|when|what|which|wann|was|welche\w*)\b"
)
"""What stands before the persons where the appointments are there already, or something else is booked."""
_SEVERAL: Final = 2
_TIMES: Final = frozenset({"date", "time"})
_PARTICLES: Final = word_set(
    """
    ein an aus einen termin meeting besprechung einladen eintragen anlegen ansetzen planen vereinbaren machen bitte
    please
    """
)


class _Named(NamedTuple):
    start: int
    person: tuple[int, int]
    when: tuple[int, int]
    day: tuple[int, int] | None
    mit: bool
    between: tuple[int, int] = (0, 0)


def met_apart(text: str) -> tuple[Piece, ...]:
    """Return the appointments of a request that says of several persons when each is met; none of any other.

    What is ordered before and behind them is a piece of its own. They are asked about where only one of them is meant,
    or what is said is not to make them: "Show me the meetings with Anna on Monday and Tom on Tuesday".
    """
    if len(text) > _LONGEST or _MAY_MEET.search(text) is None or text.rstrip().endswith("?"):
        return ()
    text = _ONLY_THEN.sub("", text)
    if tells(text) or HELD.search(text):
        return ()
    runs, joined = _runs(text)
    if any(correcting(text, one[0].start) for one in runs):
        return ()
    start = next((at for at, one in enumerate(runs) if _MAY_MEET.search(text[one[0].start : one[-1].end])), len(runs))
    end = next((at for at in range(start + 1, len(runs)) if Words(runs[at]).imperative is not None), len(runs))
    met = _row(text, runs[start:end])
    if not met:
        return ()
    if _OR & {*joined[start + 1 : end]} or _NO_NEW.search(met[0].text.partition(met[0].persons[0])[0]):
        met = [Piece(_trimmed(text, runs[start:end]), asked=True)]
    beside = (_trimmed(text, runs[:start]), _trimmed(text, runs[end:]))
    before, after = ([Piece(one)] if one else [] for one in beside)
    then = _THEN.match(text[runs[start][0].start :]) is not None
    met[0] = met[0]._replace(follows=then and bool(before))
    follows = bool(after) and _THEN.match(after[0].text) is not None
    return (*before, *met, *(one._replace(text=_THEN.sub("", one.text), follows=follows) for one in after))


def _runs(text: str) -> tuple[list[list[Token]], list[str]]:
    """Return the words between marks and conjunctions, and the conjunctions before them."""
    found = [(run, joined) for run, joined, _ in runs_of(text, tokens_of(text)) if run]
    return [run for run, _ in found], [joined for _, joined in found]


def _row(text: str, runs: list[list[Token]]) -> list[Piece]:
    """Return the appointments in the parts of a row; none where it is no such row."""
    if len(runs) < _SEVERAL:
        return []
    last, tail = _without_particle(runs[-1])
    named = [_named(run, first=place == 0) for place, run in enumerate([*runs[:-1], last])]
    found = [one for one in named if one is not None]
    first, same = found[0] if found else None, {one.person < one.when for one in found}
    if first is None or len(found) != len(runs) or len(same) > 1 or first.start == runs[0][0].start:
        return []
    head = text[runs[0][0].start : first.start]
    return [_met(text, _THEN.sub("", head), first, one, tail) for one in found]


def _trimmed(text: str, runs: Sequence[Sequence[Token]]) -> str:
    """Return the words of parts, without what joins them to the row."""
    return text[runs[0][0].start : runs[-1][-1].end] if runs else ""


def _without_particle(run: Sequence[Token]) -> tuple[list[Token], str]:
    """Return the last words without the verb or its part that ends them, and that."""
    end = len(run)
    while end and run[end - 1].key in _PARTICLES:
        end -= 1
    return list(run[:end]), " ".join(one.text for one in run[end:])


def _named(run: Sequence[Token], *, first: bool) -> _Named | None:
    """Return whom and when the last words of a part name; None where there is more, or less, than that."""
    for start in range(len(run) if first else min(len(run), 3)):
        if not first and any(one.key not in _ALSO | _WITH for one in run[:start]):
            return None
        if found := _person_first(run, start) or _time_first(run, start, first=first):
            return found
    return None


def _person_first(run: Sequence[Token], start: int) -> _Named | None:
    """Return "(mit) Anna am Montag", if that is all there is from a word on."""
    if run[start].has("determiners"):
        return None
    mit = run[start].key in _WITH
    end = person_end(run, start + mit)
    if not end or end == len(run) or not _is_when(run[end:]):
        return None
    return _found(run, (start + mit, end), (end, len(run)), run[start].start, mit=mit or run[start - 1].key in _WITH)


def _time_first(run: Sequence[Token], start: int, *, first: bool) -> _Named | None:
    """Return "am Montag mit Anna", in the first part with more between them: "am Montag einen Termin mit Anna"."""
    begin = next((at for at in range(start, len(run)) if run[at].key in _WITH), 0)
    if begin <= start or person_end(run, begin + 1) != len(run):
        return None
    end = begin
    while end > start and not _is_when(run[start:end]):
        end -= 1
    between = run[end:begin]
    if end == start or not (first or all(one.key in _ALSO for one in between)):
        return None
    whole = run[end - 1].end if first and between else run[start].start
    found = _found(run, (begin + 1, len(run)), (start, end), run[start].start, mit=True)
    return found._replace(between=(whole, run[begin - 1].end)) if first and between else found


def _found(run: Sequence[Token], person: tuple[int, int], when: tuple[int, int], start: int, *, mit: bool) -> _Named:
    who, then = ((run[begin].start, run[end - 1].end) for begin, end in (person, when))
    dates = [one.end for one in run[when[0] : when[1]] if one.kind == "date"]
    return _Named(start, who, then, (then[0], dates[-1]) if dates else None, mit=mit)


def _is_when(tokens: Sequence[Token]) -> bool:
    timed = any(one.kind in _TIMES for one in tokens)
    return timed and all(one.kind in _TIMES or one.key in _AT for one in tokens)


def _met(text: str, head: str, first: _Named, one: _Named, tail: str) -> Piece:
    """Return an appointment with the words before the first of the row, and its day where none is named of its own."""
    head = re.sub(r"(?i)\s*\b(?:mit|with)\s*$", "", head).rstrip() + text[slice(*first.between)]
    who, when = text[one.person[0] : one.person[1]], text[one.when[0] : one.when[1]]
    said = f"{'mit' if re.search(r'(?i)mit', text) else 'with'} {who}" if first.mit else who
    day = text[slice(*first.day)] if one.day is None and first.day is not None else ""
    whole = " ".join(word for word in (head, said, day, when, tail) if word)
    return Piece(whole, persons=(who,), met=True)
