"""Kinds of small words: who is spoken of, who is spoken to, what parts of verbs and greetings look like."""

from typing import Final

from scheduler.core.letters import word_set
from scheduler.core.phrases import Token
from scheduler.core.word_forms import (
    JOINED,
    PAST,
    PAST_OR_PARTICIPLE,
    SECOND,
    THIRD,
)

I_WE: Final = word_set(
    """
    ich wir i we i'd i'm i'll i've we'd we're we'll we've ive
    """
)


PLEASE: Final = word_set("bitte please pls plz kindly")
YOU: Final = word_set(
    """
    du sie ihr you u ya jemand wer einer someone somebody anyone anybody
    """
)


THEY: Final = word_set(
    """
    er es man he she it they das dies that this there he's she's it's they're that's there's
    """
)


TO_THEM: Final = word_set("ihr ihm ihnen her him them sie ihn")
"""Who was spoken of, as they get something."""


SUBJECTS: Final = I_WE | YOU | THEY


ADDRESS: Final = word_set(
    """
    kannst koenntest wuerdest willst magst wirst moechtest kannste koennteste wuerdste willste magste darfst
    kanst kansst kannstu kansnt kanste koenntst koentest koentst wuerdst
    """
)


POLITE: Final = word_set(
    """
    koennen koennten wuerden wollen moechten koennt wuerdet kann koennte can could would will werden darf
    wuld wud cud cld wld culd coud koenten
    dürften
    """
)


OBLIGES: Final = word_set(
    """
    muss muessen muesste muessten soll sollen sollte sollten musst sollst solltest gehoert gehoeren must
    should needs need wants has have ought kann koennen koennte can could darf wird werden braucht brauchen is
    are shall may
    """
)


PARTICLES: Final = word_set(
    """
    auf zu an aus raus rein weg hoch runter open shut closed up down dicht off out rüber rueber
    """
)


FINITE: Final = frozenset({SECOND, THIRD, PAST, JOINED, PAST_OR_PARTICIPLE})


GREETINGS: Final = word_set(
    """
    hallo hi hey moin hello servus ok okay cpa so right gut well oh ach ja yo na omg uh um aehm tja g'day
    y'all ah hm und and aber but oder sonst
    """
)


NEVER_FIRST: Final = frozenset({"sie", "du", "uns", "mir"})


SUBORDINATE_ENDS: Final = word_set(
    """
    ist sind war hat haben wird werden kann soll muss will wurde hatte habe hab is
    """
)


def is_subject(token: Token) -> bool:
    """Whether a word may be who does something: a pronoun, a name, an article, a possessive."""
    return token.key in SUBJECTS or token.key.partition("'")[0] in SUBJECTS or token.has("determiners") or token.is_name


PRONOUNS: Final = frozenset({"der", "die", "das", "den", "dem", "this", "that"})


GERMAN: Final = word_set(
    """
    der die das den dem und mir mal vom im aus mit ich du sie bitte nicht ist ein eine zu
    """
)


ENGLISH: Final = word_set(
    """
    the to and my for please me of with from you our a is i it that on not
    """
)
