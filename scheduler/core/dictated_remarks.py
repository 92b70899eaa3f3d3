"""Sets a mark where text that is dictated without marks goes on with a remark: "öffne den Plan der Kunde wartet".

A remark has a subject and a finite verb of its own, right behind one another. So have English clauses that only say
which thing is meant ("the file the customer sent"), but these lack what their verb is about, or end in a preposition.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Final

from scheduler.core.dictation import dictation
from scheduler.core.letters import word_set
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.quotation import QUOTED
from scheduler.core.word_forms import INFINITIVE
from scheduler.core.word_kinds import I_WE, PARTICLES
from scheduler.core.words import Words

_LONGEST: Final = 1000
"""Characters of a request that is looked through."""
_LONGEST_CLAUSE: Final = 40
_LONG: Final = 5
"""Words of a clause that had its verb, though nobody knows that verb."""
_FEWEST: Final = 3
"""Words of an order, and of a remark."""
_PRONOUNS: Final = word_set("ich wir er es man i we he she they it there")
_POINTING: Final = word_set("das der die sie")
_WITH_VERB: Final = word_set(
    """
    its it's i'm i've we're we've he's hes she's shes they're theyre they've that's thats there's theres
    """
)
_ENGLISH_PRONOUNS: Final = word_set("i we he she they it there")
_ARTICLES: Final = word_set("der die das ein eine mein meine unser unsere the my our her his their")
_GERMAN_FINITE: Final = word_set(
    """
    ist sind war waren hat haben hatte hatten will wollen wollte wollten braucht brauchen muss muessen musste kann
    koennen soll sollen moechte moechten wartet warten kommt kommen fragt fragen sagt sagen meint meinen geht
    gehen steht stehen sitzt sitzen wird werden faehrt fahren macht machen ruft rufen rief faengt beginnt startet
    laeuft fehlt passt passen spinnt nervt draengt bleibt bleiben
    """
)
_FIRST_PERSON: Final = word_set(
    """
    bin hab habe brauch brauche muss geh gehe fahr fahre kann find finde glaub glaube denk denke weiss steh stehe
    sitz sitze mag mach mache will wollte moecht moechte komm komme warte hatte war krieg kriege bekomm bekomme
    sind haben brauchen muessen koennen wollen gehen fahren machen
    """
)
_BE: Final = word_set("is are was were am")
_HAVE: Final = word_set(
    "has have had wants want needs need got asked asks says said thinks think knows know likes hates"
)
_MAY: Final = word_set(
    """
    will would can could must should does do did can't cant cannot couldn't couldnt won't wont doesn't doesnt
    don't dont didn't didnt wouldn't wouldnt isn't isnt aren't arent wasn't wasnt haven't havent hasn't hasnt
    """
)
_ALONE: Final = word_set("comes came arrives starts waits keeps keep insists goes sits went rang leaves")
_OBJECTS: Final = word_set(
    "it them him her me us this that these those what when where how who whether if why everything something"
)
_WAITS: Final = word_set("wartet warten kommt kommen draengt faengt fehlt waits")
"""Verbs that need nothing more: "der Kunde wartet"."""
_VERY: Final = frozenset({"too", "so", "very", "really", "quite", "not"})
_STRANDED: Final = word_set("of for with in at about to from by after like into over")
_OPENS: Final = word_set(
    """
    that which who whom whose what where when how if because as than and or but until till before after while
    since so dass ob wenn weil wo wohin woher was wie wer wen wem wann warum wieso der die das den dem des als bis
    und oder aber damit denn da falls bevor nachdem sobald sofern solange obwohl welche welcher welches welchen
    whether unless though although once like sure nor zu to
    """
)
"""Words behind which a subject begins a clause that is no remark, or stands in another one."""
_SUBORDINATES: Final = word_set(
    """
    dass ob wenn weil wo was wie wer wann warum what where when how if whether who which that because bevor
    nachdem sobald
    """
)
_WISHES: Final = word_set("brauche brauch need moechte haette")
_TELLING: Final = frozenset({"write", "tell", "reply", "remind", "ask", "know"})
_IT_IS: Final = re.compile(r"(?i)^its\b")
_QUOTE: Final = re.compile(QUOTED)


def with_marks(text: str) -> str:
    """Return a request with a mark before each remark that goes on without one behind an order."""
    if len(text) > _LONGEST or dictation(text)[1] is not None or _QUOTE.search(text):
        return text
    tokens, begin, marks = tokens_of(text), 0, list[int]()
    for place, token in enumerate(tokens):
        if token.kind == "mark":
            begin = place + 1
        elif place - begin >= _FEWEST - 1 and _begins_remark(tokens, begin, place):
            marks.append(token.start)
            begin = place
    for start in reversed(marks):
        before = text[:start].rstrip()
        remark = _IT_IS.sub("it's", text[start:], count=1)
        text = f"{before}{';' if before[-1:].isdigit() else '.'} {remark}"
    return text


def _begins_remark(tokens: Sequence[Token], begin: int, place: int) -> bool:
    """Whether a remark begins at `place` behind an order that begins at `begin`."""
    before = tokens[place - 1]
    if (before.key in _OPENS and before.key not in PARTICLES) or before.has("modal"):
        return False
    verb = _finite_after(tokens, place)
    if not verb or not _has_all(tokens, place, verb):
        return False
    run = tokens[max(begin, place - _LONGEST_CLAUSE) : place]
    if (before.has("prepositions") and not _is_part(run)) or not _orders(run):
        return False
    last = max((at for at, one in enumerate(run) if one.key in _SUBORDINATES), default=-1)
    clause = run[last + 1 :]
    over = _is_over(clause) or (tokens[place].key in _WITH_VERB and len(clause) >= _LONG)
    return last < 0 or (tokens[place].key not in _ARTICLES and over)


def _orders(run: Sequence[Token]) -> bool:
    """Whether words order something whose object may end with them; what somebody is told goes on."""
    words = Words(run)
    if words.senses & _TELLING or (words.senses & {"send"} and any(one.has("noun", "mail") for one in run)):
        return False
    asks_nicely = words.keys & {"bitte", "please", "pls"}
    ends = words.last_form == INFINITIVE or words.particle
    wished = words.content[0].key in I_WE and words.keys & _WISHES if words.content else False
    return words.has_full_verb and bool(words.imperative is not None or asks_nicely or ends or wished)


def _is_part(run: Sequence[Token]) -> bool:
    """Whether the last word of an order is a part of its verb: "mach den Plan auf"."""
    return any(one.apart == run[-1].key for token in run[:-1] for one in token.meanings)


def _is_over(clause: Sequence[Token]) -> bool:
    """Whether a clause that depends has had its verb."""
    return any(one.is_verb or one.has("modal") or one.key in _GERMAN_FINITE | _BE | _HAVE for one in clause[1:])


def _finite_after(tokens: Sequence[Token], place: int) -> int:
    """Return the place of the finite verb right behind a subject that begins at `place`; 0 where none stands there."""
    token = tokens[place]
    if token.key in _WITH_VERB:
        return place
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if after is None or after.kind == "mark":
        return 0
    first = token.key in {"ich", "wir", "i", "we"} and after.key in _FIRST_PERSON
    points = token.key in _POINTING and after.key in _GERMAN_FINITE and not tokens[place - 1].is_verb
    if token.key in _PRONOUNS or points:
        return place + 1 if points or first or _is_finite(after) else 0
    return _finite_after_noun(tokens, place)


def _finite_after_noun(tokens: Sequence[Token], place: int) -> int:
    """Return the place of the finite verb behind "der Kunde", "the new client", "boss"; 0 where none stands there."""
    person = tokens[place].has("noun", "person_title") and tokens[place].text.islower()
    if tokens[place].key not in _ARTICLES and not person:
        return 0
    for at in range(place + 1, min(place + 4, len(tokens))):
        if tokens[at].kind == "mark" or any(map(tokens[at].has, ("prepositions", "determiners", "self"))):
            return 0
        if tokens[at].key in _PRONOUNS:
            return 0
        if _is_finite(tokens[at]) and (person or at > place + 1):
            return at
    return 0


def _is_finite(token: Token) -> bool:
    return token.text.islower() and token.key in _GERMAN_FINITE | _BE | _HAVE | _MAY | _ALONE


def _has_all(tokens: Sequence[Token], place: int, verb: int) -> bool:
    """Whether a clause is whole by itself, and does not only say which thing is meant."""
    rest = list(itertools.takewhile(lambda one: one.kind != "mark", tokens[verb + 1 : verb + 1 + _LONGEST_CLAUSE]))
    subject, key = tokens[place], tokens[verb].key
    if verb - place + 1 + len(rest) < _FEWEST or not (rest or key in _WAITS):
        return False
    german = (
        key in _GERMAN_FINITE | _FIRST_PERSON and key not in {"will", "war"} and subject.key not in _ENGLISH_PRONOUNS
    )
    if german or subject.key in _GERMAN_SUBJECTS:
        return True
    before = tokens[place - 1]
    sees = before.is_verb and not before.has("noun")
    return not sees and rest[-1].key not in _STRANDED and _has_object(subject, key, rest)


def _has_object(subject: Token, key: str, rest: Sequence[Token]) -> bool:
    """Whether what an English verb is about stands behind it, where it needs such a thing."""
    if key == "its" and not (any(map(rest[0].has, ("prepositions", "determiners", "adverbs"))) or rest[0].key in _VERY):
        return False
    if key in _ALONE | _BE or subject.key in _WITH_VERB:
        return True
    if key in _MAY:
        moves = rest[0].key in {"be", "go", "leave", "come", "wait"}
        return len(rest) > 1 and (_is_object(rest[1]) or rest[1].has("prepositions") or moves)
    if rest[0].key == "to":
        return len(rest) > 2 and _is_object(rest[2])
    return _is_object(rest[0])


_GERMAN_SUBJECTS: Final = word_set("ich wir er es man das der die sie ein eine mein meine unser unsere")


def _is_object(token: Token) -> bool:
    return token.key in _OBJECTS or token.has("determiners") or token.has("self") or token.text.isdigit()
