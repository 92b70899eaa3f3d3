"""Finds who is named in the words of a request: by name, by title or role, as a group."""

from collections.abc import Sequence
from typing import Final

from scheduler.core.closing_words import PLEASE_WORDS, THANKS_WORDS
from scheduler.core.hesitation import HESITATIONS
from scheduler.core.letters import word_set
from scheduler.core.mood_words import NEGATION
from scheduler.core.phrases import Token
from scheduler.core.slot_order import has_role
from scheduler.core.slot_tokens import TITLES

JOINS: Final = word_set("und and n u sowie plus + & oder or aber but sondern bzw beziehungsweise")
FILLERS: Final = (
    HESITATIONS
    | PLEASE_WORDS
    | THANKS_WORDS
    | word_set(
        """
    mal noch auch also too nur only just bloss lediglich immerhin instead stattdessen
    lieber eher ach oh na tja zuerst zunaechst first firstly jetzt now schnell rasch kurz
    dann then danach zuletzt finally lastly
    dafuer eben doch hier either ebenfalls ebenso genauso likewise dagegen
    hingegen gleich
    """
    )
)
ALL_OF_IT: Final = word_set("beides beide both alles everything all either")
NO_PERSON: Final = word_set("alle all everything alles")
_COMPANIES: Final = word_set("ag kg ohg ug se eg ltd plc inc llc gmbh")
_GROUPS: Final = word_set("anderen andere others rest uebrigen restlichen beiden leute people folks")
_ENGLISH_ARTICLES: Final = word_set("the my our your his her their a an")
_MOST_NAMES: Final = 3
FOREIGN_TO_THINGS: Final = NEGATION | word_set(
    """
    ich du er wir ihr i you he she we they ihm ihnen him us uns mir me mich dich dir an entweder either to ob whether
    dass that wer who
    """
)
_OF_ADJECTIVES: Final = ("e", "er", "es", "en", "em", "ed", "ing", "al", "ly", "s")
"""What ends a word before a noun that is rather said of it than a name written small: "offene rechnung"."""
_OF_SHORT_ADJECTIVES: Final = ("e", "er", "es", "em", "ed")
_SHORT: Final = 4
"""Letters."""
_NO_NAMES: Final = FILLERS | ALL_OF_IT | FOREIGN_TO_THINGS | JOINS


def person_end(tokens: Sequence[Token], start: int) -> int:
    """Return where the person ends that is named from here on; 0 where nobody is."""
    place, known = start, False
    if place < len(tokens) and tokens[place].has("self"):
        return place + 1
    if place < len(tokens) and tokens[place].has("determiners") and tokens[place].key not in NO_PERSON:
        title = next((at for at in range(place + 1, min(place + 4, len(tokens))) if _has_title(tokens[at])), 0)
        if not title:
            return _given_to(tokens, place)
        if any(one.has("prepositions") or one.has("noun", "document") for one in tokens[place:title]):
            return 0
        place = title
    while place < len(tokens) and _has_title(tokens[place]) and tokens[place].key not in NO_PERSON:
        place, known = place + 1, True
    if place + 1 < len(tokens) and _has_title(tokens[place + 1]) and _is_genitive(tokens[place]):
        return person_end(tokens, place + 1)
    names = 0
    while place < len(tokens) and names < _MOST_NAMES and is_named(tokens, place, first=names == 0):
        place, names = place + 1, names + 1
    return place if known or names else 0


def _given_to(tokens: Sequence[Token], start: int) -> int:
    """Return where "the board" ends that is given something, "the report", right behind it; 0 where it is not so."""
    end = start + 1
    while end < min(start + 3, len(tokens)) and not tokens[end].has("determiners"):
        end += 1
    plain = all(
        one.kind == "word"
        and not any(map(one.has, ("prepositions", "modal", "auxiliary", "verb")))
        and not one.has("noun", "document")
        for one in tokens[start + 1 : end]
    )
    if end == start + 1 or end + 1 >= len(tokens) or not tokens[end].has("determiners") or not plain:
        return 0
    english = tokens[start].key in _ENGLISH_ARTICLES
    given = tokens[end].key not in {"der", "des", "dem"} and tokens[end].key[-2:] not in {"er", "es", "em"}
    return end if english or (given and tokens[start].key[-2:] in {"em", "er", "en"}) else 0


def _has_title(token: Token) -> bool:
    return (
        token.has("noun", "person_title")
        or token.key in _GROUPS
        or token.key.strip(".") in TITLES
        or (has_role(token) and not token.has("noun", "document"))
    )


def is_named(tokens: Sequence[Token], place: int, *, first: bool) -> bool:
    token = tokens[place]
    if token.kind == "address":
        return first
    if token.kind != "word" or owns(token) or token.text.endswith("-") or any(one.isdigit() for one in token.text):
        return False
    if token.is_name and not token.has("modal") and token.key not in FILLERS | ALL_OF_IT:
        return not (len(token.text) > 1 and token.text.isupper()) or token.key in _COMPANIES
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    unknown = not token.meanings and token.text.islower() and token.text.isalpha() and token.key not in _NO_NAMES
    if not unknown or after is None or after.has("determiners") or after.key in FILLERS:
        return unknown
    endings = _OF_ADJECTIVES if len(token.key) > _SHORT else _OF_SHORT_ADJECTIVES
    return first and after.has("noun", "document") and not token.key.endswith(endings)


def _is_genitive(token: Token) -> bool:
    """Whether a name stands before somebody whom it says more of: "Annas Chef", "Anna's boss"."""
    return token.is_name and (token.key.endswith("s") or owns(token))


def owns(token: Token) -> bool:
    return token.text.endswith(("'s", "’s"))
