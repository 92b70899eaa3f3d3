"""Says in the usual words what few requests say otherwise, so that whatever reads them finds orders of the usual form.

"I need the list sent to Tom" is "send the list to Tom",
"Vor dem Schließen von Word öffne die Liste" is "Bevor du Word schließt, öffne die Liste"; "an Tom statt an Anna" and
"nicht an Anna, sondern an Tom" are "an Tom".
"""

import re
from typing import Final

from scheduler.core.hesitation import HESITATION
from scheduler.core.instead import meant
from scheduler.core.once_sent import once_sent
from scheduler.core.persons_named import person_end
from scheduler.core.phrases import tokens_of
from scheduler.core.told_words import MAIL_FIELDS, MAY_TELL, TOLD
from scheduler.core.verbless import NEEDS, with_verb
from scheduler.core.words import Words

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
_FORMAT: Final = r"(?P<format>excel|word|csv|xlsx|json|ods)(?:-?(?:datei|tabelle|liste|file|sheet))?"
_MADE_OF_IT: Final = re.compile(
    r"(?i)(?<=\w),? (?:(?P<de>und) (?:bitte |dann )?(?:mach\w*|erstell\w*)(?: mir| uns| bitte)*(?: ein\w*| ne?n?)? "
    rf"{_FORMAT} (?:draus|daraus)"
    r"|and (?:then |please )?(?:make|turn|convert|put) (?:it|that|this) (?:(?:in)?to |as )?(?:an? )?"
    rf"{_FORMAT.replace('format', 'made')}(?: (?:file|sheet|spreadsheet|table))?"
    rf"|and (?:then |please )?make (?:an? )?{_FORMAT.replace('format', 'out')}(?: file| sheet)? (?:out of|from|of) it)"
    r"(?=\s*[.!]*\s*$)"
)
_AFTERTHOUGHT: Final = re.compile(
    rf"(?i)(?<=\w)[,.]? (?:ach ?(?:ja|so)?|oh(?: yeah| yes| ja| right)?|ah ja|tja|{HESITATION}|übrigens|btw|by the way)"
    r",? (?=(?:und|and|also|außerdem|dann|then|noch|schließlich)\b)"
)
"""What hesitates before the next order that is said in one breath: "… das Angebot ach ja und schließ Excel"."""
_TABLE: Final = re.compile(r"(?i)\b(?:\w*tabelle|table)\b")
_RELATIVE: Final = re.compile(
    r"(?i)(?P<verb>(?:bitte |please )?(?:schick\w*|sende?|mail\w*|email)) (?P<whom>[^,.;:!?]{2,40}),"
    r" (?P<clause>(?:who|der|die|dem|den) [^,.;:!?]{3,80}), (?P<rest>[^,].*)"
)
_TELLS_ME: Final = re.compile(
    r"(?i)^(?:bitte |please )?(?:(?P<en>(?:(?:can|could) you (?:please )?)?(?:let me know|tell me) (?:if|whether))"
    r"|(?:(?:sag|gib|lass) mir(?: mal| bitte| bescheid| wissen)*|(?:kannst|könntest) du mir(?: bitte| mal)* sagen)"
    r",? ob) "
    r"(?=(?!you |du )[^,.;:!?]{2,40} (?:wrote|written|replied|answered|emailed|mailed|responded|geschrieben|geantwortet"
    r"|gemailt|zurückgeschrieben)\b)"
)
_TOLD_WHAT: Final = re.compile(
    r"(?i)^(?:please )?(?:(?:can|could) you (?:please )?)?(?:let me know|tell me) what"
    r" (?=(?!you )[^,.;:!?]{2,40} (?:wrote|has written|replied|answered|emailed)\b)"
)
_TELLS_OR_ASKS: Final = re.compile(
    rf"(?i)\b(?:{MAIL_FIELDS}|{MAY_TELL}|says?|was|what|wer|who"
    r"|google|suche?|search|find\w*|frag\w*|ask|erinner\w*|remind|warn\w*|schreib\w*|write|sag\w*|tell|file|datei|mit|with)\b"
)


def in_usual_words(text: str) -> str:
    """Return a request in the usual words, the same text where it is in them or holds what is told or quoted."""
    text = _TELLS_ME.sub(lambda found: "Check if " if found["en"] else "Schau, ob ", text)
    text = meant(_without_relative(_TOLD_WHAT.sub("Show me what ", text)))
    if TOLD.search(text) or ":" in text:
        return text
    text = _AFTERTHOUGHT.sub(", ", text)
    text = once_sent(_as_made(text))
    if _TELLS_OR_ASKS.search(text):
        return text
    if NEEDS.fullmatch(text):
        return with_verb(text)
    text = _KICK_OFF.sub("start ", text)
    found = _NOUN.match(text)
    if found is None:
        return text
    now, done = _DOING[found["doing"].casefold()]
    what = found["what"]
    clause = f"Bevor du {what} {now}" if found["when"].casefold() == "vor" else f"Nachdem du {what} {done} hast"
    return f"{clause}, {' '.join(text[found.end() :].split())}"


def _without_relative(text: str) -> str:
    """Return "Send Max the list" for "Send Max, who works with Eva, the list": the clause says who Max is."""
    found = _RELATIVE.match(text)
    if found is None:
        return text
    whom, clause = tokens_of(found["whom"]), Words(tokens_of(found["clause"]))
    begins = tokens_of(found["rest"])[:1]
    clear = person_end(whom, 0) == len(whom) and clause.has_verb and clause.imperative is None
    thing = any(one.has("determiners") or one.has("noun", "document") for one in begins)
    return f"{found['verb']} {found['whom']} {found['rest']}" if clear and thing else text


def _as_made(text: str) -> str:
    """Return "get the table as Excel" for "get the table and make it an Excel file"."""
    made = _MADE_OF_IT.search(text)
    if made is None or not _TABLE.search(text, 0, made.start()):
        return text
    return f"{text[: made.start()]} {'als' if made['de'] else 'as'} {made['format'] or made['made'] or made['out']}"
