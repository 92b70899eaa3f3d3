"""Knows the words that requests are made of: verbs in their forms, nouns by kind, umlauts and typos overlooked."""

import functools
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from scheduler.core.letters import bare, fold
from scheduler.core.strict_yaml import read_strictly
from scheduler.core.word_forms import BASE, IMPERATIVE, INFINITIVE, THIRD, english, german

__all__ = ["FOREIGN", "Lexicon", "Meaning", "Meanings", "fold", "lexicon"]

_FILE: Final = Path(__file__).parents[1] / "config" / "words.yaml"
_OTHERS: Final = _FILE.with_name("other_words.txt")
_SHORTEST_WITH_TYPO: Final = 6
_SHORTEST_SWAPPED: Final = 4
_SHORTEST_STEM: Final = 3
_SHORTEST_PART: Final = 4  # letters of a noun at the end of a German compound
_INFLECTIONS: Final = ("es", "en", "s", "e", "n")
_NOUN_ENDS: Final = ("tion", "sion", "ment", "ung", "ungen", "ness", "heit", "keit")
_CLITICS: Final = ("'s", "s", "'ne", "'n")
FOREIGN: Final = "foreign"
"""The sense of verbs of which nothing is configured."""
_COMPOUNDS: Final = ("document", "portal", "folder", "form", "table", "appointment", "application", "app_word")
_ORDERS: Final = frozenset({IMPERATIVE, INFINITIVE, BASE})


class Meaning(NamedTuple):
    """What a word is. A verb has a `form` of `word_forms`; `apart` is the part of it that stands elsewhere."""

    kind: str
    sense: str = ""
    form: str = ""
    apart: str = ""
    lemma: str = ""
    language: str = ""

    @property
    def orders(self) -> bool:
        """Whether it may begin an order."""
        return self.kind == "verb" and self.form in _ORDERS


Meanings = tuple[Meaning, ...]


