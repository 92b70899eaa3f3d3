"""Says where what somebody is to be told ends, though the sentence goes on: before what is said of them to us.

"Schreib Frau Adler, dass es klappt – die hat schon zweimal gefragt." What may be part of the message stays in it: it is
worse to keep something from somebody than to tell too much.
"""

import re
from typing import Final

from scheduler.core.slot_persons import person_meant

_ASKED: Final = (
    r"(?:(?:nach)?(?:gefragt|gehakt)|(?:nach)?fragt|angerufen|gewartet|sorgen|gedrängelt|wissen (?:will|wollte)"
    r"|(?:will|wollte) (?:das|es) (?:\w+ )?wissen|wartet (?:schon|seit|darauf|drauf|auf (?:antwort|nachricht|bescheid))"
    r"|ask(?:s|ed|ing)|wait(?:ed|ing) (?:for (?:days|weeks|ages|an answer)|since|to hear)|been waiting|wondering"
    r"|wants to know|chas(?:es|ed|ing)|worr(?:ies|ied|ying))\b"
)
_OF_THEM: Final = re.compile(
    r"(?i)(?:\s[–—-]|[,;])\s(?:(?:da|as|denn|weil|because|since|cos) )?(?P<who>er|der|sie|die|he|she|they)"
    rf"(?:['’](?:s|ve|d|re))?\s(?:[^\s.,;:!?–—]+ ){{0,8}}?{_ASKED}(?! (?:you|for you|dich|dir|nach dir)\b)"
)
_FOR_A_THING: Final = re.compile(
    r"(?i)\b(?:nach|um) [^.,;]*gefragt|\bask\w* (?:for (?!weeks|days|months|ages|hours)|about\b|after\b)"
)
"""What is asked for is no answer that is waited for: "the police were here, they asked for Tom"."""
_OF_US: Final = re.compile(r"(?i)[,;]\s(?:ich \w+ (?:derweil|unterdessen)|(?:i|i['’](?:ll|m)) [^.,;!?]*? meanwhile)\b")
"""What we do ourselves while somebody is told: "…, ich such derweil die Belege"."""
_TOLD_ON: Final = re.compile(r"(?i),? (?:und|and|sowie|aber|but) (?:dass|daß|that|ob|whether|if)\b")
_MEANS: Final = {"er": "ihm", "der": "ihm", "he": "him", "sie": "ihr", "die": "ihr", "she": "her", "they": "them"}


def until_person(text: str, start: int, end: int) -> int:
    """Return where what stands from `start` to `end` and is told to somebody ends: before a clause about them or us.

    Whoever is spoken of in what is told may be meant by that clause, which then belongs to it.
    """
    of_them = _OF_THEM.search(text, start, end)
    if of_them and (
        _FOR_A_THING.search(text, of_them.start(), end)
        or person_meant(_MEANS[of_them["who"].lower()], text[start : of_them.start()]) is not None
    ):
        of_them = None
    places = [one.start() for one in (of_them, _OF_US.search(text, start, end)) if one]
    return min((at for at in places if not _TOLD_ON.search(text, at, end)), default=end)
