"""Reads a request as written: one spelling of each letter, single spaces, and German or English."""

import re
import unicodedata

from scheduler.core.job import Locale

_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_WORD = re.compile(r"[^\W\d_]+")
_GERMAN_LETTER = re.compile(r"[äöüß]", re.IGNORECASE)
_GERMAN = frozenset(
    "aber alle als am an auf aus bei bin bis bitte das dass dein dem den der des die dir du ein eine einen einer er es "
    "für beende drucke exportiere finde fülle geh gib hallo hol ich ihm ihn ihr im ist ja kannst kein lade leg leite lies mach mein meine meinen mir mit nach nein "
    "neue nicht noch nur oder öffne rechnung schick schließ schreib sende sich sie sind starte such suche termin über um und uns unser vom "
    "von war was wie wir wo zeig zu zum zur".split()
)
_ENGLISH = frozenset(
    "a about all an and any are as at book can close convert could do download export fetch find for forward from get give have hello how i in into is "
    "it its launch let me mail my new no not of on open our please print quit read reply run save say schedule search send show shut start tell that the "
    "their them there this to translate up us unread was we what when where will with would you your".split()
)


def normalise(text: str) -> str:
    """Return `text` in Unicode form NFC, without invisible characters, white space made single and cut at the ends."""
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFC", text)).split())


def detect_locale(text: str) -> Locale:
    """Return the language whose small words `text` uses more; German where neither wins."""
    words = [word.casefold() for word in _WORD.findall(normalise(text))]
    german = sum(word in _GERMAN or _GERMAN_LETTER.search(word) is not None for word in words)
    english = sum(word in _ENGLISH for word in words)
    return "en" if english > german else "de"