class Lexicon:
    """The words of `config/words.yaml`. Those of `config/other_words.txt` are no typos of them."""

    def __init__(self, path: Path = _FILE) -> None:
        document = read_strictly(path.read_text(encoding="utf-8"))
        lines = _OTHERS.read_text(encoding="utf-8").splitlines()
        self._others = frozenset(line for line in lines if not line.startswith("#"))
        self._words: dict[str, set[Meaning]] = {}
        self._add_verbs(document)
        for name in document.keys() - {"verbs", "strong", "irregular", "nominal", "nouns", "finite"}:
            for word in document[name]:
                self._add(str(word), Meaning(name))
        for kind, words in document["nouns"].items():
            for word in words:
                self._add(str(word), Meaning("noun", kind))
        self._ends: dict[str, set[Meaning]] = {}
        for word, many in self._words.items():
            parts = {one for one in many if one.kind == "noun" and one.sense in _COMPOUNDS}
            if parts and len(word) >= _SHORTEST_PART:
                self._ends[word] = parts

    @functools.cached_property
    def _by_letter(self) -> dict[str, list[str]]:
        """The words by their first letter."""
        found: dict[str, list[str]] = {}
        for word in self._words:
            found.setdefault(word[:1], []).append(word)
        return found

    @functools.cache  # noqa: B019 - there is one lexicon for the life of the process
    def _misspelt(self, first: str) -> dict[str, set[str]]:
        """Return the words of one first letter by what is left of them when another letter is left out."""
        found: dict[str, set[str]] = {}
        for word in self._by_letter.get(first, ()):
            for shorter in _shorter(word) if len(word) > _SHORTEST_STEM else ():
                found.setdefault(shorter, set()).add(word)
        return found

    def _add_verbs(self, document: Mapping[str, Any]) -> None:
        for sense, lemmas in document["verbs"].items():
            for lemma in lemmas.get("de", ()):
                for word, form, apart in german(lemma, document["strong"]):
                    self._add(word, Meaning("verb", sense, form, apart, lemma, "de"))
            for lemma in lemmas.get("en", ()):
                for word, form, apart in english(lemma, document["irregular"]):
                    self._add(word, Meaning("verb", sense, form, apart, lemma, "en"))
        for sense, words in document["finite"].items():
            for word in words:
                self._add(str(word), Meaning("verb", sense, THIRD, "", str(word), "de"))
        for sense, words in document["nominal"].items():
            for word in words:
                self._add(str(word), Meaning("nominal", sense))

    def _add(self, word: str, meaning: Meaning) -> None:
        for key in {fold(word), bare(word)}:
            self._words.setdefault(key, set()).add(meaning)

    def lists(self, word: str) -> bool:
        """Whether this very word is known, not only one like it."""
        key = fold(word).strip(".'")
        return key in self._words or key.replace("-", "") in self._words

    @functools.lru_cache(maxsize=16384)  # noqa: B019 - there is one lexicon for the life of the process
    def meanings(self, word: str) -> Meanings:
        """Return all a word may be; of one that is unknown, what it is a compound or a typo of."""
        key = fold(word).strip(".'")
        lower = word[:1].islower()
        known = self._words.get(key) or self._words.get(key.replace("-", ""))
        if known is None:
            known = (
                self._clitic(key)
                or self._compound(key)
                or (self._like(key) if lower or len(key) >= _SHORTEST_WITH_TYPO else set())
            )
        return tuple(sorted(known))

    def _clitic(self, key: str) -> set[Meaning]:
        """Return the verb that "es" or "ein" has grown to: schließ's, mach's, habs."""
        for end in _CLITICS:
            word = key.removesuffix(end)
            if word != key and (
                verbs := {one for one in self._words.get(word, ()) if one.kind in {"verb", "auxiliary"}}
            ):
                german_ones = {one for one in verbs if one.kind != "verb" or one.language == "de" or "'" in end}
                if german_ones:
                    return german_ones
        return set()

    def _compound(self, key: str) -> set[Meaning]:
        """Return what a German compound is by its last part, in its plural or genitive too."""
        for shorter in (key, *(key.removesuffix(end) for end in _INFLECTIONS if key.endswith(end))):
            whole = {one for one in self._words.get(shorter, ()) if one.kind in {"noun", "nominal"}}
            known = whole or {
                one for start in range(len(shorter) - _SHORTEST_PART + 1) for one in self._ends.get(shorter[start:], ())
            }
            if known:
                return known
        return set()

    def _like(self, key: str) -> set[Meaning]:
        if not key.isalpha() or key.endswith(_NOUN_ENDS) or key in self._others:
            return set()
        swapped = {key[:at] + key[at + 1] + key[at] + key[at + 2 :] for at in range(1, len(key) - 1)}
        known = {one for word in swapped for one in self._words.get(word, ()) if one.kind in {"verb", "modal", "noun"}}
        if known and len(key) >= _SHORTEST_SWAPPED:
            return known
        if len(key) < _SHORTEST_WITH_TYPO:
            left_out = self._misspelt(key[0]).get(key, set()) if len(key) >= _SHORTEST_STEM else set()
            return {
                one
                for word in left_out
                for one in self._words[word]
                if one.kind in {"verb", "modal"} and one.sense != FOREIGN
            }
        shorter, misspelt = [*_shorter(key)], self._misspelt(key[0])
        near = {word for one in (key, *shorter) for word in misspelt.get(one, ())}
        near |= {one for one in shorter if one in self._words}
        near = {word for word in near if abs(len(word) - len(key)) <= 1 and not _differ_at_end(key, word)}
        return set().union(*(self._words[word] for word in near)) if near else set()


def _differ_at_end(word: str, known: str) -> bool:
    """Whether it is an ending that differs, and so another word rather than a typo: "delivery", "delivers"."""
    return word[:-1] == known[: len(word) - 1] and word[-1] != "n"


def _shorter(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(1, len(word)))


@functools.cache
def lexicon() -> Lexicon:
    """Return the words that come with the package; read once."""
    return Lexicon()


def lexicon_version() -> str:
    """Return what names the words that come with the package: the hash of their files."""
    return hashlib.sha256(_FILE.read_bytes() + _OTHERS.read_bytes()).hexdigest()
