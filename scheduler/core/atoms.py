"""Cuts a request where a clause may begin: at marks, at "und", before what makes a clause depend."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from scheduler.core.letters import word_set
from scheduler.core.phrases import Token
from scheduler.core.word_forms import THIRD
from scheduler.core.word_kinds import SUBJECTS, is_subject
from scheduler.core.words import Words

ENDS: Final = frozenset({".", "!", "?", ";", "•", "*", "·"})
AND: Final = word_set(
    """
    + n und and sowie plus & oder or aber but sondern
    """
)


IN_ORDER: Final = word_set(
    """
    dann danach anschliessend daraufhin zuletzt abschliessend hinterher nachher then afterwards finally next
    lastly
    """
)


_SAYS_WHEN: Final = IN_ORDER | word_set("vorher zuvor davor vorab zuerst zunaechst erst beforehand first")
_THOUGH: Final = frozenset({"aber", "though", "jedoch"})
"""Behind a word that says when, they join nothing: "vorher aber bitte die Mails zeigen"."""


BEFORE: Final = frozenset({"bevor", "ehe", "before"})


AFTER: Final = frozenset({"nachdem", "sobald", "after", "once"})


IF: Final = word_set(
    """
    wenn falls sofern if when whenever unless solange until bis till
    """
)


REASONS: Final = word_set(
    """
    weil damit obwohl denn sodass because cause cuz although though ohne anstatt statt sonst otherwise
    ansonsten
    """
)


ASKING: Final = word_set(
    """
    show find tell write lookup know send reply fetch open
    """
)


_ABBREVIATED: Final = word_set(
    """
    dr prof hr fr mr mrs ms nr st gebr fa rev capt no inc abs tel str co ltd bzgl ca inkl z b hd u a d h i evtl ggf usw etc bzw
    vs approx dept jr sr abt dipl ing med jur phil rer attn z.hd p.s z.b d.h i.d.r u.a o.ä u.ä e.g i.e vgl lt zzgl
    exkl max min art bd std mio mrd tsd rd ave apt ref fig corp bros mt ste re pos pl whg lfd best.-nr kd.-nr rg betr
    sog insb einschl geb verh gem bes resp ext incl excl encl est dtl z.t u.u i.a i.v s.o s.u
    """
)


class Atom(NamedTuple):
    """Words between two places where a clause may begin."""

    words: Words
    mark: str
    """The last mark before it."""
    conjunction: str
    in_order: bool
    start: int


_OPENERS: Final = (
    ("don't", "forget", "to"), ("dont", "forget", "to"), ("don't", "forget"), ("dont", "forget"), ("make", "sure", "to"), ("be", "sure", "to"), ("remember", "to"), ("vergiss", "bitte", "nicht"), ("vergiss", "nicht"),
    ("after", "that"), ("im", "anschluss"), ("zum", "schluss"), ("in", "the", "same", "breath"), ("und", "zwar"), ("on", "top", "of", "that"), ("at", "the", "end"),
    ("by", "the", "way"), ("zu", "guter", "letzt"), ("als", "erstes"), ("als", "naechstes"), ("als", "zweites"), ("zum", "einen"), ("zum", "anderen"), ("first", "of", "all"), ("last", "but", "not", "least"),
    ("bei", "der", "gelegenheit"), ("darueber", "hinaus"), ("in", "addition"), ("to", "start"), ("to", "begin"), ("after", "this"), ("after", "which"), ("im", "gleichen", "zug"),
)  # fmt: skip


def opened(run: list[Token]) -> tuple[list[Token], bool]:
    """Return the words without what only joins them to the ones before, and whether that tells of a sequence."""
    keys = tuple(one.key for one in run[:5])
    for words in _OPENERS:
        if keys[: len(words)] == words and len(run) > len(words):
            return run[len(words) :], words[0] in {"after", "im", "zum", "zu", "at", "last"}
    return run, False


def atoms(tokens: Sequence[Token]) -> Iterator[Atom]:
    run, mark, conjunction, in_order, start = list[Token](), "", "", False, tokens[0].start if tokens else 0
    numbered, counted = 0, _counted(tokens)
    for place, token in enumerate(tokens):
        numbered = numbered - 1 if numbered else _numbers(tokens, place, counted)
        if numbered:
            if run:
                yield Atom(Words(run), mark, conjunction, in_order, start)
                run, conjunction, in_order = [], "", False
            mark, start = ".", token.end
            continue
        if token.kind == "mark" and token.key not in AND and not _inside(tokens, place):
            if run:
                yield Atom(Words(run), mark, conjunction, in_order, start)
                run, mark, conjunction, in_order = [], "", "", False
            mark = token.text if mark not in ENDS else mark
            start = token.end
            continue
        if token.key in _THOUGH and len(run) == 1 and run[0].key in _SAYS_WHEN:
            continue
        joins = token.key in AND
        if joins or (run and _starts_alone(tokens, place, run)):
            if run:
                yield Atom(Words(run), mark, conjunction, in_order, start)
                run, mark, conjunction, in_order = [], "", "", False
                start = token.end if joins else token.start
            elif joins:
                start = token.end
            if joins:
                conjunction = token.key
                continue
        if (token.key in IN_ORDER and not Words(run).content) or (
            token.key in {"that", "schluss"} and run and run[-1].key in {"after", "zum"} and len(run) <= 2
        ):
            in_order = True
        run.append(token)
    if run:
        yield Atom(Words(run), mark, conjunction, in_order, start)


def _inside(tokens: Sequence[Token], place: int) -> bool:
    """Whether a mark ends nothing: it belongs to an abbreviation, a number or a word."""
    token = tokens[place]
    before = tokens[place - 1] if place else None
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if before is None:
        return False
    if token.text == ".":
        if before.end == token.start and after is not None and _abbreviates(before, after):
            return True
        return (
            before.text.isdigit()
            and after is not None
            and len(before.text) <= 2
            and (after.text[:1].islower() or after.text.isdigit())
        )
    if token.text == "," and after is not None:
        opens = before.kind == "date" and after.kind in {"time", "date"}
        return opens or (
            before.kind == "time" and place > 2 and tokens[place - 2].text == "," and tokens[place - 3].kind == "date"
        )
    if token.text in "-–:":
        return before.end == token.start and after is not None and after.start == token.end
    return False


def _looks_up(said: Words) -> bool:
    """Whether "when" is what is asked on the web: "check online when the post office opens"."""
    return "lookup" in said.senses or (
        bool(said.senses & {"show", "find"}) and bool(said.keys & {"online", "web", "internet", "google", "out"})
    )


def _abbreviates(word: Token, after: Token) -> bool:
    """Whether a word with a point is cut short: "Nr.", "Gartenstr. 14"."""
    return word.key in _ABBREVIATED or (
        word.key.endswith(("str", "nr")) and (after.text[:1].isdigit() or after.text[:1].islower())
    )


def _numbers(tokens: Sequence[Token], place: int, counted: frozenset[str]) -> int:
    """Return how many tokens number the order that begins here: "1.", "b)", bare "1"; 0 where nothing is numbered."""
    token = tokens[place]
    if token.text in counted and (place == 0 or tokens[place - 1].text in ",;."):
        return 1
    rest = tokens[place + 1 : place + 3]
    if len(rest) < 2 or rest[0].text not in ".)" or rest[0].start != token.end:
        return 0
    if place and rest[0].text == "." and tokens[place - 1].kind != "mark" and tokens[place - 1].key not in AND:
        return 0
    if place and tokens[place - 1].text == "(":
        return 0
    numbers = (token.text.isdigit() and len(token.text) == 1) or (rest[0].text == ")" and len(token.text) == 1)
    return (
        2
        if numbers and rest[1].start > rest[0].end and not rest[1].text[:1].isdigit() and rest[1].kind != "date"
        else 0
    )


def _counted(tokens: Sequence[Token]) -> frozenset[str]:
    """Return the bare digits that are a row, each before a verb: "1 start Excel, 2 open …"."""
    begun = frozenset(
        one.text
        for at, one in enumerate(tokens[:-1])
        if len(one.text) == 1
        and one.text.isdigit()
        and tokens[at + 1].is_verb
        and (at == 0 or tokens[at - 1].text in ",;.")
    )
    return begun if {"1", "2"} <= begun else frozenset()


def _starts_alone(tokens: Sequence[Token], place: int, run: list[Token]) -> bool:
    """Whether a clause begins here though no mark and no "und" says so."""
    token = tokens[place]
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if after is None or run[-1].key == "soon":
        return False
    if (token.key == "in" and after.key == "case") or (token.key == "as" and after.key == "soon"):
        return True
    if (token.key == "if" and Words(run).senses & ASKING) or (token.key == "when" and _looks_up(Words(run))):
        return False
    if token.key == "after" and run[-1].key.endswith(("'m", "'re")):
        return False
    if token.key in BEFORE | AFTER | REASONS | IF | {"as", "since", "weil"}:
        if token.key in {"as", "so"}:
            return after.key in SUBJECTS
        if token.key in {"bis", "until", "till", "after", "before", "since", "as", "ohne", "statt", "when", "if"}:
            return is_subject(after) or (token.key in {"before", "after"} and after.key.endswith("ing"))
        return token.key not in {"denn", "sobald"} or after.kind == "word"
    said = Words(run)
    if (
        token.key == "da"
        and said.has_full_verb
        and {one.form for one in after.meanings if one.kind == "verb"} == {THIRD}
    ):
        return True
    if token.key in IN_ORDER | {"bitte", "please", "pls"}:
        rest = Words(list(tokens[place : place + 8]))
        if (
            token.key in IN_ORDER
            and said.has_full_verb
            and rest.verbs
            and said.last_form in {"infinitive", "to", "participle"}
        ):
            return True
        return bool(
            said.has_verb
            and rest.imperative is not None
            and len(said.content) > 1
            and not said.ends_open
            and (said.has_full_verb or said.imperative is None)
        )
    if token.has("modal") and after.key in {"you", "du", "sie"}:
        return len(said.content) > 2 and said.has_verb and not said.asks
    return False


_OTHERS: Final = frozenset({"he", "she", "they", "everyone", "everybody"})
_MAY: Final = frozenset({"should", "must", "can", "could", "may", "needs", "need", "has", "have", "ought"})


def told_to_do(told: Sequence[Token]) -> bool:
    """Whether what is told is what others shall or can do, so that more of it may follow: "that she should open it"."""
    keys = [one.key for one in told if one.key not in {"that", "saying"}][:3]
    return keys[:1] != [] and keys[0] in _OTHERS and bool({*keys[1:]} & _MAY)
