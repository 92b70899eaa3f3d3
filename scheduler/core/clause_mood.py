"""Tells what a clause wants to be by its grammar: an order, a wish, or something that is only said."""

import re
from typing import Final, NamedTuple

from scheduler.core.clauses import Clause
from scheduler.core.phrases import Token
from scheduler.core.word_forms import BASE, GERUND, INFINITIVE, PARTICIPLE, PAST, PAST_OR_PARTICIPLE, SECOND, TO_INFINITIVE
from scheduler.core.words import ADDRESS, I_WE, Words

ORDER: Final = "order"
WISH: Final = "wish"
FOR_OTHERS: Final = "for others"  # "Tom needs the list"
MAYBE: Final = "maybe"  # words without a verb
NOTHING: Final = ""

_NEGATION: Final = frozenset(
    ["nicht", "nie", "niemals", "kein", "keine", "keinen", "keinem", "keiner", "keines", "keinesfalls", "keineswegs", "nichts", "niemand", "niemandem"]
    + ["not", "never", "don't", "dont", "doesn't", "won't", "cannot", "can't", "cant", "shouldn't", "mustn't", "needn't", "nothing", "no", "nobody", "neither", "nor", "without"]
    + ["nich", "ned", "nee", "wouldn't", "couldn't", "isn't", "aren't", "wasn't", "hasn't", "haven't", "didn't", "nen't"]
)
_HARMLESS: Final = re.compile(
    r"(?i)(?:vergiss|vergessen sie|vergesst) (?:bitte )?nicht|(?:don'?t|do not|never) forget|nicht vergessen|kein(?:en)? (?:problem|stress|eile)|no (?:problem|rush|hurry)|keine eile|wenn nicht|"
    r"if not|why not|warum nicht|not yet \w+|noch nicht \w+(?:te|ene)[nrsm]?\b|nicht \w+(?:te|ene)[nrsm]? |don'?t mind|nicht nur|not only|not sure|nicht sicher|nichts dagegen|"
    r"\b(?:no|nr|nummer|number)\.? ?\d|(?:can'?t|cannot|cant|could ?n[o']t|nicht) (?:find|locate|see)|(?:wenn|falls) (?:\w+ )?(?:nicht|nichts)|\bsonst nichts|nichts weiter|nothing else|without delay|ohne verzögerung"
)
_NICHT_MAL: Final = re.compile(r"(?i)^(?:kannst|könntest|würdest|magst|willst|können|könnten|würden) (?:du|sie) (?:mir |uns |das )?nicht (?:mal|kurz|bitte|eben|schnell)\b|^(?:can'?t|couldn'?t|won'?t|wouldn'?t) you\b")
_ABILITY: Final = re.compile(r"(?i)\b(?:eigentlich|überhaupt|ueberhaupt|generell|grundsätzlich|even|actually|in general|generally|normalerweise|theoretisch|denn auch|auch)\b")
_HABIT: Final = re.compile(r"(?i)\b(?:immer|oft|normalerweise|meist(?:ens)?|gewöhnlich|usually|always|often|manchmal|sometimes|jeden (?:tag|montag)|every (?:day|week)|selten|rarely|ever|jemals|selbst|selber|himself|herself|themselves|myself)\b")
_TELL_HOW: Final = re.compile(
    r"(?i)\b(?:sagen|sag|sage|zeig\w*|erklär\w*|erklaer\w*|verraten|verrat|wissen|weißt|weisst|tell|explain|show|know|beschreib\w*|describe|teach)\b(?: (?:mir|uns|me|us|bitte|mal))*,? (?:wie|warum|wieso|wann|wer|ob|how|why|when|who|if|whether)\b"
)
_HOLDS_OFF: Final = re.compile(
    r"(?i)^(?:bitte |please )?(?:\w+ ignore|hold off|stop|avoid|refrain|quit|wait (?:with|before)|hör(?:en sie|t)? auf|unterlass\w*|wart\w* (?:sie )?(?:\w+ )?mit|verzicht\w*|finger weg|lass(?:t|en sie)? (?:das|die|den|es|mal|bitte|uns) (?:\w+ )*(?:sein|bleiben|zu|liegen)|leave|skip|"
    r"hands off|keep off|stay off|forget (?:about|it)|vergiss (?:das|es|die|den)|ignor\w*|spar dir|sparen sie)\b(?! in (?:the|my) (?:inbox|folder))"
)
_PAST_TIME: Final = frozenset(["gestern", "vorgestern", "vorhin", "yesterday", "neulich", "damals", "frueher", "earlier", "gerade eben", "ago", "letztens", "almost", "fast", "beinahe"])
_WISHES: Final = frozenset(
    ["moechte", "moechten", "will", "wollen", "wuerde", "wuerden", "haette", "haetten", "muss", "muessen", "muesste", "muessten", "brauche", "brauchen", "brauch", "braeuchte", "braeuchten", "bräuchte"]
    + ["benoetige", "benoetigen", "suche", "suchen", "such", "wuensche", "wuenschen", "bitte", "bitten", "need", "want", "like", "love", "appreciate", "request", "wondering", "looking", "ask", "require"]
    + ["hoping", "wish", "haett", "braeucht", "wanna", "kann", "koennte", "could", "brauchte", "wollte", "wollt", "wolle", "after", "wanting", "needing", "must", "should", "have", "sollte", "soll", "darf", "duerfte", "wanna", "gotta", "koennten", "sollten"]
)
_WEAK_WISHES: Final = frozenset({"kann", "koennte", "could", "should", "have", "sollte", "soll", "darf", "duerfte", "koennten", "sollten", "after", "like", "love", "ask", "must"})
_LIKING: Final = re.compile(
    r"(?i)\b(?:gern|gerne|like|love|appreciate|could (?:do with|use|really use)|can(?:'?t| not)? (?:i|we) have|would be (?:great|good|nice)|have to|has to|got to|dringend|haben|bekommen|kriegen|'d (?:like|love|need|want)|dich bitten|sie bitten|euch bitten|like you)\b"
)
_FUTURE: Final = re.compile(r"(?i)\b(?:gonna|used to|about to|is going to|are going to|i'll|we'll|i will|we will|i'm going to|we're going to|i am going to|was going to|were going to|ich werde|wir werden|i plan to|i might|we might|we may|i may)\b")
_OBLIGATION: Final = frozenset(
    ["muss", "muessen", "muesste", "muessten", "soll", "sollen", "sollte", "sollten", "gehoert", "gehoeren", "must", "should", "needs", "need", "wants", "want", "ought", "braucht", "brauchen", "darf", "kann", "koennen", "duerfen", "koennte", "can", "could"]
    + ["fehlt", "fehlen", "geht", "gehen", "goes", "go", "moechte", "benoetigt", "gebraucht", "needed", "required", "wanted", "faellig", "due", "gewuenscht", "remains", "bleibt", "moege", "moegen", "waere", "waeren"]
)
_HAS_TO: Final = re.compile(r"(?i)\b(?:has|have|is|are)(?: still| yet)? to\b|\b(?:ist|sind)\b.*\b(?:zu \w+en|\w+zu\w+en)\b|\b(?:wird|werden|is|are)\b.*\b(?:benötigt|benoetigt|gebraucht|gewünscht|erbeten|gebeten|needed|required|wanted|requested)\b")
_OTHERS_NEED: Final = re.compile(
    r"(?i)\b(?:braucht|brauchen|bräuchte|braeuchte|bräuchten|benötigt|benötigen|benoetigt|wartet|warten|needs|need|wants|want|waiting|asked for|asking for|asks for|fragt nach|bat um|bittet um|hätte|haette|hätten|would like|"
    r"(?:soll(?:te)?|sollen|muss|möchte|moechte|will|should|has to|must|wants to|gets?|ought to).*\b(?:bekommen|kriegen|haben|erhalten|get|have|receive|lesen|see|wissen|know|hear|erfahren)|should (?:get|have|receive|know|be (?:emailed|sent|told|mailed|informed))|(?:gets|bekommt|kriegt|fehlt)|fehlt)\b"
)
_PRAISE: Final = re.compile(
    r"(?i)\b(?:(?:es |das |it |that )?(?:wäre|wär|waere|waer|would be|'d be|wäre es|wärs|wär's|waers)\b.*\b(?:gut|schön|schoen|toll|super|nett|lieb|prima|klasse|hilfreich|great|good|nice|lovely|helpful|super|perfect|ideal|möglich|moeglich|fein|freundlich|kind)\b"
    r"|freuen|dankbar|grateful|appreciate|verbunden|be great|be good|be nice|wundering|wondering|hoping|wird zeit|time (?:we|that|you))"
)
_ABLE: Final = re.compile(r"(?i)^(?:is|ist|was|wäre|would|ginge|geht|gibt|any|wär)\b.*\b(?:possible|möglich|moeglich|chance|way|machbar|you could|you can)\b")
_COURTESY: Final = re.compile(
    r"(?i)^(?:(?:vielen |besten |herzlichen |lieben |schon ?mal |danke |many |tausend )*(?:dank\w*|thanks|thx|ty|ta|cheers|merci|mfg|lg|vg|bg|gruß|grüße|gruss)\b.*|thank you.*|bitte|please|(?:viele |liebe |beste |schöne |mit freundlichen )?grüße.*|(?:best |kind )?regards.*|"
    r"(?:hallo|hi|hey|moin|hello|servus|dear|liebe[rs]?|sehr geehrte[rs]?|grüß gott|guten (?:tag|morgen|abend)|good (?:morning|afternoon|evening)|morning|afternoon|evening)\b[^,.!?]{0,40}|ok(?:ay)?|super|prima|perfekt|great|perfect|alright|right|love|sorry|ja|yes|genau)[ .!]*$"
)
_SUBJECT_YOU: Final = frozenset({"du", "sie", "ihr", "you", "u", "jemand", "someone", "somebody"})
_OTHERS: Final = frozenset({"er", "he", "she", "they", "he's", "she's", "they're", "man", "jeder", "everyone", "everybody"})


