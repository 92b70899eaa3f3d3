"""Knows what is surely only said, however full of words of orders it is: adverts, signs, truths, what others do.

Each has a form that no order has, so what was learned from examples does not overrule it. What somewhere might be an
order is not here: people are asked about that.
"""

import re
from typing import Final

from scheduler.core.phrases import tokens_of
from scheduler.core.quotation import QUOTED_OR_SINGLE
from scheduler.core.word_forms import BASE, IMPERATIVE, INFINITIVE, PARTICIPLE, PAST_OR_PARTICIPLE, THIRD, TO_INFINITIVE
from scheduler.core.words import Words

_LONGEST: Final = 400
"""Characters of what is looked at: no sign and no saying is as long."""
_WHOLE: Final = re.IGNORECASE | re.DOTALL
_ADVERTS: Final = {
    "!": (
        (
            r"(?:jetzt|hier|heute)(?: noch| kostenlos\w*| gratis| online| einfach| schnell)* \w+e?n[:!](?!.*\b(?:bitte"
            r"|mir)\b) (?:der|die|das|unser\w*|ihr\w*|\d+) .*!"
        ),
        (
            r"(?!.*\b(?:e?-?mails?|send|write|schick\w*|schreib\w*)\b)"
            r".*\b\d+ ?(?:%|prozent|percent) (?:auf|off|rabatt|discount|nachlass)\b.*!"
        ),
        r".*\bjetzt (?:zugreifen|zuschlagen|sichern|bestellen und|anmelden und)\b.*!",
        r".*\b(?:sign up|act|order|register|subscribe|buy) (?:now|today)\b.*!",
        r"(?:nur heute|today only)[:!] .*!",
        r".*\b(?:and|und) (?:win|save|gewinnen|sparen) (?:up to |over |bis zu )?(?:\d|[£€$]|ten\b|money|geld\b).*!",
        r"(?:gratis|kostenlos|free) (?:für (?:alle|jeden)|for (?:all|every)|with every|beim|zu jeder)\b.*!",
        r"(?:jetzt|neu) bei uns: (?!.*\bbitte\b).*!",
    ),
    ":": (
        r"(?:öffnungszeiten|sprechzeiten|opening hours|office hours): .*\d.*",
        r"(?:\w+, )+(?:(?:und|and) )?\w+: (?:mit |with )?[\w.-]+ (?:does|makes|macht|erledigt|is|ist)\b.*",
        r"(?:\w+, )+(?:(?:und|and) )?\w+: (?:ihr|your) (?!.*\b(?:bitte|please)\b).*",
    ),
    "?": (r"[^.?!]+\? (?:das war|kein problem|nicht mit|that was|no problem|not with)\b.*",),
    "": (
        (
            r"(?=.*(?:!|\bnow\b|\btoday\b))\w+(?: now:)? (?:your (?:free|complimentary)|(?:over |up to )?\d+ (?:free"
            r"|ready-made))\b.*"
        ),
        r"(?!.*\bbitte\b)mit (?:dem neuen|der neuen|unser\w*) [\w ]+ sie\b.*",
        r"(?:wir|unser\w* \w+) such(?:en|t) (?:ab sofort|zum nächst\w+|sie!|dich!|verstärkung)(?!.*\bbitte\b).*",
        r"(?:chapter|lesson|module|unit|appendix|workshop|lecture) \w+[:,] \w{3,}ing\b(?!.*\b(?:please|you)\b).*",
    ),
}
"""Forms of adverts by a mark that stands in each."""
_FREE: Final = (
    r"(?=.*\b(?:free|gratis|kostenlos\w*)\b)\w+ (?:now|today|jetzt|hier)[:!] .*",
    (
        r"(?!.*\b(?:e?-?mails?|send|write|schick\w*|schreib\w*|such\w*|search\w*|find\w*|google\w*|look|open"
        r"|öffne\w*|lade?n? (?:mir|die|den|das)|(?:get|download) (?:me|the|us)|bitte|please)\b)"
        r".*\b(?:free for \w+ days|\w+ (?:tage|wochen|monate) (?:gratis|kostenlos|umsonst))\b.*"
    ),
)
_ADVERT: Final = {mark: re.compile("|".join(forms), _WHOLE) for mark, forms in _ADVERTS.items()}
_FREE_ADVERT: Final = re.compile("|".join(_FREE), _WHOLE)
_FREE_OF_CHARGE: Final = ("free", "gratis", "kostenlos", "umsonst")
_SIGN: Final = (
    r"(?:zettel|schild|aushang|plakat|überschrift|schlagzeile|aufkleber|aufschrift|sign|notice|poster|headline"
    r"|sticker"
    r"|label|slogan|newsletter|weekly digest)"
)
_STOOD: Final = (
    r"(?:stand|steht|hing|hängt|klebt|klebte|prangt|prangte|hieß|heißt es|hat (?:\w+ ){1,4}(?:an(?:ge)?\w+t|gesagt)"
    r"|reads"
    r"|wrote to (?:my|his|her|their|the)|shouted|yelled|rief|brüllte|schrie)"
)
_QUOTED: Final = re.compile(
    rf"(?!.*\b(?:du|you)\b[^:]*:)(?!.*\b(?:magst|kannst|könntest|can you"
    rf"|could you)\b)(?=(?:[^:\s]+ ){{2}})"
    rf"[^:.!?]*\b(?:{_SIGN}\b[^:.!?]*|{_STOOD}(?: [^:.!? ]+){{0,4}}|says?|said(?: to \w+)?): .*"
    rf"|{QUOTED_OR_SINGLE},? (?:{_STOOD})\b.*",
    _WHOLE,
)
_TOLD_BY_OTHERS: Final = re.compile(
    r"(?:my|the|our|his|her|der|die|mein|meine|unser|unsere) (?:\w+ ){1,2}(?:(?:keeps|kept) saying|says?|said"
    r"|meinte?|sagte?|replied"
    r"|told (?:him|her|them|the \w+|\w+'s \w+))\b,? (?!.*\b(?:du|sie|you|ihr|bitte|please|should|soll\w*|muss"
    r"|müss\w*|needs?|must|i'd|ought|to go)\b).*"
    r"|(?:the|our|die|der|das|unser\w*) (?:website|site|manual|letter|sign|form|rules|webseite|seite|anleitung"
    r"|schreiben|hinweis) (?:says|states|sagt)\b.*"
    r"|[A-ZÄÖÜ]\w+ told (?:him|her|them|the \w+|his \w+|her \w+) to .*",
    re.IGNORECASE,
)
_BY_OURSELVES: Final = re.compile(
    r"(?!.*\b(?:du|you|bitte|please|needs?|want|like|love|ich will|möchte|brauch\w*|muss|hätte?|würde?)\b)"
    r"(?=.*\b(?:selbst|selber|myself|ourselves)\b)(?:(?:ich|wir|i|we)\b[^,;:]*"
    r"|(?:den|die|das|dem|der|mein\w*|unser\w*) [^,.;:!?]{1,60}? (?:ich|wir) (?:selbst|selber)\b[^,;:]*)",
    _WHOLE,
)
_MORE: Final = re.compile(r"[.!?;]\s+\S")

