"""Tells an order from what is none by the form of the sentence: where its verb stands, its tense, what is negated."""

import re
from typing import Final

from scheduler.core.lexicon import Meanings, fold, lexicon

_WORD: Final = re.compile(r"[^\W_]+(?:['’\-.@][^\W_]+)*|[,:;?]")
_QUOTED: Final = re.compile(r"[„“\"«»].*?[“”\"«»]")
_DICTATED: Final = re.compile(r"(?i):\s.*|,? (?:dass|ob|that|whether|saying|asking)\s.*", re.DOTALL)
_ASIDE: Final = re.compile(
    r"(?i),? (?:weil|damit|obwohl|denn|because|since|although|cause)\s.*"
    r"|, (?:da|so that|so|as|die|der|das|which|who|aber|but) (?:ich|er|sie|wir|es|i|he|she|we|they|it|noch|[^,]* (?:ist|sind|hat|has|is))\b.*"
)
_NEGATION: Final = frozenset(
    [
        "nicht",
        "nie",
        "niemals",
        "kein",
        "keine",
        "keinen",
        "keinem",
        "keiner",
        "keines",
        "keinesfalls",
        "keineswegs",
        "nichts",
        "not",
        "never",
        "don't",
        "dont",
        "doesn't",
        "won't",
        "cannot",
        "can't",
        "shouldn't",
        "mustn't",
        "nothing",
        "no",
        "nobody",
        "niemand",
    ]
)
_HARMLESS_NEGATION: Final = re.compile(
    r"(?i)(?:vergiss|vergessen sie|vergesst) (?:bitte )?nicht|(?:don'?t|do not) forget|nicht vergessen|wenn (?:du|sie) nichts "
    r"dagegen ha\w+|kein problem|no problem|no rush|keine eile|wenn nicht|if not|why not|warum nicht|not yet \w+|noch nicht "
    r"\w+te[nrsm]?\b|nicht \w+(?:te|ene)[nrsm]? |(?:if|when) you don'?t mind|nicht nur|not only"
)
_MODAL_ADDRESS: Final = re.compile(
    r"(?i)^(?:kannst|könntest|koenntest|würdest|wuerdest|willst|magst|wirst|möchtest) du|^(?:können|koennen|könnten|koennten|würden|wuerden|wollen) sie"
    r"|^(?:kannste|könnteste)|^(?:kann|könnte|koennte) (?:mir |uns |mal |bitte )*(?:jemand|einer|man)"
    r"|^(?:can|could|would|will) (?:you|u|someone|somebody|anyone|we|i (?:get|have))|^(?:do|would) you mind|^any chance (?:you|of)"
)
_ABILITY: Final = re.compile(
    r"(?i)\b(?:eigentlich|überhaupt|ueberhaupt|generell|grundsätzlich|even|actually|in general|generally)\b"
)
_TELL_HOW: Final = re.compile(
    r"(?i)\b(?:sagen|zeigen|erklären|erklaeren|verraten|wissen|tell|explain|show|know)\b(?: \w+)?,? (?:wie|warum|wann|wer|ob|how|why|when|who|if|whether)\b"
)
_WISH: Final = re.compile(
    r"(?i)^(?:ich|wir) (?:brauche?n?|bräuchten?|braeuchten?|benötigen?|benoetigen?|möchten?|moechten?|will|wollen|hätten?|haetten?|muss|müssen|muessen|"
    r"wollte (?:dich|sie|fragen|bitten)|würden? (?:gerne?|dich|sie|mich freuen)|wuerden? gerne?|wünsche|bitte|suche|wäre)"
    r"|^(?:mir|uns) (?:wäre|würde|fehlt|fehlen)|^es wäre|^wär|^wäre|^(?:i|we)(?:'d| would)? (?:need|want|like|love|appreciate|have to|was wondering)"
    r"|^i'm looking|^(?:i was|i'm) wondering|^it would be|^(?:du|sie) (?:sollst|sollen|musst|müssen|kannst|könntest) |^let'?s\b|^you (?:can|may|could|should|need to|have to|must)\b|\bw(?:ird|erden) (?:höflich |freundlich |herzlich )?gebeten[.! ]*$|^(?:mir|uns|i|we) (?:would|'d)? ?(?:request|ask)\b|^i'?d (?:like|love|appreciate|need)"
)
_HYPOTHESIS: Final = re.compile(
    r"(?i)^(?:angenommen|stell dir vor|was wäre|hätte ich|hätten wir|wäre ich|wenn|falls|sobald|if|suppose|imagine|unless|once|had i|what if)\b"
)
_UNDER_CONDITION: Final = re.compile(
    r"(?i)(?:^|, | (?=(?:once|as soon as|whenever|in case|unless|sobald|falls|sofern) )|,? (?:aber|but|only|nur|erst)(?: dann)?,? )(?:wenn|falls|sobald|sofern|immer wenn|jedes ?mal,? wenn|if|once|as soon as|whenever|every time|each time|in case|unless|when|when(?:ever)?) "
    r"(?!(?:du|sie (?:es |das |ihn |sie |mal |kurz |gerade )*(?:zeit|könn|fertig|hab|da)|you|u|ihr|möglich|es (?:geht|passt|möglich|keine)|nicht|nötig|possible|convenient|not|needed|necessary|ok(?:ay)?|it'?s? (?:is )?(?:ok|possible|convenient|not|no|works)|that'?s|that (?:is|works)|there'?s (?:a )?time|das (?:geht|passt|möglich|okay|ok))\b)"
)
_ASKED_FOR: Final = re.compile(
    r"(?i)^(?:es )?(?:um|wird um) .*\b(?:gebeten|ersucht)[.! ]*$|\b(?:wird|werden) gebeten\b"
)
_HOLDS_OFF: Final = re.compile(
    r"(?i)^(?:hold off|stop|avoid|refrain|quit|wait (?:with|before)|hör(?:en sie)? auf|unterlass\w*|wart\w* (?:noch )?mit|verzicht\w*)(?: \w+)* (?:\w+ing\b|zu \w+en\b|(?:dem|der) \w+en\b)"
)
_HARMLESS_IF: Final = re.compile(
    r"(?i)^(?:wenn|falls|sobald|if|when)(?: du| sie| you| es| it)?(?:'s)? ?(?:mal |gerade |kurz )*(?:zeit|kannst|können|geht|möglich|passt|magst|fertig|have (?:a )?(?:time|minute|"
    r"moment|sec)|can|possible|ok|get a chance|dazu kommst|die zeit|keine umstände)\b[^,]*,? "
)
_REPORT: Final = re.compile(
    r"(?i)^(?!bitte|please)(?:[^\s,:]+ ){1,4}?(?:sagte|sagt|meinte|meint|glaubt|findet|denkt|thinks|believes|suggests|suggested|feels|schrieb|schreibt|fragte|fragt|bat|hat|haben(?![.! ]*$)|said|says|wrote|asked|told|heißt|steht|lautet|means)\b"
)
_DELIBERATES: Final = frozenset(
    ["soll", "sollte", "sollen", "sollten", "darf", "duerfen", "muss", "muessen", "should", "shall", "may", "must"]
)
_PERFECT_SUBJECT: Final = frozenset(
    ["ich", "du", "er", "wir", "ihr", "man", "es", "sie", "i", "you", "he", "she", "we", "they", "it"]
)