class Mood(NamedTuple):
    """What a clause wants to be, and why it is no order."""

    kind: str
    reason: str = ""


def mood_of(clause: Clause, words: Words, said: str, before: str) -> Mood:  # noqa: C901, PLR0911, PLR0912 - one question after the other
    """Return the mood of a clause; `before` is that of the clause it goes on from."""
    if not words.content or _COURTESY.match(said):
        return Mood(NOTHING, "courtesy")
    negated = bool(_NEGATION & Words(_tokens_without(words, said)).keys) and not _NICHT_MAL.match(said)
    if _HOLDS_OFF.match(said) and not _closes(words):
        return Mood(NOTHING, "negated")
    if "refrain" in words.senses or (words.content[0].key in _LEAVES and words.tokens[-1].key in _AS_IS):
        return Mood(NOTHING, "negated")
    if words.imperative is not None:
        return _of_order(words, said, negated=negated)
    if clause.sub:
        return Mood(ORDER if _addresses(words) and not negated else NOTHING, "" if not negated else "negated")
    if _PRAISE.search(said) and not negated:
        return Mood("praise")
    if _ASKED_FOR.search(said) and not negated:
        return Mood(WISH)
    if clause.inverted and words.asks and words.finite == 0:
        return _of_report(words, said, negated=negated)
    if _NECESSARY.search(said) and not negated:
        return Mood(WISH)
    if words.content[0].key in _SUBJECTLESS and not clause.question and not negated:
        return Mood(WISH)
    if (words.asks or (clause.question and words.declares and words.content[0].key not in I_WE | _SUBJECT_YOU)) and not _left_out(words, clause):
        return _of_question(words, said, negated=negated)
    if words.declares:
        return _of_report(words, said, negated=negated)
    if negated:
        return Mood(NOTHING, "negated")
    if "to be" in said.casefold() and words.last_form == PARTICIPLE:
        return Mood(WISH)
    if _bare(words.content[0].key) in I_WE | _OTHERS | {"it", "there"}:
        return _of_report(words, said, negated=negated)
    form = words.last_form
    if form in {INFINITIVE, TO_INFINITIVE} or (form == BASE and words.content[0].key in {"to"}):
        return Mood(ORDER)
    if form == PARTICIPLE or words.first_form in {GERUND, PARTICIPLE}:
        if clause.joined and before in {ORDER, WISH, FOR_OTHERS}:
            return Mood(before)
        return Mood(MAYBE if "bitte" in words.keys or "please" in words.keys else NOTHING, "past")
    return Mood(NOTHING if words.verbs and _PAST_TIME & words.keys else MAYBE, "no order")