_HOW: Final = re.compile(
    r"(?:(?:und|and|so|du|sag mal|na),? )?(?:"
    r"wie \w+ (?:man|ich|wir|ihr|jemand)\b|(?:wieso|warum|weshalb|wozu|seit wann|wie lange|woran)\b(?!.*\bnicht\b)"
    r"|how (?:do|does|can|could|would|should) (?:i|we|you|one|people|they)\b(?! (?:feel|like))|how to\b"
    r"|why (?!(?:don't|do not|not)\b)|how (?:long|come)\b"
    r"|what'?s? ?(?:is|are)? the (?:\w+ )?(?:trick|way|best way|proper way|point|difference)\b"
    r"|(?:was|welche\w*|in welche\w*) .*\bman\b|(?:what|which) .*\b(?:does one|would one|do people)\b"
    r"|(?:muss|braucht|darf|sollte) man\b(?!.*\b(?:mir|uns|bitte|mal)\b)"
    r"|geht (?:das|es) (?:auch|eigentlich|überhaupt)\b(?!.*\bmir\b)"
    r"|do (?:i|we|they|people) (?:need|have to)\b)",
    re.IGNORECASE,
)
_GOOD_OR_BAD: Final = (
    r"(?!(?: \w+)? (?:fällig|nötig|dringend|offen|notwendig|erforderlich|überfällig|dran|due|overdue|outstanding"
    r"|needed|urgent|necessary"
    r"|next|still|noch)\b)"
)
_IS: Final = (
    r"(?:ist|war|dauert|dauerte|macht|nervt|kostet|geht|klappt|lohnt|bringt|fällt|grenzt|gehört|hilft|is|was|isn't"
    r"|takes|took|makes|made"
    r"|costs|drives|feels|beats|can be|has been|used to)\b"
)
_DOING_AS_SUBJECT: Final = re.compile(
    rf"(?:(?:das |dieses |immer )?[A-ZÄÖÜ]\w+e?n(?: (?:und|oder|von|der|des) \w+)* {_IS}{_GOOD_OR_BAD}(?!.*\bbitte\b)"
    rf"|(?!.*\b(?:bitte|du)\b).*\b(?:\w+zu\w+e?n|zu \w+e?n) (?:ist|war|wäre|dauert|macht|kostet|nervt|grenzt|lohnt"
    rf"|gleicht|fällt)\b{_GOOD_OR_BAD}"
    r"|(?:\w+ly )?(?!(?:looking|hoping|wondering|needing|wanting)\b)\w+ing (?!me\b)(?:(?!that\b|which\b|who\b"
    r"|please\b)[^\s,.!?]+ )*?"
    rf"{_IS}{_GOOD_OR_BAD})"
)
_UNREAL: Final = re.compile(
    r"(?:wenn|if) (?:ich|man|wir|i|we|one|only)\b.*\b(?:wüsste|könnte|knew|could)\b[^,]*$|(?:oh|ach),? (?:to have"
    r"|hätte|könnte|wüsste)\b"
    r"|man (?:müsste|sollte|könnte)\b(?!.*\bbitte\b)|you'd (?!better|be\b|have\b|need\b)\w+"
    r"|am liebsten würden? (?:ich|wir)\b|i could (?:\w+ ){1,6}all day\b|(?:yet another|schon wieder|immer diese\w?"
    r"|what an?)\b"
    r"|(?!.*\b(?:bitte|please|du|you|ich|wir|i|we|muss|must|should|sonst)\b)(?:der|die|das|the|our|my|unser\w*|mein\w*|frau|herr|mrs?"
    r"|ms)\b.*"
    r"\b(?:immer|always|usually|normalerweise|meistens)\b(?! noch)(?!.*\b\w+en[ .!]*$)"
    r"|it(?:'d| would) be \w+ to\b.*\b(?:one day|some day|someday|for once)[ .!]*$"
    r"|(?:laut|gemäß|according to|as per) (?:\w+ ){0,2}\w*(?:vertrag|protokoll|satzung|vorschrift\w*|gesetz"
    r"|ordnung|contract|policy|rules|law)\b(?!.*\b(?:du|bitte|please|you|wir|we)\b)"
    r"(?=.*\b(?:muss|müssen|soll\w*|must|has to|have to|shall)\b)"
    r"|(?:i|we) wish (?!to\b|you\b|some)\w+|(?:ich|wir) wünschten?\b"
    r"|(?:wüsste|könnte) (?:ich|man) (?:nur|bloß|doch)\b|eigentlich (?:sollte|müsste) (?:man|irgendw\w+"
    r"|mal jemand)\b",
    re.IGNORECASE,
)
_PLANNED: Final = re.compile(
    r"(?:my|our|his|her|their|mein|unser|sein|ihr) (?:\w+ )?(?:plan|job|goal|aim|idea|dream|habit|ziel"
    r"|vorsatz) (?:is|was|ist|war)\b"
    r"(?!.*\b(?:you|du|bitte|please)\b)|(?:i|we) (?:mean|intend|plan) to\b|(?:(?:i'm|we're|they're|\w+ is"
    r"|\w+ are) (?:just )?)?about to\b"
    r"|.*\b(?:mache?|erledige?|übernehme?|schreibe?|schicke?|hole?) (?:lieber |dann |schon |gleich |ja )*ich\b"
    r"|(?:ich|wir) (?:hab\w*|\w+) vor, |(?!.*\b(?:du|you|bitte|please|sie)\b)(?:.*\b(?:ich|wir|i|we|er|he|she"
    r"|they)\b.*|ich .*)"
    r"\b(?:selber|selbst|persönlich|myself|ourselves|himself|herself|themselves)[ .!]*$"
    r"|(?:nächste|kommende) \w+ (?:will|möchte|wollen|möchten) (?:ich mich|wir uns)\b",
    re.IGNORECASE,
)
_MANY: Final = re.compile(
    r"(?: schon| auch| bereits| immer)* (?:\d+(?:\.\d+)* [^\W\d]\w+|(?:viele|manche|die meisten|alle) \w+"
    r"|die (?:kollegen|leute|anderen|kunden|nachbarn)|mein\w* \w+ und (?:ich|mein\w*))\b",
    re.IGNORECASE,
)
_ONESELF: Final = re.compile(r"(?i)\b(?:selber|selbst|myself|ourselves)[ .!]*$")
_OWN_DOINGS: Final = frozenset(
    {
        "send",
        "forward",
        "reply",
        "download",
        "open",
        "start",
        "close",
        "fill",
        "convert",
        "extract",
        "print",
        "save",
        "fetch",
        "go",
    }
)
_DOINGS: Final = _OWN_DOINGS | {"find", "lookup", "show", "make", "enter", "invite"}
_HAVE: Final = frozenset({"hat", "haben", "hatte", "hatten", "has", "have", "had", "habe", "hab", "i've", "we've"})
_PARTICIPLES: Final = frozenset({PARTICIPLE, PAST_OR_PARTICIPLE})
_WHAT_OR_WHERE: Final = frozenset({"wo", "wohin", "where", "was", "what", "welche", "welcher", "which"})
_BE: Final = frozenset({"wurde", "wurden", "was", "were", "ist", "sind", "is", "are"})
_SOMEBODY: Final = frozenset({"jemand", "wer", "einer", "someone", "somebody", "anyone", "sie"})
_LATER: Final = frozenset({"morgen", "uebermorgen", "spaeter", "nachher", "gleich", "tomorrow", "later", "tonight"})
_WE: Final = frozenset({"ich", "wir", "i", "we"})
_MAILING: Final = frozenset({"mailen", "zu|mailen", "an|mailen", "mail", "email"})
_DO: Final = frozenset({"do", "does", "did"})
_ADDRESSED: Final = frozenset({"du", "you", "u", "bitte", "please", "pls", "mal"})
_MIGHT_SHOW: Final = frozenset(
    {"get", "got", "know", "come", "write", "reply", "answer", "respond", "mir", "uns", "me", "us"}
)
"""What makes a question about others one about what came."""


