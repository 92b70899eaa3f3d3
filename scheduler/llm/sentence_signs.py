"""Turns a sentence into what its words are by the lexicon: verbs by sense, things by kind, names, numbers, addresses.

So "exposé Gartenstr. 14 an Voss" and "Gutachten 77 an Frau Meier" are alike, whatever they name.
"""

import functools
import itertools
from collections.abc import Iterator

from scheduler.core.lexicon import Meanings
from scheduler.core.phrases import Token, tokens_of

_MOST_WORDS = 16_384
_LONGEST = 80  # letters of what is remembered


def signs_of(sentence: str) -> list[str]:
    """Return what the words are, and each two signs that follow each other."""
    signs = list[str]()
    for token in tokens_of(sentence):
        signs += (_signs if len(token.text) <= _LONGEST else _signs.__wrapped__)(token.kind, token.text, token.meanings)
    return [*signs, *map(" ".join, itertools.pairwise(signs))]


@functools.lru_cache(maxsize=_MOST_WORDS)
def _signs(kind: str, text: str, meanings: Meanings) -> tuple[str, ...]:
    return tuple(_signs_anew(Token(kind, text, 0, len(text), meanings)))


def _signs_anew(token: Token) -> Iterator[str]:
    if token.kind != "word":
        yield f"kind:{token.kind}"
        return
    if not token.meanings:
        yield "name" if token.is_name else "capital" if token.text[:1].isupper() else "small"
        return
    yield from (f"{one.kind}:{one.sense}".replace(" ", "_") for one in token.meanings)
    first = token.meanings[0]
    if first.kind in {"verb", "nominal"}:
        yield f"verb:{first.lemma}".replace(" ", "_")
    elif not token.has("noun"):
        yield f"word:{token.key}"
