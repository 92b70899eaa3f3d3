"""Says in the usual words what few requests say otherwise, so that whatever reads them finds orders of the usual form.

"I need the list sent to Tom" is "send the list to Tom",
"Vor dem Schließen von Word öffne die Liste" is "Bevor du Word schließt, öffne die Liste"; "an Tom statt an Anna" and
"nicht an Anna, sondern an Tom" are "an Tom".
"""

import re
from typing import Final

from scheduler.core.dictated_remarks import with_marks
from scheduler.core.hesitation import HESITATION
from scheduler.core.instead import meant
from scheduler.core.once_sent import once_sent
from scheduler.core.persons_named import person_end
from scheduler.core.phrases import tokens_of
from scheduler.core.third_person import spoken_to
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
    "aufrufen": ("aufrufst", "aufgerufen"),
    "aufruf": ("aufrufst", "aufgerufen"),
    "öffnung": ("öffnest", "geöffnet"),
}
_NOUN: Final = re.compile(
    rf"(?i)\s*(?P<when>vor|nach) dem (?P<doing>{'|'.join(_DOING)}) (?:von |vom |des )?"
    r"(?P<what>(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)?|(?-i:[A-ZÄÖÜ])[\w.+-]*(?: (?-i:[A-ZÄÖÜ])[\w.+-]*)?),?(?![\w-])"
)
_FIRST_PART: Final = re.compile(r"[^,.;!?]*")
_IS_TO_BE: Final = re.compile(
    r"(?i)^(?:ist|sind) (?:bitte )?(?P<what>[^,.;:!?]{2,60}?) zu (?P<verb>\w{3,}e?n)\b|^(?:ist|sind) (?=bitte )"
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


_DONE_THAT: Final = re.compile(
    r"(?i)(?P<before>^\s*|[.!?]\s+|,?\s+(?:und|and),?\s+|,\s+)"
    r"(?:(?P<en>(?:when|once|after|as soon as) (?:that(?:['’]s| is) done|you(?:['’]ve| have|['’]re| are)"
    r" (?:done|finished)(?: (?:that|this|so|it|with (?:that|it)))?)"
    r"|(?<=\S )(?P<there>(?:when|once|after|as soon as) you(?:['’]re| are) (?:there|logged in|on (?:it|there)|in(?=,)))"
    r"|having done (?:so|that|this))"
    r"|(?<=\S )(?P<dort>(?:wenn|sobald) (?:du|sie) (?:dort|da|drin|drauf|drinnen|eingeloggt|angemeldet) (?:bist|sind))"
    r"|(?:wenn|sobald|nachdem) (?:(?:du|sie) (?:das|dies|damit)"
    r" (?:gemacht|erledigt|getan|fertig) (?:hast|haben|bist|sind)"
    r"|(?:das|dies) (?:gemacht|erledigt|getan|geschehen|fertig) ist)),?\s+(?=\w)"
)
_AFTERWARDS: Final = re.compile(
    r"(?i)(?P<verb>(?:^|[,.;!?]\s+|\b(?:und|bitte)\s+)(?:[^\W\d_]+(?: (?:sie|du|ihr|mir|uns|bitte|mal))* )?)"
    r"(?:anschlie(?:ß|ss)end|anschl\.|im anschluss(?: daran)?|hernach)"
    r"(?= )(?! an (?:d|uns|ein))"
)
"""Behind the verb of an order or before it, not in what is written: "mit dem Text Wir essen anschließend"."""
_WRITES: Final = re.compile(
    r"(?i)\b(?:schreib\w*|sag\w*|richte|antwort\w*|frag\w*|write|tell|say|text|ask|message|reply|let)\b"
)
_START_FIRST: Final = re.compile(
    r"(?i)\b(?P<but>but|and) (?P<verb>start|open|close|send|find|save|print|launch|shut) first"
    r" (?=(?:the|my|our|an?|this)\b)"
)
_BEFORE_YOU: Final = re.compile(
    r"(?i)^(?P<clause>(?:bevor|ehe|nachdem|sobald) (?:du|sie) [^,.;:!?]{2,80}?\b(?:\w{2,}[sßz]t|hast|bist))"
    r" (?P<rest>\w.*)$"
)


def _in_order(text: str) -> str:
    """Return what is said of the sequence in the usual words: "when you have done that, find …" is "then find …"."""
    text = _DONE_THAT.sub(_then, _START_FIRST.sub(r"\g<but> first \g<verb> ", text))
    found = _BEFORE_YOU.match(text)
    if found is None:
        return text
    first = tokens_of(found["rest"])[0]
    orders = first.key == "bitte" or any(one.orders for one in first.meanings)
    return f"{found['clause']}, {found['rest']}" if orders else text


def _then(found: re.Match[str]) -> str:
    if (found["there"] or found["dort"]) and _WRITES.search(found.string, 0, found.start()):
        return found[0]
    begins = found["before"].strip(" ,").casefold() not in {"und", "and", ""} or not found["before"].strip()
    word = "then" if found["en"] else "dann dort" if found["dort"] else "dann"
    if begins:
        return f"{found['before']}{word.capitalize()} "
    return f" and {word} " if found["en"] else f" und {word} "


def in_usual_words(text: str) -> str:
    """Return a request in the usual words, the same text where it is in them or holds what is told or quoted."""
    text = _in_order(with_marks(spoken_to(text)))
    text = _TELLS_ME.sub(lambda found: "Check if " if found["en"] else "Schau, ob ", text)
    text = meant(_without_relative(_TOLD_WHAT.sub("Show me what ", text)))
    if TOLD.search(text) or ":" in text:
        return text
    text = _AFTERWARDS.sub(r"\g<verb>danach", _AFTERTHOUGHT.sub(", ", text))
    text = _with_clause(once_sent(_as_made(text)))
    if _TELLS_OR_ASKS.search(text):
        return text
    if NEEDS.fullmatch(text):
        return with_verb(text)
    return _KICK_OFF.sub("start ", text)


def _with_clause(text: str) -> str:
    """Return "Bevor du Word schließt, …" for "Vor dem Schließen von Word …"."""
    found = _NOUN.match(text)
    if found is None or _TELLS_OR_ASKS.search(_FIRST_PART.match(text, found.end())[0]):  # type: ignore[index]
        return text
    now, done = _DOING[found["doing"].casefold()]
    what = found["what"]
    clause = f"Bevor du {what} {now}" if found["when"].casefold() == "vor" else f"Nachdem du {what} {done} hast"
    rest = _IS_TO_BE.sub(_to_be_done, text[found.end() :].strip())
    return f"{clause}, {' '.join(rest.split())}"


def _to_be_done(found: re.Match[str]) -> str:
    return f"bitte {found['what']} {found['verb']}" if found["verb"] else ""


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