_NECESSARY: Final = re.compile(r"(?i)^(?:it |es )?(?:is|ist|wäre|would be|'s) (?:also |also |noch |still )?(?:necessary|nötig|notwendig|erforderlich)\b")
_IRREAL: Final = re.compile(r"(?i)\bhätten?\b.*\b(?:können|sollen|müssen|dürfen)\b|\b(?:should|could|would|might)(?:n't)?(?: \w+)? (?:have|'ve) \w+(?:ed|en|nt|t)\b(?! (?:sent|mailed))")
_SUBJECTLESS: Final = frozenset({"need", "want", "wanna", "gotta", "brauch", "brauche", "braeuchte", "haette", "haett", "moechte"})


def _left_out(words: Words, clause: Clause) -> bool:
    """Whether a report leaves out its subject: "…, muss noch an Tom raus"."""
    return not clause.question and bool(clause.joined) and words.content[0].key in {"muss", "soll", "sollte", "muesste", "gehoert", "needs", "must", "should"}


_LEAVES: Final = frozenset({"lass", "lasst", "lassen", "leave", "keep", "let"})
_AS_IS: Final = frozenset({"offen", "zu", "open", "closed", "alone", "running", "on", "so", "sein", "liegen", "stehen", "be", "laufen", "an", "bleiben", "ruhen"})
_ASKED_FOR: Final = re.compile(r"(?i)\b(?:wird|werden)\b.*\b(?:gebeten|ersucht)\b|\b(?:bitte|bitten|ersuche|erbitte|erbitten) (?:wir |sie |dich |euch |hiermit |höflich |freundlich |herzlich )*um\b|^(?:um|erbitte\w*) ")


