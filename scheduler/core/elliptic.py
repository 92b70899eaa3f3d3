"""Words that say the order before them again for another, its verb left out."""

from itertools import pairwise
from typing import Final

from scheduler.core.words import Words

_ANOTHER: Final = frozenset({"einen", "eine", "eins", "eines", "one", "another"})


def says_again(words: Words, before: Words) -> bool:
    """Whether words want the same of another: "… und am Freitag einen mit Tom", "… and Tom the list"."""
    if before.imperative is None or words.imperative is not None:
        return False
    if any(one.key in _ANOTHER and after.has("prepositions") for one, after in pairwise(words.tokens)):
        return any(one.has("noun", "appointment") for one in before.tokens)
    if words.has_full_verb:
        return False
    named = len(words.content) > 2 and words.content[0].is_name and words.content[1].has("determiners")
    return named and "send" in before.senses and _names_thing(before)


def _names_thing(words: Words) -> bool:
    """Whether an order to send names what, not only to whom: "send Anna the list", but not "send Anna"."""
    return any(
        not after.has("noun", "person_title") and (one.has("determiners") or (after.has("noun") and not after.is_verb))
        for one, after in pairwise(words.content)
    )