def no_order(text: str) -> str:
    """Return why a sentence, freed of courtesies, is no order: question, past, negated, ...; empty if it may be one."""
    sentence = _HARMLESS_IF.sub("", text.strip())
    polite = _MODAL_ADDRESS.match(sentence)
    if _TELL_HOW.search(sentence) and (
        polite or sentence.endswith("?") or sentence[:3].casefold() in {"sag", "tel", "zei", "exp", "erk"}
    ):
        return "question"
    main = _ASIDE.sub("", _QUOTED.sub(" Zitat ", sentence))
    main = _DICTATED.sub("", main) or main
    words = [fold(word) for word in _WORD.findall(main)]
    if not words:
        return "nothing said"
    if is_conditional(sentence):
        return "conditional"
    if _NEGATION & set(_WORD.findall(_HARMLESS_NEGATION.sub(" ", main).casefold())) and not (
        polite and " nicht " in main[:40] and "mal" in words
    ):
        return "negated"
    if polite:
        return "question of ability" if _ABILITY.search(main) or _general(words) else ""
    if _HOLDS_OFF.match(main):
        return "negated"
    if _ASKED_FOR.search(main):
        return ""
    if _HYPOTHESIS.match(sentence):
        return "hypothetical"
    if _WISH.match(main):
        return ""
    return _by_verbs(words, main)


