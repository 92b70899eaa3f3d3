"""Says in the usual words what few requests say otherwise, so that whatever reads them finds orders of the usual form.

"I need the list sent to Tom" is "send the list to Tom",
"Vor dem Schließen von Word öffne die Liste" is "Bevor du Word schließt, öffne die Liste"; "an Tom statt an Anna" is
"an Tom".
"""

import re
from typing import Final

from scheduler.core.verbless import MAY_SEND, NEEDS, with_verb

_DOING: Final = {
    "schließen": ("schließt", "geschlossen"),
    "schliessen": ("schließt", "geschlossen"),
    "beenden": ("beendest", "beendet"),
    "zumachen": ("zumachst", "zugemacht"),
    "öffnen": ("öffnest", "geöffnet"),
    "starten": ("startest", "gestartet"),
}
_NOUN: Final = re.compile(
    rf"(?i),? ?\b(?P<when>vor|nach) dem (?P<doing>{'|'.join(_DOING)}) (?:von |vom |des )?"
    r"(?P<what>(?-i:[A-ZÄÖÜ])[\w.+-]*(?: (?-i:[A-ZÄÖÜ])[\w.+-]*)?),?(?![\w-])"
)
_KICK_OFF: Final = re.compile(r"(?i)\bkick off (?=(?-i:[A-Z])[\w.+-]*\W*$|[a-z]{3,}\W*$)")
_SENT: Final = re.compile(
    r"(?i)\b(?:i need|i want|i'd like|we need|have|get)"
    r" (?P<what>(?:the|my|our|this|that|invoice|contract)\b[^,.;:!?]{2,40}?)"
    r" (?:sent|emailed|mailed|forwarded) to "
)
_GET_TO: Final = re.compile(r"(?i)\bget (?=(?:the|my|our|this|that) (?:[\w-]+ ){1,3}to (?-i:[A-Z]))")
_INSTEAD_OF: Final = re.compile(
    r"(?i),? ?\b(?:statt|anstatt|anstelle|instead of|rather than) (?!am |im |um |in |heute|morgen|dessen|wie )"
    r"(?:(?:an|to|mit|with|bei|für|for|von|from) )?(?:(?:der|die|das|den|dem|the|my|herrn?|frau|mr|ms|mrs)\.? )?"
    r"[\w.@-]*\w(?: [\w.@-]*\w)?"
    r"(?=[,.;!?](?:\s|$)|$| (?:und|and|an|to|am|on|um|at|für|for|der|die|das|den|dem|the)\b)"
)
_MAY_NAME_OTHERS: Final = re.compile(
    rf"(?i){MAY_SEND.pattern}|\b(?:öffne\w*|open|start\w*|schließ\w*|close|beende\w*|quit)\b"
)
_QUOTED: Final = re.compile(r"[„“”\"«»:]|\b(?:dass|daß|that)\b")


def in_usual_words(text: str) -> str:
    """Return a request in the usual words, the same text where it is in them or holds what is told or quoted."""
    if _QUOTED.search(text):
        return text
    if NEEDS.fullmatch(text):
        return with_verb(text)
    if _MAY_NAME_OTHERS.search(text):
        text = _INSTEAD_OF.sub("", text).strip()
    text = _GET_TO.sub("send ", _SENT.sub(r"send \g<what> to ", _KICK_OFF.sub("start ", text)))
    found = _NOUN.search(text)
    if found is None:
        return text
    now, done = _DOING[found["doing"].casefold()]
    what = found["what"]
    clause = f"Bevor du {what} {now}" if found["when"].casefold() == "vor" else f"Nachdem du {what} {done} hast"
    start = max(text.rfind(mark, 0, found.start()) for mark in ".!?;") + 1
    rest = " ".join(f"{text[start : found.start()]} {text[found.end() :]}".split())
    return f"{text[:start]} {clause}, {rest}".strip()
