"""The words that take back what was said before them, or make of an order one that is not to be done unasked."""

import re
from typing import Final

TAKES_BACK: Final = re.compile(
    r"(?i)(?:(?:ach|oh|oops|ups|und|ne|äh|ähm|uh|um|oder|or) )*(?:nein|nee|quatsch|korrektur|correction|halt|stopp?"
    r"|moment(?: mal)?|warte(?: mal)?|wait|no|sorry|nö|(?:ich )?mein(?:e|te)?(?: ich)?(?= )|i mean(?:t)?(?= )"
    r"|besser(?: gesagt)?|genauer gesagt|vielmehr|rather|(?:scratch|strike|forget) (?:that|it)|vergiss (?:das|es)"
    r"|make (?:that|it)(?= [A-ZÄÖÜ])|on second thoughts?|actually|hang on|hold on|never ?mind|hat sich erledigt"
    r"|doch lieber|lieber doch|lieber|stattdessen|instead|doch nicht)"
    r"(?: (?:nein|no|doch|halt|wait|sorry|warte|lieber|besser|make (?:that|it)))*(?=$|[ ,.])"
)
INSTEAD: Final = re.compile(r"(?i) (?:instead|stattdessen|lieber|doch eher)(?=$| )")
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
    rf"|on request|at a pinch|if at all|{_PERHAPS})(?!\w)"
)
"""What makes of an order one that is not to be done unasked."""
NICELY: Final = re.compile(
    rf"(?i)^(?:\S+ )?(?:du|sie|ihr|you)(?: bitte| mal| please)* {_PERHAPS}(?: bitte| mal| please)*"
)
"""Where "vielleicht" only asks nicely."""
