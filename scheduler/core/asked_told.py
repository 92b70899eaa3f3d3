"""Says what is asked for in what a clause only tells: "schau, ob Tom geschrieben hat", "find out where it is"."""

from typing import Final

from scheduler.core.clauses import Clause
from scheduler.core.frames import LIKELY, of_told
from scheduler.core.questions_read import asked_for
from scheduler.core.signs import Signs
from scheduler.core.words import Words

_READ_OUT: Final = frozenset({"lies", "lese", "lesen", "les", "vorlesen", "read"})
_FINDS_OUT: Final = frozenset({"find", "show", "lookup", "know"})
_WHAT: Final = ("was ", "what ", "what's ", "what’s ")
_ASKED: Final = frozenset(
    {"was", "what", "wie", "how", "wann", "when", "wer", "who", "ob", "whether", "welche", "which"}
)


def asked_in(clause: Clause, signs: Signs, whole: str) -> tuple[str, float] | None:
    """Return whether somebody wrote, where something is, or what is to be found out; None for anything else."""
    said = whole[clause.told[0].start : clause.told[-1].end]
    tells_me = "tell" in signs.senses and signs.me and said.casefold().startswith(_WHAT)
    found = of_told(signs.senses | {"show"} if tells_me else signs.senses, said)
    if found is not None or not signs.senses & _FINDS_OUT or signs.to:
        return found
    if clause.told[0].key in {"wo", "wohin", "where", "in"}:
        return asked_for(said)
    if clause.told[0].key in {"was", "what"} and any(one.key in _READ_OUT for one in clause.core):
        return "read_mail", LIKELY
    if signs.senses & {"find", "lookup"} and clause.told[0].key in _ASKED and not signs.document:
        return "web_search", LIKELY
    return None


def asked_where(clause: Clause, words: Words, whole: str) -> tuple[str, float] | None:
    """Return what "weißt du zufällig, wo …?" asks for."""
    where = bool(clause.told) and clause.told[0].key in {"wo", "wohin", "where"}
    knows = "know" in words.senses or words.keys & {"ahnung", "idee", "idea", "clue"}
    return asked_for(whole[clause.told[0].start : clause.told[-1].end]) if where and knows else None