def is_conditional(text: str) -> bool:
    """Whether an order waits for something to happen ("…, sobald er anruft"); what is up to us is no condition."""
    said = _DICTATED.sub("", _QUOTED.sub(" Zitat ", text))
    return any(_UNDER_CONDITION.search(one) for one in (said, text.partition(", ")[0]) if one)


def asks_ability(text: str) -> bool:
    """Whether it is asked what can be done at all ("Kannst du Mails schicken?"), perhaps after a greeting."""
    return any(
        _MODAL_ADDRESS.match(part) and (_ABILITY.search(part) or _general([fold(word) for word in _WORD.findall(part)]))
        for part in (text, text.partition(", ")[2])
    )


def _by_verbs(words: list[str], main: str) -> str:
    meanings = [lexicon().meanings(word) for word in words]
    first = meanings[0]
    if _is(first, "question"):
        return "question"
    if words[0] in _DELIBERATES:
        return "asked whether to"
    if _is(first, "auxiliary"):
        return "question"
    if _verb(first, "order") and words[0] not in _PERFECT_SUBJECT:
        address = len(words) > 1 and words[1] in {"er", "wir", "ihr", "es", "man", "ich"}
        return "question" if address else ""
    finite = next(
        (
            at
            for at, one in enumerate(meanings[1:6], 1)
            if _is(one, "auxiliary") and words[at] != "am" and at + 1 < len(words)
        ),
        0,
    )
    if words[0] in _PERFECT_SUBJECT:
        return "statement"
    if finite or _REPORT.match(main):
        return "statement"
    if _verb(meanings[-1], "past") and not _verb(meanings[-1], "order"):
        return "past"
    if len(words) > 1 and any(_third(one) for one in meanings[1:4]) and not _verb(meanings[-1], "order"):
        return "statement"
    if _verb(first, "gerund") and any(map(_third, meanings[1:])):
        return "statement"
    return ""


def _is(meanings: Meanings, kind: str) -> bool:
    return any(one.kind == kind for one in meanings)


def _verb(meanings: Meanings, form: str) -> bool:
    return any(one.kind == "verb" and one.form == form for one in meanings)


def _third(meanings: Meanings) -> bool:
    return bool(meanings) and all(one.kind == "verb" and one.form in {"other", "past"} for one in meanings)


def _general(words: list[str]) -> bool:
    """Whether a polite question names nothing certain: "Kannst du Mails schicken?"."""
    rest = [word for word in words[2:] if word not in {"?", ",", "auch", "also", "mir", "me"}]
    plural = rest and rest[0] in {
        "mails",
        "e-mails",
        "emails",
        "pdfs",
        "termine",
        "rechnungen",
        "dateien",
        "dokumente",
        "files",
        "documents",
        "invoices",
    }
    verbs = [word for word in rest if _verb(lexicon().meanings(word), "order")]
    nouns = [word for word in rest if word not in verbs]
    several = len(nouns) == 1 and nouns[0].endswith(("s", "en")) and not nouns[0][0].isdigit()
    known = nouns and any(
        one.kind == "noun" and one.sense in {"document", "mail", "appointment", "table", "form"}
        for one in lexicon().meanings(nouns[0])
    )
    return bool(plural and len(nouns) == 1) or bool(
        several and known and "bitte" not in words and "please" not in words
    )
