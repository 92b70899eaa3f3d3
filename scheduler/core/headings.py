"""Knows headings and praise: words that name a doing and order nothing, though no verb says so.

"Anleitung zum Ausfüllen des Antrags", "Item 4: booking rooms", "Tasks of team B: …", "Great job finding that".
What begins like one and orders something is none: "Die Anleitung zum Drucken herunterladen".
"""

import re
from typing import Final

from scheduler.core.phrases import tokens_of
from scheduler.core.word_forms import INFINITIVE
from scheduler.core.words import Words

_LONGEST: Final = 300
"""Characters of what is looked at: no heading is as long."""
_FOR_ME: Final = r"(?!.*\b(?:bitte|please|pls|du|dich|you|mir|uns|me|us|an|now|jetzt)\b)"
_TEACHES: Final = (
    r"(?:anleitung|leitfaden|ratgeber|tipps|hinweise|merkblatt|einführung|kurs|schulung|seminar|workshop|webinar"
    r"|guide|tips|instructions|introduction|tutorial|course|training)"
)
_ADJECTIVES: Final = (
    r"(?:(?:a|an|the|eine?|die|der|kurze[rs]?|kleine[rs]?|neue[rs]?|short|quick|brief|little|new|simple) )*"
)
_HEADINGS: Final = (
    rf"{_ADJECTIVES}{_TEACHES} (?:zum|zur|für das|fürs|to|on|for|about|in) (?:\w+ing\b|\w+e?n\b).*",
    r"(?:top|agenda item|agendapunkt|tagesordnungspunkt)s? \w+\s?[:,–-][^.!?;]*",
    (
        r"(?:aufgaben|tasks|to-?dos|action (?:items|points)|zuständigkeiten|duties) "
        r"(?:(?:für|for|of|von|des|der|vom|the) ){0,2}"
        r"(?:team|abteilung|gruppe|department|group|azubis?|praktikant\w*|interns?|volunteers|freiwillige)\b[^:]*: .*"
    ),
    (
        r"(?:great|good|nice|excellent|fantastic|brilliant|amazing|lovely|super|tolle|gute|klasse|saubere) "
        r"(?:job|work|arbeit|leistung)\b[^.!?;:,]*"
    ),
    (
        r"(?=.*\b(?:täglich|wöchentlich|monatlich|regelmäßig|selbstständig|selbständig|stets)\b)"
        r"als [^\W\d]\w+(?:/\w+)* \w+e?n sie\b.*"
    ),
)
_LETTER: Final = r"(?:brief|letter) (?:an|to) (?:den|die|das|einen?|eine|the|my|an?) \w+"
_HEADING: Final = re.compile(rf"(?:{_FOR_ME}(?:{'|'.join(_HEADINGS)})|{_LETTER})[ .!]*", re.IGNORECASE | re.DOTALL)
_CALENDAR: Final = re.compile(r"(?i)\b(?:kalender|calendar|diary)\W*$")
_TAUGHT: Final = frozenset({"zum", "zur", "to", "und", "and", "oder", "or", "das", "furs"})
_OUR_TASKS: Final = re.compile(
    r"(?i)[^:]*\b(?:the|our|das|unser|vom|die|unsere) (?:team|abteilung|gruppe|department|group): "
)
_TIMES: Final = frozenset({"date", "time"})


def is_heading(text: str) -> bool:
    """Whether the whole only names or praises what is done."""
    said = text.strip()
    return len(said) <= _LONGEST and _HEADING.fullmatch(said) is not None and not _orders(said)


def _orders(said: str) -> bool:
    """Whether what begins like a heading orders something.

    It ends with a verb that is not what is taught, gives a day with an order or the calendar, or tells our own team
    what is to be done for a person.
    """
    tokens = tokens_of(said)
    if ours := _OUR_TASKS.match(said):
        rest = Words(tokens_of(said[ours.end() :]))
        return rest.imperative is not None and any(one.is_name for one in rest.content)
    timed = any(one.kind in _TIMES for one in tokens)
    if ":" not in said and _ends_with_verb(said):
        return True
    behind = Words(tokens_of(said.rpartition(",")[2])) if "," in said else None
    ordered = behind is not None and behind.imperative is not None
    return timed and (ordered or _ends_with_verb(said) or _CALENDAR.search(said) is not None)


def _ends_with_verb(said: str) -> bool:
    *before, last = tokens_of(said.rstrip(" .!"))
    infinitive = any(one.kind == "verb" and one.form == INFINITIVE for one in last.meanings)
    return bool(before) and infinitive and last.text.islower() and before[-1].key not in _TAUGHT
