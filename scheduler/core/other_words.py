"""Says in the usual words what few requests say otherwise, so that whatever reads them finds orders of the usual form.

"I need the list sent to Tom" is "send the list to Tom",
"Vor dem Schließen von Word öffne die Liste" is "Bevor du Word schließt, öffne die Liste"; "an Tom statt an Anna" is
"an Tom".
"""

import re
from typing import Final

from scheduler.core.provisos import INSTEAD_OF
from scheduler.core.told_words import TOLD
from scheduler.core.verbless import NEEDS, with_verb

_DOING: Final = {
    "schließen": ("schließt", "geschlossen"),
    "schliessen": ("schließt", "geschlossen"),
    "beenden": ("beendest", "beendet"),
    "zumachen": ("zumachst", "zugemacht"),
    "öffnen": ("öffnest", "geöffnet"),
    "starten": ("startest", "gestartet"),
}
_NOUN: Final = re.compile(
    rf"(?i)\s*(?P<when>vor|nach) dem (?P<doing>{'|'.join(_DOING)}) (?:von |vom |des )?"
    r"(?P<what>(?-i:[A-ZÄÖÜ])[\w.+-]*(?: (?-i:[A-ZÄÖÜ])[\w.+-]*)?),?(?![\w-])"
)
_KICK_OFF: Final = re.compile(r"(?i)\bkick off (?=(?-i:[A-Z])[\w.+-]*\W*$|[a-z]{3,}\W*$)")
_INSTEAD_OF: Final = re.compile(
    rf"(?i)(?P<kept>\b(?:an|to) [^\s,.;!?]+(?: [^\s,.;!?]+)?),? {INSTEAD_OF}"
    r" (?:(?:an|to) )?[^\s,.;!?]+(?: [^\s,.;!?]+)?(?=,? (?:bitte|please)|[.!]?\s*$)"
)
_SENDS: Final = re.compile(r"(?i)(?:bitte |please )?(?:schick\w*|sende?n?|send|mail\w*|email|forward|leite) ")
_TELLS_OR_ASKS: Final = re.compile(
    r"(?i):|\b(?:that|if|says?|text|betreff|subject|wie|how|why|warum|was|what|wer|who"
    r"|google|suche?|search|find\w*|frag\w*|ask|erinner\w*|remind|warn\w*|schreib\w*|write|sag\w*|tell|file|datei|mit|with)\b"
)


def in_usual_words(text: str) -> str:
    """Return a request in the usual words, the same text where it is in them or holds what is told or quoted."""
    if TOLD.search(text) or _TELLS_OR_ASKS.search(text):
        return text
    if NEEDS.fullmatch(text):
        return with_verb(text)
    if _SENDS.match(text) and "," not in text.rstrip(" .!").removesuffix(", please"):
        text = _INSTEAD_OF.sub(r"\g<kept>", text)
    text = _KICK_OFF.sub("start ", text)
    found = _NOUN.match(text)
    if found is None:
        return text
    now, done = _DOING[found["doing"].casefold()]
    what = found["what"]
    clause = f"Bevor du {what} {now}" if found["when"].casefold() == "vor" else f"Nachdem du {what} {done} hast"
    return f"{clause}, {' '.join(text[found.end() :].split())}"
