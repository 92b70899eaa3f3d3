"""Knows the questions that are orders to show something: what came, who wrote, where something is."""

import re
from typing import Final

from scheduler.core.frames import LIKELY, SURE
from scheduler.core.phrases import tokens_of

_MAILS: Final = r"(?:e-?)?mails?|nachrichten?|messages?|post(?:eingang|fach)?|inbox|mailbox|correspondence|schreiben"
_CAME: Final = r"(?:gekommen|reingekommen|eingegangen|eingetroffen|da|angekommen|eingetrudelt|aufgeschlagen|gelandet|arrived|come in|in|here|turned up|landed|waiting)"
_READS: Final = re.compile(
    rf"(?i)^(?:und |and |so |also )?(?:(?:was|what|whats)(?:'?s| is| ist)? ?(?:gibt(?:'?s| es)|hab(?:e|en)? (?:ich|wir)|steht|is there|do (?:i|we) have|ist|is|liegt|kam|came)?(?: \w+){{0,3}}? ?(?:neu\w*|new|ungelesen\w*|unread)\b"
    rf"|(?:(?:gibt|gab)(?:'?s| es)|hab(?:e|en)? (?:ich|wir)|hast du|have (?:i|we|you)(?: got)?|do (?:i|we) have|did (?:i|we) get|is there|are there|sind|ist|is|kam|irgendwas|irgendwelche|any(?:thing)?|got)\b.*\b(?:neu\w*|new|was|etwas|anything|{_MAILS})\b.*"
    rf"(?:\b(?:von|vom|from|by)\b|{_CAME}|\b(?:posteingang|postfach|inbox|mailbox)\b)|(?:neue|new|ungelesene|unread|any|irgendwelche) (?:\w+ )?(?:{_MAILS})\b|(?:hab(?:e|en)? (?:ich|wir)|have (?:i|we)(?: got)?|do (?:i|we) have|gibt(?:'?s| es)|are there|did (?:i|we) get) (?:\w+ ){{0,3}}(?:{_MAILS})[ ?.!]*$|any(?:thing)? (?:new |in |back |yet )*(?:from|by)\b|(?:was|what)\b[^?]*\b(?:im|in) (?:mein\w* |my |the |dem )?(?:posteingang|postfach|inbox|mailbox)\b|(?:ist|is|sind|are|liegt|gibt(?:'?s| es)|is there|there'?s?|haben wir|do we have)\b[^?]*\b(?:antwort|rückmeldung|reply|response|word back)\b[^?]*\b(?:von|vom|from)\b|was neues von|irgendwas (?:neues )?von|(?:post|mails?|nachricht) von \w+.*\?$)"
)
_WROTE: Final = re.compile(
    r"(?i)^(?:hat|haben|has|have|did|hatte) (?!ich\b|du\b|wir\b|i\b|we\b|you\b)(?:sich )?.{2,40}? (?:\w+ )*?(?:geschrieben|geantwortet|gemailt|gemeldet|zurückgeschrieben|replied|emailed|mailed|email|mail|written|answered|emailed|responded|reply|write|answer|come back|got back|get back|respond|been in touch)\b(?!.*\b(?:wie|how)\b)"
)
_HEARD: Final = re.compile(
    r"(?i)\b(?:was|what)(?:'s|'d)?(?: (?:hat|haben|hatte|did|has|have))? (?!(?:(?:hab|habe|hast|habt|haben|have|did) )?(?:ich|du|wir|i|you|we|ist|is)\b).{2,60}? (?:mir |uns |me |us |mir so |denn )*(?:geschrieben|gemailt|gesendet|geschickt|geantwortet|schreibt|schreiben|write|written|wrote|send|sent|e?mail(?:ed)?|reply|replied|answer(?:ed)?|said|say|wollte|want(?:ed)?)\b"
)
_WRITES: Final = re.compile(
    r"(?i)^(?:was|what) (?:schreib(?:t|en)|mailt|antwortet|does|do|sagt) (?!(?:man|ich|wir|du|i|we|you)\b).+?"
)
_WHERE: Final = re.compile(
    r"(?i)^(?:wo\b|wohin\b|where\b|where'?s\b|wo'?s\b|in (?:welche[mn]|which) (?:ordner|verzeichnis|folder|directory)|(?:which|what|welcher|welchem) (?:folder|drive|directory|ordner)|weißt du,? wo|weisst du,? wo|any idea where|do you know where|whereabouts)\b|(?:.* )?(?:(?:idea|clue|ahnung|plan) |know |wei(?:ß|ss)t du |(?:find|figure|suss) out |(?:he)?rausfinden )(?:mal )?(?:where|wo)\b"
)
_FINDS: Final = re.compile(r"(?i)^(?:wo find|where (?:do|can) (?:i|we) find)")
_NO_PLACE: Final = re.compile(
    r"(?i)\b(?:kann man|stellt man|macht man|parken|kaufen|buy|park|wohnt|lives|arbeitet|works|does one|do you (?:set|change|click)|klick|setzt man|findet man|bleibt|geht(?:'s| es)|drückt|druckt|treffen|meet|do i (?:set|click|change|switch|turn)|does .* (?:live|work|come))\b"
)
_WHICH_MAIL: Final = re.compile(
    r"(?i)^(?:in )?(?:welche[rmn]?|which|what) (?:\w+ )?(?:e-?)?(?:mails?|nachricht(?:en)?|messages?|emails?)\b"
)
_CAME_IN: Final = re.compile(
    r"(?i)\b(?:mails|nachrichten|emails|messages)\b.*\b(?:gekommen|reingekommen|eingegangen|came|arrived|da)\b"
)
_WHERE_MAIL: Final = re.compile(r"(?i)\b(?:(?:e-?)?mails?|nachricht|message)\b")