def _tokens_without(words: Words, said: str) -> list[Token]:
    """Return the tokens without the negations that negate no order."""
    if not _NEGATION & words.keys:
        return []
    kept = _HARMLESS.sub(" ", said).casefold().split()
    return [one for one in words.tokens if one.key not in _NEGATION or any(part.strip(",.!?;:") == one.text.casefold() for part in kept)]


def _closes(words: Words) -> bool:
    """Whether "stop" and "quit" end a program here rather than hold off an order."""
    first = words.content[0].key
    return first in {"stop", "quit", "lass", "leave"} and not any(one.key.endswith("ing") for one in words.content[1:3]) and first != "leave"


def _of_order(words: Words, said: str, *, negated: bool) -> Mood:
    first = words.content[0]
    if negated:
        return Mood(NOTHING, "negated")
    if _TELL_HOW.search(said):
        return Mood(NOTHING, "question")
    polite = first.has("modal")
    if polite and (_ABILITY.search(said) or _general(words)):
        return Mood(NOTHING, "question of ability")
    if any(one.form == SECOND for one in first.meanings) and _HABIT.search(said):
        return Mood(NOTHING, "question")
    return Mood(ORDER)


_PLURALS: Final = frozenset(
    ["mails", "e-mails", "emails", "pdfs", "termine", "rechnungen", "dateien", "dokumente", "files", "documents", "invoices", "appointments", "tabellen", "tables", "formulare", "forms", "webseiten", "websites", "programme", "programs", "apps"]
)


