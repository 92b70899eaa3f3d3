"""Knows when a request takes back what it ordered: "Lad den Tarif runter. Nein, doch nicht", "send it. Never mind"."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from scheduler.core.dictation import dictation

_LONGEST: Final = 1000
"""Characters of a request that is looked through."""
_STOP: Final = (
    r"(?:(?:ach|oh|ah|och|nein|nee|nö|no|halt|stopp?|moment(?: mal)?|wait|hang on|hold on|quatsch|actually|warte)"
    r"[,.!… ]{1,3}){1,4}"
)
_BESIDE: Final = r"(?:(?:ok|okay|na|sorry|und|and|aber|but|das|die sache|pls|please|bitte)[,.!… ]{1,3}){0,3}"
_GERMAN: Final = (
    r"hat sich(?: (?:schon|bereits|gerade|grad|damit|inzwischen|jetzt|wohl|eh))* erledigt|kommando zurück|doch nicht"
    r"|vergiss (?:es|das)(?: (?:wieder|einfach))?|fehlalarm|(?:nicht mehr|nimmer) nötig|(?:lieber|besser) nicht"
    r"|lass (?:es|das|mal|gut sein|stecken|bleiben)(?: (?:sein|bleiben|lieber|gut sein))*"
    r"|(?:mach|macht|machen sie|tu|unternimm)(?: (?:da|doch|jetzt|lieber))* nichts"
    r"|ignorier\w* (?:das|mich|die nachricht|meine \w+)"
)
_ENGLISH: Final = (
    r"never ?mind(?: (?:that|me|it))?|nvm|false alarm|that['’]s not needed(?: any ?more)?|no need(?: any ?more)?"
    r"|(?:scratch|strike|cancel|disregard|ignore|forget) (?:that|this|it|me|i asked|i said(?: that| anything)?)"
    r"|(?:please )?(?:don['’]?t|do not)(?: (?:bother|worry|(?:do|send) (?:it|that|anything)))?"
    r"|(?:on second thoughts?,? )?(?:better not|leave it|not any ?more)"
)
_REASONS: Final = (
    r"brauche?n?(?: (?:ich|wir))?(?: (?:das|es|sie|ihn|die|den|jetzt|doch|gar))* nicht(?: mehr)?"
    r"|(?:schon|bereits)(?: (?:selbst|selber))? (?:gefunden|erledigt|passiert|gemacht|gut)"
    r"|(?:ich )?hab(?:e|['’]?s)?(?: (?:ich|es|sie|ihn|das|ja))* (?:schon|doch|grad|gerade)(?: (?:selbst|selber))?"
    r" (?:gefunden|erledigt|gemacht)|(?:i(?:['’]ve)? )?(?:just )?(?:got|found) it(?: (?:already|now|myself))?"
    r"|(?:it['’]s |that['’]s )?(?:already )?(?:done|sorted)(?: already)?"
    r"|i don['’]?t(?: need (?:it|that|them))?(?: any ?more| after all)?"
)
"""What says why something need not be done behind "no, wait", and may say why it is to be done anywhere else."""
_SAID: Final = rf"(?:(?P<stop>{_STOP}){_BESIDE}(?:{_GERMAN}|{_ENGLISH}|{_REASONS})|{_BESIDE}(?:{_GERMAN}|{_ENGLISH}))"
_MARK: Final = re.compile(
    rf"(?i)(?:(?P<end>[.!?…]{{1,3}})|[,;]|(?<= )[–—-](?= (?:ach|oh|halt|stopp?|nein|no|wait|doch|nvm))) {_SAID}"
    rf"(?:[,.!… ]{{1,3}}(?:{_GERMAN}|{_ENGLISH}|{_REASONS})){{0,3}}(?=\s?(?:[,.;!–—-]|$))"
)
_TELLS: Final = re.compile(
    r"(?i)\b(?:schreib\w*|sag\w*|antwort\w*|richte|melde|tell|write|reply|text|let|say|answer)\b[^.!?]*$"
)
_QUOTES: Final = re.compile(r"[\"„“”«»]")


def is_taken_back(text: str, ordered: Callable[[str], Sequence[str]]) -> bool:
    """Whether the last words of a request take back what it ordered before, and order nothing instead.

    `ordered` returns the intents of words. What is quoted, dictated or told to others takes nothing back, and "brauch
    ich nicht mehr" behind an order to close says why.
    """
    found = max(_MARK.finditer(text), key=re.Match.start, default=None) if len(text) <= _LONGEST else None
    if found is None or _QUOTES.search(text) or dictation(text)[1] is not None:
        return False
    before, after = text[: found.start()], text[found.end() :].strip(" ,.;!?–—-")
    if _TELLS.search(before):
        return False
    if after and ordered(after):
        return False
    return found["stop"] is not None or ordered(before)[-1:] != ["close_app"]