_LONGEST_SENDER: Final = 6
_SENDER: Final = re.compile(
    r"(?i)\b(?:was|what)(?:'s|'d)?(?: (?:hat|haben|hatte|did|has|have|schreib(?:t|en)|mailt|antwortet))? (?P<sender>(?!(?:ich|du|wir|i|you|we|ist|is)\b).+?)"
    r"(?: (?:mir|uns|me|us|dazu|so|denn|da|heute|gestern|vorgestern|today|yesterday))*(?: (?:heute früh|this morning|last week|letzte woche))?"
    r"(?: (?:geschrieben|gemailt|gesendet|geschickt|geantwortet|write|written|wrote|send|sent|e?mail(?:ed)?|reply|replied|answer(?:ed)?)(?: hat| haben| hatte)?\b.*)?[ ?.!]*$"
)
_WAY: Final = re.compile(r"(?i)^(?:what|was)\b.*\b(?:way|weg) (?:to|of|um)\b")
_ABLE: Final = re.compile(
    r"(?i)^(?:is|ist|wäre|would|was) (?:it|es|that|das) (?:\w+ )?(?:possible|möglich|moeglich|machbar|allowed|erlaubt)\b"
)
_LOCATION: Final = re.compile(
    r"(?i)\b(?:location|whereabouts|speicherort|ablageort|fundort)\b.*\b(?:of|von|vom|der|des)\b"
)


def sender_of(said: str) -> str:
    """Return whose mail is asked for: "was hat Frau Sommer geschrieben?"."""
    found = _SENDER.search(said)
    return found["sender"] if found is not None and len(found["sender"].split()) <= _LONGEST_SENDER else ""


def asked_for(said: str) -> tuple[str, float] | None:
    """Return the intent of a question that asks to be shown what came or where something is; None for other questions."""
    text = said.strip()
    if _WAY.search(text) or _ABLE.match(text):
        return None
    if _WHERE.match(text) and (_FINDS.search(text) or not _NO_PLACE.search(text)):
        if _WHERE_MAIL.search(text):
            return "search_mail", SURE
        tokens = tokens_of(text)
        if any(one.has("noun", "document") or one.has("noun", "form") or one.kind == "file" for one in tokens):
            return "search_document", SURE
        if re.search(
            r"(?i)\b(?:liegt|liegen|gespeichert|abgelegt|abgeblieben|hingelegt|hin|saved|stored|filed|put|kept|keep|finde ich|find|gelandet|stecken?|ablage|speichert)\b",
            text,
        ):
            return "search_document", LIKELY
        return None
    if _LOCATION.search(text):
        return "search_document", LIKELY
    if (
        _HEARD.search(text)
        and not re.match(r"(?i)^(?:was|what) (?:soll|should|kann|can|muss|würde|would)", text)
        and (text[:3].casefold() in {"was", "wha"})
    ):
        return "read_mail", SURE
    if _WRITES.match(text) and re.match(r"(?i)^(?:was|what) (?:schreib|mailt|antwort)", text):
        return "read_mail", SURE
    if _WHICH_MAIL.match(text):
        return ("read_mail", SURE) if _CAME_IN.search(text) else ("search_mail", LIKELY)
    if _READS.match(text):
        return "read_mail", SURE
    return ("read_mail", LIKELY) if _WROTE.match(text) else None