def _general(words: Words) -> bool:
    """Whether a polite question names nothing certain: "Kannst du Mails schicken?"."""
    if words.keys & {"bitte", "please", "mal", "mir", "me", "uns", "us", "pls", "alle", "all"}:
        return False
    nouns = [one for one in words.content[2:] if (not one.is_verb or one.has("noun")) and one.kind != "mark" and not one.has("adverbs")]
    return len(nouns) <= 3 and bool(nouns) and nouns[0].key in _PLURALS and not any(one.key in {"von", "vom", "from", "an", "to", "for"} and one is not nouns[-1] and len(nouns) == 3 for one in nouns[1:2])


def _addresses(words: Words) -> bool:
    """Whether a dependent clause speaks of what the one who is asked does."""
    return bool(words.keys & {"du", "sie", "you", "wir", "we", "you've", "u", "ihr", "you're"}) or any(one.key.endswith("ing") for one in words.content[1:2])


def _of_question(words: Words, said: str, *, negated: bool) -> Mood:
    first, keys = words.content[0], words.keys
    if negated:
        return Mood(NOTHING, "question")
    if _ABLE.search(said):
        return Mood(WISH) if first.key in {"would", "waere", "ginge", "any", "waer", "could"} or keys & {"the", "das", "die", "den", "you", "du", "sie"} else Mood(NOTHING, "question of ability")
    asked_for = first.has("modal") or first.key in {"kriege", "krieg", "bekomme", "bekomm"}
    if asked_for and words.content[1:2] and words.content[1].key in I_WE:
        gets = keys & {"haben", "bekommen", "kriegen", "have", "get", "sehen", "see", "trouble", "bother", "bitten", "ask"} or first.key in {"kriege", "krieg", "bekomme", "bekomm"}
        return Mood(WISH) if gets else Mood(NOTHING, "asked whether to")
    passive = words.last_form in {PARTICIPLE} or bool(keys & {"werden", "be"}) or words.particle or bool(keys & {"raus", "zu", "weg", "auf"})
    person = bool(words.content[1:2]) and (words.content[1].is_name or words.content[1].has("noun", "person_title") or words.content[1].key in _OTHERS)
    if first.has("modal") and passive and not person and not _ABILITY.search(said) and first.key not in {"soll", "sollen", "should", "shall", "muss", "muessen", "must", "may"}:
        return Mood(WISH)
    return Mood(NOTHING, "question")


def _of_report(words: Words, said: str, *, negated: bool) -> Mood:  # noqa: PLR0911, PLR0912, C901 - one question after the other
    keys = words.keys
    if _IRREAL.search(said):
        return Mood(NOTHING, "past")
    if "will" in keys and not keys & _GERMAN_SUBJECTS and words.language == "en":
        return Mood(NOTHING, "statement")
    if "man" in keys and keys & {"muesste", "sollte", "koennte"} and not negated:
        return Mood(WISH)
    if (_HABIT.search(said) and not keys & _OBLIGATION) or _FUTURE.search(said) and not keys & {"need", "brauchen", "benoetigen"}:
        return Mood(NOTHING, "statement")
    subject = _subject(words)
    if negated:
        return Mood(NOTHING, "negated")
    if keys & {"habe", "hab", "hat", "haben", "have", "has", "i've", "we've", "hatte", "had"} and words.last_form in {PARTICIPLE, "auxiliary"} and not keys & _OBLIGATION and any(
        one.form in {PARTICIPLE, PAST_OR_PARTICIPLE} for _, _, many in words.verbs for one in many
    ):
        return Mood(NOTHING, "past")
    if subject in I_WE:
        wishes = keys & _WISHES
        if keys & _PAST_TIME and not keys & {"brauche", "need", "moechte"}:
            return Mood(NOTHING, "past")
        if wishes and not (wishes <= _WEAK_WISHES and not _LIKING.search(said)):
            return Mood(WISH)
        if any(one in keys for one in ("i'd", "we'd")) and keys & {"like", "love", "appreciate", "need", "want"}:
            return Mood(WISH)
        return Mood(NOTHING, _tense(words))
    if subject in _SUBJECT_YOU:
        if keys & {"will", "you'll", "werden"} or "wirst" in keys and "bitte" not in keys:
            return Mood(NOTHING, "statement")
        modal = any(one.has("modal") for one in words.content) or keys & {"need", "have"} and "to" in keys
        if modal and not keys & {"haben", "have been"}:
            return Mood(ORDER)
        bare = any(one.form in {INFINITIVE, BASE, SECOND} for _, _, many in words.verbs for one in many)
        past = any(one.form in {PAST, PARTICIPLE, PAST_OR_PARTICIPLE} for _, _, many in words.verbs for one in many)
        if bare and not past and (subject in {"du", "you", "u"} or keys & {"bitte", "please"}) and not any(one.has("auxiliary") for one in words.content):
            return Mood(ORDER)
        return Mood(NOTHING, "statement")
    if subject in {"wer"} or keys & {"jemand", "wer", "someone", "somebody"} and keys & _OBLIGATION:
        return Mood(ORDER)
    person = subject in _OTHERS or _is_person_first(words) or (words.content[0].key in {"die", "der", "sie"} and bool(keys & {"will", "wollen", "moechte", "moechten", "hat", "haben"}))
    if _OTHERS_NEED.search(said) and person:
        return Mood(FOR_OTHERS)
    if person:
        return Mood(NOTHING, _tense(words))
    if keys & _PAST_TIME or keys & _OVER:
        return Mood(NOTHING, "past")
    if keys & _OBLIGATION or _HAS_TO.search(said):
        return Mood(WISH)
    return Mood(NOTHING, "statement")


