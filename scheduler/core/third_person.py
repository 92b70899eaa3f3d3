"""Says to the assistant what is said of it: "The assistant is kindly asked to send the plan" is "Please send the plan".

Long mails to a whole office ask so. Only what asks is changed: "bitte", "kindly", "is asked to", "could the assistant".
That an assistant shall or wants to have something is told of somebody else and stays.
"""

import re
from typing import Final

from scheduler.core.dictation import dictation
from scheduler.core.quotation import QUOTED

_START: Final = r"(?P<before>^\s*|[.!?;:]\s{1,3}|\n\s*|[,–-] (?:so |also |and |und |daher |deshalb |drum )?)"
_WHO: Final = r"(?:digital\w* |virtuell?\w* |virtual |elektronische\w* |büro|office )?"
_THE: Final = rf"(?:der|die|unser|unsere) {_WHO}assist(?:ent(?:in)?|enz)"
_THE_ENGLISH: Final = rf"(?:the|our) {_WHO}assistant"
_NICELY: Final = r"(?:(?:bitte|freundlicherweise|noch|auch|heute|doch|so freundlich sein und) )*"
_NICELY_ENGLISH: Final = r"(?:(?:please|kindly|also|perhaps|possibly) )*"
_WANTED: Final = (
    rf"(?:{_THE} (?:möge|möchte|soll|sollte|darf|kann|könnte|würde) (?=(?:\w+ )?bitte ){_NICELY}"
    rf"|{_THE} möge {_NICELY}"
    rf"|{_THE} (?:wird|ist|sei|wäre) (?:hiermit |höflich |freundlich |herzlich |bitte )*"
    r"(?:gebeten|ersucht|angehalten),? (?:bitte )?"
    r"|(?:ich|wir) (?:darf |dürfen |möchte |möchten |würde |würden )?(?:bitte|bitten|ersuche|ersuchen)"
    rf" (?:höflich |freundlich )?(?:den|die|unseren|unsere) {_WHO}assist(?:enten|entin|enz)(?: bitten| ersuchen)?, "
    rf"|{_THE_ENGLISH} is (?:hereby )?{_NICELY_ENGLISH}"
    r"(?:asked|requested|invited|begged) to (?!note\b|be\b|have\b|know\b|get a\b)"
    rf"|{_THE_ENGLISH} (?:should|shall|may|might|must|will|would|is to)"
    rf" (?=(?:\w+ )?(?:please|kindly) ){_NICELY_ENGLISH}"
    rf"|(?:may i|i would|i['’]d|we would|we['’]d|i|we) (?:kindly |politely )?(?:ask|request|like) {_THE_ENGLISH} to )"
)
_ASKED: Final = (
    rf"(?:(?P<de>(?:könnte|kann|würde|mag) {_THE} {_NICELY})"
    rf"|(?P<en>(?P<modal>could|can|would|will) {_THE_ENGLISH} {_NICELY_ENGLISH}))"
)
_TOLD_OF: Final = re.compile(rf"(?i){_START}(?:(?P<wanted>{_WANTED})|{_ASKED})(?P<rest>[^.!?;\n]{{3,300}})")
_GETS: Final = re.compile(
    r"(?i)(?:.*\b(?:haben|bekommen|kriegen|erhalten|wissen|sprechen|reden|werden|sein|angerufen|kommen|mitkommen)"
    r"|(?:have|get|be|know|receive|see|speak|talk|come|join)\b.*(?<!\bto))\s*(?:,.*)?$"
)
_FETCHES: Final = re.compile(r"(?i)get (?:it|them|this|that|the\b.*|an?\b.*) (?:from|out of|off)\b")
_ASSISTANT: Final = "assist"
_QUOTE: Final = re.compile(QUOTED)


def spoken_to(text: str) -> str:
    """Return a request with what it asks of "the assistant" asked of the one it is given to."""
    if _ASSISTANT not in text.casefold() or dictation(text)[1] is not None or _QUOTE.search(text):
        return text
    return _TOLD_OF.sub(_asked, text)


def _asked(found: re.Match[str]) -> str:
    rest = found["rest"]
    if _GETS.fullmatch(rest) and not _FETCHES.match(rest):
        return found[0]
    if found["wanted"]:
        german = "assistant" not in found["wanted"].casefold()
        return f"{found['before']}{'Bitte' if german else 'Please'} {rest}"
    if found["en"]:
        return f"{found['before']}{found['modal']} you please {rest}"
    return f"{found['before']}{'Könnten' if found['de'][0].isupper() else 'könnten'} Sie bitte {rest}"
