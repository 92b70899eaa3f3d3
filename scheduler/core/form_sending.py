"""Hears that a form shall be sent once it is filled in: "… und schick es ab", "… and submit it"."""

import re
from typing import Final

from scheduler.core.mood_words import DO_NOT, NOT

FILL_FORM: Final = "fill_form"
_IT = r"(?:es|ihn|sie|das|den|die|dieses|das (?:formular|ganze)|den (?:antrag|bogen)|it|that|this|the (?:form|request))"
_JOINED = r"\s*(?:,|,?\s(?:und|and|dann|then)|&)\s*(?:(?:bitte|please|dann|danach|anschließend|then|afterwards)\s+)*"
_GERMAN = re.compile(
    rf"(?<=\S){_JOINED}(?:"
    rf"(?:send(?:e|en)?|schick(?:e|en)?|reich(?:e|en)?)(?: sie)? (?:{_IT} )?(?:bitte |dann |gleich )*(?:ab|los|ein)"
    rf"|(?:{_IT} )?(?:gleich |bitte |dann )*"
    r"(?:ab(?:zu)?(?:senden|schicken)|ein(?:zu)?reichen|abschickst|absendest)"
    r")\s*[.!?]*\s*$",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    rf"(?<=\S){_JOINED}(?:submit(?: {_IT})?|send (?:{_IT} )?off|send {_IT}|hand {_IT} in)\s*(?:please)?\s*[.!?]*\s*$",
    re.IGNORECASE,
)
_NOT = re.compile(rf"\b(?:{NOT}|{DO_NOT}|ohne|without)\b[^.;]{{0,30}}$", re.IGNORECASE)
_SAYS: Final = {"de": "danach wird es abgeschickt", "en": "then it is sent"}


def without_sending(text: str) -> tuple[str, str]:
    """Return a request without the words that order to send the form, and what the preview says of that.

    Both are as they were where nothing of that kind is ordered at the end of the request: the text, and nothing.
    """
    for pattern, locale in ((_GERMAN, "de"), (_ENGLISH, "en")):
        found = pattern.search(text)
        if found is not None and not _NOT.search(found[0]) and not _NOT.search(text[: found.start()]):
            return text[: found.start()], _SAYS[locale]
    return text, ""
