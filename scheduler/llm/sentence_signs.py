"""Turns a sentence into what its words are by the lexicon: verbs by sense, things by kind, names, numbers, addresses.

So "exposé Gartenstr. 14 an Voss" and "Gutachten 77 an Frau Meier" are alike, whatever they name.
"""

import itertools
from collections.abc import Iterator

from scheduler.core.phrases import Token, tokens_of


def signs_of(sentence: str) -> Iterator[str]:
    """Yield what the words are, and each two signs that follow each other."""
    signs = [sign for token in tokens_of(sentence) for sign in _signs(token)]
    yield from signs
    yield from map(" ".join, itertools.pairwise(signs))


def _signs(token: Token) -> Iterator[str]:
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