def announced(text: str) -> bool:
    """Whether the whole is an advert, what a sign or others say, or what we do ourselves: "Get yours today!"."""
    said = text.strip()
    if len(said) > _LONGEST:
        return False
    small = said.casefold()
    if _is_advert(said, small):
        return True
    if _MORE.search(said):
        return False
    if "sel" in small and _BY_OURSELVES.fullmatch(said):  # selbst, selber, myself, ourselves
        return True
    quotes = ":" in said or not said[:1].isalnum()
    if not ((quotes and _QUOTED.fullmatch(said)) or _TOLD_BY_OTHERS.fullmatch(said)):
        return False
    return Words(tokens_of(said.partition(":")[0])).imperative is None


def _is_advert(said: str, small: str) -> bool:
    """Whether the whole is an advert; only forms are tried whose marks and words it has."""
    if any(mark in said and form.fullmatch(said) for mark, form in _ADVERT.items()):
        return True
    return any(one in small for one in _FREE_OF_CHARGE) and _FREE_ADVERT.fullmatch(said) is not None


def surely_told(words: Words, said: str, *, question: bool) -> bool:
    """Whether a clause surely orders nothing: general, planned by others, done already, or asked how it is done."""
    said = said[:_LONGEST]
    if (question and _asks_what_others_do(words)) or _DOING_AS_SUBJECT.match(said):
        return True
    if words.imperative is not None:
        return False
    forms = (_HOW, _UNREAL, _PLANNED)
    return any(one.match(said) for one in forms) or _has_been_done(words) or _is_done(words, said)


