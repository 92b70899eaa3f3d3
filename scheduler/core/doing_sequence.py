"""Says in which sequence the orders of a request are to be done, which is not always that of saying them.

"Open Outlook, but first email the band" is the mail, then Outlook. Only the words of each order are looked at, with the
conjunction before and the marks behind them, so that what was read by rules and what was learned are put alike.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_LEAD: Final = r"(?i)(?:(?:und|and|but|aber|or|oder|doch|allerdings|jedoch|only|nur),? )*"
_BEFORE: Final = re.compile(
    rf"{_LEAD}(?:kurz |right |just )?(?:bevor|ehe|before|prior to|vorm? (?:dem )?(?=[A-ZÄÖÜ]\w+e?n\b))\b"
    r"(?! (?:that|this|which|you do|doing (?:so|that)|you'?ve|you have)\b)"
)
"""It is done after what it depends on: "bevor du Teams schließt, …"."""
_AFTER: Final = re.compile(
    rf"{_LEAD}(?:(?:not |nicht |erst |only |nur )?"
    r"(?:nachdem (?!das|dies)|sobald (?:du|sie|ihr)\b|having |after (?!that|this|which)\w+|before you(?:'ve| have)"
    r"|(?:once|when|as soon as) you(?:'ve| have)\b|wenn (?:du|sie|ihr) .*\b(?:hast|haben|habt)\b)"
    r"|(?:not|nicht) (?:bevor|ehe|before|until)\b)"
)
"""It is done before what it depends on: "…, nachdem du Teams geschlossen hast"."""
_NOT_WHICH: Final = r"(?!.*(?:\b(?:that|which|who)\b|,\s*(?:die|der|das|den|dem)\b))"
"""What tells which thing is meant says nothing of the sequence: "the mail that came last"."""
_VORHER: Final = r"(?:vorher|zuvor|davor|vorab|im vorfeld|beforehand)"
_EARLIER: Final = re.compile(
    rf"{_LEAD}(?:erst )?(?:{_VORHER}|(?:prior to|before) (?:that|this)\b|before (?:you do|doing so)\b)"
)
"""It is done before the order that was said before it."""
_EARLIER_WITHIN: Final = re.compile(
    rf"(?i){_NOT_WHICH}.*(?<!tag )(?<!abend )(?<!woche )(?<!kurz )(?<!wie )\b{_VORHER}\b"
    r"|.*\bshould (?:precede|come before|happen before)\b|.*\bbefore you do\b"
)
_NOT_FIRST: Final = r"(?! (?:dann|danach|nach|am|um|ab|wenn|morgen|of)\b)"
_FIRST: Final = re.compile(
    rf"{_LEAD}(?:jetzt (?:aber )?)?(?:zuerst|zunächst|erst ?mal|als (?:aller)?erstes|vor allem anderen"
    rf"|first(?:ly| of all)?|before (?:anything|all) else)\b{_NOT_FIRST}"
    r"|(?i:aber|doch|but|allerdings|only|nur|jetzt) (?:please |bitte |aber )?(?:zuerst|first|erst)\b" + _NOT_FIRST
)
"""It is done before all that was said before it."""
_FIRST_WITHIN: Final = re.compile(
    rf"(?i){_NOT_WHICH}.*(?<!\bthe )(?<!\bmy )(?<!\bour )(?<!\byour )\bfirst"
    r"(?: though| please| pls| thanks)*\s*(?:[.,;!?)]|$)"
    rf"|(?:.*\b(?:muss|müssen|soll|sollte|musst) .*\b|)(?:erst|zuerst) (?:noch|mal|aber|bitte)\b"
    rf"|.*\baber (?:zuerst|zunächst|erst ?mal|erst)\b{_NOT_FIRST}|.*\bvor allem anderen\b"
)
_CONTRAST: Final = re.compile(r"(?i)(?:aber|doch|but|allerdings|only|nur)\b|.*\baber\b")
_THEN: Final = re.compile(
    r"(?i)(?:und |and )?(?:dann|danach|anschlie(?:ß|ss)end|sodann|nachher|hinterher|zum schluss|then"
    r"|after(?:wards| that))\b"
)
_LINKING: Final = (
    r"(?:dass|daß|that|who|which|wenn|if|when|ob|whether|bis|until|till|since|seit|by|before|bevor|nur|only)"
)
_NOT_SO_LONG: Final = r"(?<!tag )(?<!woche )(?<!kurz )(?<!day )(?<!week )(?<!soon )(?<!shortly )(?<!long )"
_AFTERWARDS: Final = r"danach|anschlie(?:ß|ss)end(?! an (?:d|uns|ein))|hinterher|afterwards"
_THEN_WITHIN: Final = re.compile(
    rf"(?i)(?:(?:und|and),? )?(?:(?!(?:{_LINKING}|und|and|oder|or)\b)[^\s,;:!?„\"]*[^\s,.;:!?„\"] ){{1,6}}?"
    rf"{_NOT_SO_LONG}(?-i:dann|sodann|nachher|then|{_AFTERWARDS})\b(?! {_LINKING}\b)"
    rf"|(?!.*(?:\b{_LINKING}\b|,\s*(?:die|der|das|den|dem)\b).*\b(?:danach|hinterher|afterwards|after)\b)[^:„\"]*"
    rf"{_NOT_SO_LONG}\b(?<!und )(?<!and )(?:{_AFTERWARDS}|after (?:that|this))[ .!?]*$"
)
"""The adverb stands behind the verb or at the end: "such dann im Netz …", "close Word afterwards"."""
_AND: Final = re.compile(r"(?i)(?:und|and|sowie|plus|&)\b")
_LAST: Final = re.compile(
    rf"{_LEAD}(?:ganz )?(?:zum schluss|zuletzt|zu guter letzt|als (?:aller)?letztes|last of all"
    r"|finally|lastly|at the very end)\b"
    rf"|{_NOT_WHICH}.*\b(?:zum schluss|zuletzt|als letztes|(?<!\bthe )last|at the (?:very )?end)[ .,;!]*$"
)
"""It is done when all else is."""


class Done(NamedTuple):
    """An order by its place in what is said; `follows`: the words say that it waits for the one done before it."""

    place: int
    follows: bool


def in_doing_sequence(texts: Sequence[str]) -> tuple[Done, ...]:
    """Return the orders in the sequence of doing; `texts` are their words in the sequence of saying."""
    done, bound = [*range(len(texts))], set[int]()
    for place, text in enumerate(texts):
        if _BEFORE.match(text):
            group = _joined(texts, place) if place == 0 else [place]
            group = group if group[-1] + 1 < len(texts) else [place]
            if _begins_sentence(texts, place) and group[-1] + 1 < len(texts):
                _put_behind(done, group, _joined(texts, group[-1] + 1)[-1])
            bound.add(place)
        elif place and _is_earlier(texts, place):
            bound.add(_put_ahead(done, _group(texts, place), place - 1))
        elif place and _is_first(texts, place):
            bound.add(_put_ahead(done, _group(texts, place), done[0]))
        elif _LAST.match(text) and place + 1 < len(texts) and not _goes_on(texts[place + 1]):
            _put_behind(done, [place], done[-1])
            bound.add(place)
    return tuple(Done(one, at > 0 and (one in bound or _says_then(texts[one]))) for at, one in enumerate(done))


def _says_then(text: str) -> bool:
    return bool(_THEN.match(text) or _THEN_WITHIN.match(text))


def _is_earlier(texts: Sequence[str], place: int) -> bool:
    if _AFTER.match(texts[place]):
        return not _begins_sentence(texts, place)
    return any(one.match(texts[place]) for one in (_EARLIER, _EARLIER_WITHIN))


def _is_first(texts: Sequence[str], place: int) -> bool:
    """Whether an order is to be done first of all; one that begins a row ("First …, then …") is not."""
    begins_row = place + 1 < len(texts) and _THEN.match(texts[place + 1]) and not _CONTRAST.match(texts[place])
    return not begins_row and any(one.match(texts[place]) for one in (_FIRST, _FIRST_WITHIN))


def _goes_on(text: str) -> bool:
    return bool(_AND.match(text) or _THEN.match(text))


def _begins_sentence(texts: Sequence[str], place: int) -> bool:
    return place == 0 or texts[place - 1].rstrip()[-1:] in ".!?;:"


def _group(texts: Sequence[str], place: int) -> list[int]:
    """Return the orders that the first word of one is said of, too: "but first find it and open the log"."""
    led = any(one.match(texts[place]) for one in (_AFTER, _EARLIER, _FIRST))
    return _joined(texts, place) if led else [place]


def _joined(texts: Sequence[str], place: int) -> list[int]:
    """Return an order with those that "und" joins to it in its sentence."""
    last = place
    while last + 1 < len(texts) and not _begins_sentence(texts, last + 1) and _AND.match(texts[last + 1]):
        if _THEN.match(texts[last + 1]):
            break
        last += 1
    return [*range(place, last + 1)]


def _put_ahead(done: list[int], group: list[int], other: int) -> int:
    """Put orders before another one, if they are not there, and return which waits for them."""
    if done.index(group[0]) > done.index(other):
        for one in group:
            done.remove(one)
        at = done.index(other)
        done[at:at] = group
    return done[done.index(group[-1]) + 1] if group[-1] != done[-1] else other


def _put_behind(done: list[int], group: list[int], other: int) -> None:
    for one in group:
        done.remove(one)
    at = done.index(other) + 1
    done[at:at] = group
