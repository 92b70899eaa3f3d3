"""Takes from behind an order what changes nothing of it: a courtesy, or what it is good for.

"Quit Teams and Slack for me would you" quits both, "Save the offer as a PDF so nobody can change it" is not negated.
Courtesies behind a mark are known to whoever reads clauses; here are those that are said in one breath.
"""

import re
from typing import Final

from scheduler.core.closing_words import IF_IT_SUITS, PLEASE, THANKS
from scheduler.core.dictation import dictation
from scheduler.core.phrases import tokens_of
from scheduler.core.quotation import MARKS
from scheduler.core.word_forms import INFINITIVE
from scheduler.core.words import Words

_LONGEST: Final = 1000
"""Characters of a request that is looked through."""
_ENGLISH: Final = (
    r"for me|(?:would|could|can|will|(?:wo|would|could|ca)n['’]?t) (?:you|ya|u)"
    r"(?: mind| please| kindly)?|(?:thanks|thank you)(?: a lot| so much| very much)?"
    r"|ok(?:ay)?|yeah|there['’]s a (?:dear|love|good \w+)|be a (?:dear|love|star)|do you mind|much appreciated"
    r"|that['’]?(?:d| would) be (?:great|lovely|nice|kind|perfect)|is that (?:ok(?:ay)?|possible)"
)
_GERMAN: Final = (
    r"ja|gell|dank(?:e|eschön)?(?: (?:dir|ihnen|euch|schön|sehr|im voraus))*"
    r"|(?:geht|ginge|klappt) das|(?:ist|wäre) das (?:möglich|ok(?:ay)?|machbar)"
    r"|(?:machst|würdest|kannst|könntest) du(?: das| mir)?(?: bitte)?"
    r"|sei so (?:gut|lieb|nett)|bist ein schatz|für mich"
)
_TAIL: Final = re.compile(
    rf"(?i)(?P<tail>(?:\s+(?:{_ENGLISH}|{_GERMAN}|{PLEASE}|{THANKS}|{IF_IT_SUITS}))+)\s*(?P<end>[?!.]*)(?=$|[,.;!?–](?:\s|$)|\s[–-]\s)"
)
_WEAK: Final = re.compile(rf"(?i)\s*(?:(?:{PLEASE}|danke|thanks|thank you|ok|okay|ja|for me|für mich)\s*)+")
"""What is a courtesy to all who read, so that it may stay."""
_SEVERAL: Final = re.compile(r"(?i)\b(?:und|and|&|sowie|plus)\b[^.;!?]*$")
_CONDITION: Final = re.compile(r"(?i)\s+(?:if|wenn|falls|sofern)\b")
"""Behind the last of several things, and where it begins like a condition, a courtesy may be taken for more."""
_TELLS: Final = frozenset({"write", "tell", "reply", "lookup", "know"})
_NOBODY: Final = r"(?:nobody|no one|no-one|none of \w+|niemand|keine[rs]?|kein \w+)"
_NOT: Final = (
    r"(?:can(?:no|['’])t|can not|won['’]t|does(?:n['’]t| not)|do(?:n['’]t| not)|is(?:n['’]t| not)|are(?:n['’]t| not)"
    r"|will not|could(?:n['’]t| not))"
)
_PURPOSE: Final = re.compile(
    rf"(?i),?\s+(?:so(?: that)?|in order that) (?:{_NOBODY}"
    rf"|(?:it|they|he|she|that|we|i|(?:the|my|our) \w+|(?-i:[A-Z])\w+) {_NOT})\b[^.;!?,:]*"
    rf"|,?\s+(?:damit|so ?dass) (?:{_NOBODY}\b|[^.;!?,:]*\b(?:nicht|nie|niemand|keine?[rsnm]?|nichts)\b)[^.;!?,:]*"
)
"""What is not to happen any more once the order is done: "so nobody can change it", "damit keiner es sieht"."""
_ABLE: Final = re.compile(
    r"(?i)(?:,?\s+(?:so that|in order that)|(?<!,)\s+so) (?:he|she|they|i|we|you|(?:the|my|our) \w+|(?-i:[A-Z])\w+)"
    r" (?:can|could|may)\b[^.;!?,:]+"
    r"|,?\s+(?:damit|so ?dass)"
    r" (?:ich|er|sie|es|wir|ihr|man|(?:der|die|das|mein\w*|unser\w*) \w+|(?-i:[A-ZÄÖÜ])\w+)\b"
    r"[^.;!?,:]*\b(?:kann|können|könnte|könnten|kannst|darf|dürfen)\b(?=\s*(?:[.;!?,:]|$))"
)
"""What somebody can do once the order is done: "damit sie es öffnen und drucken kann"."""
_ENDS_ABLE: Final = re.compile(r"(?i)\b(?:kann|können|könnten?|kannst|darf|dürfen)$")
_DONE_BY_US: Final = frozenset({"open", "close", "send", "forward", "download", "save", "export"})
_ITS: Final = frozenset({"it", "them", "this", "that", "sie", "es", "ihn", "das"})


def without_behind(text: str) -> str:
    """Return a request without the courtesies and purposes behind its orders; as it is where it dictates."""
    if len(text) > _LONGEST or dictation(text)[1] is not None or re.search(f"[{MARKS}]", text):
        return text
    purpose = _PURPOSE.search(text) or next(filter(_seems_order, _ABLE.finditer(text)), None)
    if purpose is not None and _orders(text[: purpose.start()]) and not _orders_more(purpose[0]):
        text = text[: purpose.start()] + text[purpose.end() :]
    tail = _TAIL.search(text)
    if tail is None or _WEAK.fullmatch(tail["tail"]) or not _orders(text[: tail.start()]):
        return text
    if _SEVERAL.search(text[: tail.start()]) is None and _CONDITION.match(tail["tail"]) is None:
        return text
    return text[: tail.start()] + text[tail.end() :]


def _orders(said: str) -> bool:
    """Whether the words before are an order that tells nobody anything, so that nothing behind it is told either."""
    words = Words(tokens_of(said))
    orders = words.imperative is not None or words.particle or words.last_form == INFINITIVE
    return bool(said.strip()) and orders and not words.senses & _TELLS


def _seems_order(able: re.Match[str]) -> bool:
    """Whether what somebody can do then may be taken for what is ordered: "damit ich Excel öffnen kann"."""
    return _SEVERAL.search(able[0]) is not None or bool(Words(tokens_of(able[0])).senses & _DONE_BY_US)


def _orders_more(purpose: str) -> bool:
    """Whether behind what an order is good for the next one begins: "so nobody sees it and open Word"."""
    if _ENDS_ABLE.search(purpose):
        return False
    _, *more = (Words(tokens_of(one)) for one in re.split(r"(?i)\s(?:und|and|then|dann)\s", purpose))
    return any(one.imperative is not None and len(one.content) > 1 and not one.keys & _ITS for one in more)
