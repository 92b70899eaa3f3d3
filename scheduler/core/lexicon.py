"""Knows the words that requests are made of: verbs in their forms, nouns by kind, umlauts and typos overlooked."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from scheduler.core.strict_yaml import read_strictly

_FILE: Final = Path(__file__).parents[1] / "config" / "words.yaml"
_FOLD: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "’": "'"})
_BARE: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "s"})
_SHORTEST_WITH_TYPO: Final = 6
_SHORTEST_PART: Final = 4  # letters of a noun at the end of a German compound
_SHORTEST_STEM: Final = 3
_INFLECTIONS: Final = ("es", "en", "s", "e", "n")
FOREIGN: Final = "foreign"
"""The sense of verbs of which nothing is configured."""
_COMPOUNDS: Final = ("document", "portal", "folder", "form", "table", "appointment", "application")


class Meaning(NamedTuple):
    """What a word is. A verb has a `form`: order, past or other; `apart` is the part of it that stands elsewhere."""

    kind: str
    sense: str = ""
    form: str = ""
    apart: str = ""
    lemma: str = ""  # of a foreign verb: what is configured one day is foreign no more


Meanings = tuple[Meaning, ...]


def fold(word: str) -> str:
    """Return the word without case, its umlauts in ASCII."""
    return word.casefold().translate(_FOLD)


class Lexicon:
    """The words of `config/words.yaml`."""

    def __init__(self, path: Path = _FILE) -> None:
        document = read_strictly(path.read_text(encoding="utf-8"))
        self._words: dict[str, set[Meaning]] = {}
        for sense, lemmas in document["verbs"].items():
            for lemma in map(str, lemmas):
                for form, meaning in _forms(lemma, sense):
                    self._add(form, meaning._replace(lemma=lemma) if sense == FOREIGN else meaning)
        for sense, words in document["nominal"].items():
            for word in words:
                self._add(str(word), Meaning("nominal", sense))
        for table, kind in (("past", "past"), ("present", "order")):
            for sense, words in document[table].items():
                for word in words:
                    form, _, apart = str(word).partition(" ")
                    self._add(form, Meaning("verb", sense, kind, apart))
        for name in document.keys() - {"verbs", "nominal", "past", "present", "nouns"}:
            for word in document[name]:
                self._add(str(word), Meaning(name))
        for kind, words in document["nouns"].items():
            for word in words:
                self._add(str(word), Meaning("noun", kind))
        self._ends = {
            (word, one) for word, many in self._words.items() for one in many
            if one.kind == "noun" and one.sense in _COMPOUNDS and len(word) >= _SHORTEST_PART
        }  # fmt: skip
        self._misspelt: dict[str, set[str]] = {}
        for word in self._words:
            for shorter in _shorter(word) if len(word) >= _SHORTEST_WITH_TYPO - 1 else ():
                self._misspelt.setdefault(shorter, set()).add(word)

    def _add(self, word: str, meaning: Meaning) -> None:
        for key in {fold(word), word.casefold().translate(_BARE)}:
            self._words.setdefault(key, set()).add(meaning)

    def lists(self, word: str) -> bool:
        """Whether this very word is known, not only one like it."""
        key = fold(word).strip(".'")
        return key in self._words or key.replace("-", "") in self._words

    @functools.lru_cache(maxsize=8192)  # noqa: B019 - there is one lexicon for the life of the process
    def meanings(self, word: str) -> Meanings:
        """Return all a word may be; of one that is unknown, what it is a compound or a typo of."""
        key = fold(word).strip(".'")
        known = self._words.get(key) or self._words.get(key.replace("-", ""))
        if known is None:
            known = self._compound(key) or self._like(key)
        return tuple(sorted(known))

    def _compound(self, key: str) -> set[Meaning]:
        """Return what a German compound is by its last part, in its plural or genitive too."""
        for shorter in (key, *(key.removesuffix(end) for end in _INFLECTIONS if key.endswith(end))):
            whole = {one for one in self._words.get(shorter, ()) if one.kind in {"noun", "nominal"}}
            known = whole or {one for end, one in self._ends if shorter.endswith(end)}
            if known:
                return known
        return set()

    def _like(self, key: str) -> set[Meaning]:
        if not key.isalpha():
            return set()
        swapped = {key[:at] + key[at + 1] + key[at] + key[at + 2 :] for at in range(1, len(key) - 1)}
        verbs = {one for word in swapped for one in self._words.get(word, ()) if one.kind == "verb"}
        if verbs and len(key) >= _SHORTEST_PART:
            return verbs
        if len(key) < _SHORTEST_WITH_TYPO:
            return set()
        near = {word for one in (key, *_shorter(key)) for word in self._misspelt.get(one, ())} | {
            one for one in _shorter(key) if one in self._words
        }
        near = {word for word in near if word[0] == key[0] and abs(len(word) - len(key)) <= 1}
        return set().union(*(self._words[word] for word in near)) if near else set()


def _shorter(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(1, len(word)))


def _forms(lemma: str, sense: str) -> Iterable[tuple[str, Meaning]]:
    """Yield the forms of a regular verb, German or English: they differ, and what is no form is no word either."""
    apart, _, verb = lemma.rpartition("|")
    stem = verb.removesuffix("en") if verb.endswith("en") else verb.removesuffix("n")
    if len(stem) < _SHORTEST_STEM:
        stem = verb
    part = fold(apart)
    for form, kind in (
        (stem, "order"), (f"{stem}e", "order"), (verb, "order"), (f"{stem}st", "order"), (f"{stem}est", "order"),
        (f"{stem}t", "other"), (f"{stem}et", "other"), (f"{stem}te", "past"), (f"{stem}ten", "past"),
    ):  # fmt: skip
        yield form, Meaning("verb", sense, kind, part)
        if part:
            yield part + form, Meaning("verb", sense, kind)
    yield f"{part}ge{stem}t", Meaning("verb", sense, "past")
    yield f"{part}ge{stem}et", Meaning("verb", sense, "past")
    if not verb.startswith("ge"):
        yield f"{part}{stem}t", Meaning("verb", sense, "other")
    if part:
        yield f"{part}zu{verb}", Meaning("verb", sense, "order")
    for end, kind in (("s", "other"), ("es", "other"), ("ed", "past"), ("ing", "gerund")):
        yield verb + end, Meaning("verb", sense, kind, part)
    silent = verb.removesuffix("e")
    if silent != verb:
        yield f"{silent}ed", Meaning("verb", sense, "past", part)
        yield f"{silent}ing", Meaning("verb", sense, "gerund", part)


@functools.cache
def lexicon() -> Lexicon:
    """Return the words that come with the package; read once."""
    return Lexicon()
