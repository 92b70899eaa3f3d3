"""Says who or what a clause speaks of: a pronoun, a person, somebody who needs something, a meeting."""

import itertools

from scheduler.core.mood_words import OTHERS, SUBJECT_YOU
from scheduler.core.word_kinds import ADDRESS, I_WE
from scheduler.core.words import Words


def somebody_needs(words: Words) -> bool:
    """Whether one noun is what is needed, and another who needs it: "die Liste bräuchte der Hausmeister"."""
    if "need" not in words.senses or not any(
        one.has("noun", "document") or one.kind == "file" for one in words.content
    ):
        return False
    return any(
        one.kind == "word"
        and not one.meanings
        and one.text[:1].isalpha()
        and before.key in {"der", "die", "unser", "unsere", "mein", "meine", "the", "our", "my"}
        and not (place and words.content[place - 1].has("prepositions"))
        for place, (before, one) in enumerate(itertools.pairwise(words.content))
    )


def is_meeting(words: Words) -> bool:
    return any(one.has("noun", "appointment") for one in words.content) and any(
        one.kind in {"date", "time"} for one in words.content
    )


def subject_of(words: Words) -> str:
    """Return who does it, where a pronoun says so."""
    finite = words.finite or 0
    near = words.content[max(finite - 3, 0) : finite] + words.content[finite : finite + 3]
    pronouns = I_WE | SUBJECT_YOU | OTHERS
    if words.keys & ADDRESS:
        return "du"
    first = bare(words.content[0].key)
    if first in pronouns:
        return first
    after = [one.key for one in words.content[finite + 1 : finite + 3]]
    for key in [*after, *(one.key for one in near)]:
        if key in pronouns and key not in {"sie", "ihr"}:
            return bare(key)
    if after and after[0] == "sie":
        return "sie"
    return ""


def bare(key: str) -> str:
    return (
        key.partition("'")[0] if key.partition("'")[0] in I_WE | SUBJECT_YOU | OTHERS | {"it", "there", "that"} else key
    )


def is_person_first(words: Words) -> bool:
    """Whether the clause begins with a person as its subject."""
    if words.senses & {"close", "start"} and words.keys & {"be", "werden"}:
        return False
    finite = words.finite if words.finite is not None else len(words.content)
    head = words.content[:finite]
    if not head or any(one.has("prepositions") for one in head[:1]):
        after = words.content[finite + 1 : finite + 4]
        return any(one.has("noun", "person_title") or one.is_name for one in after)
    if any(
        one.has("noun", "document")
        or one.has("noun", "application")
        or one.has("noun", "form")
        or one.has("noun", "appointment")
        or one.kind == "file"
        for one in head
    ) and not any(one.has("noun", "person_title") for one in head[:2]):
        return False
    return any(one.has("noun", "person_title") or one.is_name for one in head)
