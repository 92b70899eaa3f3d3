"""The words by which somebody takes back, calls off or corrects what was said, and what may be asked about them.

"Lad den Tarif runter. Nein, doch nicht" orders nothing, "an Tom, nein, an Eva" something else, "forget the list" that
the list be left. Whoever reads requests asks here, so that the same words take back wherever they stand.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from scheduler.core.dictation import dictation
from scheduler.core.hesitation import HESITATION
from scheduler.core.mood_words import DO_NOT
from scheduler.core.quotation import MARKS

ALSO: Final = re.compile(r"(?i)\b(?:auch|too|also|as well|ebenfalls)\b")
"""What is meant besides rather than instead: "und Excel auch"."""
REFUSALS: Final = r"nein|nee|nö|no|nope"
HALTS: Final = r"halt|stopp?|moment(?: mal)?|warte(?: mal)?|wait|hang on|hold on"
NONSENSE: Final = r"quatsch|unsinn|bl(?:ö|oe)dsinn"
CORRECTIONS: Final = r"korrektur|correction"
EXCUSES: Final = r"sorry|pardon|verzeihung|entschuldigung|oops|u{1,3}ps|hoppla"
MEANINGS: Final = r"ich mein(?:e|te)?|mein(?:e|te)? ich|i mean(?:t)?"
BETTER_SAID: Final = r"besser gesagt|genauer gesagt|vielmehr|or rather|actually"
DROPPING: Final = ("scratch", "strike", "forget")
"""Verbs of which "that" is what was said before."""
STRUCK: Final = r"(?:scratch|strike) that"
"""What takes back some of the words before it rather than all of them."""
DROPPED: Final = rf"(?:{'|'.join(DROPPING)}) (?:that|it)|vergiss (?:das|es)"
_SETTLED: Final = r"never ?mind|hat sich(?: (?:schon|bereits|gerade|grad|damit|inzwischen|jetzt|wohl|eh))* erledigt"
"""It is settled: "hat sich schon erledigt", "never mind"."""
_RATHER_NOT: Final = r"(?:doch|lieber|besser) nicht"
"""What was said is rather not meant: "doch nicht Bernd", "lieber nicht"."""
_THOUGHT_BETTER: Final = r"changed (?:my|our) mind|anders überlegt|umentschieden"
"""Something else is wanted now: "I've changed my mind", "hab's mir anders überlegt"."""

_CORRECTING: Final = (
    rf"{REFUSALS}|{NONSENSE}|{CORRECTIONS}|{HALTS}|{EXCUSES}|(?:{MEANINGS}|meinte)(?= )|{BETTER_SAID}|{DROPPED}"
    r"|on second thoughts?|doch lieber|lieber doch|lieber|besser|rather|instead"
)
"""What takes back what was said before it wherever it stands: "no", "Quatsch", "doch lieber"."""
_INSTEAD_NAMED: Final = r" (?:(?-i:[A-ZÄÖÜ])|(?:to|for|from|with|by|on|at|in|the)\b)"
"""What is said instead behind "make that": something named, or words as they begin with a preposition or an article."""
_MAY_CORRECT: Final = (
    rf"make (?:that|it)(?={_INSTEAD_NAMED})|das hei(?:ß|ss)t(?=,? )|that is(?=,)|stattdessen|{_SETTLED}|doch nicht"
)
"""What as often goes on with what was said ("Make it Monday, 18:30"), or ends it ("never mind, Eva")."""
_MARK: Final = re.compile(
    rf"(?i)(?:(?:ach|oh|und|ne|oder|or|{EXCUSES}|{HESITATION}) )*(?:{_CORRECTING}|{_MAY_CORRECT})"
    rf"(?: (?:{REFUSALS}|doch|halt|wait|sorry|warte|lieber|besser|make (?:that|it)))*(?=$|[ ,.])"
)
"""What begins what is meant instead: "ach nein, …", "oh sorry, I mean …"."""
_INSTEAD: Final = re.compile(r"(?i) (?:instead|stattdessen|lieber|doch eher)(?=$| )")
"""What says behind other words that they are meant instead: "Eva instead"."""
_CORRECTS: Final = re.compile(rf"(?i)\b(?:{_CORRECTING}|make that(?={_INSTEAD_NAMED}))(?!\w)")
"""What surely takes back, wherever it stands: "…, no, …", "… besser gesagt …"."""
_CALLS_OFF: Final = re.compile(
    rf"(?i)(?:ach |oh )?(?:{REFUSALS}|{NONSENSE}|halt|stopp?|{DROPPED}|{_SETTLED}|doch nicht|(?:no )?{DO_NOT})"
)
"""What takes back all before it and says nothing instead: "ach nein", "hat sich erledigt", "don't"."""
_HOLDS_OFF: Final = re.compile(
    r"(?i)(?:bitte |please )?(?:\w+ ignore|hold off|hold (?:the|that|this|it|back|your|my)|stop|avoid|refrain|quit"
    r"|wait (?:with|before)|wart\w* (?:sie )?(?:\w+ )?mit|hör(?:en sie|t)? auf|unterlass\w*|verzicht\w*|leave|skip"
    r"|lass(?:t|en sie)? (?:das|die|den|es|mal|bitte|uns) (?:\w+ ){0,40}(?:sein|bleiben|zu|liegen)|ignor\w*"
    r"|forget (?:about|it)|vergiss (?:das|es|die|den)|spar dir|sparen sie|nix \w+en\b|keep off|stay off|hands off"
    r"|finger weg|lass\w* (?:bitte )?(?:die|deine|ihre) finger)\b(?! in (?:the|my) (?:inbox|folder))"
    r"|(?:scratch|forget|never ?mind) (?:about )?(?:the|that|this|my|our)\b(?! (?:in|into|on|onto|off|to|at)\b)"
    r"|lass(?:t|en sie)? .*\b(?:lieber|sein|bleiben|stecken)[ .!?]*$"
)
"""What says at the head of a clause that something is not to be done: "forget the list", "hör auf", "hands off"."""
_UNDOES: Final = re.compile(
    rf"(?i)\b(?:skip|umgekehrt|vice versa|other way a?round|{_THOUGHT_BETTER}|{_RATHER_NOT}"
    r"|leave \w+ out|lass \w+ (?:weg|aus|raus)|(?:wait|warte) (?:with|mit)"
    rf"|(?:{'|'.join(DROPPING)}|vergiss) (?!that\b|it\b|das\b|es\b)\w+)\b"
    r"|(?:[.!?]\s*)(?:not|nicht) (?!only|nur)\w"
    r"|\b(?:everyone|everybody|everything|all\w*|jede\w*)\b[^.!?]*\b(?:but|außer|ausser|except)\b"
)
"""What leaves out or turns round a part of several things: "skip Bob", "doch nicht Bernd", "all but Eva"."""
_EXCUSES_OR_REFUSES: Final = re.compile(rf"(?i)\b(?:{EXCUSES}|stopp?)\b|\b(?:{REFUSALS}) $")
"""What may stand before the name of who signs: "Sorry, Tom", "No, Tom"."""
_REMARK: Final = re.compile(
    rf"(?i)\b(?:{_THOUGHT_BETTER}|changed (?:his|her) mind|never ?mind|kidding|scherz"
    r"|said (?:not|no)\b|already (?:did|has|have)\b|(?:he|she|they) said|sagte? (?:er|sie)\b|meinte (?:er|sie)\b"
    r"|(?:is|are|['’](?:s|re|m)) (?:handling|doing|dealing with|taking care of) (?:it|that|this)\b"
    r"|(?:macht|machen|mache|erledig\w*|übernimmt|übernehm\w*) (?:das|es|sie|ihn|ich|wir)\b)"
)
"""What a remark says that makes the order none: "just kidding", "he said", "das macht Eva"."""

_LONGEST: Final = 1000
"""Characters of a request that is looked through for last words."""
_LONGEST_CLAUSE: Final = 400
_STOP: Final = rf"(?:(?:ach|oh|ah|och|{REFUSALS}|{NONSENSE}|{HALTS}|actually)[,.!… ]{{1,3}}){{1,4}}"
"""What stops before it takes back: "Halt, nein, …", "Actually, no, …"."""
_BESIDE: Final = r"(?:(?:ok|okay|na|sorry|und|and|aber|but|das|die sache|pls|please|bitte)[,.!… ]{1,3}){0,3}"
"""What may stand beside what takes back: "ok, …", "…, bitte"."""
_GERMAN: Final = (
    rf"{_SETTLED}|kommando zurück|{_RATHER_NOT}"
    r"|vergiss (?:es|das)(?: (?:wieder|einfach))?|fehlalarm|(?:nicht mehr|nimmer) nötig"
    r"|lass (?:es|das|mal|gut sein|stecken|bleiben)(?: (?:sein|bleiben|lieber|gut sein))*"
    r"|(?:mach|macht|machen sie|tu|unternimm)(?: (?:da|doch|jetzt|lieber))* nichts"
    r"|ignorier\w* (?:das|mich|die nachricht|meine \w+)"
)
"""What takes back all that was ordered: "Kommando zurück", "vergiss es", "mach nichts"."""
_ENGLISH: Final = (
    r"never ?mind(?: (?:that|me|it))?|nvm|false alarm|that['’]s not needed(?: any ?more)?|no need(?: any ?more)?"
    rf"|(?:{'|'.join(DROPPING)}|cancel|disregard|ignore) (?:that|this|it|me|i asked|i said(?: that| anything)?)"
    rf"|(?:please )?{DO_NOT}(?: (?:bother|worry|(?:do|send) (?:it|that|anything)))?"
    r"|(?:on second thoughts?,? )?(?:better not|leave it|not any ?more)"
)
"""The same in English: "nvm", "cancel that", "better not"."""
_REASONS: Final = (
    r"brauche?n?(?: (?:ich|wir))?(?: (?:das|es|sie|ihn|die|den|jetzt|doch|gar))* nicht(?: mehr)?"
    r"|(?:schon|bereits)(?: (?:selbst|selber))? (?:gefunden|erledigt|passiert|gemacht|gut)"
    r"|(?:ich )?hab(?:e|['’]?s)?(?: (?:ich|es|sie|ihn|das|ja))* (?:schon|doch|grad|gerade)(?: (?:selbst|selber))?"
    r" (?:gefunden|erledigt|gemacht)|(?:i(?:['’]ve)? )?(?:just )?(?:got|found) it(?: (?:already|now|myself))?"
    r"|(?:it['’]s |that['’]s )?(?:already )?(?:done|sorted)(?: already)?"
    r"|i don['’]?t(?: need (?:it|that|them))?(?: any ?more| after all)?"
)
"""What says behind "no, wait" why something need not be done, and elsewhere perhaps why it is to be done: "got it"."""
_SAID: Final = rf"(?:(?P<stop>{_STOP}){_BESIDE}(?:{_GERMAN}|{_ENGLISH}|{_REASONS})|{_BESIDE}(?:{_GERMAN}|{_ENGLISH}))"
_LAST_WORDS: Final = re.compile(
    rf"(?i)(?:(?P<end>[.!?…]{{1,3}})|[,;]|(?<= )[–—-](?= (?:ach|oh|halt|stopp?|nein|no|wait|doch|nvm))) {_SAID}"
    rf"(?:[,.!… ]{{1,3}}(?:{_GERMAN}|{_ENGLISH}|{_REASONS})){{0,3}}(?=\s?(?:[,.;!–—-]|$))"
)
"""What takes back at the end of a request: "Schließ Word. Ach, doch nicht", "…, never mind"."""
_TELLS: Final = re.compile(
    r"(?i)\b(?:schreib\w*|sag\w*|antwort\w*|richte|melde|tell|write|reply|text|let|say|answer)\b[^.!?]*$"
)
"""What is told to others behind it takes back nothing: "Schreib Tom, hat sich erledigt"."""
_QUOTES: Final = re.compile(f"[{MARKS}]")


def correcting(text: str, start: int = 0) -> re.Match[str] | None:
    """Return the words from `start` on that take back what was said before them: "ach nein, doch lieber", "I mean"."""
    return _MARK.match(text, start)


def corrects(text: str) -> bool:
    """Whether words stand in a request that hardly mean anything but that what was said before them is taken back."""
    return _CORRECTS.search(text) is not None


def says_instead(said: str) -> bool:
    """Whether words behind others say that they are meant instead: "Eva instead", "an Eva lieber"."""
    return _INSTEAD.search(said) is not None


def calls_off(said: str) -> bool:
    """Whether words take back what was said before them though they say nothing in its place: "nein", "vergiss es"."""
    return _CALLS_OFF.fullmatch(said) is not None


def holds_off(clause: str) -> bool:
    """Whether a clause begins by saying that something is not to be done: "hold off on the list", "vergiss es"."""
    return _HOLDS_OFF.match(clause[:_LONGEST_CLAUSE]) is not None


def undoes_a_part(text: str) -> bool:
    """Whether a request takes back a part of what it says, or leaves somebody out: nobody is sent anything unasked."""
    return _UNDOES.search(text) is not None


def excuses_or_refuses(text: str, start: int, end: int) -> bool:
    """Whether words before a name may excuse or refuse as well as correct: "Sorry, Tom" may be signed by him."""
    return _EXCUSES_OR_REFUSES.search(text, start, end) is not None


def undone_by_remark(remark: str) -> bool:
    """Whether what is said beside an order surely takes it back, or says that it is done or whose words it is."""
    return _REMARK.search(remark) is not None


def all_taken_back(text: str, ordered: Callable[[str], Sequence[str]]) -> bool:
    """Whether the last words of a request take back what it ordered before, and order nothing instead.

    `ordered` returns the intents of words. What is quoted, dictated or told to others takes nothing back, and "brauch
    ich nicht mehr" behind an order to close says why.
    """
    found = max(_LAST_WORDS.finditer(text), key=re.Match.start, default=None) if len(text) <= _LONGEST else None
    if found is None or _QUOTES.search(text) or dictation(text)[1] is not None:
        return False
    before, after = text[: found.start()], text[found.end() :].strip(" ,.;!?–—-")
    if _TELLS.search(before):
        return False
    if after and ordered(after):
        return False
    return found["stop"] is not None or ordered(before)[-1:] != ["close_app"]