def still_told(joined: str, words: Words, said: str) -> bool:
    """Whether a clause goes on with what is surely only told, without a verb that orders: "… und als PDF ablegen"."""
    if words.keys & (_ADDRESSED | {"jetzt", "now"}):
        return False
    if _ONESELF.search(said):
        return True
    infinite = words.imperative is None and words.finite is None
    return infinite and (joined in {"und", "and", "oder", "or"} or words.last_form == TO_INFINITIVE or " zu " in said)


def _has_been_done(words: Words) -> bool:
    """Whether it says or asks what somebody has done: "google hat mir nichts gezeigt", "Has Jo found it?"."""
    at = words.finite
    mails = words.senses & {"write", "reply"} or words.lemmas("send") & _MAILING
    if (
        at is None
        or (words.asks and mails)
        or words.content[0].key in _WHAT_OR_WHERE
        or words.content[at].key not in _HAVE
        or words.keys & (_ADDRESSED | {"to"})
    ):
        return False
    return any(
        one.sense in _DOINGS and one.form in _PARTICIPLES
        for place, token, many in words.verbs
        if place > at and token.text[:1].islower()
        for one in many
    )


def _asks_what_others_do(words: Words) -> bool:
    """Whether it asks what others do or what is done: "Macht Word komische PDFs?", "Do the Danes send invoices?"."""
    first, *rest = words.content
    if not rest or words.keys & (_ADDRESSED | _MIGHT_SHOW | _SOMEBODY):
        return False
    later = [one for place, _, many in words.verbs if place > 1 for one in many if one.sense in _DOINGS]
    if first.key in _DO:
        return any(one.form == BASE for one in later)
    if first.key in _BE and rest[0].key != "there" and not (first.key == "was" and words.language == "de"):
        return any(one.form in _PARTICIPLES for one in later)
    begins = [one for place, _, many in words.verbs if place == 0 for one in many]
    forms = {one.form for one in begins if one.language == "de" and one.sense in _DOINGS}
    return THIRD in forms and rest[0].key != "ihr" and not forms & {IMPERATIVE, BASE}


def _is_done(words: Words, said: str) -> bool:
    """Whether it says what oneself or many do: "Nach der Pause schließe ich Word", "hier füllen 5000 Firmen … aus"."""
    if words.keys & _ADDRESSED or words.asks or any(one.has("modal") for one in words.content):
        return False
    keys = [one.key for one in words.content]
    doings = _DOINGS if words.keys & _LATER else _OWN_DOINGS
    for place, token, many in words.verbs:
        near = {*keys[place - 1 : place], *keys[place + 1 : place + 2]} if place else set()
        if near & _WE and any(one.sense in doings and one.form not in _PARTICIPLES for one in many):
            return True
        if (
            place
            and any(one.form == INFINITIVE for one in many)
            and _MANY.match(said, token.end - words.tokens[0].start)
        ):
            return True
    return False
