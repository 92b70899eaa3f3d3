"""Tells what a clause wants to be by its grammar: an order, a wish, or something that is only said."""

from typing import Final, NamedTuple

from scheduler.core.clause_subject import bare, is_meeting, is_person_first, somebody_needs, subject_of
from scheduler.core.clauses import Clause
from scheduler.core.mood_words import (
    ABILITY,
    ABLE,
    AS_IS,
    ASKED_FOR,
    ASKS_FOR,
    CANNOT_FIND,
    COMPARES,
    COURTESY,
    FOUND_THERE,
    FUTURE,
    GERMAN_SUBJECTS,
    GETS,
    HABIT,
    HARMLESS,
    HAS_TO,
    IRREAL,
    LEAVES,
    LETS_ME,
    LIKING,
    MARVELS,
    MAYBE_SOME_DAY,
    NECESSARY,
    NEGATION,
    NICHT_MAL,
    OBLIGATION,
    OTHERS,
    OTHERS_NEED,
    OVER,
    OWN_DOING,
    PAST_TIME,
    PLURALS,
    PRAISE,
    SHE_DID,
    STAYS,
    SUBJECT_YOU,
    SUBJECTLESS,
    TELL_HOW,
    WAS,
    WEAK_WISHES,
    WHETHER_WROTE,
    WISHES,
)
from scheduler.core.no_order import NoOrder
from scheduler.core.phrases import Token
from scheduler.core.taken_back import holds_off
from scheduler.core.word_forms import (
    BASE,
    GERUND,
    INFINITIVE,
    PARTICIPLE,
    PAST,
    PAST_OR_PARTICIPLE,
    SECOND,
    THIRD,
    TO_INFINITIVE,
)
from scheduler.core.word_kinds import I_WE
from scheduler.core.words import Words

ORDER: Final = "order"
WISH: Final = "wish"
FOR_OTHERS: Final = "for others"  # "Tom needs the list"
MAYBE: Final = "maybe"  # words without a verb
NOTHING: Final = ""


class Mood(NamedTuple):
    """What a clause wants to be, and why it is no order."""

    kind: str
    reason: NoOrder | None = None


def mood_of(clause: Clause, words: Words, said: str, before: str) -> Mood:
    """Return the mood of a clause; `before` is that of the clause it goes on from."""
    if not words.content or COURTESY.match(said):
        return Mood(NOTHING, NoOrder.COURTESY)
    negated = bool(NEGATION & Words(_tokens_without(words, said)).keys) and not NICHT_MAL.match(said)
    if CANNOT_FIND.search(said):
        return Mood(WISH)
    if holds_off(said) and not _closes(words):
        return Mood(NOTHING, NoOrder.NEGATED)
    if "refrain" in words.senses or (words.content[0].key in LEAVES and words.tokens[-1].key in AS_IS):
        return Mood(NOTHING, NoOrder.NEGATED)
    if words.imperative is not None:
        return _of_order(words, said, negated=negated)
    if FOUND_THERE.search(said) and not clause.question:
        return Mood(NOTHING, NoOrder.STATEMENT)
    if STAYS.match(said):
        return Mood(NOTHING, NoOrder.SAID_ONLY)
    if clause.sub:
        return Mood(ORDER if _addresses(words) and not negated else NOTHING, None if not negated else NoOrder.NEGATED)
    if PRAISE.search(said) and not negated:
        return Mood("praise")
    if ASKED_FOR.search(said) and not negated:
        return Mood(WISH)
    if clause.inverted and words.asks and words.finite == 0:
        return _of_report(words, said, negated=negated)
    if NECESSARY.search(said) and not negated:
        return Mood(WISH)
    if words.content[0].key in SUBJECTLESS and not clause.question and not negated and not IRREAL.search(said):
        return Mood(WISH)
    if (
        words.asks or (clause.question and words.declares and words.content[0].key not in I_WE | SUBJECT_YOU)
    ) and not _left_out(words, clause):
        mood = _of_question(words, said, negated=negated)
        return Mood(NOTHING, NoOrder.NEGATED) if negated and mood.kind == NOTHING else mood
    if words.declares:
        return _of_report(words, said, negated=negated)
    if negated:
        return Mood(NOTHING, NoOrder.NEGATED)
    if "to be" in said.casefold() and words.last_form == PARTICIPLE:
        return Mood(WISH)
    if bare(words.content[0].key) in I_WE | OTHERS | {"it", "there"}:
        return _of_report(words, said, negated=negated)
    form = words.last_form
    if form in {INFINITIVE, TO_INFINITIVE} or (form == BASE and words.content[0].key == "to"):
        return Mood(ORDER)
    if form == PARTICIPLE or (words.first_form in {GERUND, PARTICIPLE} and not words.content[0].has("noun")):
        if clause.joined and before in {ORDER, WISH, FOR_OTHERS}:
            return Mood(before)
        return Mood(MAYBE if "bitte" in words.keys or "please" in words.keys else NOTHING, NoOrder.PAST)
    return Mood(NOTHING if words.verbs and PAST_TIME & words.keys else MAYBE, NoOrder.NOT_SEEN)


