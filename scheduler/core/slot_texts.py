"""Finds the free text in an order: what a mail is to say, its subject, who gets a copy.

Each takes the order and returns the stretches found, and the order with them blanked out, of the same length.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from scheduler.core.closing_words import FAREWELL, PLEASE
from scheduler.core.quotation import CLOSING, MARKS, OPENING, QUOTED, QUOTED_OR_SINGLE
from scheduler.core.slot_body_ends import until_person
from scheduler.core.slot_tokens import is_abbreviation

Stretch = tuple[int, int]

_REASON: Final = re.compile(
    r"(?:,| -| –)? (?:weil|damit|obwohl|(?<=[,–-] )denn (?:ich|er|sie|wir|es|die|der|das)|because|since (?=(?:i|he|she|we|they|it|the|my|our|there)\b)|although|so that|so (?:he|she|they|i|we) (?:can|could|know)"
    r"|da (?:ich|er|sie|wir|es|das|die|der)|as (?:i am|i'm|we are|we're|he|she|they|it))\b(?![^.!?;:]*, (?:und|and) (?:dass|daß|that|ob|whether)\b)[^.!?;:]*?(?=[.!?;:]|$|, (?:(?:wäre|waere|würde|könn|koenn|kann|hätt|dürft)\w*|bitte|i['’]d|could|can|would|please)\b)"
    r"|^(?:since|because|as i am|weil|da (?:ich|wir|er|sie|es|das|die|der)) [^,:]*[,:]",
    re.IGNORECASE,
)
_NOT_MEANT: Final = re.compile(
    r"\bnicht (?:[^,.;!?]{1,50}?),? sondern\b|^not (?:the |my |our )?[^,.;!?]{1,50}?,(?: but| rather)?(?= )|\bleave [^,.;!?]{1,30}? (?:open|running|alone),? (?:but|and)\b",
    re.IGNORECASE,
)
_BODY: Final = re.compile(
    r"(?::\s+|,? (?:und|and|mit dem|with the|mit|with) (?:text|inhalt|body|message):? |,? (?:text|inhalt|body|message|nachricht): )(?P<colon>.+)$"
    r"|(?<!so)(?<!such),?\s(?:dass|daß|that(?! (?:to|over|across|as|by|one|file|document|invoice|report|e?-?mail|letter|table|contract|on to|for)\b)|saying(?: that)?|(?:und|and) (?:say|sag|schreib)e?(?: (?:ihm|ihr|ihnen|him|her|them))?,?(?: dass| that)?"
    r"|to say(?: that)?)\s(?P<clause>.+?)[.!?]*$"
    r"|,?\s(?P<asked>(?:ob|whether|if|wann|wie|wo|wer|warum|welche\w*|was|when|how|why|what time|what)\s.+?)[.!?]*$"
    r"|(?<=\w) know(?: (?:by|via) (?:e-?)?mail)?,? (?:that )?(?P<known>.+?)[.!?]*$",
    re.IGNORECASE | re.DOTALL,
)
_ENGLISH_TOLD: Final = re.compile(
    r"\b(?:tell|remind|ask|text|message|inform) (?!from\b|of\b|about\b|on\b|that\b)(?P<who>(?:(?:the|my|our|all|mr|mrs|ms|dr)\.? )*[\w'-]+(?: [\w'-]+){0,3}?)(?: (?:by|via|in an?) (?:e-?)?mail)?,? "
    r"(?P<body>(?:(?:not )?to (?!the\b|my\b)(?-i:[a-z]+)\b|(?:i|we|he|she|they|it)(?:['’](?:m|re|ve|ll|d|s))?\s|the [\w-]+(?: [\w-]+)? (?:is|are|was|has|will)\b).+?)[.!?]*$",
    re.IGNORECASE | re.DOTALL,
)
_SENTENCE_END: Final = re.compile(r"(?P<last>[\w.]*)(?<![\d\s])[.!?]+ (?=[^\W\d_])")
_BY_MAIL: Final = re.compile(
    r",? (?:by|via|per) (?:e-?)?mail[.!? ]*$|[.!] (?:bitte |please |das )*(?:als|per|by|via|as an?) (?:e-?|rund)?mail\b[^.!?]*[.!]*$",
    re.IGNORECASE,
)
_ORDERS_ON: Final = re.compile(
    r"(?:please |bitte )?(?:forward|send|e?-?mail (?:it|to)|leite|schick|weiterleiten|weiter an|fetch|hol|grab|get it)\b",
    re.IGNORECASE,
)
_TELLS_ON: Final = re.compile(
    r"(?:bitte |please )?(?:schreib|sag|teil|frag|antwort|write|tell|drop|ask|let|reply|inform)\w*\b.*?\b(?:dass|ob|that|saying|whether|if)\b",
    re.IGNORECASE,
)
_AIMED: Final = re.compile(r"\b(?:an|to|mail|betreff)\b|@", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+")
_COURTESY: Final = re.compile(rf",? (?:thanks|thx|ty|ta|cheers|danke|merci|{PLEASE}|{FAREWELL})[.! ]*$", re.IGNORECASE)
_LATE_VERB: Final = re.compile(
    r"\s+(?:zukommen|zu|lassen|schicken|senden|mailen|verschicken|schreiben|verfassen|lesen|sehen|zeigen|öffnen|finden|suchen|heraussuchen|raussuchen|vorlesen|anlegen|eintragen|planen|ansetzen|"
    r"raus|heraus|vor|an|ein|fertig|please|bitte|danke|thanks)$",
    re.IGNORECASE,
)
_TELLS: Final = re.compile(
    r"\b(?:frag|ask|schreib|write|sag|tell|let|mail|e-?mail|inform|wissen|know|repl|answer|respond|antwort|teil|bescheid|nachricht|message|note|line|ping)",
    re.IGNORECASE,
)
_QUOTED_BODY: Final = re.compile(
    rf"(?:text|inhalt|nachricht|message|body|words?|saying|:)\s?(?P<body>{QUOTED})", re.IGNORECASE
)
_LONG_QUOTE: Final = re.compile(rf"(?P<body>[{OPENING}]\w[^{MARKS} ]* [^{MARKS} ]* [^{MARKS}]+[{CLOSING}])")
_WRITES: Final = re.compile(r"\b(?:antwort|schreib|repl|write|text)\w*", re.IGNORECASE)
_LABELLED: Final = re.compile(
    r"(?:\b(?:empfänger|recipient)(?:in)?|^(?:to|an)): (?P<words>.+?)(?=(?<!\bdr)(?<!\bhr)(?<!\bfr)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bst)(?<!\bprof)[.;!?/](?: |$)| / |,? (?:betreff|subject|text|inhalt|body|message|nachricht|cc|kopie|copy)\b|$)",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"(?:,? (?:mit|unter|with|und|and|als|as)(?: dem| der| the| a)?|[,;.]|^)? ?\b(?:betreff(?:zeile)?|thema(?=:| [A-ZÄÖÜ])(?<=[,:;] (?i:thema))|subject(?: line)?|subj|betr)\b:? ?(?:is |ist |lautet |einfach |just |simply |nur )*"
    rf"(?P<words>{QUOTED_OR_SINGLE}(?=[\s,.;!?]|$)|.+?"
    r"(?=,? (?:an|to|und|and|mit|with|dass|that|text|body) | /|[,;!?]|[.:](?: |$)| (?:schicken|senden|mailen|schreiben|verschicken)\b|$))",
    re.IGNORECASE,
)
_SENTENCE_ENDS: Final = re.compile(r" *(?:[.!?]|$)")
_CC: Final = re.compile(
    r"(?:,|;| -)?(?: und| and| mit| with| sowie)*(?: (?:in|put|setze?|nimm|auf|als|eine))*(?: |^)(?:cc|kopie|copy|copying|copied|fyi)(?: (?:gerne?|bitte|please|also|auch))?(?: (?:an|to|für|for|geht an|goes to|in|bitte an))?:? "
    r"(?!(?:of|von|vom|der|des)\b)(?P<after>.+?)(?=(?:,? (?:und|and) (?:sag|schreib|say|write)|, (?:betreff|subject|dass|that))\b|(?<!\bdr)(?<!\bhr)(?<!\bfr)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bst)(?<!\bprof)[.!?;](?= |$)|,? (?:please|bitte|cheers|thanks|thx|danke|ta)\b| (?:in|too|dazu|as well|mit rein)(?:[.!?]*$|[,.;!?] )|$)"
    r"|(?:,? (?:und|and|with|mit)|,|(?<=\())(?: ?(?:setze?n?|nimm|put|pack|hol))? ?(?P<before>(?:[^\s,]+ ){0,5}?[^\s,]+) (?:bitte |please )?(?:in|ins|im|auf|on|into|als) (?:die |the )?(?:cc|kopie|copy)\b(?: (?:setzen|nehmen|dazu|dabei|please|bitte))*(?:\)|(?=[\s,.!?;]|$))"
    r"|(?:,? (?:and|with)|,) (?P<copied>(?:[^\s,]+ ){0,4}?[^\s,]+) (?:copied(?: in)?|cc['’]?d)(?=[\s,.!?]|$)",
    re.IGNORECASE,
)
_RE: Final = re.compile(r" re:? (?P<words>.+?)(?=[,.;!?]|$)", re.IGNORECASE)
_IN_SUBJECT: Final = re.compile(
    rf",? (?:mit|with) (?P<words>{QUOTED_OR_SINGLE}|[^,.;!?]{{1,60}}?) (?:in (?:the|its) subject(?: line)?|im betreff)\b",
    re.IGNORECASE,
)
_IN_TEXT: Final = re.compile(
    rf",? (?:mit|with) (?P<words>{QUOTED_OR_SINGLE}) (?:im (?:text|inhalt)|in the (?:text|body)|darin|drin|in it)\b",
    re.IGNORECASE,
)
_MENTIONED: Final = re.compile(
    r" (?:mentioned|mentions|mentioning|quoted|quotes) (?P<words>[^,.;!?]{2,60}?)(?=[,.;!?]|$)", re.IGNORECASE
)
_ERWAEHNT: Final = re.compile(
    r"(?P<words>\b(?:den|die|das|ein(?:en?)?|von de[rmn]|vom)\s[^,.;!?]{2,60}?) (?:erwähnt|genannt|angesprochen)(?: hat(?:te)?| haben| wurde| wird)",
    re.IGNORECASE,
)
_WRITER_BEFORE: Final = re.compile(
    r",? \b(?:in (?:der|dem|denen|which)|wo|where|that|which|die)\s(?P<who>(?:(?:herrn?|frau|mr|mrs|ms|dr|prof)\.? )*(?-i:[A-ZÄÖÜ][\w-]+)(?: (?-i:[A-ZÄÖÜ][\w-]+))?|(?:der|die|the|my|our|mein\w*|unser\w*) [\w-]+)\s*$",
    re.IGNORECASE,
)
_BODY_LABEL: Final = re.compile(r"text|inhalt|body|message|nachricht", re.IGNORECASE)
_FEW_WORDS: Final = 4
_NO_COPY: Final = re.compile(r"\b(?:nicht|unnötig|not|unnecessary|isn['’]t)\b", re.IGNORECASE)
_PLAINLY_TOLD: Final = re.compile(
    r"\b(?:antwort|schreib|repl|write|respond|answer)\w*\b[^!?:]*?, (?P<body>(?:wir (?!brauch|warte|müss|muess|benötig)|we(?:['’](?:re|ll|ve|d))? (?!need|wait|want)|(?:der|die|das) (?:[\w-]+ ){1,3}?(?:seien|sei|habe|hätten|werde|würden|komme|könne|ist|sind|hat|wird|kommt|kommen) |(?:es|er|sie) (?:sei|seien|habe|werde|würden|komme|könne) ).+?)[.!?]*$",
    re.IGNORECASE,
)
_THAT: Final = re.compile(r",?\s(?:that)\s", re.IGNORECASE)
_TITLED: Final = re.compile(
    r"(?:mails?|messages?|nachricht(?:en)?|one) (?:titled|entitled|called|headed|namens|mit dem titel) (?P<words>.+?)(?=[,.;!?]|$)",
    re.IGNORECASE,
)
_SENDER_LABEL: Final = re.compile(
    r"\b(?:absender(?:in)?|sender)(?:(?: is| ist)\b|:)? (?!(?:und|and|or|oder|is|ist|any|egal)\b)(?P<words>.+?)(?=(?<!\bdr)[.](?: |$)|[,;!?]|$)",
    re.IGNORECASE,
)
_QUERY_LABEL: Final = re.compile(
    r"\b(?:stichwort|suchwort|suchbegriff|keyword|search term)(?:(?: is| ist)\b|:)? (?P<words>.+?)(?=[.](?: |$)|[,;!?]|$)",
    re.IGNORECASE,
)
_CONTAINS: Final = re.compile(
    r",? (?:(?:mentioning|containing)(?: the)? (?:words?|phrase|term)|mentioning|containing|that mentions?|which mentions?|with the words?|for (?:the )?term|where (?:he|she|they) mentions?|(?:in (?:der|denen|which) )?(?:mit |the |das |dem |den )*(?:words?|wort|begriff|stichwort))"
    rf" (?P<words>{QUOTED_OR_SINGLE}|.+?)(?= (?:aus de[mrn]|seit|since|from|in (?:them|it|there)|wo is|vorkommt|vorkommen|steht|stand|appears?|appeared|drin|enthalten)\b|[,.;!?]|$)",
    re.IGNORECASE,
)
_WHERE_IT_SAYS: Final = re.compile(
    r",? (?:wo|in der|in denen) (?P<words>[^,.;!?]{2,60}?) (?:drin ?steht|drin ?stand|vorkommt|drin ist|erwähnt (?:wird|ist))\b",
    re.IGNORECASE,
)
_AGENDA: Final = re.compile(
    r"[,.!?;–-] (?:es |dabei )?(?:geht es|es geht|geht's|it'?s|it is|this is) (?:um|about) (?P<matter>[^,.;!?]+)"
    r"|[,.!?;–-] (?:das |the )?(?:thema|betreff|topic|subject|titel|title|gegenstand|anlass|zweck|agenda|purpose|stichwort)(?::| (?:ist|is|wäre|sei|lautet|will be|being|heißt))? (?P<labelled>[^,.;!?]+)"
    r"|[,.!?;–-] (?:it|this) (?:concerns|regards|covers|is regarding) (?P<concerns>[^,.;!?]+)|[,.!?;–-] (?:es|das) betrifft (?P<betrifft>[^,.;!?]+)"
    r"|,? (?:(?:in order )?to (?:talk (?:about |through |over )?|discuss |go (?:over|through) |review |plan |cover )(?P<words>.+?)(?=[,.;!?]|$)"
    r"|um (?:über )?(?P<deutsch>.+?) (?:zu (?:besprechen|reden|klären|planen)|durchzusprechen|abzustimmen)\b)",
    re.IGNORECASE,
)
_FORMAT_WORD: Final = r"(?:pdf|csv|excel|xlsx?|json|tsv|xml|od[ts]|word|docx?|rtf|zip|txt|text|spreadsheet(?! in\b)|tiff?|html|jpe?g|png|pptx?|powerpoint|markdown)"
_FORMAT: Final = re.compile(
    rf"\b(?:als|as(?: an?)?|in|ins|im|zu|to|into|nach|in ein|into an?|for|für|under)(?: (?:an?|eine?[mnr]?|das|the))? (?P<words>{_FORMAT_WORD})(?P<kind>[- ]?(?:datei|format|file|form|tabelle|sheet|workbook|document|dokument|version)(?: for filing)?)?(?![\w-])",
    re.IGNORECASE,
)
_MADE_OF_IT: Final = re.compile(
    rf"\b(?P<words>{_FORMAT_WORD})[- ]?(?:datei)? (?:d(?:a)?raus|out of it)\b", re.IGNORECASE
)


_INVITED: Final = re.compile(
    r"\b(?:teilnehmer(?:innen)?|teilnehmende|participants|attendees|eingeladen)(?: sind| are)?: ?(?P<words>[^.;!?]+?)(?=[.;!?]|$)",
    re.IGNORECASE,
)


class Cut(NamedTuple):
    """Stretches of the order by slot, and the order with them blanked out."""

    found: Mapping[str, list[Stretch]]
    rest: str


def blank(text: str, start: int, end: int, mark: str = "") -> str:
    """Return the text with a stretch blanked out, a mark in its place so that nothing is joined over it."""
    gap = (mark + " " * (end - start))[: end - start]
    return text[:start] + gap + text[end:]


_WISH: Final = re.compile(
    r"^(?:ich|wir|i|we)\b[^,.;:]{0,12}\b(?:möchten?|moechten?|wollen|will|wünsche|hätten?|brauchen?|bräuchten?|want|need|like|wish)(?:\s(?:gerne?|bitte|mir|uns|sehr|really|it))*,?\s"
    r"(?:dass|daß|that)\s(?=(?:du|ihr|sie|you)\b)",
    re.IGNORECASE,
)


_IS: Final = re.compile(
    r"(?<=\w)['’]s(?= (?:sat|been|in|on|at|got|gone|done|finished|ready|still|not|saved|stored|filed|just|there|here|now|stuck|lying|sitting|missing|due|attached|mailed|emailed|e-mailed|written|replied|called|asked|waiting|asking|chasing|needing|wanting|requesting|frozen|crashed|hung|stalled|no longer|playing|acting|hanging|stopped|running|open|up|due)\b)",
    re.IGNORECASE,
)


def without_wish(text: str) -> str:
    """Return the order without "ich möchte, dass", and without the verb in "the report's in the portal"."""
    text = _WISH.sub(lambda match: " " * len(match[0]), text)
    return _IS.sub(lambda match: " " * len(match[0]), text)


def without_reasons(text: str) -> str:
    """Return the order without the clauses that only tell why, and without what is not meant ("nicht Word, sondern Excel")."""
    text = _NOT_MEANT.sub(lambda match: " " * len(match[0]), text)
    return _REASON.sub(lambda match: (";" + " " * len(match[0]))[: len(match[0])], text)


def cut_mail(text: str) -> Cut:
    """Find what a mail is to say, its subject, and who gets a copy."""
    found: dict[str, list[Stretch]] = {}
    rest = text
    labelled = _LABELLED.search(rest)
    if labelled is not None:
        found["recipient"] = [labelled.span("words")]
        rest = blank(rest, *labelled.span(), ",")
    subject = _SUBJECT.search(rest)
    if subject is not None and subject["words"].strip():
        found["subject"] = [_without_verbs(rest, *subject.span("words"))]
        rest = blank(rest, *subject.span(), ",")
    copy = _CC.search(rest)
    body = _body(rest)
    if copy is not None and _NO_COPY.search(copy["after"] or ""):
        rest, copy = blank(rest, *copy.span(), ","), None
        body = _body(rest)
    if copy is not None and (body is None or copy.start() < body[0] or _is_last(rest, copy)):
        found["cc"] = [_until_gap(rest, *copy.span(copy.lastgroup or "after"))]
        rest = blank(rest, *copy.span(), ",")
        body = _body(rest)
    if body is not None:
        start, end, cut = body
        start, end = _until_gap(rest, start, end)
        if rest[start:end].strip(" ,.;"):
            found["body"] = [(start, end)]
            rest = blank(rest, cut, len(rest), ",")
    return Cut(found, rest)


def _is_last(text: str, copy: re.Match[str]) -> bool:
    """Whether the words after what a mail is to say ask for a copy: "…, und setz Anna in Kopie", "… and cc Joe"."""
    asks = copy["after"] is None or (
        re.match(r"(?:,|;| und| and)+ ?(?:cc|copy(?:ing)?) ", copy[0], re.IGNORECASE) is not None
        and len(copy["after"].split()) <= _FEW_WORDS
    )
    return asks and _SENTENCE_ENDS.match(text, copy.end()) is not None


def cut_subject(text: str) -> Cut:
    """Find the subject that mails are looked for by: "mit dem Betreff Gala", "re: short delivery", the word that is in it."""
    found: dict[str, list[Stretch]] = {}
    rest = text
    for slot, pattern in (
        ("subject", _IN_SUBJECT),
        ("subject", _SUBJECT),
        ("subject", _RE),
        ("subject", _TITLED),
        ("sender", _SENDER_LABEL),
        ("query", _IN_TEXT),
        ("query", _CONTAINS),
        ("query", _WHERE_IT_SAYS),
        ("query", _MENTIONED),
        ("query", _ERWAEHNT),
        ("query", _QUERY_LABEL),
    ):
        match = pattern.search(rest)
        if match is not None and match["words"].strip() and slot not in found:
            found[slot] = [_without_verbs(rest, *match.span("words"))]
            writer = _WRITER_BEFORE.search(rest, 0, match.start()) if pattern in {_MENTIONED, _ERWAEHNT} else None
            if writer is not None:
                found.setdefault("sender", [writer.span("who")])
                rest = blank(rest, *writer.span(), ",")
            rest = blank(rest, *match.span(), ",")
    return Cut(found, rest)


def _until_gap(text: str, start: int, end: int) -> Stretch:
    """Return the stretch up to what was blanked out of it."""
    gap = _GAP.search(text, start, end)
    return (start, gap.start()) if gap else (start, end)


def _without_verbs(text: str, start: int, end: int) -> Stretch:
    """Return the stretch without the verbs of the order at its end: "Betreff Gala zukommen zu lassen"."""
    while (late := _LATE_VERB.search(text[start:end])) is not None:
        end = start + late.start()
    return start, end


def cut_agenda(text: str) -> Cut:
    """Find what an appointment is for: "to talk listing fees", "um das Budget zu besprechen"."""
    found: dict[str, list[Stretch]] = {}
    invited = _INVITED.search(text)
    if invited is not None:
        found["participants"] = [invited.span("words")]
        text = blank(text, *invited.span(), ",")
    match = _AGENDA.search(text)
    if match is None:
        return Cut(found, text)
    found["title"] = [match.span(match.lastgroup or "words")]
    return Cut(found, blank(text, *match.span(), ","))


def cut_fields(text: str) -> Cut:
    """Find the fields of a form with their values: "mit Name: Max Müller, Tage: 3"."""
    match = _FIELDS.search(text)
    if match is None:
        return Cut({}, text)
    return Cut({"body": [match.span("words")]}, blank(text, *match.span(), ","))


def _body(text: str) -> tuple[int, int, int] | None:
    """Return where the body is, and from where on the order says nothing else."""
    quoted = _QUOTED_BODY.search(text)
    if quoted is None and _WRITES.search(text):
        quoted = _LONG_QUOTE.search(text)
    if quoted is not None:
        return *quoted.span("body"), quoted.start()
    told = _ENGLISH_TOLD.search(text) or _PLAINLY_TOLD.search(text)
    match = _body_said(text)
    if told is not None and (match is None or told.start("body") < match.start()):
        return told.start("body"), until_person(text, *told.span("body")), told.start("body")
    if match is None:
        return None
    name = match.lastgroup or "colon"
    start, end = match.span(name)
    end = until_person(text, start, _sentence_end(text, start, end)) if name != "colon" else end
    late = _BY_MAIL.search(text, start, end)
    end = late.start() if late else end
    courtesy = _COURTESY.search(text, start, end) if name != "colon" else None
    return start, courtesy.start() if courtesy else end, match.start()


def _body_said(text: str) -> re.Match[str] | None:
    """Return the first stretch that may be what a mail is to say and is told to somebody."""
    at = 0
    while (match := _BODY.search(text, at)) is not None:
        before = text[: match.start()]
        labelled = match["colon"] and _BODY_LABEL.search(text[match.start() : match.start("colon")])
        orders_on = match["colon"] and (
            _ORDERS_ON.match(match["colon"])
            or (not _TELLS.search(before) and not _AIMED.search(before))
            or _ADDRESS.fullmatch(match["colon"].strip(" .!?/"))
            or _TELLS_ON.match(match["colon"])
        )
        asks = match["asked"] or (match["clause"] and _THAT.match(match[0]))
        if not (orders_on and not labelled) and not (asks and not _TELLS.search(before)):
            return match
        at = match.start() + 1
    return None


def _sentence_end(text: str, start: int, end: int) -> int:
    """Return where the first sentence of a stretch ends; the dot of an abbreviation or of an initial ends none."""
    for match in _SENTENCE_END.finditer(text, start, end):
        if len(match["last"]) > 1 and not is_abbreviation(match["last"]):
            return match.end("last")
    return end


_ALONE: Final = re.compile(
    r"(?:(?<=[,;?.!–>→-] )|(?<=format )|(?<=make it )|(?<=\())(?P<words>csv|excel|xlsx?|ods|json|xml|pdf|word)\b(?=\)| (?:file |datei )?(?:reicht|genügt|bitte|please|is fine|will do|would do)|[.!]?$)",
    re.IGNORECASE,
)
_FIELDS: Final = re.compile(
    r"(?:\b(?:mit|with)(?: den (?:daten|angaben|werten))?:?|:) (?P<words>[^\W\d_][^:=,;]{0,40}(?:: |=).+?)(?: (?:aus|ein)(?:füllen)?)?[.!]*$",
    re.IGNORECASE | re.DOTALL,
)
_GAP: Final = re.compile(r"[,;]? {4,}")


def cut_format(text: str) -> Cut:
    """Find which kind of file is asked for."""
    match = _FORMAT.search(text) or _MADE_OF_IT.search(text) or _ALONE.search(text)
    if match is None:
        return Cut({}, text)
    return Cut({"file_format": [match.span("words")]}, blank(text, *match.span(), ","))
