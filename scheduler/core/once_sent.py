"""Puts an order to send first that is told in a clause: "once you've sent Anna the list, close Word".

What the clause tells of the past was sent already: "After you've sent Anna the wrong list, …". So was what the one who
asks got: "Nachdem Sie uns die Rechnung geschickt haben, …". It is an order only where another order stands beside it:
"When you have sent Anna the list, I can close the case" promises something, "Tell me when you have sent it" asks.
"""

import re
from typing import Final

from scheduler.core.mood_words import NEGATION, PAST_TIME
from scheduler.core.phrases import tokens_of
from scheduler.core.words import Words

_LONGEST: Final = 400
"""Characters of a request that is looked at."""

_SENT: Final = {
    "geschickt": "Schick",
    "zugeschickt": "Schick",
    "gesendet": "Sende",
    "gemailt": "Maile",
    "sent": "Send",
    "emailed": "Email",
    "mailed": "Mail",
    "forwarded": "Forward",
}
_ONCE_SENT: Final = (
    r"(?:(?:wenn|sobald|nachdem) (?:du|sie) (?P<what>[^,;.!?]{3,80}) (?P<sent>(?:zu)?geschickt|gesendet|gemailt)"
    r" (?:hast|haben)|(?:once|when|as soon as|after) you(?:['’]ve| have) (?P<done>sent|emailed|mailed|forwarded)"
    r" (?P<thing>[^,;.!?]{3,80}?))"
)
_FIRST_SENT: Final = re.compile(rf"(?i){_ONCE_SENT}, (?:then |dann |please |bitte )*(?P<rest>\S.*)")
_LAST_SENT: Final = re.compile(
    rf"(?i)(?P<rest>(?!wenn|sobald|once|when|as soon)[^,.;:!?]+?),? {_ONCE_SENT}(?P<mark>[.!]*)\s*"
)

_OVER: Final = re.compile(r"(?i)(?:nachdem|after)\b")
_TOLD_AS_PAST: Final = re.compile(
    r"(?i)\b(?:wrong\w*|falsch\w*|mistaken?\w*|accident\w*|versehen\w*|irrtüm\w*|irrtum|already|bereits|schon|just"
    r"|eben|gerade|recently|kürzlich|last|letzte\w*|vorige\w*|heute (?:früh|morgen)|this morning|twice|doppelt|zweimal"
    r"|yourself|selbst)\b"
)
_SETS_RIGHT: Final = re.compile(
    r"(?i)\b(?:right one|richtig\w*|correct\w*|korr\w*|again|noch ?mal\w*|erneut|now|jetzt|apolog\w*"
    r"|entschuldig\w*|sorry)\b"
)
_TOLD_ME: Final = re.compile(r"(?i)(?:mir|uns|me|us)\b|.*\bto (?:me|us)\b|.*\ban (?:mich|uns)\b")
_REPORTS: Final = frozenset({"tell", "know", "ask", "remind", "check"})
_DROPS_A_LINE: Final = re.compile(
    r"(?i)(?:(?:bitte|please) )?\w+(?: (?:mir|uns|me|us|bitte|please|kurz|then|dann|eine?|an?|mail|e-?mail|nachricht"
    r"|message|note|line))*[ .!]*"
)
_SOMEBODY: Final = re.compile(r"(?i)\b(?:ih[mnr]|ihnen|ihn|sie|es|him|her|them|it|one)\b")


def once_sent(text: str) -> str:
    """Return "send Anna the list, then close Word" for "once you've sent Anna the list, close Word".

    Without the clause where it tells of the past: "Nachdem du mir gestern die Liste geschickt hast, öffne den Plan".
    """
    if len(text) > _LONGEST:
        return text
    found = _FIRST_SENT.fullmatch(text) or _LAST_SENT.fullmatch(text)
    if found is None or not _is_order(found["rest"]):
        return text
    german = found["sent"] is not None
    sent = found["what"] or found["thing"]
    if _is_over(found[0], sent, found["rest"]):
        return found["rest"] if _OVER.search(found[0]) and not _SOMEBODY.search(found["rest"]) else text
    verb = _SENT[(found["sent"] or found["done"]).casefold()]
    return f"{verb} {sent}, {'dann' if german else 'then'} {found['rest']}"


def _is_order(rest: str) -> bool:
    """Whether what stands beside the clause is an order, and not only to say when it was sent."""
    words = Words(tokens_of(rest))
    if words.imperative is None or NEGATION & words.keys:
        return False
    return not (words.senses & _REPORTS or words.keys & {"bescheid"} or _DROPS_A_LINE.fullmatch(rest))


def _is_over(text: str, sent: str, rest: str) -> bool:
    """Whether a clause tells what was sent before, or may do so."""
    tokens = tokens_of(sent)
    if PAST_TIME & Words(tokens).keys or _TOLD_AS_PAST.search(sent) or _SETS_RIGHT.search(rest):
        return True
    doubtful = _TOLD_ME.match(sent) is not None or any(one.kind == "date" for one in tokens)
    return doubtful and _OVER.search(text) is not None
