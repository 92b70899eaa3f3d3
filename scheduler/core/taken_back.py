"""Knows when a request takes back what it ordered: "Lad den Tarif runter. Nein, doch nicht", "send it. Never mind"."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from scheduler.core.dictation import dictation

_STOP: Final = (
    r"(?P<stop>(?:(?:ach|oh|ah|och|nein|nee|nö|no|halt|stopp?|moment(?: mal)?|wait|hang on|hold on|quatsch|actually"
    r"|warte)[,.!… ]+)+)?(?:(?:ok|okay|na|sorry|und|and|aber|but|das|die sache|pls|please|bitte)[,.!… ]+)*"
)
_GERMAN: Final = (
    r"hat sich(?: (?:schon|bereits|gerade|grad|damit|inzwischen|jetzt|wohl|eh))* erledigt|kommando zurück|doch nicht"
    r"|vergiss (?:es|das)(?: (?:wieder|einfach))?|fehlalarm|(?:nicht mehr|nimmer) nötig|(?:lieber|besser) nicht"
    r"|lass (?:es|das|mal|gut sein|stecken|bleiben)(?: (?:sein|bleiben|lieber|gut sein))*"
    r"|(?:mach|macht|machen sie|tu|unternimm)(?: (?:da|doch|jetzt|lieber))* nichts"
    r"|ignorier\w* (?:das|mich|die nachricht|meine \w+)"
    r"|brauche?n?(?: (?:ich|wir))?(?: (?:das|es|sie|ihn|die|den|jetzt|doch|gar))* nicht(?: mehr)?"
    r"|(?:schon|bereits)(?: (?:selbst|selber))? (?:gefunden|erledigt|passiert|gemacht|gut)"
    r"|(?:ich )?hab(?:e|['’]?s)?(?: (?:ich|es|sie|ihn|das|ja))* (?:schon|doch|grad|gerade)(?: (?:selbst|selber))?"
    r" (?:gefunden|erledigt|gemacht)"
)
_ENGLISH: Final = (
    r"never ?mind(?: (?:that|me|it))?|nvm|false alarm|that['’]s not needed(?: any ?more)?|no need(?: any ?more)?"
    r"|(?:scratch|strike|cancel|disregard|ignore|forget) (?:that|this|it|me|i asked|i said(?: that| anything)?)"
    r"|(?:please )?(?:don['’]?t|do not)(?: (?:bother|worry|(?:do|send) (?:it|that|anything)))?"
    r"|(?:i(?:['’]ve)? )?(?:just )?(?:got|found) it(?: (?:already|now|myself))?"
    r"|(?:it['’]s |that['’]s )(?:already )?(?:done|sorted)(?: already)?|already (?:done|sorted)"
    r"|i don['’]?t(?: need (?:it|that|them))?(?: any ?more| after all)?"
    r"|(?:on second thoughts?,? )?(?:better not|leave it|not any ?more)"
)
_MARK: Final = re.compile(
    rf"(?i)(?:(?P<end>[.!?…]+)|[,;–—-]+)\s+{_STOP}(?:{_GERMAN}|{_ENGLISH})"
    rf"(?:[,.!… ]+(?:{_GERMAN}|{_ENGLISH}))*(?=\s*(?:[,.;!–—-]|$))"
)
_TELLS: Final = re.compile(
    r"(?i)\b(?:schreib\w*|sag\w*|antwort\w*|richte|melde|tell|write|reply|text|let|say|answer)\b[^,.!?]*$"
)
_QUOTES: Final = re.compile(r"[\"„“”«»]")


def is_taken_back(text: str, ordered: Callable[[str], Sequence[str]]) -> bool:
    """Whether the last words of a request take back what it ordered before, and order nothing instead.

    `ordered` returns the intents of words. What is quoted, dictated or told to others takes nothing back, and "brauch
    ich nicht mehr" behind an order to close says why.
    """
    found = max(_MARK.finditer(text), key=re.Match.start, default=None)
    if found is None or _QUOTES.search(text) or dictation(text)[1] is not None:
        return False
    before, after = text[: found.start()], text[found.end() :].strip(" ,.;!?–—-")
    if not found["end"] and _TELLS.search(before):
        return False
    if after and ordered(after):
        return False
    return found["stop"] is not None or ordered(before)[-1:] != ["close_app"]