_GERMAN_SUBJECTS: Final = frozenset({"ich", "wir", "er", "sie", "du", "man"})


_OVER: Final = frozenset({"wurde", "wurden", "was", "were", "worden", "been", "had", "hatte", "hatten"})
_WAS: Final = frozenset({"wurde", "wurden", "was", "were", "worden", "been", "had", "hatte", "hatten", "habe", "hab", "hat", "haben", "has", "i've", "we've"})


def _tense(words: Words) -> str:
    """Return "past" for a report of what has happened, else "statement"."""
    past = words.keys & (_WAS | _PAST_TIME) or any(
        one.form in {PAST, PAST_OR_PARTICIPLE} for _, _, many in words.verbs for one in many
    )
    return "past" if past and not any(one.has("modal") for one in words.content) else "statement"


def _subject(words: Words) -> str:
    """Return who does it, where a pronoun says so."""
    finite = words.finite or 0
    near = words.content[max(finite - 3, 0) : finite] + words.content[finite : finite + 3]
    pronouns = I_WE | _SUBJECT_YOU | _OTHERS
    if words.keys & ADDRESS:
        return "du"
    first = _bare(words.content[0].key)
    if first in pronouns:
        return first
    after = [one.key for one in words.content[finite + 1 : finite + 3]]
    for key in [*after, *(one.key for one in near)]:
        if key in pronouns and key not in {"sie", "ihr"}:
            return _bare(key)
    if after and after[0] in {"sie"}:
        return "sie"
    return ""


def _bare(key: str) -> str:
    return key.partition("'")[0] if key.partition("'")[0] in I_WE | _SUBJECT_YOU | _OTHERS | {"it", "there", "that"} else key


def _is_person_first(words: Words) -> bool:
    """Whether the clause begins with a person as its subject."""
    if words.senses & {"close", "start"} and words.keys & {"be", "werden"}:
        return False
    finite = words.finite if words.finite is not None else len(words.content)
    head = words.content[:finite]
    if not head or any(one.has("prepositions") for one in head[:1]):
        after = words.content[finite + 1 : finite + 4]
        return any(one.has("noun", "person_title") or one.is_name for one in after)
    if any(one.has("noun", "document") or one.has("noun", "application") or one.has("noun", "form") or one.has("noun", "appointment") or one.kind == "file" for one in head) and not any(
        one.has("noun", "person_title") for one in head[:2]
    ):
        return False
    return any(one.has("noun", "person_title") or one.is_name for one in head)