def _left_out(words: Words, clause: Clause) -> bool:
    """Whether a report leaves out its subject: "…, muss noch an Tom raus"."""
    return (
        not clause.question
        and bool(clause.joined)
        and words.content[0].key in {"muss", "soll", "sollte", "muesste", "gehoert", "needs", "must", "should"}
    )


def _tokens_without(words: Words, said: str) -> list[Token]:
    """Return the tokens without the negations that negate no order."""
    if not NEGATION & words.keys:
        return []
    kept = HARMLESS.sub(" ", said).casefold().split()
    return [
        one
        for one in words.tokens
        if one.key not in NEGATION or any(part.strip(",.!?;:") == one.text.casefold() for part in kept)
    ]


def _closes(words: Words) -> bool:
    """Whether "stop" and "quit" end a program here rather than hold off an order."""
    stops = words.content[0].key in {"stop", "quit"}
    return stops and not any(one.key.endswith("ing") for one in words.content[1:3])


def _of_order(words: Words, said: str, *, negated: bool) -> Mood:
    first = words.content[0]
    if negated:
        return Mood(NOTHING, NoOrder.NEGATED)
    if TELL_HOW.search(said) and not WHETHER_WROTE.search(said):
        return Mood(NOTHING, NoOrder.QUESTION)
    if MARVELS.match(said) or LETS_ME.match(said):
        return Mood(NOTHING, NoOrder.SAID_ONLY)
    polite = first.has("modal")
    if polite and (ABILITY.search(said) or _general(words)):
        return Mood(NOTHING, NoOrder.ABILITY)
    if any(one.form == SECOND for one in first.meanings) and HABIT.search(said):
        return Mood(NOTHING, NoOrder.QUESTION)
    return Mood(ORDER)


def _general(words: Words) -> bool:
    """Whether a polite question names nothing certain: "Kannst du Mails schicken?"."""
    if words.keys & {"bitte", "please", "mal", "mir", "me", "uns", "us", "pls", "alle", "all"}:
        return False
    nouns = [
        one
        for one in words.content[2:]
        if (not one.is_verb or one.has("noun")) and one.kind != "mark" and not one.has("adverbs")
    ]
    return (
        len(nouns) <= 3
        and bool(nouns)
        and nouns[0].key in PLURALS
        and not any(
            one.key in {"von", "vom", "from", "an", "to", "for"} and one is not nouns[-1] and len(nouns) == 3
            for one in nouns[1:2]
        )
    )


def _addresses(words: Words) -> bool:
    """Whether a dependent clause speaks of what the one who is asked does."""
    return bool(words.keys & {"du", "sie", "you", "wir", "we", "you've", "u", "ihr", "you're"}) or any(
        one.key.endswith("ing") for one in words.content[1:2]
    )


def _of_question(words: Words, said: str, *, negated: bool) -> Mood:
    first, keys = words.content[0], words.keys
    if negated:
        return Mood(NOTHING, NoOrder.QUESTION)
    if ABLE.search(said):
        return (
            Mood(WISH)
            if first.key in {"would", "waere", "ginge", "any", "waer", "could"}
            or keys & {"the", "das", "die", "den", "you", "du", "sie"}
            else Mood(NOTHING, NoOrder.ABILITY)
        )
    asked_for = first.has("modal") or first.key in {"kriege", "krieg", "bekomme", "bekomm"}
    if asked_for and words.content[1:2] and words.content[1].key in I_WE:
        gets = keys & GETS or first.key in {"kriege", "krieg", "bekomme", "bekomm"}
        meets = first.key in {"koennen", "koennten", "can", "could"} and is_meeting(words)
        return Mood(WISH) if gets or meets else Mood(NOTHING, NoOrder.WHETHER)
    passive = (
        words.last_form == PARTICIPLE
        or bool(keys & {"werden", "be"})
        or words.particle
        or bool(keys & {"raus", "zu", "weg", "auf"})
    )
    person = bool(words.content[1:2]) and (
        words.content[1].is_name or words.content[1].has("noun", "person_title") or words.content[1].key in OTHERS
    )
    if (
        person
        and first.key in {"can", "could", "kann", "koennte"}
        and keys & {"have", "get", "haben", "bekommen", "kriegen"}
    ):
        return Mood(FOR_OTHERS)
    if (
        first.has("modal")
        and passive
        and not person
        and not ABILITY.search(said)
        and first.key not in {"soll", "sollen", "should", "shall", "muss", "muessen", "must", "may"}
    ):
        return Mood(WISH)
    return Mood(NOTHING, NoOrder.QUESTION)


