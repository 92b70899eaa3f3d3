"""Takes a request apart into clauses: where each begins, what is only told in it, and how it hangs on the one before.

Where a clause ends is a question of its verbs: "und" before an order begins the next one, "und" between two names does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from scheduler.core.atoms import AFTER, AND, ASKING, BEFORE, ENDS, IF, REASONS, Atom, atoms, opened, told_to_do
from scheduler.core.dictation import dictation
from scheduler.core.elliptic import says_again
from scheduler.core.letters import word_set
from scheduler.core.mood_words import NEGATION
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.word_kinds import SUBJECTS, is_subject
from scheduler.core.words import Words

_REASONS_BEFORE_SUBJECT: Final = frozenset({"da", "since", "as", "so", "zumal"})
_CONTENT: Final = word_set(
    """
    dass ob wie was wo wann wer warum wieso wieviel wohin whether what how where why who whatever
    """
)
_RELATIVE: Final = word_set(
    """
    der die das den dem denen deren dessen which who that whose
    """
)
_SHALL: Final = word_set(
    """
    should must needs soll sollte muss muesste gehoert
    """
)
_CALENDAR: Final = frozenset({"kalender", "calendar", "diary", "terminkalender"})
_MARKS: Final = word_set(
    """
    , ; : – - . ! ? ( )
    """
)
_MOST_CLAUSES: Final = 40


@dataclass
class Clause:
    """A clause: `core` holds its own words, `told` what it only tells of ("dass …", "ob …", dictated text)."""

    start: int
    core: list[Token] = field(default_factory=list)
    told: list[Token] = field(default_factory=list)
    asides: list[Token] = field(default_factory=list)
    sub: str = ""
    """The word that makes it depend on another clause: bevor, nachdem, wenn."""
    joined: str = ""
    """"und" or a comma where it goes on in the sentence of the one before."""
    in_order: bool = False
    after_verb: Token | None = None
    """The verb it takes from the clause before, having none of its own."""
    end: int = 0
    question: bool = False
    inverted: bool = False
    """A clause on which it depends stands before it, so its verb comes first without asking."""

    def text(self, whole: str) -> str:
        return whole[self.start : self.end].strip(" ,;:–-")


def clauses_of(text: str) -> list[Clause]:
    """Return the clauses of a request in the order they stand."""
    spoken, dictated, resumed = dictation(text)
    found = list[Clause]()
    if dictated is None:
        _read(text, tokens_of(text), found)
        if found:
            found[-1].end = len(text)
        return found
    tokens = tokens_of(text)
    _read(text, [one for one in tokens if one.start < spoken], found)
    if found:
        found[-1].told += [one for one in tokens if dictated <= one.start < resumed]
        found[-1].end = min(resumed, len(text))
    rest = [one for one in tokens if one.start >= resumed]
    if rest:
        _read(text, rest, found)
    return found


def _read(text: str, tokens: Sequence[Token], found: list[Clause]) -> None:
    fresh = True
    for one in atoms(tokens):
        run, later = opened(one.words.tokens)
        atom = (
            one._replace(words=Words(run), in_order=one.in_order or later, start=run[0].start if later else one.start)
            if run is not one.words.tokens
            else one
        )
        if atom.mark in ENDS:
            fresh = True
        if not atom.words.tokens:
            continue
        last = found[-1] if found else None
        alone = fresh
        role = "new" if last is None or fresh or len(found) == 0 else _role(atom, last)
        fresh = False
        if role == "new" or last is None:
            if len(found) >= _MOST_CLAUSES:
                break
            found.append(_begun(atom, last, alone=alone))
        elif role == "gap":
            clause = Clause(atom.start, core=list(atom.words.tokens), joined=atom.conjunction, in_order=atom.in_order)
            clause.after_verb = Words(last.core).main_verb
            found.append(clause)
        elif role == "told":
            last.told += atom.words.tokens
        elif role == "aside":
            last.asides += atom.words.tokens
        else:
            _more(last, atom, tokens)
        found[-1].end = atom.words.tokens[-1].end
    for clause in found:
        clause.end = max(clause.end, clause.core[-1].end if clause.core else 0)
        clause.question = text[clause.end : clause.end + 2].strip()[:1] == "?"


def _begun(atom: Atom, last: Clause | None, *, alone: bool) -> Clause:
    """Return the clause that begins with an atom; `alone`: it begins a sentence."""
    mark = atom.mark if atom.mark in {",", "-", "–", ":"} else "" if alone else "+"
    clause = Clause(atom.start, joined=atom.conjunction or mark, in_order=atom.in_order)
    clause.inverted = bool(last is not None and last.sub and clause.joined)
    clause.core = list(atom.words.tokens)
    words = atom.words.content
    if words and words[0].key in BEFORE | AFTER | IF and _is_subordinate(atom):
        clause.sub = words[0].key
    elif words and not atom.words.asks and _gives_reason(words):
        clause.sub = "because"
    elif words and (several := _several(clause.core)):
        clause.sub, clause.core = several[0], clause.core[several[1] :]
    _split_content(clause)
    return clause


def _gives_reason(words: Sequence[Token]) -> bool:
    if words[0].key in REASONS:
        return True
    return words[0].key in _REASONS_BEFORE_SUBJECT and len(words) > 2 and is_subject(words[1])


_SEVERAL: Final = {
    ("as", "soon", "as"): "once", ("in", "case"): "if", ("every", "time"): "if", ("each", "time"): "if", ("immer", "wenn"): "wenn", ("jedesmal", "wenn"): "wenn",
    ("fuer", "den", "fall"): "wenn", ("the", "moment"): "once", ("jedes", "mal"): "wenn", ("while", "you're", "at", "it"): "when", ("provided", "that"): "if",
}  # fmt: skip


def _several(tokens: Sequence[Token]) -> tuple[str, int] | None:
    """Return the one word for several that make a clause depend ("as soon as"), and how many they are."""
    keys = tuple(one.key for one in tokens[:5])
    return next(((sub, len(words)) for words, sub in _SEVERAL.items() if keys[: len(words)] == words), None)


def _more(last: Clause, atom: Atom, tokens: Sequence[Token]) -> None:
    """Let an atom go on with the clause, the marks and the conjunction between them kept."""
    first = atom.words.tokens[0].start
    between = [one for one in tokens if last.core and last.core[-1].end <= one.start < first]
    last.core += [one for one in between if one.key in _MARKS | AND][:2]
    last.core += atom.words.tokens
    _split_content(last)


def _split_content(clause: Clause) -> None:
    """Put a content clause without a comma ("schreib ihm dass …", "google ob …") where it is only told."""
    for place, token in enumerate(clause.core):
        if place < 2 and clause.core[0].key in _CONTENT:
            continue
        if place and token.key in {"sure", "certain"} and clause.core[place - 1].key in {"make", "making"}:
            after = clause.core[place + 1 : place + 2]
            if after and after[0].key not in {"to", "that"}:
                clause.told, clause.core = clause.core[place:] + clause.told, clause.core[:place]
                return
        if place and (
            _says(clause.core, place)
            or token.key in {"dass", "ob", "whether", "saying", "damit"}
            or (
                token.key in {"that", "if"}
                and place + 2 < len(clause.core)
                and Words(clause.core[:place]).senses & ASKING
            )
            or (
                token.key in _CONTENT
                and place + 1 < len(clause.core)
                and clause.core[place - 1].key not in {"so", "an", "to"}
                and Words(clause.core[:place]).main_verb
            )
        ):
            clause.told = clause.core[place:] + clause.told
            clause.core = clause.core[:place]
            return


def _says(core: list[Token], place: int) -> bool:
    """Whether what somebody is told begins here without "dass": "schreib der anna sie soll …"."""
    after = core[place + 1 : place + 2]
    return (
        place > 1
        and core[place].key in {"er", "sie", "wir", "ich", "he", "she", "they", "we", "i"}
        and bool(after)
        and after[0].has("modal")
        and bool(Words(core[:place]).senses & {"write", "tell", "reply"})
    )


def with_content(clause: Clause, tokens: list[Token]) -> Clause:
    """Return the clause with other words of its own, what these only tell kept apart."""
    found = replace(clause, core=list(tokens), told=[])
    _split_content(found)
    return found


def _is_subordinate(atom: Atom) -> bool:
    """Whether "bis", "after", "before" … begin a clause here, and no phrase ("after lunch", "bis morgen")."""
    words = atom.words.content
    if len(words) < 2 or words[1].key in {"that", "this", "which", "dem"}:
        return False
    if words[0].key in {
        "bevor",
        "nachdem",
        "wenn",
        "falls",
        "sofern",
        "sobald",
        "if",
        "when",
        "once",
        "whenever",
        "unless",
    }:
        return True
    return is_subject(words[1]) or words[1].key.endswith("ing") or atom.words.finite is not None


def _role(atom: Atom, last: Clause) -> str:
    """Return what an atom is to the clause before it: new, gap, told, aside or more."""
    words, before = atom.words, Words(last.core)
    if not words.content:
        return "more"
    if (
        atom.conjunction
        and not atom.mark
        and not before.has_predicate
        and not last.told
        and words.imperative is None
        and before.content
    ):
        return "more"
    head = words.content[0]
    if head.key in REASONS or (
        head.key in _REASONS_BEFORE_SUBJECT
        and len(words.content) > 2
        and is_subject(words.content[1])
        and (head.key not in {"as", "so"} or words.content[1].key in SUBJECTS)
    ):
        return "aside"
    if head.key == "um" and words.last_form == "to":
        return "aside"
    if head.key in BEFORE | AFTER | IF and _is_subordinate(atom):
        return "new"
    if (
        head.key in _CONTENT
        and len(words.content) > 1
        and atom.mark == ","
        and ((before.senses & ASKING and not before.keys & NEGATION) or last.told or before.asks)
    ):
        return "told"
    if head.key in {"dass", "that"} and atom.mark == "," and before.has_verb:
        return "told"
    if last.told and atom.conjunction and head.key in _CONTENT:
        return "told"
    if words.imperative is not None:
        return "told" if _still_told(last, before, atom) else "new"
    return _role_of_report(atom, last, before) or _role_of_rest(atom, last, before)


def _role_of_report(atom: Atom, last: Clause, before: Words) -> str:
    """Return what words are to the clause before them that describe, report or ask; empty for others."""
    words, head = atom.words, atom.words.content[0]
    if atom.mark == "," and head.key in _RELATIVE and head is words.tokens[0] and words.is_relative:
        return "new" if words.keys & _SHALL else "aside"
    if atom.mark == "," and _describes(words):
        return "aside"
    if before.particle and not words.has_predicate and atom.mark:
        return "aside"
    if atom.mark and before.has_predicate and not last.told and words.keys & NEGATION:
        if words.has_full_verb and words.verbs[0][0] != 0 and words.last_form not in _ENDS_OF_ORDERS:
            return "new"
        if not words.has_verb and any(_names(one) for one in words.content):
            return "aside"
        if head.key in {"kein", "keine", "no"} and words.content[1:2] and words.content[1].key in _IDEAS:
            return "aside"
    if (
        atom.mark
        and not before.has_verb
        and words.finite == 0
        and not words.content[0].has("question")
        and head.key not in SUBJECTS
    ):
        return "more"
    if atom.conjunction and (
        (words.keys & _CALENDAR and before.has_full_verb)
        or (head.key in {"ab", "raus", "weg"} and words.keys & {"an", "to"})
    ):
        return "new"
    if words.asks:
        return "new"
    if (
        words.declares
        and atom.mark == ","
        and not last.told
        and before.imperative is not None
        and before.senses & {"write", "tell", "reply"}
        and not atom.conjunction
    ):
        return "told"
    if words.declares:
        return "told" if last.told and atom.conjunction and not atom.in_order and not words.obliges else "new"
    return ""


_FINITE_LAST: Final = frozenset({"auxiliary", "modal", "third", "joined", "past"})


def _describes(words: Words) -> bool:
    """Whether it is a clause like "in der Tom die Adresse geschickt hat"."""
    head, *rest = words.content
    relative = head.has("prepositions") and len(rest) > 1 and rest[0].key in _RELATIVE
    return relative and (words.last_form in _FINITE_LAST or rest[0].key == "which")


_IDEAS: Final = frozenset({"plan", "ahnung", "schimmer", "dunst", "idea", "clue"})
_ENDS_OF_ORDERS: Final = frozenset({"infinitive", "to"})


def _names(token: Token) -> bool:
    """Whether a word names somebody or something, so that "not" before it leaves out that alone."""
    return token.key not in NEGATION and not (
        token.has("adverbs") or token.has("prepositions") or token.has("determiners") or token.kind == "mark"
    )


def _role_of_rest(atom: Atom, last: Clause, before: Words) -> str:
    """Return what words are to the clause before them that have no finite verb."""
    words, head = atom.words, atom.words.content[0]
    if atom.conjunction and not last.told and says_again(words, before):
        return "gap"
    if before.last_form == "infinitive" and atom.conjunction and len(words.content) > 1 and not last.told:
        return "new"
    if words.last_form in {"infinitive", "to"} and words.nonfinite is not None:
        alone = (before.has_full_verb and (before.last_form != "modal" or last.told)) or (
            before.particle and bool(atom.conjunction) and len(words.content) > 1
        )
        return (
            "new"
            if alone or (atom.in_order and len(before.content) > 2) or atom.conjunction in {"aber", "but", "sondern"}
            else "more"
        )
    if (
        atom.conjunction
        and head.has("prepositions")
        and before.has_full_verb
        and any(one.form == "base" and one.language == "en" for _, _, many in words.verbs for one in many)
        and not last.told
    ):
        return "new"
    if words.last_form == "participle" and before.last_form == "participle":
        return "new"
    if words.last_form == "base" and head.is_verb:
        return "new" if before.has_full_verb else "more"
    if words.first_form in {"gerund", "participle"} and before.has_form(words.first_form) and len(words.content) > 1:
        return "new"
    if words.particle and before.has_predicate and not last.told:
        return "new"
    if last.told and not atom.in_order:
        return "told"
    if atom.conjunction and words.is_gap_after(before):
        return "gap"
    if atom.in_order and before.has_full_verb and words.content:
        return "gap"
    return "more"


def _still_told(last: Clause, before: Words, atom: Atom) -> bool:
    """Whether an order is one for others: "tell Tom to check it and send it back", "… that he can open it, print it"."""
    if atom.in_order:
        return False
    if told_to_do(last.told) and not (atom.mark and atom.conjunction) and not atom.words.keys & {"please", "bitte"}:
        return True
    if atom.mark:
        return False
    return bool(before.senses & {"tell"} and any(one.key == "to" for one in last.core[2:]) and before.language == "en")
