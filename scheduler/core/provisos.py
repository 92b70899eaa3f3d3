"""The words that make of an order one that is not to be done unasked, or leave something out of it."""

import re
from typing import Final

from scheduler.core.mood_words import DO_NOT, NOT

ALL_BUT: Final = r"(?:außer|ausser|except(?:ing| for)?|apart from|bis auf|mit ausnahme von|other than|save for|but)"
"""What leaves something out of a whole."""
_PERHAPS: Final = r"(?:eventuell|evtl\b|eventl\b|vielleicht|possibly|perhaps|maybe)"
HELD: Final = re.compile(
    r"(?i)(?<!\w)(?:notfalls|zur not|im notfall|falls (?:nötig|noetig|erforderlich|gewünscht)"
    r"|(?:wenn|sofern) (?:nötig|erforderlich)|ggf\b|gegebenenfalls|bei bedarf|auf (?:nachfrage|wunsch|anfrage)"
    r"|womöglich|möglicherweise|ersatzweise|hilfsweise|andernfalls|ansonsten|sonst(?! nicht)"
    r"|if (?:necessary|need be|needed|required|asked|wanted)|as a last resort|in an emergency|failing that|otherwise"
    r"|später|later|nachher|demnächst|erst(?= (?:morgen|nächste|am|in|ab|um|gegen)\b)"
    r"|only(?= (?:tomorrow|next|on|from)\b)"
    r"|not until|per (?:post|fax)|by (?:post|fax)"
    r"|(?<=\w )(?:if (?:he|she|they)(?:['’]s|['’]re| is| are| can| wants?| has| have)|(?:wenn|falls|sofern) er(?= ))"
    rf"|on request|at a pinch|if at all|{_PERHAPS})(?!\w)"
)
"""What makes of an order one that is not to be done unasked."""
NICELY: Final = re.compile(
    rf"(?i)^(?:\S+ )?(?:du|sie|ihr|you)(?: bitte| mal| please)* {_PERHAPS}(?: bitte| mal| please)*"
)
"""Where "vielleicht" only asks nicely."""
EITHER: Final = re.compile(
    r"(?i)\b(?:entweder|either) (?:an |to )?(?:die|das|den|the|my|your|(?-i:[A-ZÄÖÜ]))\w*.*\b(?:oder|or)\b"
    r"|\bweder\b.*\bnoch\b|\bneither\b.*\bnor\b"
)
LETS: Final = re.compile(r"(?i)\s*(?:bitte )?(?:lass|lasst|let) (?!uns\b|us\b|mich\b|me\b)")
QUESTION: Final = re.compile(r"(?i)(?:should|shall|can|could|may|soll|sollte|sollen|kann|darf) (?:i|we|ich|wir)\b")
FOLLOWING: Final = re.compile(
    r"(?i)\b(?:(?:das )?folgende[sn]?(?: sachen| dokumente| dinge)?|the following(?: documents| things)?)\s*:"
)
SEQUENCE: Final = re.compile(
    r"(?i)\b(?:vorher|zuvor|davor|zuerst|zunächst|erst|first|before|after|nachdem|bevor|sobald|once|danach|dann|then|zuletzt"
    rf"|last|finally|wenn|falls|when|if|until|bis|außer|except|ohne|without|{NOT}|kein\w*|{DO_NOT})\b"
)
