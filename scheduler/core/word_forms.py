"""Makes the forms of German and English verbs: what an order, a report and a past event look like in one word."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from scheduler.core.letters import fold

IMPERATIVE: Final = "imperative"  # schick
INFINITIVE: Final = "infinitive"  # schicken, also "schicken Sie" and "wir schicken"
BASE: Final = "base"  # send: order, infinitive and "I send"
SECOND: Final = "second"  # schickst
THIRD: Final = "third"  # schickt, sends
PAST: Final = "past"  # schickte, went
PARTICIPLE: Final = "participle"  # geschickt, gone
PAST_OR_PARTICIPLE: Final = "past or participle"  # closed
TO_INFINITIVE: Final = "to"  # abzuschicken
JOINED: Final = "joined"  # a finite verb with its part, as in subordinate clauses: zumachst
GERUND: Final = "gerund"  # sending

_SHORTEST_STEM: Final = 3
_INSEPARABLE: Final = ("be", "ver", "über", "ent", "um", "unter", "er", "zer", "wider", "durch")
_VOWELS: Final = frozenset("aeiou")
_TWICE: Final = frozenset({"shut", "put", "get", "run", "stop", "set", "dig", "quit", "plan", "scan", "ship", "drop", "tag", "cut", "bin", "trim", "ping",
                           "grab", "pop", "let", "sit", "chat", "slot", "log", "jot", "nab", "transmit", "transfer", "cancel", "refer", "edit"})  # fmt: skip


class Form(NamedTuple):
    """One form of a verb; `apart` is the part of the verb that stands elsewhere in the clause."""

    word: str
    form: str
    apart: str = ""


def german(lemma: str, strong: Mapping[str, Sequence[str]]) -> Iterator[Form]:
    """Yield the forms of a German verb: `weiter|leiten` has a part that may stand apart."""
    part, _, verb = lemma.rpartition("|")
    inseparable = next((one for one in _INSEPARABLE if verb.startswith(one) and verb[len(one) :] in strong), "")
    parts = strong.get(verb) or strong.get(verb[len(inseparable) :])
    if verb in strong:
        inseparable = ""
    stem = _stem(verb)
    e = "e" if stem[-1] in "td" or stem.endswith(("ffn", "chn", "gn", "tm", "dn")) else ""
    finite = [
        (stem, IMPERATIVE),
        (f"{stem}e", IMPERATIVE),
        (f"{stem}{e}st", SECOND),
        (f"{stem}{e}t", THIRD),
        (verb, INFINITIVE),
    ]
    finite += [(f"{stem}n", INFINITIVE)] if stem[-1] not in "elrn" else []  # "rausziehn"
    finite += [(f"{stem}ste", SECOND), (f"{stem}{e}te", PAST), (f"{stem}{e}ten", PAST), (f"{stem}{e}test", PAST)]
    if stem[-1] in "sßzx":
        finite.append((f"{stem}t", SECOND))
    participles = [f"ge{stem}{e}t"] if not _unstressed(verb) else [f"{stem}{e}t"]
    if parts:
        told = [inseparable + one for one in parts[:4]]
        finite += list(zip(told, (IMPERATIVE, SECOND, THIRD, PAST), strict=True))
        finite += [(f"{told[0]}e", IMPERATIVE), (f"{told[1]}e", SECOND), (f"{told[3]}en", PAST)]
        participles = [inseparable + parts[4].removeprefix("ge") if inseparable else parts[4]]
    for word, form in finite:
        yield Form(word, form, fold(part))
        if part:
            yield Form(part + word, INFINITIVE if form == INFINITIVE else JOINED)
    for word in participles:
        yield Form(part + word, PARTICIPLE)
    if part:
        yield Form(f"{part}zu{verb}", TO_INFINITIVE)


def _stem(verb: str) -> str:
    stem = verb.removesuffix("en") if verb.endswith("en") else verb.removesuffix("n")
    return verb if len(stem) < _SHORTEST_STEM else stem


def _unstressed(verb: str) -> bool:
    """Whether the participle goes without "ge": verschickt, exportiert."""
    return verb.endswith("ieren") or verb.startswith(
        ("be", "ver", "ent", "er", "zer", "über", "ge", "emp", "unter", "wider")
    )


def english(lemma: str, irregular: Mapping[str, Sequence[str]]) -> Iterator[Form]:
    """Yield the forms of an English verb: `up|look` has a part that may stand apart."""
    part, _, verb = lemma.rpartition("|")
    part = fold(part)
    silent = verb.removesuffix("e")
    base = verb + verb[-1] if verb in _TWICE else silent
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        third, past = f"{verb[:-1]}ies", f"{verb[:-1]}ied"
    else:
        third = f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else f"{verb}s"
        past = f"{base}ed"
    yield from (Form(verb, BASE, part), Form(third, THIRD, part))
    yield Form(f"{verb if verb.endswith(('ee', 'ye')) else base}ing", GERUND, part)
    forms = irregular.get(verb, (past,))
    if verb in _TWICE and verb not in irregular:  # "canceled" and "cancelled"
        yield Form(f"{verb}ed", PAST_OR_PARTICIPLE, part)
        yield Form(f"{verb}ing", GERUND, part)
    if len(forms) == 1:
        yield Form(forms[0], PAST_OR_PARTICIPLE, part)
    else:
        yield Form(forms[0], PAST, part)
        yield Form(forms[1], PARTICIPLE, part)
