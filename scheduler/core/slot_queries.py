"""Finds in an order what is to be searched for on the web."""

import re
from typing import Final

from scheduler.core.quotation import CLOSING, MARKS, OPENING
from scheduler.core.slot_texts import Stretch, blank, without_reasons

_LOOKUP: Final = re.compile(
    r"^.*?\b(?:goog\w+|such\w*|search\w*|finde?|recherch\w*|research\w*|look(?:ing)?|lookup|schau\w*|guck\w*|kuck\w*|check\w*|see|sieh|nachsehen|nachzusehen|nachschauen|nachgucken|nachlesen|looked|schlage?|schlagen|"
    r"nachschlagen|browse|internetrecherche|websuche|web search|internet search|internet research|find out|bing|wikipedia|rausfinden|herausfinden|rauskriegen|informier\w*)\b(?: sie)?",
    re.IGNORECASE,
)
_WEB: Final = re.compile(
    r"\b(?:(?:im|in|auf|bei|mit|on|through|over|via|using|per|aus|from)(?: dem| der| the)? )?(?:the )?(?:internet|world wide web|web|netz|net|online|google|wikipedia|bing|duckduckgo)\b(?:suche)?",
    re.IGNORECASE,
)
_BEFORE_QUERY: Final = re.compile(
    r"^(?:[\s,:>–-]+|(?:wei(?:ß|ss)t du|wissen sie|do you know|any idea|sag mal)\b,?|(?:(?:kannst|könntest|koenntest|könnten|können|würdest|würden|can|could|would) (?:du|ihr|sie|you)|nach|for|up|out|mal|bitte|mir|me|uns|us|heraus|raus|zu|zur|zum|about|on|into|doch|kurz|schnell|eben|please|quickly|just|sie|du|einmal|noch|auch|information|"
    r"infos?|informationen|sich|euch|dich|und|and|around|ma|pls|plz|needed|some|if you can|what you can find|mehr|more)\b)",
    re.IGNORECASE,
)
_AFTER_QUERY: Final = re.compile(
    r"(?:[\s,.!?;–-]+|\b(?:(?:will|would|could|can) (?:you|ya)|nach|heraus|raus|bitte|please|suchen|googeln|googlen|recherchieren|nachschlagen|nachschauen|nachsehen|schauen|gucken|finden|herausfinden|rausfinden|rausfinde|for me|für mich|durchsuchen|pls|up|schau|danke|thanks))$",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(
    r"(?:,| –| -|;|[.!?](?= \w)) (?:(?:ich|wir|er|sie|es|das|der|die|dann|i|i'm|i'd|we|he|she|they|its?|it's|my|mein\w*|unser\w*|our|the|a|an|there|machst|kannst|könntest|würdest|would|will|can|could|please|da|bei|weil|because|since|thanks|danke|und|and|so|for my|for our|for the)\b.*)$",
    re.IGNORECASE,
)


_QUOTED_QUERY: Final = re.compile(
    rf"(?:\bfor|\bnach|\bzu|\babout|\bup|:) (?:['{OPENING}](?P<query>[^'{MARKS}]{{2,}})['{CLOSING}])(?=[\s,.!?]|$)",
    re.IGNORECASE,
)
_FOR: Final = re.compile(r"\sdenn (?:die|der|das|den|dem|ich|wir|er|sie|es|mein\w*|unser\w*) (?=\w+ )", re.IGNORECASE)
_ASKED: Final = re.compile(r"\b(?:was|wer|wie|wo|wann|welche\w*|warum|wieso|ob|wieviel)\b", re.IGNORECASE)
"""Where words that ask are searched for, "denn" is one of them: "was kostet denn der Sprit"."""
_NOTHING: Final = re.compile(
    r"[\s,]*(?:it|das|es|that|this|mal|amal|bitte|please|for me|for us|doch|einmal|schnell|quickly|quick|kurz|eben|mir|me|uns|us|up|nach|now|jetzt|online|would you|will you|could you|can you|kannst du|nicht raten|(?:don['’]?t|no) guess(?:ing)?|die|den|sie|them|[.!? ])*",
    re.IGNORECASE,
)


def find_query(text: str) -> Stretch | None:
    """Return where in the order stands what is to be searched for on the web."""
    rest = without_reasons(text)
    quoted = _QUOTED_QUERY.search(rest)
    if quoted is not None:
        return quoted.span("query")
    web = _WEB.search(rest)
    verb = _LOOKUP.match(rest)
    if web is not None and not (verb is not None and web.start() < verb.end() <= web.end()):
        rest = blank(rest, *web.span())
        verb = _LOOKUP.match(rest)
    start = verb.end() if verb is not None and rest[verb.end() :].strip(" .,!?") else 0
    end = len(rest)
    if start and _NOTHING.fullmatch(rest[start:]) and verb is not None:
        told = re.match(r"(?P<query>.+?)[\s,;–-]*$", rest[: verb.end()].rsplit(" ", 1)[0])
        before = rest[: verb.end()].rfind(" ")
        colon = rest.rfind(": ", 0, before)
        start = colon + 2 if colon >= 0 else 0
        end = max(before, start) if told else end
        rest = rest[:end]
    aside = _ASIDE.search(rest, start + 1)
    if aside is None and _ASKED.search(rest, start) is None:
        aside = _FOR.search(rest, start + 1)
    if aside is not None and rest[start : aside.start()].strip():
        end = aside.start()
    while (match := _BEFORE_QUERY.match(rest[start:end])) is not None:
        start += match.end()
    while (late := _AFTER_QUERY.search(rest[start:end])) is not None and late.start():
        end = start + late.start()
    return (start, end) if start < end else None