def _of_report(words: Words, said: str, *, negated: bool) -> Mood:
    keys = words.keys
    if MAYBE_SOME_DAY.search(said):
        return Mood(NOTHING, NoOrder.MIGHT_BE)
    if IRREAL.search(said):
        return Mood(NOTHING, NoOrder.PAST)
    if "will" in keys and not keys & GERMAN_SUBJECTS and words.language == "en":
        return Mood(NOTHING, NoOrder.STATEMENT)
    if "man" in keys and keys & {"muesste", "sollte"} and not negated:
        return Mood(WISH)
    if FUTURE.search(said) and not keys & {"need", "brauchen", "benoetigen", "needing"}:
        return Mood(NOTHING, NoOrder.FUTURE)
    if HABIT.search(said) and not keys & OBLIGATION:
        return Mood(NOTHING, NoOrder.STATEMENT)
    subject = subject_of(words)
    if negated:
        return Mood(NOTHING, NoOrder.NEGATED)
    if (
        keys & {"habe", "hab", "hat", "haben", "have", "has", "i've", "we've", "hatte", "had"}
        and words.last_form in {PARTICIPLE, "auxiliary"}
        and not keys & OBLIGATION
        and any(one.form in {PARTICIPLE, PAST_OR_PARTICIPLE} for _, _, many in words.verbs for one in many)
    ):
        return Mood(NOTHING, NoOrder.PAST)
    if subject in I_WE:
        return _of_us(words, said)
    if subject in SUBJECT_YOU:
        return _of_you(words, said, subject)
    return _of_others(words, said, subject)


def _of_us(words: Words, said: str) -> Mood:
    keys = words.keys
    wishes = keys & WISHES
    if keys & PAST_TIME and not keys & {"brauche", "need", "moechte"}:
        return Mood(NOTHING, NoOrder.PAST)
    if wishes and not (wishes <= WEAK_WISHES and not LIKING.search(said)):
        return Mood(WISH)
    if keys & {"i'd", "we'd"} and keys & {"like", "love", "appreciate", "need", "want"}:
        return Mood(WISH)
    return Mood(NOTHING, _tense(words))


def _of_you(words: Words, said: str, subject: str) -> Mood:
    keys = words.keys
    if COMPARES.search(said) or (subject == "sie" and SHE_DID.match(said)):
        return Mood(NOTHING, NoOrder.SAID_ONLY)
    if keys & {"will", "you'll", "werden"} or ("wirst" in keys and "bitte" not in keys):
        return Mood(NOTHING, NoOrder.STATEMENT)
    modal = any(one.has("modal") for one in words.content) or (keys & {"need", "have"} and "to" in keys)
    if modal and not keys & {"haben", "have been"}:
        return Mood(ORDER)
    bare = any(one.form in {INFINITIVE, BASE, SECOND} for _, _, many in words.verbs for one in many)
    past = any(one.form in {PAST, PARTICIPLE, PAST_OR_PARTICIPLE} for _, _, many in words.verbs for one in many)
    if (
        bare
        and not past
        and (subject in {"du", "you", "u"} or keys & {"bitte", "please"})
        and not any(one.has("auxiliary") for one in words.content)
    ):
        return Mood(ORDER)
    return Mood(NOTHING, NoOrder.STATEMENT)


def _of_others(words: Words, said: str, subject: str) -> Mood:
    """Return the mood of a report whose subject is somebody else, or a thing."""
    keys = words.keys
    if subject == "wer" or (keys & {"jemand", "wer", "someone", "somebody"} and keys & OBLIGATION):
        return Mood(ORDER)
    person = (
        subject in OTHERS
        or is_person_first(words)
        or (
            words.content[0].key in {"die", "der", "sie"}
            and bool(keys & {"will", "wollen", "moechte", "moechten", "hat", "haben"})
        )
    )
    if (person or not subject) and OWN_DOING.search(said):
        return Mood(NOTHING, NoOrder.STATEMENT)
    person = person or (not subject and (somebody_needs(words) or bool(ASKS_FOR.search(said))))
    if OTHERS_NEED.search(said) and person:
        return Mood(FOR_OTHERS)
    if person:
        return Mood(NOTHING, _tense(words))
    if keys & PAST_TIME or keys & OVER:
        return Mood(NOTHING, NoOrder.PAST)
    obliges = keys & (OBLIGATION | {"may"} if "close" in words.senses else OBLIGATION)
    if (obliges and not (obliges <= _GOES and (keys & {"live", "online"} or not keys & _WHERETO))) or HAS_TO.search(
        said
    ):
        return Mood(WISH)
    reports = any(one.form == THIRD for _, _, many in words.verbs[:1] for one in many)
    return Mood(
        NOTHING,
        NoOrder.OF_OTHERS
        if reports and not keys & {"gets", "gehts"} and not words.senses & {"need", "lie"}
        else NoOrder.STATEMENT,
    )


_GOES: Final = frozenset({"geht", "gehen", "goes", "go"})
_WHERETO: Final = frozenset({"an", "to", "raus", "per", "zu", "zum", "zur", "out", "over", "off", "via"})


def _tense(words: Words) -> NoOrder:
    """Return whether a report is of what has happened, or states something."""
    past = words.keys & (WAS | PAST_TIME) or any(
        one.form in {PAST, PAST_OR_PARTICIPLE} for _, _, many in words.verbs for one in many
    )
    return NoOrder.PAST if past and not any(one.has("modal") for one in words.content) else NoOrder.STATEMENT
