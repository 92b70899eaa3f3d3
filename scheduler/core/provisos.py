"""The words that take back what was said before them, or make of an order one that is not to be done unasked."""

import re
from typing import Final

TAKES_BACK: Final = re.compile(
    r"(?i)(?:(?:ach|oh|oops|ups|und|ne|äh|ähm|uh|um|oder|or) )*(?:nein|nee|quatsch|korrektur|correction|halt|stopp?"
    r"|moment(?: mal)?|warte(?: mal)?|wait|no|sorry|pardon|verzeihung"
    r"|entschuldigung|nö|(?:ich )?mein(?:e|te)?(?: ich)?(?= )|i mean(?:t)?(?= )"
    r"|besser(?: gesagt)?|genauer gesagt|vielmehr|rather|(?:scratch|strike|forget) (?:that|it)|vergiss (?:das|es)"
    r"|make (?:that|it)(?= [A-ZÄÖÜ])|das hei(?:ß|ss)t(?=,? )|that is(?=,)"
    r"|on second thoughts?|actually|hang on|hold on|never ?mind|hat sich erledigt"
    r"|doch lieber|lieber doch|lieber|stattdessen|instead|doch nicht)"
    r"(?: (?:nein|no|doch|halt|wait|sorry|warte|lieber|besser|make (?:that|it)))*(?=$|[ ,.])"
)
INSTEAD: Final = re.compile(r"(?i) (?:instead|stattdessen|lieber|doch eher)(?=$| )")
ALL_BUT: Final = r"(?:außer|ausser|except(?:ing| for)?|apart from|bis auf|mit ausnahme von|other than|save for|but)"
"""What leaves something out of a whole."""
HESITATION: Final = r"(?:äh+m?|erm?|uhm?|um|hm+)"
"""What may stand before something that is said instead, and before anything else."""
CALLS_OFF: Final = re.compile(
    r"(?i)(?:ach |oh )?(?:nein|nee|nö|quatsch|halt|stopp?|no|(?:scratch|strike|forget) (?:that|it)|vergiss (?:das|es)"
    r"|never ?mind|hat sich erledigt|doch nicht|no don't|don't)"
)
"""What takes back what was said though nothing is said in its place."""
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
UNDOES: Final = re.compile(
    r"(?i)\b(?:skip|umgekehrt|vice versa|other way a?round|changed my mind|anders überlegt|(?:doch|lieber|besser) nicht"
    r"|leave \w+ out|lass \w+ (?:weg|aus|raus)|(?:wait|warte) (?:with|mit)"
    r"|(?:forget|vergiss|scratch|strike) (?!that\b|it\b|das\b|es\b)\w+)\b"
    r"|(?:[.!?]\s*)(?:not|nicht) (?!only|nur)\w"
    r"|\b(?:everyone|everybody|everything|all\w*|jede\w*)\b[^.!?]*\b(?:but|außer|ausser|except)\b"
)
"""What takes back a part of what was said, or leaves somebody out: nobody is sent anything unasked then."""
EXCUSES: Final = re.compile(r"(?i)\b(?:sorry|stopp?|oops|ups|entschuldigung|verzeihung|pardon)\b|\b(?:no|nein|nee) $")
"""What may excuse or refuse as well as correct: "Sorry, Tom" may be signed by him."""
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
    r"|last|finally|wenn|falls|when|if|until|bis|außer|except|ohne|without|nicht|not|kein\w*|don't)\b"
)
