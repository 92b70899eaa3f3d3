"""Says what is seen of each word of a request by which its slot is learned: it, its senses, the phrases around it."""

import functools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from scheduler.core.phrases import Token
from scheduler.core.slot_chunks import chunks_of
from scheduler.core.slot_tokens import TITLES, Chunk, language_of, tokens_with_times

_AROUND: Final = range(-2, 3)
_CUES: Final = frozenset(
    ["dass", "that", "ob", "whether", "if", "saying", "betreff", "subject", "cc", "kopie", "wegen", "about"]
)
_LETTERS: Final = ((re.compile(r"\d"), "9"), (re.compile(r"[a-zäöüß]"), "x"), (re.compile(r"[A-ZÄÖÜ]"), "X"))
_RUN: Final = re.compile(r"(.)\1+")
_LONGEST_SHAPE: Final = 8
_MOST_SENTENCES: Final = 3
_TYPED: Final = frozenset("kpHPNtq:vs-")
"""What means something else in each intent begins so."""
_WORDS: Final = frozenset({"word", "mark"})


class Place(NamedTuple):
    """Where in the text the words of an order stand."""

    intent: str
    start: int
    end: int


class Signs(NamedTuple):
    """The words of a request and the signs of each: those that words around show wherever they stand, and its own."""

    tokens: list[Token]
    around: list[list[tuple[str, ...]]]
    own: list[list[str]]

    @property
    def signs(self) -> list[list[str]]:
        """All signs of each word, each once."""
        return [
            sorted({*own, *(sign for signs in around for sign in signs)})
            for around, own in zip(self.around, self.own, strict=True)
        ]


def signs_of(text: str, places: Sequence[Place]) -> Signs:
    """Return the words of a request, as `normalise` left it, with what is seen of each; `places` are its orders."""
    tokens = tokens_with_times(text)
    german = language_of(text) == "de"
    words = [_around(one.kind, one.text, one.key, _senses(one)) for one in tokens]
    around, own = list[list[tuple[str, ...]]](), list[list[str]]()
    phrases = _phrases(text, tokens)
    locale = "de" if german else "en"
    for place, (phrase, (before, after), told) in enumerate(
        zip(phrases, _verbs(tokens, phrases), _cues(tokens), strict=True)
    ):
        intent, within = _intent_at(tokens[place].start, places)
        signs = [*phrase, *told, f"v-{before}", f"v+{after}", *(() if within else ("-out",))]
        signs += [f"{sign}|{intent}" for sign in (*signs, *words[place][-1]) if sign[0] in _TYPED]
        signs += [f"i{intent}", f"v{before}_{after}_{intent}", locale]
        own.append(signs)
        around.append([words[place + step][step + 2] for step in _AROUND if 0 <= place + step < len(words)])
    return Signs(tokens, around, own)


def _senses(token: Token) -> tuple[str, ...]:
    found = {f"{one.kind}:{one.sense}" if one.kind in {"noun", "verb"} else one.kind for one in token.meanings}
    if token.kind != "word":
        found.add(f"k{token.kind}")
    if token.key.strip(".") in TITLES:
        found.add("title")
    if token.is_name:
        found.add("name")
    return tuple(sorted(found))


@functools.lru_cache(maxsize=4096)
def _around(kind: str, text: str, key: str, senses: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the signs of a word as the words after and before it see them, its own amid them, its senses last."""
    word = key if kind in _WORDS else f"<{kind}>"
    found = []
    for step in reversed(_AROUND):
        signs = [f"w{-step}{word}", *(f"s{-step}{sense}" for sense in senses)]
        if abs(step) < len(_AROUND) // 2:
            signs.append(f"h{-step}{_shape(text) if kind == 'word' else kind}")
        found.append(tuple(signs))
    found[2] += (f"e{key[-3:]}",)
    return *reversed(found), tuple(f"s0{sense}" for sense in senses)


def _shape(text: str) -> str:
    for pattern, letter in _LETTERS:
        text = pattern.sub(letter, text)
    return _RUN.sub(r"\1", text)[:_LONGEST_SHAPE]


def _nouns(chunk: Chunk, *kinds: str) -> set[str]:
    return {f"{one.kind}:{one.sense}" for token in chunk.tokens for one in token.meanings if one.kind in kinds}


def _phrases(text: str, tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """Return the signs of the phrase that each word stands in, and of those beside it."""
    chunks, starts = chunks_of(text), [one.start for one in tokens]
    found: list[tuple[str, ...]] = [("-",)] * len(tokens)
    for number, chunk in enumerate(chunks):
        head = {f"{one.kind}:{one.sense}" for one in chunk.tokens[-1].meanings if one.kind == "noun"}
        signs = [f"k{chunk.kind}", f"p{chunk.prep}/{chunk.kind}", f"d{chunk.det}", f"n{chunk.near:d}{chunk.joined:d}"]
        signs += [f"H{one}" for one in head] + [f"P{chunk.prep}{one}" for one in head]
        signs += [f"N{one}" for one in _nouns(chunk, "noun")]
        for step in (-1, 1):
            if 0 <= number + step < len(chunks):
                other = chunks[number + step]
                signs += [f"o{step}{other.kind}/{other.prep}"]
                signs += [f"O{step}{one}" for one in _nouns(other, "noun", "verb")]
        inside = range(bisect_left(starts, chunk.start), bisect_left(starts, chunk.end))
        for place in inside:
            edge = "B" if place == inside[0] else "E" if place == inside[-1] else "I"
            found[place] = (*signs, f"b{edge}")
    return found


def _verbs(tokens: Sequence[Token], phrases: Sequence[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Return what the last verb up to each word means, and the next after it."""
    senses = [
        min((one.sense for one in token.meanings if one.kind == "verb"), default="") if signs[0] == "kverb" else ""
        for token, signs in zip(tokens, phrases, strict=True)
    ]
    before, after, last, coming = [], [], "-", "-"
    for sense in senses:
        last = sense or last
        before.append(last)
    for sense in reversed(senses):
        after.append(coming)
        coming = sense or coming
    return list(zip(before, reversed(after), strict=True))


def _cues(tokens: Sequence[Token]) -> Iterator[tuple[str, ...]]:
    """Yield what was said before each word: how many sentences, whether a colon, the last "dass" or "Betreff"."""
    sentences, colon, cue = 0, tuple[str, ...](), tuple[str, ...]()
    for token in tokens:
        yield (f"t{sentences}", *colon, *cue)
        if token.text == ":":
            colon = (":",)
        if token.text in {".", "!", "?", ";"}:
            sentences = min(sentences + 1, _MOST_SENTENCES)
        if token.key in _CUES:
            cue = (f"q{token.key}",)


def _intent_at(start: int, places: Sequence[Place]) -> tuple[str, bool]:
    """Return the intent of the order that a word stands in, else of the nearest one, and whether it stands in it."""
    around = [one for one in places if one.start <= start < one.end]
    if around:
        return min(around, key=lambda one: one.end - one.start).intent, True
    nearest = min(places, key=lambda one: min(abs(start - one.start), abs(start - one.end)))
    return nearest.intent, False
