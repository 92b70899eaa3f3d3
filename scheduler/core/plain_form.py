"""Knows the plainest forms of orders by grammar alone: "Send Tom the list", "Die Liste an Tom schicken", "I need …".

What rules are sure of and what has such a form is done, whatever was learned. All else that they are sure of may be
doubted: "Parents send the list online".
"""

import re
from typing import Final

from scheduler.core.phrases import tokens_of
from scheduler.core.word_forms import INFINITIVE, THIRD
from scheduler.core.words import Words

_PLEASE: Final = frozenset({"bitte", "please", "pls", "plz"})
_MUST: Final = frozenset({"muss", "muessen", "musst", "soll", "sollst", "must", "need", "needs"})
_NOBODY: Final = frozenset({"man", "one", "they", "people", "jeder", "everyone", "everybody", "alle"})
_WISH: Final = re.compile(
    r"(?:hi|hallo|hello|hey)?[\W_]*(?:"
    r"(?:ich|wir) (?:möchte|moechte|will|wollte|brauch|bräuchte|braeuchte|hätte|haette)\w*"
    r"|(?:i|we)(?:'d| would) (?:like|love)|(?:i|we) (?:want|need)"
    r"|(?:don't|do not|dont) forget|vergiss|vergessen sie|denke?n? |remember"
    r"|you(?:'ll| will| should| have to)|du (?!\w+st\b.* auch\b)\w+st"
    r"|es w(?:är|aer)e .*\b(?:du|sie)\b|it (?:would|'d) be .*\byou\b"
    r"|would it be possible|(?:ist|wäre) es möglich"
    r")",
    re.IGNORECASE,
)
_HAS_TO: Final = re.compile(r"(?i).*\b(?:has|have) to\b")
_ASKS_FOR: Final = frozenset(
    {
        *("wo", "where", "where's", "was", "what", "what's", "welche", "welcher", "welches", "which", "wer", "who"),
        *("any", "anything", "gibt", "gibt's", "gibts", "neue", "new", "news", "did", "has", "kam", "is", "ist"),
    }
)
_LOOKS_UP: Final = frozenset({"read_mail", "search_mail", "search_document"})
"""Intents that are often asked for by the question what there is."""


def orders_plainly(text: str, intent: str) -> bool:
    """Whether a request of one order, in which rules read `intent`, has one of the plainest forms of orders."""
    words = Words(tokens_of(text))
    if not words.content:
        return False
    if words.imperative is not None:
        return not _tells_of_a_thing(words)
    if _WISH.match(text) or (intent in _LOOKS_UP and words.content[0].key in _ASKS_FOR):
        return True
    if words.asks or words.keys & _NOBODY:
        return False
    if words.finite is None and words.last_form == INFINITIVE:
        return True
    return bool(words.keys & (_PLEASE | _MUST) or _HAS_TO.match(text))


def _tells_of_a_thing(words: Words) -> bool:
    """Whether what looks like the verb is what does something: "Dispatch emails the lists"."""
    after = words.content[1:3]
    return (
        len(after) > 1
        and after[1].has("determiners")
        and any(one.kind == "verb" and one.form == THIRD for one in after[0].meanings)
    )
