"""Knows headings and praise: words that name a doing and order nothing, though no verb says so.

"Anleitung zum Ausfüllen des Antrags", "Item 4: booking rooms", "Tasks of team B: …", "Great job finding that".
"""

import re
from typing import Final

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
        r"(?:job|work|arbeit|leistung)\b[^.!?;]*"
    ),
    (
        r"(?=.*\b(?:täglich|wöchentlich|monatlich|regelmäßig|selbstständig|selbständig|stets)\b)"
        r"als [^\W\d]\w+(?:/\w+)* \w+e?n sie\b.*"
    ),
)
_LETTER: Final = r"(?:brief|letter) (?:an|to) (?:den|die|das|einen?|eine|the|my|an?) \w+"
_HEADING: Final = re.compile(
    rf"(?:{'|'.join(f'{_FOR_ME}{one}' for one in _HEADINGS)}|{_LETTER})[ .!]*", re.IGNORECASE | re.DOTALL
)


def is_heading(text: str) -> bool:
    """Whether the whole only names or praises what is done."""
    said = text.strip()
    return len(said) <= _LONGEST and _HEADING.fullmatch(said) is not None
