"""What stands beside an order and is none: reasons, what others said, conditions out of courtesy."""

import re
from typing import Final

from scheduler.core.atoms import AFTER, AND, BEFORE, IF
from scheduler.core.clause_mood import NOTHING, ORDER, WISH, Mood
from scheduler.core.clauses import Clause
from scheduler.core.letters import word_set
from scheduler.core.spoken_of import pronoun
from scheduler.core.taken_back import HALTS, NONSENSE, REFUSALS, STRUCK
from scheduler.core.words import Words

HARMLESS_IF: Final = re.compile(
    r"(?i)^(?:wenn|falls|sobald|if|when|whenever|once|as soon as|sofern)(?: du| sie| you| es| it| das| that| this| ihr| u|'s|'?s)?(?: das)?(?:'s|'ve|'re|'d|ve)? ?(?:mal |gerade |kurz |so |nichts |eine |freie |einen |a |the |get |got |have |find |irgendwie |das |dann |noch |are |re |five |ten |two |few |ein |paar |be |is |ist |die |alles |all )*"
    r"(?:zeit|luft|in|here|back|there|there's (?:the|an) (?:option|chance|way)|s? ?the option|(?:eine )?gelegenheit|kannst|können|koennen|könntest|könnten|geht|gehts|möglich|moeglich|passt|magst|mögen|fertig|minute|moment|sec|second|time|chance|can|could|possible|ok|okay|convenient|dazu kommst|umstände|dagegen|mind|done|ready|nötig|necessary|needed|free|recht ist|machbar|schaffst|schon dabei|dabei|at it|so|ja|yes|weg|raus|erledigt|gone|sent|up|running|on screen|minutes|mins|minuten|good|kind|right|alright|freundlichkeit|güte|not already|willst|like|may|eh|sowieso)\b"
    r"|^(?:once|when|as soon as|sobald|wenn|if|falls) [^,:;]{1,40}\b(?:(?:is|'s|are|ist|sind) (?:not |nicht |noch nicht )?(?:already )?"
    r"(?:on screen|up|open|running|loaded|offen|gestartet|geladen)|nicht (?:schon )?(?:läuft|offen ist))\b"
)


CONTRAST: Final = re.compile(
    r"(?i)\b(?:nicht|not) (?:der |die |das |den |dem |the )?(?:[^\s,.!?]+ ){1,4}?,?(?:sondern|but) "
    rf"|,? (?:(?:{REFUSALS}),? (?:{HALTS})|ach was|{NONSENSE}|{STRUCK})(?=,? )"
)


DONE: Final = re.compile(r"(?i)\b(?:hast|haben|habt|have|'ve|fertig|bist|done|sind|ist|are)\b")


REPORTING: Final = word_set(
    """
    sagen say meinen schreiben write tell fragen ask erzählen mean behaupten
    """
)


_SEES_TO: Final = word_set(
    """
    see seht schau guck achte achten kuemmere kuemmer kuemmern denk denke denken check
    """
)


_NOBODY: Final = re.compile(
    r"\b(?:sure|certain|ensure|see|dass|that) (?:(?:nobody|no one|no-one|noone|niemand|keiner)\b"
    r"|[\w-]+ (?:do not|don't|does not|doesn't|never)\b(?! (?:forget|miss)\b))"
)


def goes_on_telling(clause: Clause, words: Words) -> bool:
    """Whether what looks like an order belongs to what was told before: "it logged me out and shut", "ich bat ihn, … zu öffnen"."""
    first = words.imperative
    to = words.last_form == "to" or (
        words.last_form == "infinitive" and "zu" in [one.key for one in words.content[-2:]]
    )
    return (to and clause.joined == ",") or (
        first is not None and clause.joined in AND and first.key in {"shut", "put", "set", "let", "quit", "read"}
    )


def wishes_of_you(clause: Clause) -> bool:
    """Whether what is told is what you are to do: "I wonder if you'd …", "ich hoffe, dass du …"."""
    keys = [one.key for one in clause.told[:2]]
    return (
        len(keys) > 1
        and keys[0] in {"if", "whether", "ob", "dass", "that"}
        and keys[1].partition("'")[0] in {"you", "du", "sie", "someone", "jemand"}
    )


def tells_why(words: Words) -> bool:
    """Whether a wish after an order only gives its reason: "…, ich muss was nachsehen", "…, I need it for the call"."""
    if pronoun(words) is not None:
        return not words.keys & {"mail", "pdf", "an", "to", "per", "als"}
    if words.keys & {"need", "want"} and "to" in words.keys and "you" not in words.keys:
        return True
    return bool(words.keys & {"muss", "muessen", "must", "have", "will", "wollen"}) and not words.keys & {
        "bitte",
        "please",
    }


def without_head(clause: Clause, words: Words) -> Words:
    """Return a dependent clause without the word it begins with, its subject and its auxiliary."""
    tokens = [one for one in clause.core if one is not words.content[0] or one.key not in BEFORE | AFTER | IF]
    while tokens and tokens[0].key in {
        "du",
        "sie",
        "you",
        "ihr",
        "u",
        "wir",
        "we",
        "you've",
        "youve",
        "ya",
        "as",
        "soon",
        "have",
    }:
        tokens = tokens[1:]
    while tokens and (tokens[-1].has("auxiliary") or tokens[-1].kind == "mark" or tokens[-1].key in {"fertig", "done"}):
        tokens = tokens[:-1]
    return Words(tokens)


def tells_what_to_do(clause: Clause, words: Words, mood: Mood) -> bool:
    """Whether what is to be done is told: "sorg dafür, dass …", "see that …", "ich hoffe, dass du …"."""
    if not clause.told:
        return False
    that = clause.told[0].key in {"dass", "that"}
    if clause.told[0].key in {"sure", "certain"}:
        return True
    ensures = "ensure" in words.senses or (mood.kind == ORDER and that and words.content[0].key in _SEES_TO)
    return ensures or (mood.kind in {WISH, NOTHING} and wishes_of_you(clause))


def forbids(clause: Clause, words: Words) -> bool:
    """Whether it is to be seen to that nobody does something: "make sure nobody …", "sorg dafür, dass niemand …"."""
    said = [one.key for one in (*clause.core, *clause.told)]
    ensures = "ensure" in words.senses or words.content[0].key in _SEES_TO or {"sure", "certain"} & {*said[:4]}
    return bool(ensures) and _NOBODY.search(" ".join(said)) is not None


def is_head(clause: Clause, words: Words, after: Clause | None) -> bool:
    """Whether words before an order say where or for what it is: "From the Contracts folder, email …"."""
    first = clause.core[0]
    return (
        first.has("prepositions")
        and not words.has_predicate
        and not clause.told
        and after is not None
        and after.joined in {",", "-", "–"}
        and Words(after.core).imperative is not None
    )
